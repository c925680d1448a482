//! What `poll_ready` promises, and what a rejection leaves of it.

use std::{
    future::{pending, ready},
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use fluxgate::{CircuitBreakerLayer, Error, State, permits::All};
use fluxgate_tests::fixture::{Down, SECOND, breaker, breaker_with, fail, state};
use tower::{Layer, Service, service_fn};
use tower_test::assert_request_eq;

use super::{half_open, mock, poll_once, poll_ready, rejection};

#[tokio::test]
async fn while_the_breaker_rejects_callers_learn_of_it_without_waiting_for_the_inner_service() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let (mut service, mut handle) = mock(&breaker);
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    fail(&breaker);
    assert!(service.poll_ready().is_ready());
    let rejection = rejection(Poll::Ready(service.call("one").await));
    assert_eq!((rejection.state(), rejection.retry_after()), (State::Open, Some(60 * SECOND)));
    assert_eq!(breaker.info().rejected, 1);
    let mut request = pin!(handle.next_request());
    assert!(poll_once(request.as_mut()).is_pending(), "the inner service was called");
}

#[test]
fn a_caller_that_waits_for_the_inner_service_is_woken_by_it() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let (mut service, mut handle) = mock(&breaker);
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    assert!(!service.is_woken());
    handle.allow(1);
    assert!(service.is_woken());
    assert!(service.poll_ready().is_ready());
}

/// Reserves a place for each call in `poll_ready`, and knows how often it was asked.
#[derive(Default)]
struct Reserving {
    asked: usize,
    is_reserved: bool,
    called: usize,
}

impl Service<&'static str> for Reserving {
    type Response = u32;
    type Error = Down;
    type Future = std::future::Ready<Result<u32, Down>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Down>> {
        assert!(!self.is_reserved, "reserved twice");
        self.asked += 1;
        self.is_reserved = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: &'static str) -> Self::Future {
        assert!(std::mem::take(&mut self.is_reserved), "called without a place");
        self.called += 1;
        ready(Ok(7))
    }
}

#[test]
fn a_rejection_loses_nothing_that_the_inner_service_has_reserved() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let mut service = CircuitBreakerLayer::new(&breaker).layer(Reserving::default());
    for _ in 0..3 {
        breaker.reset();
        assert!(poll_ready(&mut service).is_ready());
        breaker.force_open();
        rejection(poll_once(pin!(service.call("one"))));
    }
    assert_eq!((service.get_ref().asked, service.get_ref().called), (1, 0));
    breaker.reset();
    assert!(poll_ready(&mut service).is_ready());
    assert_eq!(poll_once(pin!(service.call("one"))), Poll::Ready(Ok(7)));
    assert!(poll_ready(&mut service).is_ready());
    assert_eq!((service.get_ref().asked, service.get_ref().called), (2, 1));
}

#[tokio::test]
async fn an_inner_service_that_is_not_ready_is_not_called_when_a_retry_falls_due_in_between() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(All()));
    let (mut service, mut handle) = mock(&breaker);
    handle.allow(0);
    fail(&breaker);
    assert!(service.poll_ready().is_ready());
    clock.advance(60 * SECOND);
    assert!(service.poll_ready().is_ready(), "what was ready stays ready");
    let rejection = rejection(Poll::Ready(service.call("one").await));
    assert_eq!((rejection.state(), rejection.retry_after()), (State::Open, Some(Duration::ZERO)));
    assert_eq!((state(&breaker), breaker.info().rejected), (State::Open, 1));

    assert!(service.poll_ready().is_pending(), "the next caller waits");
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let response = service.call("two");
    assert_request_eq!(handle, "two").send_response(2);
    assert_eq!(response.await.unwrap(), 2);
    assert_eq!(state(&breaker), State::Closed);
}

#[tokio::test]
async fn a_service_that_was_ready_to_reject_calls_an_inner_one_that_has_become_ready() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(All()));
    let (mut service, mut handle) = mock(&breaker);
    fail(&breaker);
    assert!(service.poll_ready().is_ready());
    clock.advance(60 * SECOND);
    assert!(service.poll_ready().is_ready());
    let response = service.call("one");
    assert_request_eq!(handle, "one").send_response(1);
    assert_eq!(response.await.unwrap(), 1);
}

#[test]
fn readiness_takes_no_slot_and_a_call_takes_one() {
    let (breaker, _) = half_open(|builder| builder);
    let hang = service_fn(|_: &'static str| pending::<Result<u32, Down>>());
    let mut services: Vec<_> = (0..10).map(|_| CircuitBreakerLayer::new(&breaker).layer(hang)).collect();
    for service in &mut services {
        assert!(poll_ready(service).is_ready());
    }
    assert_eq!((state(&breaker), breaker.info().probes_in_flight), (State::Open, 0));
    let probe = services[0].call("probe");
    assert_eq!((state(&breaker), breaker.info().probes_in_flight), (State::HalfOpen, 1), "taken by the call itself");
    for service in &mut services[1..] {
        let rejection = rejection(poll_once(pin!(service.call("one too many"))));
        assert_eq!(rejection.state(), State::HalfOpen);
    }
    assert_eq!((breaker.info().probes_in_flight, breaker.info().rejected), (1, 9));
    assert!(poll_ready(&mut services[0]).is_ready(), "a full breaker rejects at once");
    drop(probe);
    assert_eq!(breaker.info().probes_in_flight, 0);
}

/// Behind it is nothing that could be called.
struct NeverReady;

impl Service<&'static str> for NeverReady {
    type Response = u32;
    type Error = Down;
    type Future = std::future::Ready<Result<u32, Down>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Down>> {
        Poll::Ready(Err(Down))
    }

    fn call(&mut self, _: &'static str) -> Self::Future {
        unreachable!("called without being ready")
    }
}

#[test]
fn a_readiness_that_fails_is_recorded_as_a_failed_call() {
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| builder.permit(All()));
    let mut service = CircuitBreakerLayer::new(&breaker).layer(NeverReady);
    for _ in 0..2 {
        assert_eq!(poll_ready(&mut service), Poll::Ready(Err(Error::Inner(Down))));
    }
    assert_eq!(state(&breaker), State::Open);
    assert_eq!(poll_ready(&mut service), Poll::Ready(Ok(())));
    rejection(poll_once(pin!(service.call("one"))));

    clock.advance(60 * SECOND);
    assert_eq!(poll_ready(&mut service), Poll::Ready(Err(Error::Inner(Down))));
    assert_eq!((breaker.info().failures, breaker.info().probes_in_flight), (1, 0));
}
