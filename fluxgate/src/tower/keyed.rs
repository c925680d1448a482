use std::{
    fmt,
    marker::PhantomData,
    task::{Context, Poll},
};

use tower_service::Service;

use super::{Answer, Classifier, ResponseFuture, service::begin};
use crate::{breaker::CircuitBreaker, error::Error};

/// The choice of a breaker for a request, from [`CircuitBreakerLayer::keyed`](super::CircuitBreakerLayer::keyed).
#[derive(Clone, Copy)]
pub struct Keyed<F>(pub(super) F);

impl<F> fmt::Debug for Keyed<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keyed").finish_non_exhaustive()
    }
}

/// A service behind a breaker for each kind of request, from
/// [`CircuitBreakerLayer::keyed`](super::CircuitBreakerLayer::keyed).
///
/// Each clone has to be ready by itself. The inner service is cloned when a call is rejected: the clone that was ready goes,
/// with all that it had reserved.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use fluxgate::{CircuitBreakerLayer, Error, KeyedBreakers, trippers::FailureStreak};
/// use tower::{Layer, Service, ServiceExt, service_fn};
///
/// let per_host: KeyedBreakers<String> =
///     KeyedBreakers::builder("per_host").policy(|breaker| breaker.tripper(FailureStreak(1))).build().unwrap();
/// let layer = CircuitBreakerLayer::keyed(move |host: &&'static str| per_host.get(*host));
/// let mut service = layer.layer(service_fn(|host: &'static str| async move {
///     if host == "down" { Err("no answer") } else { Ok(host) }
/// }));
///
/// assert!(service.ready().await.unwrap().call("down").await.is_err());
/// assert!(matches!(service.ready().await.unwrap().call("down").await, Err(Error::NotPermitted(_))));
/// assert_eq!(service.ready().await.unwrap().call("well").await.unwrap(), "well");
/// # });
/// ```
pub struct KeyedCircuitBreakerService<S, C, A, F> {
    inner: S,
    choose: F,
    classifier: C,
    /// True while the inner service is ready for a call that has not come.
    inner_is_ready: bool,
    answer: PhantomData<fn() -> A>,
}

impl<S, C, A, F> KeyedCircuitBreakerService<S, C, A, F> {
    pub(super) fn new(choose: F, classifier: C, inner: S) -> Self {
        Self { inner, choose, classifier, inner_is_ready: false, answer: PhantomData }
    }

    /// The service behind the breakers.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, C, A, F, Request> Service<Request> for KeyedCircuitBreakerService<S, C, A, F>
where
    S: Service<Request> + Clone,
    S::Error: 'static,
    C: Classifier<S::Response, S::Error> + Clone,
    A: Answer<S::Error>,
    F: Fn(&Request) -> CircuitBreaker,
{
    type Response = S::Response;
    type Error = A::Error;
    type Future = ResponseFuture<S::Future, C, A>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.inner_is_ready {
            return Poll::Ready(Ok(()));
        }
        let ready = self.inner.poll_ready(context).map_err(|error| A::of(Error::Inner(error)));
        self.inner_is_ready = matches!(ready, Poll::Ready(Ok(())));
        ready
    }

    /// # Panics
    ///
    /// If the inner service panics, which counts as a failure.
    fn call(&mut self, request: Request) -> Self::Future {
        let breaker = (self.choose)(&request);
        // Cloned before there is a ticket that a panic of the user's code would lose.
        let classifier = self.classifier.clone();
        match breaker.admit() {
            Ok(ticket) => {
                self.inner_is_ready = false;
                begin(&mut self.inner, request, &breaker, ticket, classifier)
            }
            Err(rejected) => {
                // What the inner service has reserved for this call, a permit of a limit that it shares with other clones
                // say, goes with it: the next call may be long in coming.
                self.inner = self.inner.clone();
                self.inner_is_ready = false;
                ResponseFuture::rejected(breaker.not_permitted(rejected))
            }
        }
    }
}

impl<S: Clone, C: Clone, A, F: Clone> Clone for KeyedCircuitBreakerService<S, C, A, F> {
    fn clone(&self) -> Self {
        Self::new(self.choose.clone(), self.classifier.clone(), self.inner.clone())
    }
}

impl<S: fmt::Debug, C, A, F> fmt::Debug for KeyedCircuitBreakerService<S, C, A, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyedCircuitBreakerService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
