use std::{fmt, marker::PhantomData};

use tower_layer::Layer;

use super::{Boxed, ByTracker, CircuitBreakerService, FailedIf, Keyed, KeyedCircuitBreakerService, Typed};
use crate::breaker::CircuitBreaker;

/// Puts a breaker around services: see [`tower`](crate::tower).
///
/// `C` says what counts as a failure, `A` which error callers get, `B` which breaker is asked.
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
#[doc(alias("middleware", "tower", "axum"))]
pub struct CircuitBreakerLayer<C = ByTracker, A = Typed, B = CircuitBreaker> {
    breaker: B,
    classifier: C,
    answer: PhantomData<fn() -> A>,
}

impl CircuitBreakerLayer {
    /// A layer of this breaker, which may be one of [`breakers!`](macro@crate::breakers) too: `new(&PAYMENT_API)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, CircuitBreakerLayer};
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let layer = CircuitBreakerLayer::new(&breaker); // the breaker is still there to look at
    /// # let _ = layer;
    /// ```
    pub fn new(breaker: impl Into<CircuitBreaker>) -> Self {
        Self { breaker: breaker.into(), classifier: ByTracker, answer: PhantomData }
    }

    /// A layer in which each request has the breaker that `choose` gives it: that of its host, say, from a set (feature
    /// `keyed`).
    ///
    /// `choose` runs on the thread of the call, outside every lock. Readiness is the inner service's alone: as long as
    /// there is no request, there is no breaker. A readiness that fails is recorded by none.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "keyed")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), fluxgate::PolicyError> {
    /// use fluxgate::{CircuitBreakerLayer, Error, KeyedBreakers, trippers::FailureStreak};
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// #[derive(Clone, Copy)]
    /// struct Request { host: &'static str }
    ///
    /// let per_host: KeyedBreakers<String> =
    ///     KeyedBreakers::builder("per_host").policy(|breaker| breaker.tripper(FailureStreak(1))).build()?;
    /// let service = ServiceBuilder::new()
    ///     .layer(CircuitBreakerLayer::keyed(move |request: &Request| per_host.get(request.host)))
    ///     .service(service_fn(|request: Request| async move { request.host.parse::<u32>() }));
    ///
    /// let [well, down] = ["1", "down"].map(|host| Request { host });
    /// assert!(matches!(service.clone().oneshot(down).await, Err(Error::Inner(_))));
    /// assert!(matches!(service.clone().oneshot(down).await, Err(Error::NotPermitted(_))));
    /// assert_eq!(service.oneshot(well).await, Ok(1));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "keyed"))]
    /// # fn main() {}
    /// ```
    pub fn keyed<R, F>(choose: F) -> CircuitBreakerLayer<ByTracker, Typed, Keyed<F>>
    where
        F: Fn(&R) -> CircuitBreaker,
    {
        CircuitBreakerLayer { breaker: Keyed(choose), classifier: ByTracker, answer: PhantomData }
    }
}

impl<C, A, B> CircuitBreakerLayer<C, A, B> {
    /// Lets `classifier` say what counts, in place of one that was said before: see [`Classifier`](super::Classifier).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "http")]
    /// # {
    /// use fluxgate::{CircuitBreaker, CircuitBreakerLayer, http::StatusClassifier};
    ///
    /// let layer = CircuitBreakerLayer::new(CircuitBreaker::new("search")).classifier(StatusClassifier::new());
    /// # let _ = layer;
    /// # }
    /// ```
    #[must_use = "the layer is a new one"]
    pub fn classifier<D>(self, classifier: D) -> CircuitBreakerLayer<D, A, B> {
        CircuitBreakerLayer { breaker: self.breaker, classifier, answer: PhantomData }
    }

    /// Lets a response count as a failure if `predicate` holds of it. It is handed on all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use fluxgate::{CircuitBreaker, CircuitBreakerLayer};
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let service = ServiceBuilder::new()
    ///     .layer(CircuitBreakerLayer::new(&breaker).failed_if(|hits: &u32| *hits == 0))
    ///     .service(service_fn(|text: &'static str| async move { text.parse::<u32>() }));
    /// assert_eq!(service.oneshot("0").await?, 0);
    /// assert_eq!(breaker.info().failures, 1);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("record_result_predicate", "handle_result"))]
    #[must_use = "the layer is a new one"]
    pub fn failed_if<R, F: Fn(&R) -> bool>(self, predicate: F) -> CircuitBreakerLayer<FailedIf<F>, A, B> {
        self.classifier(FailedIf(predicate))
    }

    /// Lets callers get a [`BoxError`](super::BoxError): the inner service's own, or a
    /// [`CallNotPermitted`](crate::CallNotPermitted). Layers that box their errors themselves want it so, time-outs and
    /// buffers of tower among them.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use fluxgate::{CallNotPermitted, CircuitBreaker, CircuitBreakerLayer};
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// breaker.force_open();
    /// let service = ServiceBuilder::new()
    ///     .layer(CircuitBreakerLayer::new(&breaker).boxed())
    ///     .service(service_fn(|text: &'static str| async move { text.parse::<u32>() }));
    /// let error = service.oneshot("42").await.unwrap_err();
    /// assert!(error.downcast_ref::<CallNotPermitted>().is_some());
    /// # }
    /// ```
    #[must_use = "the layer is a new one"]
    pub fn boxed(self) -> CircuitBreakerLayer<C, Boxed, B> {
        CircuitBreakerLayer { breaker: self.breaker, classifier: self.classifier, answer: PhantomData }
    }
}

impl<S, C: Clone, A> Layer<S> for CircuitBreakerLayer<C, A> {
    type Service = CircuitBreakerService<S, C, A>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreakerService::new(self.breaker.clone(), self.classifier.clone(), inner)
    }
}

impl<S, C: Clone, A, F: Clone> Layer<S> for CircuitBreakerLayer<C, A, Keyed<F>> {
    type Service = KeyedCircuitBreakerService<S, C, A, F>;

    fn layer(&self, inner: S) -> Self::Service {
        KeyedCircuitBreakerService::new(self.breaker.0.clone(), self.classifier.clone(), inner)
    }
}

impl<C: Clone, A, B: Clone> Clone for CircuitBreakerLayer<C, A, B> {
    fn clone(&self) -> Self {
        Self { breaker: self.breaker.clone(), classifier: self.classifier.clone(), answer: PhantomData }
    }
}

impl<C, A, B: fmt::Debug> fmt::Debug for CircuitBreakerLayer<C, A, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CircuitBreakerLayer").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}
