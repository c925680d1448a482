use std::{fmt, marker::PhantomData};

use tower_layer::Layer;

use super::{Boxed, ByTracker, CircuitBreakerService, FailedIf, Typed};
use crate::breaker::CircuitBreaker;

/// Puts a breaker around services: see [`tower`](crate::tower).
///
/// `C` says what counts as a failure, `A` which error callers get.
///
/// # Examples
///
/// Services within a `ServiceBuilder` that wants boxed errors, with a `HandleErrorLayer` of axum's, say:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use fluxgate::{CallNotPermitted, CircuitBreaker, CircuitBreakerLayer};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// let breaker = CircuitBreaker::new("search");
/// let service = ServiceBuilder::new()
///     .layer(CircuitBreakerLayer::new(&breaker).failed_if(|status: &u16| *status >= 500).boxed())
///     .service(service_fn(|status: u16| async move { Ok::<_, std::io::Error>(status) }));
///
/// assert_eq!(service.clone().oneshot(503).await.unwrap(), 503);
/// assert_eq!(breaker.info().failures, 1);
/// breaker.force_open();
/// let error = service.oneshot(200).await.unwrap_err();
/// assert!(error.is::<CallNotPermitted>());
/// # }
/// ```
pub struct CircuitBreakerLayer<C = ByTracker, A = Typed> {
    breaker: CircuitBreaker,
    classifier: C,
    answer: PhantomData<fn() -> A>,
}

impl CircuitBreakerLayer {
    /// A layer of this breaker, which may be one of [`breakers!`](macro@crate::breakers) too: `new(&PAYMENT_API)`.
    pub fn new(breaker: impl Into<CircuitBreaker>) -> Self {
        Self { breaker: breaker.into(), classifier: ByTracker, answer: PhantomData }
    }
}

impl<C, A> CircuitBreakerLayer<C, A> {
    /// Lets `classifier` say what counts: see [`Classifier`](super::Classifier).
    #[must_use = "the layer is a new one"]
    pub fn classifier<D>(self, classifier: D) -> CircuitBreakerLayer<D, A> {
        CircuitBreakerLayer { breaker: self.breaker, classifier, answer: PhantomData }
    }

    /// Lets a response count as a failure if `predicate` holds of it. It is handed on all the same.
    #[must_use = "the layer is a new one"]
    pub fn failed_if<R, F: Fn(&R) -> bool>(self, predicate: F) -> CircuitBreakerLayer<FailedIf<F>, A> {
        self.classifier(FailedIf(predicate))
    }

    /// Lets callers get a [`BoxError`](super::BoxError): the inner service's own, or a
    /// [`CallNotPermitted`](crate::CallNotPermitted).
    #[must_use = "the layer is a new one"]
    pub fn boxed(self) -> CircuitBreakerLayer<C, Boxed> {
        CircuitBreakerLayer { breaker: self.breaker, classifier: self.classifier, answer: PhantomData }
    }
}

impl<S, C: Clone, A> Layer<S> for CircuitBreakerLayer<C, A> {
    type Service = CircuitBreakerService<S, C, A>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreakerService::new(self.breaker.clone(), self.classifier.clone(), inner)
    }
}

impl<C: Clone, A> Clone for CircuitBreakerLayer<C, A> {
    fn clone(&self) -> Self {
        Self { breaker: self.breaker.clone(), classifier: self.classifier.clone(), answer: PhantomData }
    }
}

impl<C, A> fmt::Debug for CircuitBreakerLayer<C, A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CircuitBreakerLayer").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}
