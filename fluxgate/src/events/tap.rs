//! Observation of every call.

use std::any::Any;

use crate::{
    machine::{Ticket, probes::Ended},
    outcome::Outcome,
    state::State,
    time::nanos::Nanos,
};

/// An observer of every call and command of a breaker, in chronological order. It runs under a lock of its own.
pub(crate) trait Tap: Send {
    /// Returns whether the call began after the tap was installed.
    fn has(&self, ticket: Ticket) -> bool;

    fn start(&mut self, ticket: Ticket, now: Nanos);

    fn end(&mut self, ticket: Ticket, outcome: Outcome, ended: Ended, now: Nanos);

    /// Observes a command that leads to the state `to`.
    fn command(&mut self, to: State, now: Nanos);

    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}
