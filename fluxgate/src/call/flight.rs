//! A call in flight: admitted and not ended.

use crate::{breaker::CircuitBreaker, machine::Ticket, outcome::Outcome, sync::Ordering, time::nanos::Nanos};

/// The ticket of a call in flight, and the time since when its caller has been waiting.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(super) ticket: Ticket,
    /// `Nanos::NEVER` if it does not matter, or the caller has not begun to wait.
    waiting_since: Nanos,
}

impl Flight {
    #[inline]
    pub(crate) fn new(ticket: Ticket) -> Self {
        Self { ticket, waiting_since: Nanos::NEVER }
    }

    #[inline]
    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Notes that the caller waits from now on, unless it does already.
    #[inline]
    #[must_use]
    pub(crate) fn start_waiting(self, breaker: &CircuitBreaker) -> Self {
        Self { waiting_since: breaker.wait_start(self.ticket, self.waiting_since), ..self }
    }

    /// Ends the call as cancelled by its caller.
    pub(crate) fn cancel(self, breaker: &CircuitBreaker) {
        let waited = match self.waiting_since {
            Nanos::NEVER => Nanos(0),
            since => breaker.now().since(since),
        };
        let failed = match breaker.cancelled() {
            Nanos(0) => true,
            threshold => threshold != Nanos::NEVER && self.waiting_since != Nanos::NEVER && waited >= threshold,
        };
        breaker.finish_dropped(self.ticket, if failed { Outcome::Failure } else { Outcome::Ignored }, waited);
    }
}

impl CircuitBreaker {
    /// Returns the start of a caller's wait: `known`, or now if it is not known yet and will matter.
    fn wait_start(&self, ticket: Ticket, known: Nanos) -> Nanos {
        let threshold = self.cancelled();
        // The waiting time of probes is added up, whatever the threshold.
        let matters = (threshold != Nanos(0) && threshold != Nanos::NEVER) || ticket.is_probe();
        if matters && known == Nanos::NEVER && ticket.is_recorded() { self.now() } else { known }
    }

    /// Returns the waiting time from which a cancelled call is a failure.
    #[inline]
    fn cancelled(&self) -> Nanos {
        Nanos(self.shared.cancelled.load(Ordering::Relaxed))
    }
}
