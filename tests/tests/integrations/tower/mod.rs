//! The layer, and the contract of the services that it makes.

mod classifiers;
mod composition;
mod foresight;
mod keyed;
mod readiness;

use std::{
    future::{Future, pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use fluxgate::{
    Builder, CallNotPermitted, Cancelled, CircuitBreaker, CircuitBreakerLayer, Error, ManualClock, State,
    permits::All,
    tower::{ByTracker, CircuitBreakerService, Typed},
};
use fluxgate_tests::fixture::{Down, SECOND, breaker, breaker_with, fail, state};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_test::{
    assert_request_eq,
    mock::{Handle, Mock, Spawn, spawn_with},
};

type Guarded<S> = CircuitBreakerService<S, ByTracker, Typed>;
type GuardedMock = Spawn<Guarded<Mock<&'static str, u32>>>;

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn poll_ready<S: Service<&'static str>>(service: &mut S) -> Poll<Result<(), S::Error>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop()))
}

/// A guarded mock, and what plays the service behind it.
fn mock(breaker: &CircuitBreaker) -> (GuardedMock, Handle<&'static str, u32>) {
    spawn_with(|inner| CircuitBreakerLayer::new(breaker).layer(inner))
}

fn half_open(settings: impl FnOnce(Builder) -> Builder) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) =
        breaker_with("FailureStreak(1)", |builder| settings(builder.permit(All()).max_half_open_calls(1)));
    fail(&breaker);
    clock.advance(60 * SECOND);
    (breaker, clock)
}

fn rejection<T: std::fmt::Debug, E: std::fmt::Debug>(answer: Poll<Result<T, Error<E>>>) -> CallNotPermitted {
    match answer {
        Poll::Ready(Err(Error::NotPermitted(rejection))) => rejection,
        answer => panic!("no rejection: {answer:?}"),
    }
}

#[tokio::test]
async fn responses_and_errors_are_handed_on_and_recorded() {
    let (breaker, _) = breaker("FailureStreak(2)");
    let (mut service, mut handle) = mock(&breaker);
    assert!(service.poll_ready().is_ready());
    let response = service.call("one");
    assert_request_eq!(handle, "one").send_response(1);
    assert_eq!(response.await.unwrap(), 1);

    for _ in 0..2 {
        assert!(service.poll_ready().is_ready());
        let response = service.call("two");
        assert_request_eq!(handle, "two").send_error(Down);
        let Err(Error::Inner(error)) = response.await else { panic!("not handed on") };
        assert!(error.is::<Down>());
    }
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_response_that_is_dropped_frees_its_slot() {
    for polls in [0, 1, 2, 10] {
        let (breaker, _) = half_open(|builder| builder);
        let mut service =
            CircuitBreakerLayer::new(&breaker).layer(service_fn(|_: &'static str| pending::<Result<u32, Down>>()));
        for _ in 0..100 {
            assert!(poll_ready(&mut service).is_ready());
            let mut response = Box::pin(service.call("one"));
            for _ in 0..polls {
                assert!(poll_once(response.as_mut()).is_pending());
            }
            assert_eq!(breaker.info().probes_in_flight, 1);
        }
        let info = breaker.info();
        assert_eq!((info.state, info.probes_in_flight, info.calls), (State::HalfOpen, 0, 0), "{polls} polls");
    }
}

#[test]
fn a_response_dropped_after_a_long_wait_is_a_failure() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.cancelled(2.0));
    let mut service =
        CircuitBreakerLayer::new(&breaker).layer(service_fn(|_: &'static str| pending::<Result<u32, Down>>()));
    for (waited, expected) in [(SECOND, State::Closed), (2 * SECOND, State::Open)] {
        assert!(poll_ready(&mut service).is_ready());
        let mut response = Box::pin(service.call("one"));
        assert!(poll_once(response.as_mut()).is_pending());
        clock.advance(waited);
        drop(response);
        assert_eq!(state(&breaker), expected);
    }
}

#[test]
fn a_panic_of_the_inner_service_is_a_failure_and_frees_the_slot() {
    let (breaker, clock) = half_open(|builder| builder.cancelled(Cancelled::Ignore));
    let mut at_call = CircuitBreakerLayer::new(&breaker)
        .layer(service_fn(|_: &'static str| -> std::future::Ready<Result<u32, Down>> { panic!("at the call") }));
    assert!(poll_ready(&mut at_call).is_ready());
    catch_unwind(AssertUnwindSafe(|| drop(at_call.call("one")))).unwrap_err();
    assert_eq!((state(&breaker), breaker.info().reopens, breaker.info().probes_in_flight), (State::Open, 1, 0));

    clock.advance(60 * SECOND);
    let mut in_future = CircuitBreakerLayer::new(&breaker).layer(service_fn(|_: &'static str| panicking()));
    assert!(poll_ready(&mut in_future).is_ready());
    let mut response = Box::pin(in_future.call("one"));
    catch_unwind(AssertUnwindSafe(|| poll_once(response.as_mut()))).unwrap_err();
    assert_eq!((state(&breaker), breaker.info().reopens, breaker.info().probes_in_flight), (State::Open, 2, 0));
}

fn panicking() -> impl Future<Output = Result<u32, Down>> {
    poll_fn(|_| panic!("in the future"))
}

#[tokio::test]
async fn a_breaker_in_shadow_mode_rejects_nothing() {
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.shadow(true));
    fail(&breaker);
    let (mut service, mut handle) = mock(&breaker);
    handle.allow(0);
    assert!(service.poll_ready().is_pending(), "ready without a call that could be made");
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let response = service.call("one");
    assert_request_eq!(handle, "one").send_response(1);
    assert_eq!(response.await.unwrap(), 1);
    assert_eq!(breaker.info().would_have_been_rejected, 1);
}

#[tokio::test]
async fn clones_share_the_breaker_and_have_a_readiness_each() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let called = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&called);
    let inner = service_fn(move |fails: bool| {
        counted.fetch_add(1, Ordering::SeqCst);
        ready(if fails { Err(Down) } else { Ok(()) })
    });
    let service = CircuitBreakerLayer::new(&breaker).layer(inner);
    let clones = [service.clone(), service.clone(), service];
    assert_eq!(clones[0].clone().oneshot(true).await, Err(Error::Inner(Down)));
    for clone in clones {
        assert!(matches!(clone.oneshot(false).await, Err(Error::NotPermitted(_))));
    }
    assert_eq!(called.load(Ordering::SeqCst), 1);
}
