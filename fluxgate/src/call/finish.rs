//! The end of a call without the lock, and its hand-over to [`settle`](CircuitBreaker::settle) otherwise.

use crate::{
    breaker::CircuitBreaker,
    call::ending::Judged,
    machine::{Ticket, probes::Ended},
    outcome::Outcome,
    sync::{
        Ordering,
        status_word::{PolicyFlags, Status, SuccessPath},
    },
    time::nanos::Nanos,
};

impl CircuitBreaker {
    /// Ends an admitted call.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads on the path of every call")]
    pub(crate) fn finish(&self, ticket: Ticket, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.finish_success(ticket),
            Outcome::Failure | Outcome::Ignored => self.finish_locked(ticket, outcome, None),
        }
    }

    /// Ends an admitted call whose caller dropped it after waiting for `waited`.
    pub(crate) fn finish_dropped(&self, ticket: Ticket, outcome: Outcome, waited: Nanos) {
        self.finish_slow(ticket, &outcome.into(), None, Ended::Dropped { waited });
    }

    /// Ends a call that was not a success. Returns `false` and leaves the call in flight if the policy that judged it is
    /// no longer the breaker's.
    pub(crate) fn finish_judged(&self, ticket: Ticket, judged: &Judged) -> bool {
        self.finish_slow(ticket, judged, None, Ended::ByItself)
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads on the path of every call")]
    fn finish_success(&self, ticket: Ticket) {
        let status = self.shared.status.read();
        if status.generation() != ticket.generation_of_call() {
            // Stale, unrecorded, or a probe.
            return self.finish_locked(ticket, Outcome::Success, None);
        }
        if status.policy_has(PolicyFlags::MEASURES) {
            return self.finish_measured_success(ticket, status);
        }
        match status.success_path() {
            SuccessPath::Redundant => {}
            SuccessPath::Counted if self.is_counted(status) => {}
            SuccessPath::Counted | SuccessPath::Judged => self.finish_locked(ticket, Outcome::Success, None),
        }
    }

    /// Ends a success under a policy that measures durations. Only one below every threshold may skip the lock.
    #[inline(never)]
    fn finish_measured_success(&self, ticket: Ticket, status: Status) {
        let now = self.now();
        let is_done = self.is_fast(ticket, status, now)
            && match status.success_path() {
                SuccessPath::Redundant => true,
                SuccessPath::Counted => self.is_counted_at(status, now),
                SuccessPath::Judged => false,
            };
        if !is_done {
            self.finish_locked(ticket, Outcome::Success, Some(now));
        }
    }

    /// Returns whether a call was fast under the policy that `status` describes.
    #[inline]
    fn is_fast(&self, ticket: Ticket, status: Status, now: Nanos) -> bool {
        let fast_below = Nanos(self.shared.fast_below.load(Ordering::Acquire));
        // A new policy publishes its generation before it stores `fast_below`. So if the generation has not changed,
        // `fast_below` belongs to the policy of `status`. A call without a start time began under an earlier policy.
        self.shared.status.read().generation() == status.generation()
            && ticket.started() != Nanos::NEVER
            && now.since(ticket.started()) < fast_below
    }

    /// Counts a success in this thread's counter, if that is possible now.
    #[inline]
    fn is_counted(&self, status: Status) -> bool {
        if status.policy_has(PolicyFlags::BY_THE_SECOND) {
            return self.is_counted_now(status);
        }
        self.shared.successes.count(status.generation(), 0)
    }

    /// Out of line to keep guarded functions small.
    #[inline(never)]
    fn is_counted_now(&self, status: Status) -> bool {
        self.is_counted_at(status, self.shared.clock.coarse_now())
    }

    #[inline]
    fn is_counted_at(&self, status: Status, now: Nanos) -> bool {
        let second = if status.policy_has(PolicyFlags::BY_THE_SECOND) { now.whole_seconds() } else { 0 };
        self.shared.successes.count(status.generation(), second)
    }

    #[inline(never)]
    fn finish_locked(&self, ticket: Ticket, outcome: Outcome, now: Option<Nanos>) {
        self.finish_slow(ticket, &outcome.into(), now, Ended::ByItself);
    }

    /// Settles a call and shows its end to the tap. Returns `false` if the policy that judged it is no longer the
    /// breaker's.
    fn finish_slow(&self, ticket: Ticket, judged: &Judged, now: Option<Nanos>, ended: Ended) -> bool {
        #[cfg(feature = "recorder")]
        let end_for_tap = self.time_for_tap();
        if ticket.is_recorded() && !self.settle(ticket, judged, now, ended) {
            return false;
        }
        #[cfg(feature = "recorder")]
        if let Some(now) = end_for_tap {
            self.tap_end(ticket, judged.outcome, ended, now);
        }
        true
    }
}
