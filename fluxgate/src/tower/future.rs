use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{Answer, Classifier, classifier::Classified};
use crate::{breaker::CircuitBreaker, call::future::CallFuture, error::CallNotPermitted, machine::Ticket};

pin_project! {
    /// The future of a guarded service's response. The slot that its call may have taken is free once it is done or
    /// dropped.
    ///
    /// # Panics
    ///
    /// When polled again after it was done.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use fluxgate::{CircuitBreaker, CircuitBreakerLayer};
    /// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let mut service = ServiceBuilder::new()
    ///     .layer(CircuitBreakerLayer::new(&breaker))
    ///     .service(service_fn(|text: &'static str| async move { text.parse::<u32>() }));
    ///
    /// let dropped = service.ready().await?.call("42"); // it has leave, and gives it back
    /// drop(dropped);
    /// assert_eq!(breaker.info().calls, 0);
    /// assert_eq!(service.ready().await?.call("42").await?, 42);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, C, A> {
        #[pin]
        call: MaybeCall<F, C, A>,
    }
}

pin_project! {
    #[project = MaybeCallProjection]
    enum MaybeCall<F, C, A> {
        Admitted { #[pin] future: CallFuture<CircuitBreaker, F, Classified<C, A>> },
        Rejected { rejection: Option<CallNotPermitted> },
    }
}

impl<F, C, A> ResponseFuture<F, C, A> {
    pub(super) fn admitted(breaker: CircuitBreaker, ticket: Ticket, classifier: C, future: F) -> Self {
        let future = CallFuture::admitted(breaker, ticket, Classified::new(classifier), future);
        Self { call: MaybeCall::Admitted { future } }
    }

    pub(super) fn rejected(rejection: CallNotPermitted) -> Self {
        Self { call: MaybeCall::Rejected { rejection: Some(rejection) } }
    }
}

impl<F, R, E, C, A> Future for ResponseFuture<F, C, A>
where
    F: Future<Output = Result<R, E>>,
    E: 'static,
    C: Classifier<R, E>,
    A: Answer<E>,
{
    type Output = Result<R, A::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().call.project() {
            MaybeCallProjection::Admitted { future } => future.poll(context),
            MaybeCallProjection::Rejected { rejection } => match rejection.take() {
                Some(rejection) => Poll::Ready(Err(A::of(rejection.into()))),
                None => panic!("a rejected future was polled after it was done"),
            },
        }
    }
}

impl<F, C, A> fmt::Debug for ResponseFuture<F, C, A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call: &dyn fmt::Debug = match &self.call {
            MaybeCall::Admitted { future } => future,
            MaybeCall::Rejected { rejection } => rejection,
        };
        formatter.debug_tuple("ResponseFuture").field(call).finish()
    }
}
