//! The layer among others of tower.

use std::{
    future::{pending, ready},
    task::{Context, Poll, Waker},
};

use fluxgate::{CallNotPermitted, CircuitBreakerLayer, Error};
use fluxgate_tests::fixture::{Down, SECOND, breaker};
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt, buffer::Buffer, limit::ConcurrencyLimit, retry, service_fn,
};

use super::rejection;

#[tokio::test]
async fn boxed_errors_are_the_rejection_or_the_inner_services_own() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let mut service = ServiceBuilder::new()
        .timeout(SECOND)
        .layer(CircuitBreakerLayer::new(&breaker).boxed())
        .service(service_fn(|_: &'static str| ready(Err::<u32, _>(Down))));
    let error: BoxError = service.ready().await.unwrap().call("one").await.unwrap_err();
    assert!(error.is::<Down>());
    let error = service.ready().await.unwrap().call("two").await.unwrap_err();
    assert!(error.is::<CallNotPermitted>());
}

#[tokio::test]
async fn a_buffer_within_or_without_goes_on_after_rejections() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let layer = CircuitBreakerLayer::new(&breaker);
    let inner = || service_fn(|fails: bool| ready(if fails { Err(Down) } else { Ok(7) }));
    let within = layer.boxed().layer(Buffer::new(inner(), 4));
    let without = Buffer::new(CircuitBreakerLayer::new(&breaker).layer(inner()), 4);
    for _ in 0..10 {
        within.clone().oneshot(true).await.unwrap_err();
        assert!(within.clone().oneshot(false).await.unwrap_err().is::<CallNotPermitted>());
        assert!(without.clone().oneshot(false).await.unwrap_err().is::<Error<Down>>());
        breaker.reset();
        assert_eq!(within.clone().oneshot(false).await.unwrap(), 7);
        assert_eq!(without.clone().oneshot(false).await.unwrap(), 7);
    }
}

#[tokio::test]
async fn a_concurrency_limit_within_gets_back_every_permit() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let inner = ConcurrencyLimit::new(service_fn(|fails: bool| ready(if fails { Err(Down) } else { Ok(7) })), 1);
    let service = CircuitBreakerLayer::new(&breaker).layer(inner);
    for _ in 0..100 {
        let mut holder = service.clone();
        holder.ready().await.unwrap();
        breaker.force_open();
        rejection(Poll::Ready(holder.call(false).await));
        rejection(Poll::Ready(service.clone().oneshot(false).await));
        breaker.reset();
        let mut other = service.clone();
        assert!(other.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending(), "the permit is the holder's");
        assert_eq!(holder.ready().await.unwrap().call(false).await, Ok(7));
        assert_eq!(other.ready().await.unwrap().call(false).await, Ok(7));
    }
}

/// Tries three times, but not again at once what was rejected.
#[derive(Clone)]
struct ThreeTimes(u32);

impl<R: Clone, T> retry::Policy<R, T, Error<BoxError>> for ThreeTimes {
    type Future = std::future::Ready<()>;

    fn retry(&mut self, _: &mut R, result: &mut Result<T, Error<BoxError>>) -> Option<Self::Future> {
        self.0 += 1;
        let again = matches!(result, Err(Error::Inner(_))) && self.0 < 3;
        again.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &R) -> Option<R> {
        Some(request.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn retries_around_limits_and_a_time_out_within_make_each_attempt_a_call() {
    for (streak, calls, is_rejected) in [(9, 3, false), (2, 2, true)] {
        let (breaker, _) = breaker(&format!("FailureStreak({streak})"));
        let service = ServiceBuilder::new()
            .retry(ThreeTimes(0))
            .layer(CircuitBreakerLayer::new(&breaker))
            .concurrency_limit(1)
            .timeout(2 * SECOND)
            .service(service_fn(|()| pending::<Result<u32, Down>>()));
        let error = service.oneshot(()).await.unwrap_err();
        assert_eq!(error.not_permitted().is_some(), is_rejected);
        assert_eq!((breaker.info().consecutive_failures, breaker.info().rejected), (calls, u64::from(is_rejected)));
    }
}
