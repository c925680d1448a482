use crate::error::Error;

/// An error of any type, as the services of tower hand it on: the same type as `tower::BoxError`.
///
/// # Examples
///
/// ```
/// use fluxgate::{CallNotPermitted, tower::BoxError};
///
/// /// Whether a breaker has kept the request from its service.
/// fn is_rejected(error: &BoxError) -> bool {
///     error.is::<CallNotPermitted>()
/// }
/// # assert!(!is_rejected(&std::fmt::Error.into()));
/// ```
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The error type that callers of a guarded service get: [`Typed`] or [`Boxed`].
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Error, tower::{Answer, Typed}};
///
/// /// What middleware that takes any answer makes of a rejection.
/// fn rejected<A: Answer<std::io::Error>>(breaker: &CircuitBreaker) -> Option<A::Error> {
///     breaker.would_reject().map(|rejection| A::of(Error::NotPermitted(rejection)))
/// }
///
/// let breaker = CircuitBreaker::new("search");
/// assert!(rejected::<Typed>(&breaker).is_none());
/// ```
pub trait Answer<E> {
    /// The error of the guarded service, of which `E` is the inner service's.
    type Error;

    /// Makes it of what a call has ended with.
    fn of(error: Error<E>) -> Self::Error;
}

/// [`fluxgate::Error`](crate::Error), with the inner service's error in it: what callers get unless said otherwise.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use fluxgate::{CircuitBreaker, CircuitBreakerLayer, Error};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// let breaker = CircuitBreaker::new("search");
/// let service = ServiceBuilder::new()
///     .layer(CircuitBreakerLayer::new(&breaker)) // a `CircuitBreakerLayer<ByTracker, Typed>`
///     .service(service_fn(|text: &'static str| async move { text.parse::<u32>() }));
/// let error = service.oneshot("many").await.unwrap_err();
/// assert!(matches!(error, Error::Inner(std::num::ParseIntError { .. })));
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Typed;

impl<E> Answer<E> for Typed {
    type Error = Error<E>;

    fn of(error: Error<E>) -> Error<E> {
        error
    }
}

/// A [`BoxError`], in which is the inner service's own error, or a [`CallNotPermitted`](crate::CallNotPermitted): see
/// [`CircuitBreakerLayer::boxed`](super::CircuitBreakerLayer::boxed).
///
/// # Examples
///
/// ```
/// use std::io;
/// use fluxgate::{Error, tower::{Answer, Boxed}};
///
/// let error = Boxed::of(Error::Inner(io::Error::from(io::ErrorKind::TimedOut)));
/// assert!(error.is::<io::Error>()); // not wrapped
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Boxed;

impl<E: Into<BoxError>> Answer<E> for Boxed {
    type Error = BoxError;

    fn of(error: Error<E>) -> BoxError {
        match error {
            Error::NotPermitted(rejection) => rejection.into(),
            Error::TimedOut(time_out) => time_out.into(),
            Error::Inner(error) => error.into(),
        }
    }
}
