//! Replaces the policy of a breaker while it runs.

use std::{mem, sync::Arc};

use crate::{
    breaker::CircuitBreaker,
    events::policy_change::PolicyChange,
    policy::{Policy, compiled::CompiledPolicy, error::PolicyError, windows::Records},
    sync::{Ordering, status_word::SuccessPath},
};

/// The former policy and window of a breaker. User code may run when they are dropped.
pub(crate) struct Replaced {
    _rules: [Arc<CompiledPolicy>; 2],
    _records: Records,
}

impl CircuitBreaker {
    /// Returns the current policy.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, retries::Cooldown};
    ///
    /// let breaker = CircuitBreaker::builder("search").retry(Cooldown(10)).build()?;
    /// assert!(breaker.policy().to_string().contains("retry = Cooldown(10s)"));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn policy(&self) -> Policy {
        let rules = Arc::clone(&self.shared.core.lock().rules);
        Policy::from(&rules)
    }

    /// Replaces the policy atomically.
    ///
    /// The state and its duration, `reopens`, the failures in a row and the calls in flight stay. A call that was admitted
    /// before the change counts like any other, and a probe keeps its slot. Every call is judged by the policy that the
    /// breaker has when the call ends. Listeners are notified, in order with the transitions.
    ///
    /// The other parts of a breaker change as follows:
    ///
    /// - **The window** keeps the latest calls of the old one: from a `CountWindow` to another as many as fit, from a
    ///   `TimeWindow` to another those of the seconds that fit, from a `TimeWindow` to a `CountWindow` those of the latest
    ///   whole seconds that fit. From a `CountWindow` to a `TimeWindow` it starts empty, because the times of the calls are
    ///   unknown.
    /// - **Durations** are kept as far as the old policy needed them: all, if it had `AvgLatency` or a custom tripper in a
    ///   `CountWindow`, otherwise which of its `SlowRate` thresholds each call reached. A call that is not known to have
    ///   reached a threshold has not. If the new policy needs a mean that the old window cannot provide, the window starts
    ///   empty. A call in flight whose start was not measured is measured from the change on.
    /// - **The tripper** judges the window when the next call is recorded, not before: a new policy alone opens no breaker.
    /// - **The wait** of an open breaker is that of the new retry, from the time of the opening, with the random number drawn
    ///   then. It may be over at once. A `Retry-After` still counts, within the new limit.
    /// - **`max_half_open_calls`**: if more calls probe than the new policy admits, all of them continue.
    /// - **`cancelled`** applies to calls in flight too. One whose waiting time the old policy did not measure has waited for
    ///   no time.
    ///
    /// The change takes as long as copying the window, a few milliseconds for a million calls. Ends of calls that need the
    /// lock wait meanwhile.
    ///
    /// # Errors
    ///
    /// Every mistake of the policy, as from [`Builder::build`](crate::Builder::build). Then nothing has changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, Policy, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::builder("search").tripper(FailureStreak(2)).clock(clock.clone()).build()?;
    /// for _ in 0..2 {
    ///     let _ = breaker.call(|| Err::<(), _>("down"));
    /// }
    /// clock.advance(Duration::from_secs(10));
    /// breaker.set_policy(breaker.policy().retry(Cooldown(15)))?;
    /// assert_eq!(breaker.info().retry_after, Some(Duration::from_secs(5)));
    ///
    /// assert!(breaker.set_policy(Policy::new().retry(Cooldown(0))).is_err());
    /// assert_eq!(breaker.info().retry_after, Some(Duration::from_secs(5)));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("reload", "update", "reconfigure"))]
    pub fn set_policy(&self, policy: Policy) -> Result<(), PolicyError> {
        // With nothing locked, because user code may run.
        drop(self.adopt(policy)?);
        self.tell();
        Ok(())
    }

    /// Replaces the policy. The result must be dropped with nothing locked, and then listeners told.
    pub(crate) fn adopt(&self, policy: Policy) -> Result<Replaced, PolicyError> {
        let new = policy.compiled()?;
        let mut records = new.records();
        let now = self.now();
        let mut locked = self.shared.core.lock();
        // Into the old window, in which they were counted.
        self.take_successes(&mut locked);
        let old = mem::replace(&mut locked.rules, Arc::clone(&new));
        let old_for_errors = mem::replace(&mut *self.shared.rules.lock(), Arc::clone(&new));
        // A generation in which the calls in flight still count. Every success takes the lock until the whole policy is in
        // place, so that none is judged by parts of both.
        locked.machine.begin_generation();
        self.publish_with(&locked, SuccessPath::Judged);
        self.shared.fast_below.store(new.fast_below.0, Ordering::Release);
        self.shared.cancelled.store(new.cancelled.0, Ordering::Relaxed);

        let core = &mut *locked;
        core.machine.records.advance(now);
        records.take_over(&core.machine.records, now);
        let heeds = new.honoured.as_ref().map(|honoured| honoured.limit);
        let old_records = core.machine.follow(&new.retry, heeds, records, now, &mut core.random);
        // The counters stay enrolled for their second: a thread that finds another one, or none, takes the lock. Successes
        // counted meanwhile precede the change, and go to that second.
        self.shared.due.store(core.machine.due.0, Ordering::Release);
        self.publish(&locked);
        if self.has_audience() {
            self.shared.outbox.post(PolicyChange {
                breaker: self.shared.place.name().clone(),
                label: self.shared.place.label().clone(),
                at: self.shared.clock.wall_time(),
                old: Policy::from(&old),
                new: policy,
            });
        }
        drop(locked);
        Ok(Replaced { _rules: [old, old_for_errors], _records: old_records })
    }

    /// Delivers waiting messages to the listeners. Must be called with nothing locked.
    pub(crate) fn tell(&self) {
        self.shared.outbox.deliver();
    }

    /// Returns `true` if listeners are told about the breaker: not while its set keeps it in reserve.
    pub(super) fn has_audience(&self) -> bool {
        self.shared.outbox.has_listeners() && !self.shared.place.is_hidden()
    }
}
