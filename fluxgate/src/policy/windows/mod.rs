//! Windows: which calls a breaker judges by.
//!
//! | window | holds |
//! |---|---|
//! | [`CountWindow(size)`](CountWindow) | the last `size` recorded calls |
//! | [`TimeWindow(size)`](TimeWindow) | the recorded calls of the last `size` seconds |
//!
//! A window takes all its memory when the breaker is built, and every transition clears it. Ignored calls are not
//! recorded, so they are in none. Which to take when is told by the [guide](crate::guide::choosing).
//!
//! ```
//! use std::time::Duration;
//! use fluxgate::{CircuitBreaker, ManualClock, windows::{CountWindow, TimeWindow}};
//!
//! let clock = ManualClock::new();
//! let [last_calls, last_minute] = [CountWindow(100), TimeWindow(60)]
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
        component::{Leaf, parse_single, text_form},
        seconds::Seconds,
        windows::metrics::{Measures, Metrics},
    },
    time::nanos::Nanos,
};

/// Which calls a breaker judges by: made by a function of this module, or read from text.
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
pub struct Window(pub(crate) Leaf<Never>);

text_form!(Window, Kind::Window, parse_single);

/// There are no windows but the built-in ones.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Never {}

/// The last `size` recorded calls, at least 1 and at most 10,000,000.
///
/// The one to take when calls are frequent, or when a decision must rest on a certain number of them. It uses a bit a
/// call, another for each threshold of a `SlowRate`, and 8 bytes if the policy asks for the mean duration.
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
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn CountWindow(size: u64) -> Window {
    Window(Leaf::built_in(Kind::Window, "CountWindow", &[("size", Argument::Count(size))]))
}

/// The recorded calls of the current second and the `size - 1` before it, in whole seconds: at least 1, at most
/// 1,000,000.
///
/// A failure goes into the very second in
/// which it ended. A success is placed by the coarse clock of the system, which may lag by a tick, up to 10 ms: one that ends
/// at the beginning of a second may be counted in the second before.
///
/// The one to take when old calls say nothing about now, however few there were. Seconds are those of the breaker's
/// clock, counted from its creation.
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
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn TimeWindow(size: impl Into<Seconds>) -> Window {
    Window(Leaf::built_in(Kind::Window, "TimeWindow", &[("size", size.into().0)]))
}

/// The recorded calls that a window holds, and their figures.
#[derive(Debug)]
pub(crate) enum Records {
    Count(CountRecords),
    Time(TimeRecords),
}

impl Records {
    /// `measures` is `None` if the policy has no use for durations.
    pub(crate) fn new(window: &Component, measures: Option<&Arc<Measures>>) -> Self {
        // Both sizes are checked to be small, so they fit a usize.
        let size = |size| usize::try_from(size).unwrap_or(usize::MAX);
        if window.name() == "CountWindow" {
            Self::Count(CountRecords::new(size(window.count("size")), measures))
        } else {
            Self::Time(TimeRecords::new(size(Nanos(window.nanos("size")).whole_seconds()), measures))
        }
    }

    /// Whether the time of a call matters to this window.
    pub(crate) fn needs_time(&self) -> bool {
        matches!(self, Self::Time(_))
    }

    pub(crate) fn record(&mut self, failed: bool, duration: Nanos, now: Nanos) {
        match self {
            Self::Count(records) => records.record(failed, duration),
            Self::Time(records) => records.record(failed, duration, now),
        }
    }

    /// Records successes at once that nothing is to be known of but their second. For a policy that asks for no mean.
    pub(crate) fn record_successes(&mut self, count: u64, second: u64) {
        match self {
            Self::Count(records) => records.record_successes(count),
            Self::Time(records) => records.record_successes(count, second),
        }
    }

    /// Takes over what is known of the latest calls in another window, this one being empty: see
    /// [`CircuitBreaker::set_policy`](crate::CircuitBreaker::set_policy).
    pub(crate) fn take_over(&mut self, old: &Self, now: Nanos) {
        // Where there is no window to begin with, there is nothing to be known.
        self.clear(now);
        let asks_for_the_mean = match self {
            Self::Count(records) => records.knows_durations(),
            Self::Time(records) => records.knows_durations(),
        };
        match (self, old) {
            (Self::Count(records), Self::Count(old)) if old.knows_durations() || !asks_for_the_mean => {
                let size = records.size();
                old.latest(size).for_each(|(failed, duration)| records.record(failed, duration));
            }
            (Self::Time(records), Self::Time(old)) if old.knows_durations() || !asks_for_the_mean => {
                records.take_over(old);
            }
            (Self::Count(records), Self::Time(old)) if !asks_for_the_mean => {
                for (calls, failures, least) in old.latest(records.size() as u64) {
                    let mut least = least.into_iter();
                    for call in 0..calls {
                        records.record(call < failures, least.next().unwrap_or_default());
                    }
                }
            }
            // When the calls of a `CountWindow` were is not known, nor how long they took where nobody asked.
            (Self::Count(_) | Self::Time(_), _) => {}
        }
    }

    /// Whether one more success would leave the window as it is.
    pub(crate) fn is_settled(&self) -> bool {
        match self {
            Self::Count(records) => records.is_full() && records.metrics().is_flawless(),
            Self::Time(_) => false,
        }
    }

    /// Lets go of what has left the window by `now`.
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

    /// The figures as of the last record or advance.
    pub(crate) fn metrics(&self) -> &Metrics {
        match self {
            Self::Count(records) => records.metrics(),
            Self::Time(records) => records.metrics(),
        }
    }
}
