//! The small values that callers are handed and that policies are made of: what they say, and when two are equal.

use std::{borrow::Borrow, cmp::Ordering, time::Duration};

use fluxgate::{
    Cancelled, HonourRetryAfter, MaxProbeTime, Name, Policy, Reason, Seconds,
    retries::{Backoff, Cooldown},
    trippers::{CallContext, Custom, FailureRate},
};
use fluxgate_tests::fixture::{Down, Recorder, SECOND, breaker_with, fail, succeed};

fn name(text: &'static str) -> Name {
    text.into()
}

#[test]
fn a_name_compares_sorts_and_is_looked_up_as_its_text() {
    let (payments, search) = (name("payments"), name("search"));
    assert_eq!(payments, name("payments"));
    assert_ne!(payments, search);
    assert_eq!(payments, "payments");
    assert_ne!(payments, "search");
    assert_eq!(payments, *"payments");
    assert_ne!(payments, *"search");
    assert!(payments < search);
    assert!(search > payments);
    assert_eq!(payments.partial_cmp(&name("payments")), Some(Ordering::Equal));
    assert_eq!(Borrow::<str>::borrow(&payments), "payments");
    let mut sorted = [search.clone(), payments.clone()];
    sorted.sort();
    assert_eq!(sorted, [payments, search]);
}

#[test]
fn a_name_prints_quoted_for_debugging_and_as_it_is_otherwise() {
    let name = name("payments");
    assert_eq!(format!("{name:?} {name} {name:>9}|"), "\"payments\" payments  payments|");
}

#[test]
fn seconds_print_alike_however_they_were_given() {
    for half_a_minute in [Seconds::from(30), 30.0.into(), 30_u64.into(), Duration::from_secs(30).into()] {
        assert_eq!(half_a_minute.to_string(), "30s");
    }
    assert_eq!(Seconds::from(Duration::from_millis(1_500)).to_string(), "1.5s");
}

#[test]
fn seconds_are_equal_if_they_are_the_same_time_and_those_that_no_policy_takes_if_they_are_the_same_number() {
    assert_eq!(Seconds::from(30), Seconds::from(Duration::from_secs(30)));
    assert_ne!(Seconds::from(30), Seconds::from(31));
    assert_eq!(Seconds::from(-1), Seconds::from(-1.0));
    assert_ne!(Seconds::from(-1), Seconds::from(-2));
    assert_ne!(Seconds::from(-1), Seconds::from(1));
}

#[test]
fn settings_print_as_a_policy_file_would_say_them() {
    assert_eq!(MaxProbeTime::Off.to_string(), "off");
    assert_eq!(MaxProbeTime::from(60).to_string(), "60s");
    assert_eq!(HonourRetryAfter::Off.to_string(), "off");
    assert_eq!(HonourRetryAfter::from(600).to_string(), "600s");
    assert_eq!(Cancelled::Failure.to_string(), "failure");
    assert_eq!(Cancelled::Ignore.to_string(), "ignore");
    assert_eq!(Cancelled::from(1.5).to_string(), "1.5s");
}

#[test]
fn retries_print_in_the_policy_language() {
    assert_eq!(Cooldown(30).to_string(), "Cooldown(30s)");
    assert_eq!(
        Backoff::new(1).multiplier(3.0).max_duration(60).to_string(),
        "Backoff(1s, multiplier = 3, max_duration = 60s)"
    );
}

/// A component with a mistake is told of by `build`; until then it is a value like any other.
#[test]
fn policies_with_the_same_mistake_are_equal_and_with_different_ones_not() {
    let with = |ratio| Policy::new().tripper(FailureRate(ratio));
    assert_eq!(with(60.0), with(60.0));
    assert_ne!(with(60.0), with(61.0));
    assert_ne!(with(60.0), with(0.5));
}

#[test]
fn policies_are_equal_with_the_same_component_of_the_users_own_and_not_with_another() {
    let own = || Custom(|_: &CallContext| false);
    let (one, other) = (own(), own());
    assert_eq!(Policy::new().tripper(one.clone()), Policy::new().tripper(one.clone()));
    assert_ne!(Policy::new().tripper(one), Policy::new().tripper(other));
}

#[test]
fn a_reason_tells_of_the_tripper_only_if_that_held() {
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| {
        builder.permit("All()".parse::<fluxgate::Permit>().unwrap()).listener(recorder.clone())
    });
    assert!(fail(&breaker) && fail(&breaker));
    clock.advance(60 * SECOND);
    assert!(succeed(&breaker));
    breaker.force_open();
    let signals = recorder.signals();
    let evidence = |position: usize| {
        let tripped = signals[position].reason().tripped();
        tripped.map(|tripped| {
            tripped.clauses().iter().map(|one| (one.clause().to_owned(), one.figures().to_owned())).collect::<Vec<_>>()
        })
    };
    assert_eq!(evidence(0), Some(vec![("FailureStreak(2)".to_owned(), "2 failures in a row".to_owned())]));
    assert_eq!([evidence(1), evidence(2), evidence(3)], [None, None, None]);
    assert_eq!(*signals[2].reason(), Reason::Recovered);
}

#[test]
fn the_slow_rate_of_a_threshold_is_that_of_its_own_clause() {
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with("MinRequests(9) & (SlowRate(0.9, 1s) | SlowRate(0.9, 3s))", |builder| {
        builder.listener(recorder.clone())
    });
    for duration in [0, 1, 2, 3] {
        breaker
            .call(|| {
                clock.advance(duration * SECOND);
                Ok::<_, Down>(())
            })
            .unwrap();
    }
    breaker.disable();
    let signals = recorder.signals();
    let metrics = signals[0].metrics();
    assert_eq!(metrics.slow_rate(SECOND), Some(0.75));
    assert_eq!(metrics.slow_rate(3 * SECOND), Some(0.25));
    assert_eq!(metrics.slow_rate(2 * SECOND), None, "no clause asks for it");
}

#[test]
fn a_wait_is_rounded_up_to_whole_seconds_but_for_what_the_clock_may_lag() {
    for (millis, seconds) in [(59_000, 59), (60_000, 60), (60_020, 60), (60_021, 61), (20, 1)] {
        let (breaker, _) =
            breaker_with("FailureStreak(1)", |builder| builder.retry(Cooldown(Duration::from_millis(millis))));
        fail(&breaker);
        assert_eq!(breaker.try_acquire().unwrap_err().retry_after_seconds(), Some(seconds), "{millis} ms");
    }
}
