use std::{sync::Arc, time::Duration};

use super::Retry;
use crate::component::{Leaf, custom_name};

/// A retry of the user's own, such as one that asks a health check.
///
/// It is asked at each call that an open breaker gets, outside every lock, so it should be quick. One that panics says
/// that no retry is due.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
/// use fluxgate::{CircuitBreaker, retries::{CustomRetry, RetryContext}};
///
/// /// Due as soon as somebody has seen the service well.
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
    /// Whether the breaker may become half-open now.
    fn is_due(&self, context: &RetryContext) -> bool;

    /// How long until a retry is due, if that can be foreseen: what a rejected caller is told.
    fn retry_after(&self, context: &RetryContext) -> Option<Duration> {
        let _ = context;
        None
    }
}

/// What a retry judges by.
#[derive(Clone, Debug)]
pub struct RetryContext {
    pub(crate) open_for: Duration,
    pub(crate) reopens: u64,
    pub(crate) draw: f64,
}

impl RetryContext {
    /// How long the breaker has been open.
    pub fn open_for(&self) -> Duration {
        self.open_for
    }

    /// How many recoveries have failed since the breaker was last closed.
    pub fn reopens(&self) -> u64 {
        self.reopens
    }

    /// A number from 0 (inclusive) to 1 (exclusive), drawn once an opening from the breaker's random source, for
    /// jitter.
    pub fn draw(&self) -> f64 {
        self.draw
    }
}

impl<T: CustomRetry> From<T> for Retry {
    fn from(retry: T) -> Self {
        Self(Leaf::custom(Arc::new(retry), custom_name::<T>()))
    }
}
