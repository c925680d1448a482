use std::{any::type_name, error::Error, sync::Arc};

use fluxgate_policy::Expr;

use super::{CustomTracker, ErrorView, Tracker};
use crate::policy::component::AnyComponent;

/// Returns a tracker of errors that are a `T`, themselves or anywhere in their chain of sources.
///
/// The chain is known in guarded functions. [`CircuitBreaker::call`](crate::CircuitBreaker::call) only requires a `'static`
/// error type, so there the tracker examines the error itself, boxed errors and, with the feature `anyhow`,
/// `anyhow::Error`.
///
/// # Examples
///
/// ```
/// use std::{error::Error, io};
/// use fluxgate::{CallNotPermitted, CircuitBreaker, trackers::TypeOf};
///
/// // A rejection by an inner breaker is not a failure of this breaker's service.
/// let tracker = TypeOf::<io::Error>() & !TypeOf::<CallNotPermitted>();
/// let breaker = CircuitBreaker::builder("search").tracker(tracker).build()?;
///
/// type BoxError = Box<dyn Error + Send + Sync>;
/// let reset = io::Error::from(io::ErrorKind::ConnectionReset);
/// for error in [BoxError::from("no such page"), BoxError::from(reset)] {
///     let _ = breaker.call(|| Err::<(), _>(error));
/// }
/// assert_eq!(breaker.info().failures, 1);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("record_exceptions", "ignore_exceptions", "handle"))]
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn TypeOf<T: Error + 'static>() -> Tracker {
    typed::<T>(|error| error.find::<T>().is_some())
}

/// Like [`TypeOf`], for a type that is not an [`Error`](std::error::Error) and so is in no chain: `String`, `()`.
#[cfg(feature = "macros")]
pub(crate) fn type_of_any<T: 'static>() -> Tracker {
    typed::<T>(|error| error.downcast_ref::<T>().is_some())
}

fn typed<T>(tracks: fn(ErrorView<'_>) -> bool) -> Tracker {
    struct Typed(fn(ErrorView<'_>) -> bool);

    impl CustomTracker for Typed {
        fn tracks(&self, error: ErrorView<'_>) -> bool {
            (self.0)(error)
        }
    }

    Tracker(Expr::Leaf(AnyComponent::custom(Arc::new(Typed(tracks)), format!("TypeOf({})", type_name::<T>()))))
}
