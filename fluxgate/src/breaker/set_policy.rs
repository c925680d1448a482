//! Replacing the policy at run time.

use std::{mem, sync::Arc};

use crate::{
    breaker::CircuitBreaker,
    events::policy_change::PolicyChange,
    policy::{Policy, compiled::CompiledPolicy, error::PolicyError, windows::Records},
    sync::{Ordering, status_word::SuccessPath},
};

/// The replaced parts of a breaker. Drop them without a lock: they may contain user types.
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
    /// The state and its start, `reopens`, the failure streak and the calls in flight are kept: calls that were admitted
    /// before count like any other, and probes keep their slots. Each call is judged by one policy, the current one at its
    /// end. Listeners receive the change, in order with the transitions.
    ///
    /// The rest is carried over as follows:
    ///
    /// - **Window**: the new window keeps the latest calls of the old one. Between two `CountWindow`s it keeps as many as
    ///   fit; between two `TimeWindow`s, those of the seconds that fit; from a `TimeWindow` to a `CountWindow`, those of the
    ///   latest whole seconds that fit. From a `CountWindow` to a `TimeWindow` it starts empty, because the times of the
    ///   calls are not known.
    /// - **Durations** are kept as far as the old policy measured them: all durations, if it had `AvgLatency` or a custom
    ///   tripper with a `CountWindow`; otherwise only which of its `SlowRate` thresholds each call reached. A call that is
    ///   not known to have reached a threshold counts as faster. If the new policy needs a mean that the old window can't
    ///   provide, the window starts empty. A call in flight without a measured start is measured from the change on.
    /// - **Tripper**: the new tripper judges the window when the next call is recorded. So the change itself never opens a
    ///   breaker.
    /// - **Retry**: the wait of an open breaker is that of the new retry, counted from the opening, with the random draw of
    ///   the opening. It may end at once. An honoured `Retry-After` stays in effect, up to the new limit.
    /// - **`max_half_open_calls`**: probes in flight beyond the new limit keep their slots.
    /// - **`cancelled`** applies to calls in flight. A call whose waiting time the old policy did not measure has a waiting
    ///   time of zero.
    ///
    /// This takes as long as copying the window, a few milliseconds for a million calls. Calls that need the lock wait
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] with every mistake in the policy, as from [`Builder::build`](crate::Builder::build). The breaker keeps
    /// its policy.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, Policy};
    /// use fluxgate::{retries::Cooldown, trippers::FailureStreak};
    ///
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(FailureStreak(2))
    ///     .clock(clock.clone())
    ///     .build()?;
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
        // Dropped here, where no lock is held.
        drop(self.adopt(policy)?);
        self.notify_listeners();
        Ok(())
    }

    /// Replaces the policy without notifying listeners. The caller drops the replaced parts without a lock, and then
    /// notifies the listeners.
    pub(crate) fn adopt(&self, policy: Policy) -> Result<Replaced, PolicyError> {
        let new = policy.compiled()?;
        let mut records = new.records();
        let now = self.now();
        let mut locked = self.shared.core.lock();
        // Into the old window, in which they were counted.
        self.take_successes(&mut locked);
        let old = mem::replace(&mut locked.rules, Arc::clone(&new));
        let old_for_errors = mem::replace(&mut *self.shared.rules.lock(), Arc::clone(&new));
        // A generation in which the calls in flight still count. No success skips the lock until the whole policy is in
        // place, so that none is fast under one policy and counted under the other.
        locked.machine.begin_generation();
        self.publish_with(&locked, SuccessPath::Judged);
        self.shared.fast_below.store(new.fast_below.0, Ordering::Release);
        self.shared.cancelled.store(new.cancelled.0, Ordering::Relaxed);

        let core = &mut *locked;
        core.machine.records.advance(now);
        records.take_over(&core.machine.records, now);
        let max_pause = new.honoured.as_ref().map(|honoured| honoured.limit);
        let old_records = core.machine.replace_policy(&new.retry, max_pause, records, now, &mut core.random);
        // The counters stay enrolled for the old generation and second, so from now on a thread finds its counter not
        // enrolled and takes the lock. A count that becomes visible late was made before the change, and goes into the
        // second of its enrolment.
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

    /// Delivers queued events to the listeners. No lock may be held.
    pub(crate) fn notify_listeners(&self) {
        self.shared.outbox.deliver();
    }

    /// Returns `true` if listeners are told about the breaker: not while its set keeps it in reserve.
    pub(super) fn has_audience(&self) -> bool {
        self.shared.outbox.has_listeners() && !self.shared.place.is_hidden()
    }
}
