//! Where a breaker takes its time from.

mod breaker_clock;
mod manual;
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
/// A breaker reads it only where its policy has a use for the time, and never while it runs a call. It may read it
/// with its own lock held, so an implementation must not use the breaker that it serves.
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
pub trait Clock: Send + Sync + 'static {
    /// The time since a moment that is fixed for the life of this clock. It never decreases.
    fn now(&self) -> Duration;

    /// The wall time, for what listeners are told, and for a snapshot that is restored after a restart. Nothing else is
    /// decided by it.
    fn wall_time(&self) -> SystemTime {
        SystemTime::now()
    }
}
