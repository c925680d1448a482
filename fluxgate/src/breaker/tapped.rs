//! Calls and commands shown to a tap.

use crate::{
    breaker::CircuitBreaker,
    machine::{Ticket, probes::Ended},
    outcome::Outcome,
    state::State,
    time::nanos::Nanos,
};

impl CircuitBreaker {
    /// Shows the start of a call to the tap. Returns the ticket for the end of the call.
    pub(crate) fn tap_start(&self, ticket: Ticket) -> Ticket {
        if !self.shared.status.read().tapped() {
            return ticket;
        }
        let mut tap = self.shared.tap.lock();
        let Some(tap) = tap.as_mut().filter(|tap| tap.has(ticket)) else { return ticket };
        // Read under the lock, so that the tap sees calls in chronological order.
        let now = self.now();
        tap.start(ticket, now);
        ticket.started_at(now)
    }

    /// Returns the time for [`tap_end`](Self::tap_end), if there is a tap.
    pub(crate) fn time_for_tap(&self) -> Option<Nanos> {
        self.shared.status.read().tapped().then(|| self.now())
    }

    /// Shows the end of a call to the tap.
    pub(crate) fn tap_end(&self, ticket: Ticket, outcome: Outcome, ended: Ended, now: Nanos) {
        if let Some(tap) = self.shared.tap.lock().as_mut().filter(|tap| tap.has(ticket)) {
            tap.end(ticket, outcome, ended, now);
        }
    }

    /// Shows a command to the tap.
    pub(crate) fn tap_command(&self, to: State) {
        if !self.shared.status.read().tapped() {
            return;
        }
        if let Some(tap) = self.shared.tap.lock().as_mut() {
            tap.command(to, self.now());
        }
    }
}
