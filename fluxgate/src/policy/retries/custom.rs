use std::{sync::Arc, time::Duration};

use super::Retry;
use crate::policy::component::{AnyComponent, custom_name};

/// A custom retry, such as one that asks a health check.
///
/// It runs at each call that an open breaker gets, outside every lock, so it should be fast. If it panics, no retry is due.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
/// use fluxgate::{CircuitBreaker, retries::{CustomRetry, RetryContext}};
///
/// /// Due as soon as a health check has succeeded.
/// struct WhenHealthy(Arc<AtomicBool>);
///
/// impl CustomRetry for WhenHealthy {
///     fn is_due(&self, _: &RetryContext) -> bool {
///         self.0.load(Ordering::Relaxed)
///     }
/// }
///
/// let healthy = Arc::new(AtomicBool::new(false));
/// let breaker = CircuitBreaker::builder("search").retry(WhenHealthy(healthy)).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
pub trait CustomRetry: Send + Sync + 'static {
    /// Decides whether the breaker may become half-open now.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::retries::{CustomRetry, RetryContext};
    ///
    /// /// Waits for a random time of up to a minute.
    /// struct AnyTime;
    ///
    /// impl CustomRetry for AnyTime {
    ///     fn is_due(&self, context: &RetryContext) -> bool {
    ///         context.open_for() >= Duration::from_secs(60).mul_f64(context.draw())
    ///     }
    /// }
    /// # let _ = fluxgate::Retry::from(AnyTime);
    /// ```
    fn is_due(&self, context: &RetryContext) -> bool;

    /// Returns the time until a retry is due, if it is known. Rejected callers see it. The default is `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, retries::{CustomRetry, RetryContext}, trippers::FailureStreak};
    ///
    /// /// A wait that grows by 10 seconds with each recovery that fails.
    /// struct Linear;
    ///
    /// impl Linear {
    ///     fn wait(context: &RetryContext) -> Duration {
    ///         Duration::from_secs(10 * (1 + context.reopens()))
    ///     }
    /// }
    ///
    /// impl CustomRetry for Linear {
    ///     fn is_due(&self, context: &RetryContext) -> bool {
    ///         context.open_for() >= Self::wait(context)
    ///     }
    ///
    ///     fn retry_after(&self, context: &RetryContext) -> Option<Duration> {
    ///         Some(Self::wait(context).saturating_sub(context.open_for()))
    ///     }
    /// }
    ///
    /// let builder = CircuitBreaker::builder("search").tripper(FailureStreak(1)).clock(ManualClock::new());
    /// let breaker = builder.retry(Linear).build()?;
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), Some(Duration::from_secs(10)));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    fn retry_after(&self, context: &RetryContext) -> Option<Duration> {
        let _ = context;
        None
    }
}

/// The figures that a custom retry judges.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::retries::{CustomRetry, RetryContext};
///
/// /// A minute; after three recoveries that failed, a quarter of an hour; a bit more or less.
/// struct TwoSpeeds;
///
/// impl CustomRetry for TwoSpeeds {
///     fn is_due(&self, context: &RetryContext) -> bool {
///         let seconds = if context.reopens() < 3 { 60 } else { 900 };
///         context.open_for() >= Duration::from_secs(seconds).mul_f64(0.9 + 0.2 * context.draw())
///     }
/// }
/// # let _ = fluxgate::Retry::from(TwoSpeeds);
/// ```
#[derive(Clone, Debug)]
pub struct RetryContext {
    pub(crate) open_for: Duration,
    pub(crate) reopens: u64,
    pub(crate) draw: f64,
}

impl RetryContext {
    /// Creates the context of a breaker that has been open for this long, for tests of a custom retry. No recovery
    /// has failed, and the draw is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::retries::{CustomRetry, RetryContext};
    ///
    /// struct AfterAMinute;
    ///
    /// impl CustomRetry for AfterAMinute {
    ///     fn is_due(&self, context: &RetryContext) -> bool {
    ///         context.open_for() >= Duration::from_secs(60)
    ///     }
    /// }
    ///
    /// let context = |seconds| RetryContext::new(Duration::from_secs(seconds)).with_reopens(2);
    /// assert!(!AfterAMinute.is_due(&context(59)));
    /// assert!(AfterAMinute.is_due(&context(60)));
    /// ```
    pub fn new(open_for: Duration) -> Self {
        Self { open_for, reopens: 0, draw: 0.0 }
    }

    /// Sets the number of recoveries that have failed.
    #[must_use]
    pub fn with_reopens(self, reopens: u64) -> Self {
        Self { reopens, ..self }
    }

    /// Sets the draw, from 0 (inclusive) to 1 (exclusive).
    #[must_use]
    pub fn with_draw(self, draw: f64) -> Self {
        Self { draw, ..self }
    }

    /// Returns the time that the breaker has been open.
    pub fn open_for(&self) -> Duration {
        self.open_for
    }

    /// Returns the number of recoveries that have failed since the breaker was last closed.
    pub fn reopens(&self) -> u64 {
        self.reopens
    }

    /// Returns a number from 0 (inclusive) to 1 (exclusive) for jitter. It is drawn once per opening from the breaker's
    /// random source.
    pub fn draw(&self) -> f64 {
        self.draw
    }
}

impl<T: CustomRetry> From<T> for Retry {
    fn from(retry: T) -> Self {
        Self(AnyComponent::custom(Arc::new(retry), custom_name::<T>()))
    }
}
