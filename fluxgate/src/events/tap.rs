//! A view of each call as it begins and ends.

use std::any::Any;

use crate::{
    machine::{Ticket, probes::Ended},
    outcome::Outcome,
    state::State,
    time::nanos::Nanos,
};

/// Sees every call and command of a breaker, in the order of time. Runs under a lock of its own.
pub(crate) trait Tap: Send {
    /// Returns whether the calls of this ticket are seen: they began after the tap did.
    fn has(&self, ticket: Ticket) -> bool;

    fn start(&mut self, ticket: Ticket, now: Nanos);

    fn end(&mut self, ticket: Ticket, outcome: Outcome, ended: Ended, now: Nanos);

    /// Sees a command that leads to the state `to`.
    fn command(&mut self, to: State, now: Nanos);

    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}
