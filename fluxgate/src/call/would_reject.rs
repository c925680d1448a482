//! Prediction of a rejection, without a call.

use crate::{
    breaker::CircuitBreaker,
    call::{
        admit::{Asked, Rejected},
        inside_probe,
    },
    error::CallNotPermitted,
    policy::permits,
    state::State,
    sync::{
        Ordering,
        status_word::{PolicyFlags, Status},
    },
    time::nanos::Nanos,
};

impl CircuitBreaker {
    /// Returns the rejection that a call would get now, if it is certain.
    ///
    /// This takes no slot, counts nothing and changes no state: an open breaker whose retry is due stays open. `None` is
    /// no promise: a half-open breaker may decide at random, and other calls may come first. Use it to choose between
    /// services, or to skip the preparation of a call that would be rejected anyway. To make a call, use
    /// [`call`](Self::call) or [`try_acquire`](Self::try_acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let mirrors = [CircuitBreaker::new("near"), CircuitBreaker::new("far")];
    /// mirrors[0].force_open();
    /// let first = mirrors.iter().find(|mirror| mirror.would_reject().is_none());
    /// assert_eq!(first.map(CircuitBreaker::name), Some("far"));
    /// ```
    pub fn would_reject(&self) -> Option<CallNotPermitted> {
        let status = self.shared.status.read();
        if status.admits_all() || status.shadow() { None } else { self.would_reject_slow(status) }
    }

    #[inline(never)]
    fn would_reject_slow(&self, status: Status) -> Option<CallNotPermitted> {
        let now = self.now();
        match status.state() {
            State::ForcedOpen => Some(self.rejection(State::ForcedOpen, Nanos::NEVER)),
            State::Open if status.policy_has(PolicyFlags::NEVER_DUE) => Some(self.rejection(State::Open, Nanos::NEVER)),
            State::Open if status.policy_has(PolicyFlags::DUE_IS_KNOWN) => {
                // Belongs to the opening and the policy that the status describes, or to later ones.
                let due = Nanos(self.shared.due.load(Ordering::Acquire));
                (now < due && due != Nanos::NEVER).then(|| self.rejection(State::Open, due.since(now)))
            }
            State::Open => {
                let core = self.shared.core.lock();
                if core.machine.state != State::Open {
                    return None;
                }
                match self.is_due(core, now) {
                    Asked::Answer(core, Err(retry_after)) => {
                        drop(core);
                        Some(self.rejection(State::Open, retry_after.map_or(Nanos::NEVER, Nanos::from)))
                    }
                    Asked::Answer(..) | Asked::Stale(_) => None,
                }
            }
            State::HalfOpen => {
                let core = self.shared.core.lock();
                let (machine, rules) = (&core.machine, &core.rules);
                let may_admit = machine.state != State::HalfOpen
                    || machine.hung_probe(now, rules.max_probe_time).is_some()
                    || inside_probe::is_inside(self, &core);
                if may_admit {
                    return None;
                }
                let is_full = rules.is_full(machine.probes.in_flight());
                let admits_none = matches!(&rules.permit, permits::CompiledPermit::Ramp(ramp) if ramp.ratio(now.since(machine.since)) <= 0.0);
                let retry_after = core.retry_after(now);
                drop(core);
                (is_full || admits_none)
                    .then(|| self.rejection(State::HalfOpen, retry_after.map_or(Nanos::NEVER, Nanos::from)))
            }
            State::Closed | State::MetricsOnly | State::Disabled => None,
        }
    }

    /// Counts a call that was not attempted because [`would_reject`](Self::would_reject) predicted its rejection.
    #[cfg(feature = "tower")]
    pub(crate) fn count_rejection(&self) {
        if !self.shared.successes.count_rejection() {
            let mut core = self.shared.core.lock();
            core.rejected += 1;
            self.shared.successes.prepare_for_rejections(core.rejected);
        }
    }

    fn rejection(&self, state: State, retry_after: Nanos) -> CallNotPermitted {
        self.not_permitted(Rejected { state, retry_after })
    }
}
