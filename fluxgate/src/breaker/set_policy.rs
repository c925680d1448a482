//! A new policy while the breaker runs.

use std::{mem, sync::Arc};

use crate::{
    breaker::CircuitBreaker,
    error::PolicyError,
    events::policy_change::PolicyChange,
    policy::{Policy, compiled::Rules, windows::Records},
    sync::{Ordering, status_word::SuccessPath},
};

/// What a breaker went by before. Parts of it are the user's own, which may do anything when they are dropped.
pub(crate) struct Replaced {
    _rules: [Arc<Rules>; 2],
    _records: Records,
}

impl CircuitBreaker {
    /// The policy that the breaker goes by now.
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
        rules.policy.clone()
    }

    /// Goes by another policy from now on, all of it at once.
    ///
    /// The state, since when it has lasted, `reopens`, the failures in a row and the calls in flight stay: a call that
    /// was admitted before counts like any other, and a probe keeps its slot. Every call is judged by one policy, the
    /// one that the breaker has when the call ends. Listeners are told, in order with the transitions.
    ///
    /// What else becomes of what the breaker knew:
    ///
    /// - **The window** keeps the latest calls of the old one: from a `CountWindow` to another as many as fit, from a
    ///   `TimeWindow` to another those of the seconds that fit, from a `TimeWindow` to a `CountWindow` those of the latest
    ///   whole seconds that fit. From a `CountWindow` to a `TimeWindow` it begins anew, for nobody knows when those calls
    ///   were.
    /// - **Durations** are taken over as far as the old policy asked for them: all, if it had `AvgLatency` or a tripper
    ///   of your own in a `CountWindow`, else which of its own `SlowRate` thresholds each call reached. A call that is not
    ///   known to have reached a threshold has not. A mean can't be made of that: where the new policy asks for one and
    ///   the old window can't tell it, the window begins anew. A call in flight whose start was not noted is measured
    ///   from the change on.
    /// - **The tripper** looks at that window when the next call is recorded, not before: a change of policy opens no
    ///   breaker by itself.
    /// - **The wait** of an open breaker is that of the new retry, from when it opened, with the chance that was drawn
    ///   then. It may be over at once. A `Retry-After` that is heeded still is, within the new limit.
    /// - **`max_half_open_calls`**: where more calls probe than the new policy admits, none is taken back.
    /// - **`cancelled`** counts for calls in flight too. One for which the old policy did not count how long its caller
    ///   was waiting has waited for no time.
    ///
    /// It takes as long as copying the window, during which ends of calls that need the lock wait: of a million calls
    /// a few milliseconds.
    ///
    /// # Errors
    ///
    /// Every mistake of the policy, as [`Builder::build`](crate::Builder::build) tells them. Then nothing has changed.
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
        // With nothing locked, for parts of it are the user's own.
        drop(self.adopt(policy)?);
        self.tell();
        Ok(())
    }

    /// Goes by another policy. What it had before is to be dropped with nothing locked, and then listeners told.
    pub(crate) fn adopt(&self, policy: Policy) -> Result<Replaced, PolicyError> {
        let spares_the_lock = self.shared.core.lock().rules.spares_the_lock;
        let (new, mut records) = policy.rules(spares_the_lock)?;
        let now = self.now();
        let mut locked = self.shared.core.lock();
        // By the old window, in which they were counted.
        self.take_successes(&mut locked);
        let old = mem::replace(&mut locked.rules, Arc::clone(&new));
        let old_for_errors = mem::replace(&mut *self.shared.rules.lock(), Arc::clone(&new));
        // A generation in which the calls in flight still count. In it no success is spared the lock until all of the
        // policy is in place, so that none is quick by the one policy and counted by the other.
        locked.machine.begin_generation();
        self.publish_with(&locked, SuccessPath::Judged);
        self.shared.fast_below.store(new.quick.0, Ordering::Release);
        self.shared.cancelled.store(new.cancelled.0, Ordering::Relaxed);

        let core = &mut *locked;
        core.machine.records.advance(now);
        records.take_over(&core.machine.records, now);
        let heeds = new.honoured.as_ref().map(|honoured| honoured.limit);
        let old_records = core.machine.follow(&new.retry, heeds, records, now, &mut core.random);
        // The counters stay enrolled for the second that they were: a thread finds it another one, or none, and takes the
        // lock. What it counts meanwhile was before the change, and goes where that second is.
        self.shared.due.store(core.machine.due.0, Ordering::Release);
        self.publish(&locked);
        let is_told = self.shared.outbox.has_listeners();
        // Of a breaker that its set has not shown to anybody yet, there is nothing to tell.
        #[cfg(feature = "keyed")]
        let is_told = is_told && !self.shared.place.is_hidden();
        if is_told {
            self.shared.outbox.post(PolicyChange {
                breaker: self.shared.place.name().clone(),
                label: self.shared.place.label().clone(),
                at: self.shared.clock.wall_time(),
                old: Arc::clone(&old),
                new,
            });
        }
        drop(locked);
        Ok(Replaced { _rules: [old, old_for_errors], _records: old_records })
    }

    /// Tells listeners what they have not been told yet. To be called with nothing locked.
    pub(crate) fn tell(&self) {
        self.shared.outbox.deliver();
    }
}
