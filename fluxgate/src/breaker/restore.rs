//! Saving the state of a breaker, and restoring it after a restart.

use std::time::SystemTime;

use crate::{
    breaker::{
        CircuitBreaker,
        saved_state::{RestoreError, SavedState},
        waiting::Identity,
    },
    machine::{SavedOpening, reason::Reason},
    state::State,
    time::nanos::Nanos,
};

impl CircuitBreaker {
    /// Returns the identity of the breaker across restarts.
    pub(crate) fn identity(&self) -> Identity {
        #[cfg(feature = "keyed")]
        if let Some(membership) = self.shared.place.membership() {
            return membership.identity();
        }
        (self.label().to_owned(), None)
    }

    /// Returns the state to keep across a restart.
    ///
    /// It holds the state and its start, `reopens`, the failure streak and, for an open breaker, the time of its retry. It
    /// does not hold the window, the calls in flight or shadow mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, SavedState, State};
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// breaker.force_open();
    /// let text = serde_json::to_string(&breaker.saved_state())?;
    ///
    /// // After the restart.
    /// let breaker = CircuitBreaker::new("search");
    /// let saved: SavedState = serde_json::from_str(&text)?;
    /// breaker.restore(&saved)?;
    /// assert_eq!(breaker.info().state, State::ForcedOpen);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn saved_state(&self) -> SavedState {
        let mut core = self.shared.core.lock();
        // A success that a thread has counted ends a failure streak.
        self.take_successes(&mut core);
        let machine = &core.machine;
        let now = self.now();
        let wall = WallClock { time: self.shared.clock.wall_time(), clock: now };
        let (label, key) = self.identity();
        // A policy file sets such a state again, if it still names it.
        let state = if core.state_is_configured { State::Closed } else { machine.state };
        let is_open = state == State::Open;
        let saved_time = |at: Nanos| (is_open && at != Nanos::NEVER && at != Nanos(0)).then(|| wall.millis_at(at));
        SavedState {
            version: SavedState::VERSION,
            name: self.name().to_owned(),
            label: Some(label),
            key,
            state,
            since: wall.millis_before(machine.time_in_state(now)),
            reopens: machine.reopens,
            consecutive_failures: machine.consecutive_failures,
            retry_at: saved_time(machine.due),
            delayed_until: saved_time(machine.delayed_until),
            draw: machine.draw.filter(|_| is_open),
        }
    }

    /// Restores a saved state.
    ///
    /// - `open`: the breaker waits as its own retry says, counted from the wall time of the opening, so the duration of the
    ///   restart is part of the wait. An opening in the future, as after a change of the wall clock, begins now. So the
    ///   remaining wait never exceeds the wait of the retry or the limit of `honour_retry_after`.
    /// - `half_open`: the probes are lost, so the breaker is open and its retry is due.
    /// - `closed`: the breaker is like a new one, without a failure streak.
    /// - `metrics_only`, `disabled` and `forced_open`: the breaker is in that state.
    ///
    /// A breaker whose state a policy file sets stays in that state.
    ///
    /// The window starts empty and calls in flight no longer count, as after any transition. If the state changes,
    /// listeners receive a signal with [`Reason::Restored`]. The breaker keeps its policy, its shadow mode and its name; the
    /// name in `saved` is not checked.
    ///
    /// # Errors
    ///
    /// [`RestoreError`] if the version of the saved state is not supported. The breaker has not changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, State};
    /// use fluxgate::{retries::Cooldown, trippers::FailureStreak};
    ///
    /// let clock = ManualClock::new();
    /// let build = || {
    ///     CircuitBreaker::builder("search")
    ///         .tripper(FailureStreak(1))
    ///         .retry(Cooldown(30))
    ///         .clock(clock.clone())
    ///         .build()
    /// };
    /// let before = build()?;
    /// let _ = before.call(|| Err::<(), _>("down"));
    /// let saved = before.saved_state();
    ///
    /// clock.advance(Duration::from_secs(10)); // the restart
    /// let after = build()?;
    /// after.restore(&saved)?;
    /// assert_eq!(after.info().state, State::Open);
    /// assert_eq!(after.info().retry_after, Some(Duration::from_secs(20)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn restore(&self, saved: &SavedState) -> Result<(), RestoreError> {
        self.restore_silently(saved)?;
        self.notify_listeners();
        Ok(())
    }

    /// Like [`restore`](Self::restore), but leaves the delivery to listeners to the caller.
    pub(crate) fn restore_silently(&self, saved: &SavedState) -> Result<(), RestoreError> {
        if saved.version != SavedState::VERSION {
            return Err(RestoreError::UnknownVersion(saved.version));
        }
        let mut core = self.shared.core.lock();
        let now = self.now();
        let wall = WallClock { time: self.shared.clock.wall_time(), clock: now };
        if core.state_is_configured {
            return Ok(());
        }
        self.take_successes(&mut core);
        let to = if saved.state == State::HalfOpen { State::Open } else { saved.state };
        let opening = SavedOpening {
            lasted: wall.time_since(saved.since),
            draw: saved.draw.filter(|draw| (0.0..1.0).contains(draw)),
            delayed_for: saved.delayed_until.map_or(Nanos(0), |until| wall.time_until(until)),
            is_due: saved.state == State::HalfOpen,
        };
        self.change_state(&mut core, now, Reason::Restored, |machine, rules, random| {
            let previous = machine.enter(to, now, &rules.retry, random);
            if to != State::Closed {
                // A closed breaker starts like a new one: old failures say nothing about the service now.
                machine.reopens = saved.reopens;
                machine.consecutive_failures = saved.consecutive_failures;
            }
            let max_pause = rules.honoured.as_ref().map(|honoured| honoured.limit);
            machine.resume(&opening, now, &rules.retry, max_pause);
            previous
        });
        Ok(())
    }
}

/// The wall time and the breaker's time at the same moment, to convert between them.
struct WallClock {
    time: SystemTime,
    clock: Nanos,
}

const NANOS_PER_MILLI: u64 = 1_000_000;

impl WallClock {
    /// Returns the nanoseconds since the Unix epoch.
    fn now(&self) -> u128 {
        self.time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos()
    }

    /// Rounds up, so that no wait becomes shorter.
    fn to_millis(nanos: u128) -> u64 {
        u64::try_from(nanos.div_ceil(NANOS_PER_MILLI.into())).unwrap_or(u64::MAX)
    }

    /// Returns the wall time a `span` ago, in milliseconds.
    fn millis_before(&self, span: Nanos) -> u64 {
        Self::to_millis(self.now().saturating_sub(span.0.into()))
    }

    /// Returns the wall time at `clock` on the breaker's clock, in milliseconds.
    fn millis_at(&self, clock: Nanos) -> u64 {
        Self::to_millis((self.now() + u128::from(clock.0)).saturating_sub(self.clock.0.into()))
    }

    /// Returns the time since a wall time. Zero if that is in the future.
    fn time_since(&self, millis: u64) -> Nanos {
        let then = u128::from(millis) * u128::from(NANOS_PER_MILLI);
        Nanos(u64::try_from(self.now().saturating_sub(then)).unwrap_or(u64::MAX))
    }

    /// Returns the time until a wall time. Zero if that is in the past.
    fn time_until(&self, millis: u64) -> Nanos {
        let then = u128::from(millis) * u128::from(NANOS_PER_MILLI);
        Nanos(u64::try_from(then.saturating_sub(self.now())).unwrap_or(u64::MAX))
    }
}
