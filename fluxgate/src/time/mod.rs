//! Where a breaker takes its time from.

mod breaker_clock;
mod manual;
pub(crate) mod nanos;
#[cfg(feature = "serde")]
pub(crate) mod serialized;
mod system;
#[cfg(feature = "tokio")]
mod tokio;

use std::time::{Duration, SystemTime};

pub(crate) use breaker_clock::BreakerClock;
pub use manual::ManualClock;
pub use system::SystemClock;
#[cfg(feature = "tokio")]
pub use tokio::TokioClock;

/// A source of monotonic time: [`SystemClock`] unless said, [`ManualClock`] for tests, `TokioClock` (feature `tokio`) for
/// those with tokio's timers, or one of your own.
///
/// A breaker reads it only where its policy has a use for the time, and never while it runs a call. It may read it
/// with its own lock held, so an implementation must not use the breaker that it serves. While it panics, time stands still
/// for the breaker, within a second, and calls go on.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, Clock, ManualClock};
///
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::builder("search").clock(clock.clone()).build()?;
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), Duration::from_secs(60));
/// assert_eq!(breaker.info().in_state_for, Duration::from_secs(60));
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("time_provider", "timer"))]
pub trait Clock: Send + Sync + 'static {
    /// The time since a moment that is fixed for the life of this clock. It never decreases.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use fluxgate::{CircuitBreaker, Clock};
    ///
    /// /// A clock that runs a hundred times as fast, for demonstrations.
    /// struct Fast(Instant);
    ///
    /// impl Clock for Fast {
    ///     fn now(&self) -> Duration {
    ///         self.0.elapsed() * 100
    ///     }
    /// }
    ///
    /// let breaker = CircuitBreaker::builder("search").clock(Fast(Instant::now())).build()?;
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    fn now(&self) -> Duration;

    /// The wall time, for what listeners are told, and for a state that is restored after a restart. Nothing else is
    /// decided by it. The system's, unless said otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use fluxgate::{Clock, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// clock.advance(Duration::from_secs(60));
    /// assert_eq!(clock.wall_time(), SystemTime::UNIX_EPOCH + Duration::from_secs(60));
    /// ```
    fn wall_time(&self) -> SystemTime {
        SystemTime::now()
    }
}
