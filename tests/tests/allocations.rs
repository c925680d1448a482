//! What a call allocates: nothing, until a transition has something to tell.

use allocation_counter::measure;
use fluxgate::{
    CallNotPermitted, CircuitBreaker, KeyedBreakers, Window, circuit_breaker,
    windows::{CountWindow, TimeWindow},
};
use fluxgate_tests::fixture::{breaker_with, fail, succeed};
use std::{
    future::ready,
    pin::pin,
    task::{Context, Poll, Waker},
};

fn allocations(calls: impl FnMut()) -> u64 {
    let mut calls = calls;
    // The first calls of a thread may make its counter.
    calls();
    measure(calls).count_total
}

/// Every hundredth call fails, which no tripper of these tests minds.
fn mixed_calls(breaker: &CircuitBreaker) {
    for number in 0..1_000 {
        assert!(if number % 100 == 99 { fail(breaker) } else { succeed(breaker) });
    }
}

const TRIPPERS: [&str; 3] = [
    "MinRequests(10) & FailureRate(0.5)",
    "FailureStreak(5) | MinRequests(10) & (FailureRate(0.5) | SlowRate(0.5, 1s) | AvgLatency(1s))",
    "(Closed() & MinRequests(10) & FailureRate(0.5)) | (HalfOpened() & FailureRate(0.5))",
];

#[test]
fn calls_allocate_nothing_and_neither_does_judging_them() {
    for tripper in TRIPPERS {
        for window in [CountWindow(100).into(), CountWindow(1_000).into(), Window::from(TimeWindow(60))] {
            let (breaker, _clock) = breaker_with(tripper, |builder| builder.window(window.clone()));
            assert_eq!(allocations(|| mixed_calls(&breaker)), 0, "{tripper} over {window}");
        }
    }
}

#[test]
fn a_reason_costs_something_only_when_the_breaker_trips() {
    let (breaker, _clock) = breaker_with("MinRequests(10) & FailureRate(0.5)", |builder| builder);
    (0..11).for_each(|_| assert!(succeed(&breaker)));
    let before = allocations(|| (0..5).for_each(|_| assert!(fail(&breaker))));
    let at_the_trip = measure(|| assert!(fail(&breaker))).count_total;
    assert!(!succeed(&breaker), "eleven of twenty-two calls have failed");
    assert_eq!(before, 0);
    assert!(at_the_trip > 0, "a reason is made of text, so this test would see it");
}

#[test]
fn rejections_allocate_nothing() {
    let (breaker, _clock) = breaker_with("FailureStreak(1)", |builder| builder);
    fail(&breaker);
    assert_eq!(allocations(|| (0..100).for_each(|_| assert!(!succeed(&breaker)))), 0);
}

#[derive(Debug, PartialEq)]
enum Unavailable {
    NotPermitted,
}

impl From<CallNotPermitted> for Unavailable {
    fn from(_: CallNotPermitted) -> Self {
        Self::NotPermitted
    }
}

#[circuit_breaker(name = "allocations, sync")]
fn answer() -> Result<u32, Unavailable> {
    Ok(42)
}

#[circuit_breaker(name = "allocations, async")]
async fn answer_later() -> Result<u32, Unavailable> {
    ready(Ok(42)).await
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn guarded_functions_allocate_nothing_sync_or_async() {
    assert_eq!(allocations(|| (0..1_000).for_each(|_| assert_eq!(answer(), Ok(42)))), 0);
    assert_eq!(allocations(|| (0..1_000).for_each(|_| assert_eq!(poll_once(answer_later()), Poll::Ready(Ok(42))))), 0);
}

#[test]
fn a_future_that_waits_or_is_dropped_allocates_nothing() {
    let (breaker, _clock) = breaker_with("FailureStreak(2)", |builder| builder);
    let dropped = || {
        for _ in 0..100 {
            assert!(poll_once(breaker.call_async(std::future::pending::<Result<(), Unavailable>>())).is_pending());
        }
    };
    assert_eq!(allocations(dropped), 0);
}

#[test]
fn a_known_key_of_a_set_allocates_nothing() {
    let hosts: KeyedBreakers<String> = KeyedBreakers::builder("allocations, keyed").build().unwrap();
    let host = "api.example.com";
    assert_eq!(allocations(|| (0..1_000).for_each(|_| assert!(succeed(&hosts.get(host))))), 0);
    assert_eq!(allocations(|| (0..1_000).for_each(|_| assert_eq!(answer_of(host), Ok(42)))), 0);
    assert!(measure(|| drop(hosts.get("other.example.com"))).count_total > 0, "a new one does");
}

#[circuit_breaker(name = "allocations, by key", key = host)]
fn answer_of(host: &str) -> Result<u32, Unavailable> {
    let _ = host;
    Ok(42)
}
