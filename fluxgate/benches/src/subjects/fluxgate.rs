use std::hint::black_box;

use fluxgate::{
    Builder, CircuitBreaker, Error, KeyedBreakers, Policy, Window, circuit_breaker,
    retries::Cooldown,
    trippers::{FailureRate, MinRequests, SlowRate},
    windows::{CountWindow, TimeWindow},
};

use super::{COOLDOWN, Role, Subject, leak};
use crate::traffic::{Failure, Refusal, Request, drive, finish, service};

pub(crate) const NAME: &str = "fluxgate";

fn refusal(error: Error<Failure>) -> Refusal {
    match error {
        Error::NotPermitted(_) => Refusal::Rejected,
        _ => Refusal::Failed,
    }
}

/// A breaker with the window, opening at half of at least 100 calls.
pub(crate) fn breaker(window: impl Into<Window>) -> CircuitBreaker {
    opening_from(100, window)
}

/// A policy with the window, opening at half of at least `calls`. Its clones share what is compiled of it.
pub(crate) fn policy(calls: u64, window: impl Into<Window>) -> Policy {
    Policy::new().window(window).tripper(MinRequests(calls) & FailureRate(0.5)).retry(Cooldown(COOLDOWN))
}

/// A breaker with the policy.
pub(crate) fn breaker_of(policy: Policy) -> CircuitBreaker {
    built(CircuitBreaker::builder(NAME).policy(policy))
}

fn opening_from(calls: u64, window: impl Into<Window>) -> CircuitBreaker {
    breaker_of(policy(calls, window))
}

fn build(policy: impl FnOnce(Builder) -> Builder) -> CircuitBreaker {
    built(policy(CircuitBreaker::builder(NAME)).retry(Cooldown(COOLDOWN)))
}

fn built(builder: Builder) -> CircuitBreaker {
    builder.build().unwrap_or_else(|error| panic!("a policy of the benchmark is wrong: {error}"))
}

fn sync(name: impl Into<String>, make: impl Fn() -> CircuitBreaker + 'static) -> Subject {
    Subject::new(name, Role::Ours, move || {
        let breaker = leak(make());
        move |traffic, calls| drive(traffic, calls, |request| breaker.call(|| service(request)).map_err(refusal))
    })
}

pub(crate) fn count_window(size: u64) -> Subject {
    sync(NAME, move || breaker(CountWindow(size)))
}

pub(crate) fn time_window(seconds: u64) -> Subject {
    sync(NAME, move || breaker(TimeWindow(seconds)))
}

pub(crate) fn slow_rate() -> Subject {
    sync(NAME, || {
        build(|builder| {
            builder.window(CountWindow(100)).tripper(MinRequests(100) & (FailureRate(0.5) | SlowRate(0.5, 2.0)))
        })
    })
}

pub(crate) const SINGLE: &str = "`breaker.call`";

pub(crate) fn single() -> Subject {
    sync(SINGLE, || breaker(CountWindow(100)))
}

/// Look-up and call, for a key of so many that the set knows. All threads ask for the same.
pub(crate) fn keyed(keys: usize) -> Subject {
    Subject::new(format!("`per_host.get(host).call`, {keys} keys"), Role::Ours, move || {
        let set: &KeyedBreakers<String> = leak(
            KeyedBreakers::builder("per_host")
                .max(100_000)
                .policy(|builder| {
                    builder
                        .window(CountWindow(100))
                        .tripper(MinRequests(100) & FailureRate(0.5))
                        .retry(Cooldown(COOLDOWN))
                })
                .build()
                .unwrap_or_else(|error| panic!("a policy of the benchmark is wrong: {error}")),
        );
        for key in 1..keys {
            set.get(format!("host-{key}.example.com").as_str());
        }
        let host = "api.example.com";
        move |traffic, calls| {
            drive(traffic, calls, |request| set.get(black_box(host)).call(|| service(request)).map_err(refusal))
        }
    })
}

/// Named by its window, where windows are compared with each other: from 10 calls on, as the smallest holds no more.
pub(crate) fn of_window(window: &Window) -> Subject {
    let name = window.to_string();
    let window = window.clone();
    sync(name, move || opening_from(10, window.clone()))
}

pub(crate) fn asynchronous() -> Subject {
    asynchronous_as(NAME)
}

fn asynchronous_as(name: &'static str) -> Subject {
    Subject::new(name, Role::Ours, || {
        let breaker = leak(breaker(CountWindow(100)));
        move |traffic, calls| {
            drive(traffic, calls, |request| {
                finish(breaker.call_async(async move { service(request) })).map_err(refusal)
            })
        }
    })
}

pub(crate) const BY_HAND: &str = "`breaker.call` by hand";

pub(crate) fn by_hand() -> Subject {
    sync(BY_HAND, || breaker(CountWindow(100)))
}

#[circuit_breaker(
    name = "attribute",
    window = "CountWindow(100)",
    tripper = "MinRequests(100) & FailureRate(0.5)",
    retry = "Cooldown(24h)"
)]
fn guarded(request: Request) -> Result<u64, Failure> {
    service(request)
}

pub(crate) const ASYNC_BY_HAND: &str = "`breaker.call_async` by hand";

pub(crate) fn async_by_hand() -> Subject {
    asynchronous_as(ASYNC_BY_HAND)
}

#[circuit_breaker(
    name = "async attribute",
    window = "CountWindow(100)",
    tripper = "MinRequests(100) & FailureRate(0.5)",
    retry = "Cooldown(24h)"
)]
async fn async_guarded(request: Request) -> Result<u64, Failure> {
    service(request)
}

pub(crate) fn async_attribute() -> Subject {
    Subject::new("`#[circuit_breaker]`, async", Role::Ours, || {
        begin_anew("async attribute");
        move |traffic, calls| drive(traffic, calls, |request| finish(async_guarded(request)).map_err(own_refusal))
    })
}

/// A guarded function has one breaker for the whole run, so it begins anew instead of being made anew.
fn begin_anew(name: &str) {
    if let Some(breaker) = fluxgate::get(name) {
        breaker.reset();
    }
}

fn own_refusal(failure: Failure) -> Refusal {
    match failure {
        Failure::Down => Refusal::Failed,
        Failure::NotPermitted => Refusal::Rejected,
    }
}

pub(crate) fn attribute() -> Subject {
    Subject::new("`#[circuit_breaker]`", Role::Ours, || {
        begin_anew("attribute");
        move |traffic, calls| drive(traffic, calls, |request| guarded(request).map_err(own_refusal))
    })
}
