use std::sync::Arc;

use fluxgate_policy::Expr;

use super::{CallContext, Tripper};
use crate::policy::component::{AnyComponent, custom_name};

/// A custom tripper, for conditions that the built-in trippers cannot express.
///
/// It judges a copy of the figures outside every lock after each recorded call. Its verdict counts only if the breaker has
/// not changed its state meanwhile. A tripper that panics does not hold.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, trippers::{CallContext, CustomTripper, FailureStreak}};
///
/// /// Holds when more calls failed than the budget of the window allows.
/// struct ErrorBudget(u64);
///
/// impl CustomTripper for ErrorBudget {
///     fn holds(&self, context: &CallContext) -> bool {
///         context.metrics().failures() > self.0
///     }
/// }
///
/// let breaker = CircuitBreaker::builder("search").tripper(FailureStreak(5) | ErrorBudget(20)).build()?;
/// assert!(breaker.policy().to_string().contains("FailureStreak(5) | Custom(")); // prints with its type
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
pub trait CustomTripper: Send + Sync + 'static {
    /// Decides whether the breaker opens, or opens again if it is half-open.
    ///
    /// It runs on the thread of the call, so it should be fast. A policy with a custom tripper measures durations.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, State, trippers::{CallContext, CustomTripper}};
    ///
    /// struct SlowerThan(Duration);
    ///
    /// impl CustomTripper for SlowerThan {
    ///     fn holds(&self, context: &CallContext) -> bool {
    ///         context.metrics().calls() >= 3 && context.metrics().mean_latency() > Some(self.0)
    ///     }
    /// }
    ///
    /// let clock = ManualClock::new();
    /// let tripper = SlowerThan(Duration::from_secs(1));
    /// let breaker = CircuitBreaker::builder("search").tripper(tripper).clock(clock.clone()).build()?;
    /// for _ in 0..3 {
    ///     let _ = breaker.call(|| Ok::<_, ()>(clock.advance(Duration::from_secs(2))));
    /// }
    /// assert_eq!(breaker.info().state, State::Open);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    fn holds(&self, context: &CallContext) -> bool;
}

impl<T: CustomTripper> From<T> for Tripper {
    fn from(tripper: T) -> Self {
        Self(Expr::Leaf(AnyComponent::custom(Arc::new(tripper), custom_name::<T>())))
    }
}

/// Returns a tripper that holds when `predicate` returns `true`.
///
/// See [`CustomTripper`] for when it runs.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, trippers::{CallContext, Custom, MinRequests}};
///
/// let tripper = MinRequests(20) & Custom(|context: &CallContext| context.metrics().failures() > 15);
/// let breaker = CircuitBreaker::builder("search").tripper(tripper).build()?;
/// for _ in 0..20 {
///     let _ = breaker.call(|| Err::<(), _>("down"));
/// }
/// assert_eq!(breaker.info().state, State::Open);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn Custom<F>(predicate: F) -> Tripper
where
    F: Fn(&CallContext) -> bool + Send + Sync + 'static,
{
    struct Predicate<F>(F);

    impl<F: Fn(&CallContext) -> bool + Send + Sync + 'static> CustomTripper for Predicate<F> {
        fn holds(&self, context: &CallContext) -> bool {
            (self.0)(context)
        }
    }

    Tripper(Expr::Leaf(AnyComponent::custom(Arc::new(Predicate(predicate)), custom_name::<F>())))
}
