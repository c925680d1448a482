use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use super::Clock;
use crate::time::nanos::Nanos;

/// A clock that advances only on command, for tests and simulations.
///
/// Clones share one time. The clock starts at zero and its wall time at the Unix epoch, so that every run of a test sees
/// the same times.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, ManualClock, State};
/// use fluxgate::{retries::Cooldown, trippers::FailureStreak};
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
    /// Creates a clock at zero.
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

    /// Advances the clock and all its clones by `by`. The clock stops at about 584 years.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, trippers::SlowRate};
    ///
    /// // A call that seems to take 3 seconds.
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(SlowRate(0.5, 2))
    ///     .clock(clock.clone())
    ///     .build()?;
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

    /// Advances the clock and all its clones to `time` since the start. A time in the past changes nothing.
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
    fn the_clock_saturates_instead_of_wrapping() {
        let clock = ManualClock::new();
        clock.advance(Duration::MAX);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn the_clock_never_goes_back() {
        let clock = ManualClock::new();
        clock.advance_to(Duration::from_secs(5));
        clock.advance_to(Duration::from_secs(3));
        assert_eq!(clock.now(), Duration::from_secs(5));
    }
}
