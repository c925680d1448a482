//! Windows: the calls that a breaker judges by.
//!
//! | window | holds |
//! |---|---|
//! | [`CountWindow(size)`](CountWindow) | the last `size` recorded calls |
//! | [`TimeWindow(size)`](TimeWindow) | the recorded calls of the last `size` seconds |
//!
//! A window allocates all its memory when the breaker is built, and every transition clears it. Ignored calls are not
//! recorded, so no window contains them. The [guide](crate::guide::choosing) compares the two.
//!
//! ```
//! use std::time::Duration;
//! use fluxgate::{CircuitBreaker, ManualClock, Window, windows::{CountWindow, TimeWindow}};
//!
//! let clock = ManualClock::new();
//! let [last_calls, last_minute] = [Window::from(CountWindow(100)), TimeWindow(60).into()]
//!     .map(|window| CircuitBreaker::builder("search").window(window).clock(clock.clone()).build());
//! let breakers = [last_calls?, last_minute?];
//! for breaker in &breakers {
//!     let _ = breaker.call(|| Err::<(), _>("down"));
//! }
//! clock.advance(Duration::from_secs(60));
//! assert_eq!(breakers.map(|breaker| breaker.info().calls), [1, 0]);
//! # Ok::<(), fluxgate::PolicyError>(())
//! ```

mod bits;
mod count;
pub(crate) mod metrics;
mod time;

use std::sync::Arc;

use count::CountRecords;
use fluxgate_policy::{Argument, Component, Kind};
use time::TimeRecords;

use crate::{
    policy::{
        component::{AnyComponent, converts, parse_single, text_form},
        windows::metrics::{Measures, Metrics},
    },
    time::nanos::Nanos,
};

/// The calls that a breaker judges by: a component of this module, or parsed from text.
///
/// # Examples
///
/// ```
/// use fluxgate::windows::{TimeWindow, Window};
///
/// let window: Window = "TimeWindow(1m)".parse()?;
/// assert_eq!(window.to_string(), TimeWindow(60).to_string());
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias = "sliding_window")]
#[derive(Clone)]
pub struct Window(pub(crate) AnyComponent<Never>);

text_form!(Window, Kind::Window, parse_single);

/// The type of custom windows, of which there are none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Never {}

/// A window of the last recorded calls: at least 1 and at most 10,000,000.
///
/// Use it for frequent calls, or for decisions that need a certain number of calls. It takes one bit per call, another for
/// each threshold of a `SlowRate`, and 8 bytes if the policy needs the mean duration.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, windows::CountWindow};
///
/// let breaker = CircuitBreaker::builder("search").window(CountWindow(20)).build()?;
/// for _ in 0..30 {
///     let _ = breaker.call(|| Ok::<_, ()>(()));
/// }
/// assert_eq!(breaker.info().calls, 20);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("sliding_window", "COUNT_BASED", "sliding_window_size", "ring_buffer"))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CountWindow(pub u64);

converts!(CountWindow => Window, |it| {
    Window(AnyComponent::built_in(Kind::Window, "CountWindow", &[("size", Argument::Count(it.0))]))
});

/// A window of the recorded calls of the last seconds, including the current one: whole seconds, at least 1 and at most
/// 1,000,000.
///
/// Use it if old calls say nothing about the present. Seconds are those of the breaker's clock, counted from its creation.
///
/// A failure counts in the second in which it ended. A success is placed by the coarse clock of the system, which may lag by
/// a tick of up to 10 ms: one that ends at the beginning of a second may count in the second before.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, windows::TimeWindow};
///
/// let breaker = CircuitBreaker::builder("search").window(TimeWindow(60)).build()?;
/// assert!(CircuitBreaker::builder("archive").window(TimeWindow(0.5)).build().is_err());
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("sliding_window", "TIME_BASED", "rolling_window", "sampling_duration", "interval"))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeWindow<D>(pub D);

converts!(TimeWindow<D> => Window, |it| {
    Window(AnyComponent::built_in(Kind::Window, "TimeWindow", &[("size", it.0.into().0)]))
});

/// The recorded calls in a window, and their figures.
#[derive(Debug)]
pub(crate) enum Records {
    Count(CountRecords),
    Time(TimeRecords),
}

impl Records {
    /// Creates an empty window. `measures` is `None` if the policy needs no durations.
    pub(crate) fn new(window: &Component, measures: Option<&Arc<Measures>>) -> Self {
        // Both sizes are checked to be small, so they fit a usize.
        let size = |size| usize::try_from(size).unwrap_or(usize::MAX);
        if window.name() == "CountWindow" {
            Self::Count(CountRecords::new(size(window.count("size")), measures))
        } else {
            Self::Time(TimeRecords::new(size(Nanos(window.nanos("size")).whole_seconds()), measures))
        }
    }

    pub(crate) fn record(&mut self, failed: bool, duration: Nanos, now: Nanos) {
        match self {
            Self::Count(records) => records.record(failed, duration),
            Self::Time(records) => records.record(failed, duration, now),
        }
    }

    /// Records several successes of one second. For a policy that needs no mean.
    pub(crate) fn record_successes(&mut self, count: u64, second: u64) {
        match self {
            Self::Count(records) => records.record_successes(count),
            Self::Time(records) => records.record_successes(count, second),
        }
    }

    /// Copies the latest calls of another window into this empty one, as far as they are known: see
    /// [`CircuitBreaker::set_policy`](crate::CircuitBreaker::set_policy).
    pub(crate) fn take_over(&mut self, old: &Self, now: Nanos) {
        // An empty start is right if nothing can be copied.
        self.clear(now);
        let needs_mean = match self {
            Self::Count(records) => records.knows_durations(),
            Self::Time(records) => records.knows_durations(),
        };
        match (self, old) {
            (Self::Count(records), Self::Count(old)) if old.knows_durations() || !needs_mean => {
                let size = records.size();
                old.latest(size).for_each(|(failed, duration)| records.record(failed, duration));
            }
            (Self::Time(records), Self::Time(old)) if old.knows_durations() || !needs_mean => {
                records.take_over(old);
            }
            (Self::Count(records), Self::Time(old)) if !needs_mean => {
                for (calls, failures, least) in old.latest(records.size() as u64) {
                    let mut least = least.into_iter();
                    for call in 0..calls {
                        records.record(call < failures, least.next().unwrap_or_default());
                    }
                }
            }
            // A `CountWindow` does not know when its calls were, and no window knows durations that the policy did not need.
            (Self::Count(_) | Self::Time(_), _) => {}
        }
    }

    /// Checks whether one more success would leave the window unchanged.
    pub(crate) fn is_settled(&self) -> bool {
        match self {
            Self::Count(records) => records.is_full() && records.metrics().is_flawless(),
            Self::Time(_) => false,
        }
    }

    /// Removes the calls that have left the window by `now`.
    pub(crate) fn advance(&mut self, now: Nanos) {
        if let Self::Time(records) = self {
            records.advance(now);
        }
    }

    pub(crate) fn clear(&mut self, now: Nanos) {
        match self {
            Self::Count(records) => records.clear(),
            Self::Time(records) => records.clear(now),
        }
    }

    /// Returns the figures as of the last record or advance.
    pub(crate) fn metrics(&self) -> &Metrics {
        match self {
            Self::Count(records) => records.metrics(),
            Self::Time(records) => records.metrics(),
        }
    }
}
