//! Clocks, and time in whole nanoseconds.

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

/// A source of monotonic time.
///
/// [`SystemClock`] is the default. [`ManualClock`] is for tests, and `TokioClock` (feature `tokio`) for tests that use
/// tokio's timers.
///
/// A breaker reads the clock only when its policy needs the time, and never while a call runs. It may hold its lock
/// meanwhile, so an implementation must not use the breaker that it serves. If the clock panics, calls continue, and the
/// breaker uses a reading from the last second before the panic.
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
    /// Returns the time since an origin that is fixed for the life of this clock. It never decreases.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use fluxgate::{CircuitBreaker, Clock};
    ///
    /// /// A clock that runs a hundred times too fast, for demonstrations.
    /// struct Fast(Instant);
    ///
    /// impl Clock for Fast {
    ///     fn now(&self) -> Duration {
    ///         self.0.elapsed() * 100
    ///     }
    /// }
    ///
    /// let clock = Fast(Instant::now());
    /// let breaker = CircuitBreaker::builder("search").clock(clock).build()?;
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    fn now(&self) -> Duration;

    /// Returns the wall time. The default is that of the system or, on `wasm32-unknown-unknown`, which has none, the Unix
    /// epoch.
    ///
    /// It appears in signals to listeners, and is used to restore a state after a restart. It decides nothing else.
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
        if cfg!(all(target_family = "wasm", target_os = "unknown")) {
            SystemTime::UNIX_EPOCH
        } else {
            SystemTime::now()
        }
    }
}
