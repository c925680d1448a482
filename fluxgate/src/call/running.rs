//! User code while it runs.

use std::mem;

use crate::{
    breaker::CircuitBreaker,
    call::{
        admit::Rejected,
        ending::{Ending, Judged},
        inside_probe,
    },
    machine::Ticket,
    outcome::Outcome,
};

/// The number of times an error is judged again because the policy changed meanwhile: a tracker may change it itself.
const MAX_REJUDGEMENTS: usize = 4;

/// A guard around running user code. Only a panic drops it, which records a failure.
///
/// While the code of a probe runs, calls of the same breaker on this thread are part of the probe.
pub(crate) struct Running<'b> {
    breaker: &'b CircuitBreaker,
    ticket: Ticket,
}

impl<'b> Running<'b> {
    /// Requests permission for a call whose code runs now.
    #[inline]
    pub(crate) fn begin(breaker: &'b CircuitBreaker) -> Result<Self, Rejected> {
        Ok(Self::resume(breaker, breaker.admit()?))
    }

    /// Continues the code of an admitted call.
    #[inline]
    pub(crate) fn resume(breaker: &'b CircuitBreaker, ticket: Ticket) -> Self {
        if ticket.is_probe() {
            inside_probe::enter(breaker, ticket);
        }
        Self { breaker, ticket }
    }

    /// Guards the end of a call whose code ran elsewhere.
    #[inline]
    pub(crate) fn ending(breaker: &'b CircuitBreaker, ticket: Ticket) -> Self {
        Self { breaker, ticket }
    }

    #[inline]
    pub(crate) fn finish(self, outcome: Outcome) {
        let breaker = self.breaker;
        breaker.finish(self.into_ticket(), outcome);
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiles to nothing for a success")]
    pub(crate) fn finish_value<R, N: Ending<R>>(self, ending: &N, value: &N::Ok) {
        match ending.classify_value(value) {
            Outcome::Failure => self.finish_failed_value(ending, value),
            outcome => self.finish(outcome),
        }
    }

    #[cold]
    fn finish_failed_value<R, N: Ending<R>>(self, ending: &N, value: &N::Ok) {
        let judged = Judged::failure(ending.retry_after(value, self.breaker));
        // Always accepted: the verdict on a value does not depend on the policy.
        self.breaker.finish_judged(self.ticket, &judged);
        self.into_ticket();
    }

    /// Ends the call with the verdict of `judge`, which is asked again if the policy changes meanwhile.
    pub(crate) fn finish_error(self, judge: impl Fn(&CircuitBreaker) -> Judged) {
        let breaker = self.breaker;
        let mut judged = judge(breaker);
        for _ in 0..MAX_REJUDGEMENTS {
            if breaker.finish_judged(self.ticket, &judged) {
                self.into_ticket();
                return;
            }
            judged = judge(breaker);
        }
        self.finish(judged.outcome);
    }

    /// Suspends the code of a call that has not ended.
    #[inline]
    pub(crate) fn pause(self) -> Ticket {
        if self.ticket.is_probe() {
            inside_probe::leave(self.breaker, self.ticket);
        }
        self.into_ticket()
    }

    /// Disarms the guard.
    #[inline]
    fn into_ticket(self) -> Ticket {
        let ticket = self.ticket;
        mem::forget(self);
        ticket
    }
}

impl Drop for Running<'_> {
    #[inline]
    fn drop(&mut self) {
        self.breaker.finish(self.ticket, Outcome::Failure);
    }
}
