//! The user's code at work.

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

/// So often is an error looked at anew because the policy has changed meanwhile: a tracker may change it itself.
const MOST_POLICIES: usize = 4;

/// User code at work: dropped by nothing but a panic of it, which is a failure of the call.
///
/// While it is that of a probe, calls of the same breaker on this thread are part of the probe.
pub(crate) struct Running<'b> {
    breaker: &'b CircuitBreaker,
    ticket: Ticket,
}

impl<'b> Running<'b> {
    /// Admits a call, whose code is to run now.
    #[inline]
    pub(crate) fn begin(breaker: &'b CircuitBreaker) -> Result<Self, Rejected> {
        Ok(Self::resume(breaker, breaker.admit()?))
    }

    /// Goes on with the code of an admitted call.
    #[inline]
    pub(crate) fn resume(breaker: &'b CircuitBreaker, ticket: Ticket) -> Self {
        if ticket.is_probe() {
            inside_probe::enter(breaker, ticket);
        }
        Self { breaker, ticket }
    }

    /// A call whose code has run elsewhere, and that is to end now.
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
    #[allow(clippy::inline_always, reason = "nothing on the way of a success")]
    pub(crate) fn finish_value<R, N: Ending<R>>(self, ending: &N, value: &N::Ok) {
        match ending.classify_value(value) {
            Outcome::Failure => self.finish_failed_value(ending, value),
            outcome => self.finish(outcome),
        }
    }

    #[cold]
    fn finish_failed_value<R, N: Ending<R>>(self, ending: &N, value: &N::Ok) {
        let judged = Judged::failure(ending.retry_after(value, self.breaker));
        // Whatever the policy, the value is a failure.
        self.breaker.finish_judged(self.ticket, &judged);
        self.into_ticket();
    }

    pub(crate) fn finish_error(self, judge: impl Fn(&CircuitBreaker) -> Judged) {
        let breaker = self.breaker;
        let mut judged = judge(breaker);
        for _ in 0..MOST_POLICIES {
            if breaker.finish_judged(self.ticket, &judged) {
                self.into_ticket();
                return;
            }
            judged = judge(breaker);
        }
        self.finish(judged.outcome);
    }

    /// The call goes on, but its code does not run for now.
    #[inline]
    pub(crate) fn pause(self) -> Ticket {
        if self.ticket.is_probe() {
            inside_probe::leave(self.breaker, self.ticket);
        }
        self.into_ticket()
    }

    /// Nothing is left to be done by `drop`.
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
