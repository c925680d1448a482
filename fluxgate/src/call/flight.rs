//! A call that has been admitted and has not ended.

use crate::{breaker::CircuitBreaker, machine::Ticket, outcome::Outcome, sync::Ordering, time::nanos::Nanos};

/// What the breaker is to know of a call in flight, and for how long the caller has been waiting.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(super) ticket: Ticket,
    /// `Nanos::NEVER` where that does not matter, or has not begun.
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

    /// The same, with the time since when the caller has been waiting.
    #[inline]
    #[must_use]
    pub(crate) fn waiting(self, breaker: &CircuitBreaker) -> Self {
        Self { waiting_since: breaker.waited_for_since(self.ticket, self.waiting_since), ..self }
    }

    /// Ends the call as one whose caller has given up on it.
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
    /// Since when a caller has been waiting that waits now, if that will matter and is not `known` yet.
    fn waited_for_since(&self, ticket: Ticket, known: Nanos) -> Nanos {
        let threshold = self.cancelled();
        // The waiting time of a probe is added up, whatever the threshold.
        let matters = (threshold != Nanos(0) && threshold != Nanos::NEVER) || ticket.is_probe();
        if matters && known == Nanos::NEVER && ticket.is_recorded() { self.now() } else { known }
    }

    /// After how long of waiting a call that is given up is a failure.
    #[inline]
    fn cancelled(&self) -> Nanos {
        Nanos(self.shared.cancelled.load(Ordering::Relaxed))
    }
}
