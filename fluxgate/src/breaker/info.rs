use std::time::Duration;

#[cfg(feature = "serde")]
use crate::time::serialized;
use crate::{breaker::CircuitBreaker, events::signal::Signal, name::Name, state::State};

/// What a breaker is at, from [`CircuitBreaker::info`](crate::CircuitBreaker::info). With the
/// feature `serde` it serializes, durations in seconds.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State};
///
/// let breaker = CircuitBreaker::new("search");
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// let info = breaker.info();
/// assert_eq!(info.state, State::Closed);
/// assert_eq!((info.calls, info.failures, info.failure_rate), (1, 1, Some(1.0)));
/// ```
#[doc(alias("metrics", "stats", "status", "counts"))]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Info {
    /// The name of the breaker.
    pub name: Name,
    /// Distinguishes it from others with its name: see [`CircuitBreaker::label`].
    pub label: Name,
    /// Its state. An open breaker whose retry is due is `open` until a call finds it so.
    pub state: State,
    /// How long it has been in this state.
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::seconds"))]
    pub in_state_for: Duration,
    /// How many recoveries have failed since it was last closed.
    pub reopens: u64,
    /// How many of the latest recorded calls failed, without a success between them.
    pub consecutive_failures: u64,
    /// How many calls the window holds.
    pub calls: u64,
    /// How many of them failed.
    pub failures: u64,
    /// Failures / calls, from 0 to 1; `None` while the window is empty.
    pub failure_rate: Option<f64>,
    /// For each threshold of the policy's `SlowRate` clauses the share of calls that took that long or longer, from 0
    /// to 1; empty while the window is.
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::slow_rates"))]
    pub slow_rates: Vec<(Duration, f64)>,
    /// The mean duration of the calls in the window; `None` while it is empty, and for a policy that has no use for it:
    /// one without `AvgLatency` and without a tripper of the user's own.
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::optional_seconds"))]
    pub mean_latency: Option<Duration>,
    /// How many probes are in flight; 0 unless half-open.
    pub probes_in_flight: usize,
    /// How long until a retry is due, if the breaker is open and that is known: zero once it is due, `None` for `Never`, and
    /// for a retry of your own unless the service has asked to be left alone: only a rejection
    /// [asks that](crate::CallNotPermitted::retry_after). While half-open, how long until a ramp that ends at 1 admits every
    /// call; `None` while all slots are taken.
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::optional_seconds"))]
    pub retry_after: Option<Duration>,
    /// How many calls have been rejected since the breaker was made; a reset does not change it.
    pub rejected: u64,
    /// How many calls a breaker in shadow mode would have rejected since it was made.
    pub would_have_been_rejected: u64,
    /// Whether the breaker is in shadow mode.
    pub shadow: bool,
}

impl CircuitBreaker {
    /// Returns the current state, without the lock and without an allocation.
    ///
    /// An open breaker whose retry is due is `open` until a call comes.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State};
    ///
    /// let breaker = CircuitBreaker::new("inventory");
    /// assert_eq!(breaker.state(), State::Closed);
    /// breaker.force_open();
    /// assert_eq!(breaker.state(), State::ForcedOpen);
    /// ```
    #[doc(alias("status", "is_open", "is_closed"))]
    pub fn state(&self) -> State {
        self.shared.status.read().state()
    }

    /// Returns the last 16 transitions, oldest first: when each was, why, and the figures of the window.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State, trippers::FailureStreak};
    ///
    /// let breaker = CircuitBreaker::builder("inventory").tripper(FailureStreak(2)).build()?;
    /// for _ in 0..2 {
    ///     let _ = breaker.call(|| Err::<(), _>("down"));
    /// }
    /// breaker.reset();
    ///
    /// let [tripped, reset] = &breaker.history()[..] else { unreachable!() };
    /// assert_eq!(tripped.reason().to_string(), "FailureStreak(2): 2 failures in a row");
    /// assert_eq!((reset.old_state(), reset.new_state()), (State::Open, State::Closed));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("events", "log", "transitions"))]
    pub fn history(&self) -> Vec<Signal> {
        self.shared.core.lock().history.signals().cloned().collect()
    }

    /// What the breaker is at: its state, and the figures of its window.
    ///
    /// Asking changes nothing: an open breaker whose retry is due stays open until a call comes. It takes the breaker's
    /// lock for a moment.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State};
    ///
    /// let breaker = CircuitBreaker::new("inventory");
    /// assert_eq!(breaker.info().state, State::Closed);
    /// ```
    #[doc(alias("state", "status", "stats", "metrics", "counts", "is_open"))]
    pub fn info(&self) -> Info {
        let now = self.now();
        let mut core = self.shared.core.lock();
        self.take_successes(&mut core);
        core.machine.records.advance(now);
        let machine = &core.machine;
        let metrics = machine.records.metrics();
        Info {
            name: self.shared.place.name().clone(),
            label: self.shared.place.label().clone(),
            state: machine.state,
            in_state_for: machine.lasted(now).into(),
            reopens: machine.reopens,
            consecutive_failures: machine.consecutive_failures,
            calls: metrics.calls(),
            failures: metrics.failures(),
            failure_rate: metrics.failure_rate(),
            slow_rates: metrics.slow_rates().collect(),
            mean_latency: metrics.mean_latency(),
            probes_in_flight: machine.probes.in_flight(),
            retry_after: core.retry_after(now),
            rejected: core.rejected + self.shared.successes.rejections(),
            would_have_been_rejected: core.would_have_been_rejected,
            shadow: core.shadow,
        }
    }
}
