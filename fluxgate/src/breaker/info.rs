//! Snapshots of a breaker.

use std::time::Duration;

#[cfg(feature = "serde")]
use crate::time::serialized;
use crate::{breaker::CircuitBreaker, events::signal::Signal, name::Name, state::State};

/// A snapshot of a breaker, returned by [`CircuitBreaker::info`].
///
/// With the feature `serde` it implements `Serialize`, with durations in seconds.
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
    /// The unique [label](CircuitBreaker::label) of the breaker.
    pub label: Name,
    /// The state. An open breaker whose retry is due stays `open` until the next call.
    pub state: State,
    /// The time since the state began.
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::seconds"))]
    pub in_state_for: Duration,
    /// The number of failed recoveries since the breaker was last closed.
    pub reopens: u64,
    /// The number of failures since the last recorded success.
    pub consecutive_failures: u64,
    /// The number of calls in the window.
    pub calls: u64,
    /// The number of failed calls in the window.
    pub failures: u64,
    /// The share of failed calls, from 0 to 1. `None` while the window is empty.
    pub failure_rate: Option<f64>,
    /// For each threshold of the policy's `SlowRate` clauses, the share of calls that took at least that long, from 0 to 1.
    /// Empty while the window is empty.
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::slow_rates"))]
    pub slow_rates: Vec<(Duration, f64)>,
    /// The mean duration of the calls in the window. `None` while the window is empty, and if the policy does not measure
    /// it: only `AvgLatency` and custom trippers do.
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::optional_seconds"))]
    pub mean_latency: Option<Duration>,
    /// The number of probes in flight. 0 unless half-open.
    pub probes_in_flight: usize,
    /// The time until the next change that lets calls run, if it is known.
    ///
    /// - `open`: the time until the retry is due, zero once it is. `None` for `Never`, and for a custom retry unless the
    ///   service has sent a `Retry-After`: a custom retry is asked only by a
    ///   [rejection](crate::CallNotPermitted::retry_after).
    /// - `half_open`: the time until a ramp that ends at 1 admits every call. `None` while all slots are taken.
    /// - other states: `None`.
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::optional_seconds"))]
    pub retry_after: Option<Duration>,
    /// The number of rejected calls since the breaker was built. A reset does not change it.
    pub rejected: u64,
    /// The number of calls that shadow mode let run instead of rejecting them, since the breaker was built.
    pub would_have_been_rejected: u64,
    /// `true` in shadow mode, in which the breaker rejects nothing.
    pub shadow: bool,
}

impl CircuitBreaker {
    /// Returns the current state. This takes no lock.
    ///
    /// An open breaker whose retry is due stays `open` until the next call.
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

    /// Returns the last 16 transitions, oldest first, each with its time, its reason and the metrics of the window.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State, trippers::FailureStreak};
    ///
    /// let breaker = CircuitBreaker::builder("search").tripper(FailureStreak(2)).build()?;
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

    /// Returns the current state and the figures of the window.
    ///
    /// This changes nothing: an open breaker whose retry is due stays open until the next call. It takes the breaker's lock
    /// briefly. For the state alone, [`state`](Self::state) needs no lock.
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
            in_state_for: machine.time_in_state(now).into(),
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
