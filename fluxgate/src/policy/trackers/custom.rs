use std::{marker::PhantomData, sync::Arc};

use fluxgate_policy::Expr;

use super::{ErrorView, Tracker};
use crate::policy::component::{AnyComponent, custom_name};

/// A custom tracker, which sees more of an error than its type and value.
///
/// It runs after the call, outside every lock. If it panics, the error counts as a failure, so that no outage is missed.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, trackers::{CustomTracker, ErrorView}};
///
/// struct NotFoundIsFine;
///
/// impl CustomTracker for NotFoundIsFine {
///     fn tracks(&self, error: ErrorView<'_>) -> bool {
///         !error.find::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
///     }
/// }
///
/// let breaker = CircuitBreaker::builder("search").tracker(NotFoundIsFine).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
pub trait CustomTracker: Send + Sync + 'static {
    /// Decides whether `error` counts as a failure. If not, the call is ignored.
    ///
    /// It runs on the thread of the call, so it should be fast.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use fluxgate::{CircuitBreaker, trackers::{CustomTracker, ErrorView}};
    ///
    /// /// Tracks errors that are worth a retry.
    /// struct Transient;
    ///
    /// impl CustomTracker for Transient {
    ///     fn tracks(&self, error: ErrorView<'_>) -> bool {
    ///         use io::ErrorKind::{ConnectionRefused, ConnectionReset, TimedOut};
    ///         let kind = error.find::<io::Error>().map(io::Error::kind);
    ///         matches!(kind, Some(ConnectionRefused | ConnectionReset | TimedOut))
    ///     }
    /// }
    ///
    /// let breaker = CircuitBreaker::builder("search").tracker(Transient).build()?;
    /// for kind in [io::ErrorKind::TimedOut, io::ErrorKind::InvalidInput] {
    ///     let _ = breaker.call(|| Err::<(), _>(io::Error::from(kind)));
    /// }
    /// assert_eq!(breaker.info().failures, 1);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    fn tracks(&self, error: ErrorView<'_>) -> bool;
}

impl<T: CustomTracker> From<T> for Tracker {
    fn from(tracker: T) -> Self {
        Self(Expr::Leaf(AnyComponent::custom(Arc::new(tracker), custom_name::<T>())))
    }
}

/// Returns a tracker of errors `e` that are an `E` and for which `predicate(&e)` is true.
///
/// It does not track errors of other types. See [`CustomTracker`] for when it runs.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, trackers::Custom};
///
/// struct HttpError { status: u16 }
///
/// let tracker = Custom(|error: &HttpError| error.status >= 500);
/// let breaker = CircuitBreaker::builder("search").tracker(tracker).build()?;
/// let _ = breaker.call(|| Err::<(), _>(HttpError { status: 503 }));
/// let _ = breaker.call(|| Err::<(), _>("another type"));
/// assert_eq!(breaker.info().calls, 1);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("predicate", "record_failure_predicate", "error_filter"))]
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn Custom<E, F>(predicate: F) -> Tracker
where
    E: 'static,
    F: Fn(&E) -> bool + Send + Sync + 'static,
{
    struct Predicate<E, F> {
        predicate: F,
        error: PhantomData<fn(&E)>,
    }

    impl<E: 'static, F: Fn(&E) -> bool + Send + Sync + 'static> CustomTracker for Predicate<E, F> {
        fn tracks(&self, error: ErrorView<'_>) -> bool {
            error.downcast_ref().is_some_and(&self.predicate)
        }
    }

    let predicate = Predicate { predicate, error: PhantomData };
    Tracker(Expr::Leaf(AnyComponent::custom(Arc::new(predicate), custom_name::<F>())))
}
