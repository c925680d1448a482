use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use super::Clock;
use crate::time::nanos::Nanos;

/// A clock that stands still until it is told to advance, for tests and replays.
///
/// Clones share one time. It starts at zero, and its wall time at the Unix epoch, so that what a test sees is the same
/// in every run.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, ManualClock, State, retries::Cooldown, trippers::FailureStreak};
///
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::builder("search")
///     .tripper(FailureStreak(1))
///     .retry(Cooldown(30.0))
///     .clock(clock.clone())
///     .build()?;
///
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// assert_eq!(breaker.info().state, State::Open);
/// clock.advance(Duration::from_secs(30));
/// let _ = breaker.call(|| Ok::<_, &str>(()));
/// assert_eq!(breaker.info().state, State::HalfOpen);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("mock", "fake", "test", "virtual_time", "FakeTimeProvider"))]
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    nanos: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock that stands at zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{Clock, ManualClock};
    ///
    /// assert_eq!(ManualClock::new().now(), Duration::ZERO);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock, and all its clones, on by this much. It stops at its end, about 584 years from its start.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, trippers::SlowRate};
    ///
    /// // A call that takes 3 seconds, in no time.
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::builder("search").tripper(SlowRate(0.5, 2)).clock(clock.clone()).build()?;
    /// let _ = breaker.call(|| Ok::<_, ()>(clock.advance(Duration::from_secs(3))));
    /// assert!(breaker.call(|| Ok::<_, ()>(())).is_err());
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("tick", "sleep", "increment"))]
    pub fn advance(&self, by: Duration) {
        let by = Nanos::from(by);
        // The closure never returns `None`, so the update can't fail.
        let _ = self.nanos.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(Nanos(now).plus(by).0));
    }

    /// Moves the clock on to `time` since its start. A time that has passed already changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{Clock, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// for recorded in [2, 5, 4].map(Duration::from_secs) {
    ///     clock.advance_to(recorded);
    /// }
    /// assert_eq!(clock.now(), Duration::from_secs(5));
    /// ```
    #[doc(alias = "set")]
    pub fn advance_to(&self, time: Duration) {
        self.nanos.fetch_max(Nanos::from(time).0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::SeqCst))
    }

    fn wall_time(&self) -> SystemTime {
        // 584 years after 1970 is within the range of every platform's wall clock.
        SystemTime::UNIX_EPOCH.checked_add(self.now()).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_one_time() {
        let clock = ManualClock::new();
        clock.clone().advance(Duration::from_secs(2));
        assert_eq!(clock.now(), Duration::from_secs(2));
    }

    #[test]
    fn the_clock_stops_at_its_end_instead_of_wrapping() {
        let clock = ManualClock::new();
        clock.advance(Duration::MAX);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn a_time_that_has_passed_is_not_returned_to() {
        let clock = ManualClock::new();
        clock.advance_to(Duration::from_secs(5));
        clock.advance_to(Duration::from_secs(3));
        assert_eq!(clock.now(), Duration::from_secs(5));
    }
}
