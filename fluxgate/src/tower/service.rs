use std::{
    fmt,
    marker::PhantomData,
    task::{Context, Poll},
};

use tower_service::Service;

use super::{Answer, Classifier, ResponseFuture, classifier::Classified};
use crate::{
    breaker::CircuitBreaker,
    call::{ending::Ending, running::Running},
    error::{CallNotPermitted, Error},
    machine::Ticket,
    time::nanos::Nanos,
};

/// A service behind a breaker, from [`CircuitBreakerLayer`](super::CircuitBreakerLayer).
///
/// Clones share the breaker; each has to be ready by itself.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use fluxgate::{CircuitBreaker, CircuitBreakerLayer};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// let service = ServiceBuilder::new()
///     .layer(CircuitBreakerLayer::new(CircuitBreaker::new("search")))
///     .service(service_fn(|text: &'static str| async move { text.parse::<u32>() }));
/// service.clone().oneshot("42").await?;
/// assert_eq!(service.breaker().info().calls, 1);
/// service.breaker().force_open();
/// assert!(service.oneshot("42").await.is_err());
/// # Ok(())
/// # }
/// ```
pub struct CircuitBreakerService<S, C, A> {
    inner: S,
    breaker: CircuitBreaker,
    classifier: C,
    readiness: Readiness,
    answer: PhantomData<fn() -> A>,
}

/// The result of the last `poll_ready` that no call has used up.
enum Readiness {
    Unknown,
    /// The inner service is ready for a call.
    Inner,
    /// The breaker would have rejected a call like this, so that the inner service was left alone.
    Rejecting(CallNotPermitted),
}

impl<S, C, A> CircuitBreakerService<S, C, A> {
    pub(super) fn new(breaker: CircuitBreaker, classifier: C, inner: S) -> Self {
        Self { inner, breaker, classifier, readiness: Readiness::Unknown, answer: PhantomData }
    }

    /// The breaker, to look at or to command.
    pub fn breaker(&self) -> &CircuitBreaker {
        &self.breaker
    }

    /// The service behind the breaker.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Records an error with which no call was made as if one had been.
    fn record<R, E: 'static>(&self, error: &E)
    where
        C: Classifier<R, E> + Clone,
        A: Answer<E>,
    {
        let ending = Classified::<C, A>::new(self.classifier.clone());
        if let Ok(ticket) = self.breaker.admit() {
            let running = Running::ending(&self.breaker, ticket);
            running.finish_error(|breaker| Ending::<Result<R, E>>::classify_error(&ending, error, breaker));
        }
    }
}

impl<S, C, A, Request> Service<Request> for CircuitBreakerService<S, C, A>
where
    S: Service<Request>,
    S::Error: 'static,
    C: Classifier<S::Response, S::Error> + Clone,
    A: Answer<S::Error>,
{
    type Response = S::Response;
    type Error = A::Error;
    type Future = ResponseFuture<S::Future, C, A>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if let Readiness::Inner = self.readiness {
            return Poll::Ready(Ok(()));
        }
        if let Some(rejection) = self.breaker.would_reject() {
            self.readiness = Readiness::Rejecting(rejection);
            return Poll::Ready(Ok(()));
        }
        match (self.inner.poll_ready(context), &self.readiness) {
            (Poll::Ready(Ok(())), _) => {
                self.readiness = Readiness::Inner;
                Poll::Ready(Ok(()))
            }
            (Poll::Ready(Err(error)), _) => {
                self.record(&error);
                Poll::Ready(Err(A::of(Error::Inner(error))))
            }
            // What has been ready stays ready, until it is called.
            (Poll::Pending, Readiness::Rejecting(_)) => Poll::Ready(Ok(())),
            (Poll::Pending, _) => Poll::Pending,
        }
    }

    /// # Panics
    ///
    /// If the inner service panics, which counts as a failure.
    fn call(&mut self, request: Request) -> Self::Future {
        match &self.readiness {
            // Who calls without having asked gets what the inner service makes of that.
            Readiness::Inner | Readiness::Unknown => {}
            Readiness::Rejecting(earlier) => {
                let rejection = self.breaker.would_reject().unwrap_or_else(|| {
                    // A retry has fallen due since, but the inner service may not be ready for it.
                    CallNotPermitted { retry_after: Nanos(0), ..earlier.clone() }
                });
                self.readiness = Readiness::Unknown;
                self.breaker.count_rejection();
                return ResponseFuture::rejected(rejection);
            }
        }
        // Cloned before there is a ticket that a panic of the user's code would lose.
        let classifier = self.classifier.clone();
        let ticket = match self.breaker.admit() {
            Ok(ticket) => ticket,
            // The inner service is still ready, for the next call.
            Err(rejected) => return ResponseFuture::rejected(self.breaker.not_permitted(rejected)),
        };
        self.readiness = Readiness::Unknown;
        begin(&mut self.inner, request, &self.breaker, ticket, classifier)
    }
}

/// A call that has leave.
pub(super) fn begin<S: Service<Request>, C, A, Request>(
    inner: &mut S,
    request: Request,
    breaker: &CircuitBreaker,
    ticket: Ticket,
    classifier: C,
) -> ResponseFuture<S::Future, C, A> {
    let running = Running::resume(breaker, ticket);
    let future = inner.call(request);
    let ticket = running.pause();
    ResponseFuture::admitted(breaker.clone(), ticket, classifier, future)
}

impl<S: Clone, C: Clone, A> Clone for CircuitBreakerService<S, C, A> {
    fn clone(&self) -> Self {
        Self::new(self.breaker.clone(), self.classifier.clone(), self.inner.clone())
    }
}

impl<S: fmt::Debug, C, A> fmt::Debug for CircuitBreakerService<S, C, A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CircuitBreakerService")
            .field("inner", &self.inner)
            .field("breaker", &self.breaker)
            .finish_non_exhaustive()
    }
}
