//! A new policy while a breaker runs.

mod races;
mod window_edges;
mod windows;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use fluxgate::{
    Cancelled, CircuitBreaker, Listener, ManualClock, Policy, PolicyChange, Signal, State,
    permits::All,
    retries::{Always, Backoff, Cooldown, Never},
    trippers::{Closed, FailureRate, FailureStreak, MinRequests, SlowRate},
    windows::{CountWindow, TimeWindow},
};
use fluxgate_tests::fixture::{Recorder, SECOND, breaker_with, fail, state, succeed};

/// One that never trips, so that the window is seen.
fn patient() -> Policy {
    Policy::new().tripper(Closed() & MinRequests(100) & FailureStreak(1_000_000))
}

fn with(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let builder = CircuitBreaker::builder("set_policy").policy(policy).clock(clock.clone()).random_seed(1);
    (builder.build().unwrap(), clock)
}

/// A call that takes this long.
fn takes(breaker: &CircuitBreaker, clock: &ManualClock, duration: Duration) {
    let call = breaker.try_acquire().unwrap();
    clock.advance(duration);
    call.success();
}

fn counts(breaker: &CircuitBreaker) -> (u64, u64) {
    let info = breaker.info();
    (info.calls, info.failures)
}

fn slow_rates(breaker: &CircuitBreaker) -> Vec<(u64, f64)> {
    breaker.info().slow_rates.into_iter().map(|(threshold, rate)| (threshold.as_secs(), rate)).collect()
}

#[test]
fn a_policy_with_a_mistake_changes_nothing() {
    let (breaker, _) = with(patient().window(CountWindow(150)));
    assert!(fail(&breaker));
    let before = (breaker.info(), breaker.policy().to_string());
    let error = breaker.set_policy(Policy::new().window(CountWindow(0)).retry(Cooldown(-1))).unwrap_err();
    assert_eq!(error.mistakes().len(), 2);
    assert_eq!((breaker.info(), breaker.policy().to_string()), before);
}

#[test]
fn the_policy_it_goes_by_can_be_asked_for_and_changed_in_part() {
    let (breaker, _) = with(patient());
    breaker.set_policy(breaker.policy().retry(Cooldown(7)).max_half_open_calls(3)).unwrap();
    let text = breaker.policy().to_string();
    assert!(text.contains("FailureStreak(1000000)") && text.contains("retry = Cooldown(7s)"), "{text}");
    assert!(text.ends_with("max_half_open_calls = 3"), "{text}");
}

#[test]
fn state_since_when_reopens_and_the_streak_stay() {
    let policy = Policy::new().tripper(FailureStreak(2)).retry(Cooldown(10)).permit(All());
    let (breaker, clock) = with(policy.clone());
    fail(&breaker);
    fail(&breaker);
    clock.advance(10 * SECOND);
    fail(&breaker);
    fail(&breaker);
    clock.advance(3 * SECOND);
    let before = breaker.info();
    assert_eq!((before.state, before.reopens), (State::Open, 1));
    breaker.set_policy(policy.window(CountWindow(7)).permit(All())).unwrap();
    assert_eq!(breaker.info(), before);

    let (breaker, _) = with(patient());
    (0..3).for_each(|_| assert!(fail(&breaker)));
    breaker.set_policy(Policy::new().tripper(FailureStreak(4)).window(TimeWindow(9))).unwrap();
    assert_eq!(breaker.info().consecutive_failures, 3, "though the window has begun anew");
    fail(&breaker);
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_call_in_flight_counts_and_is_measured_from_the_change_on_if_it_was_not_before() {
    let (breaker, clock) = with(patient());
    let [early, late] = [(); 2].map(|()| breaker.try_acquire().unwrap());
    clock.advance(100 * SECOND);
    breaker.set_policy(Policy::new().tripper(MinRequests(2) & SlowRate(0.6, 5))).unwrap();
    clock.advance(4 * SECOND);
    early.success();
    assert_eq!(slow_rates(&breaker), [(5, 0.0)]);
    clock.advance(SECOND);
    late.success();
    assert_eq!((state(&breaker), slow_rates(&breaker)), (State::Closed, vec![(5, 0.5)]));
    takes(&breaker, &clock, 5 * SECOND);
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn the_tripper_is_asked_when_the_next_call_is_recorded_and_not_before() {
    for ends in [succeed, fail] {
        let (breaker, _) = with(patient());
        (0..9).for_each(|_| assert!(fail(&breaker)));
        breaker.set_policy(Policy::new().tripper(FailureRate(0.5))).unwrap();
        assert_eq!(state(&breaker), State::Closed);
        breaker.try_acquire().unwrap().ignored();
        assert_eq!(state(&breaker), State::Closed);
        ends(&breaker);
        assert_eq!(state(&breaker), State::Open);
    }
}

#[test]
fn an_open_breaker_waits_as_the_new_retry_says_from_when_it_opened() {
    let opened = |retry: fluxgate::Retry| {
        let (breaker, clock) = with(Policy::new().tripper(FailureStreak(1)).retry(retry));
        fail(&breaker);
        clock.advance(4 * SECOND);
        (breaker, clock)
    };
    let wait = |breaker: &CircuitBreaker| match breaker.try_acquire() {
        Err(rejection) => rejection.retry_after(),
        Ok(_) => panic!("it is open"),
    };
    let (breaker, clock) = opened(Cooldown(60).into());
    let policy = breaker.policy();
    breaker.set_policy(policy.clone().retry(Cooldown(10))).unwrap();
    assert_eq!((wait(&breaker), wait(&breaker)), (Some(6 * SECOND), Some(6 * SECOND)));
    breaker.set_policy(policy.clone().retry(Never())).unwrap();
    assert_eq!((wait(&breaker), wait(&breaker)), (None, None));
    breaker.set_policy(policy.clone().retry(Backoff::new(20))).unwrap();
    assert_eq!((wait(&breaker), wait(&breaker)), (Some(16 * SECOND), Some(16 * SECOND)));
    clock.advance(SECOND);
    breaker.set_policy(policy.retry(Cooldown(5))).unwrap();
    assert_eq!(breaker.info().state, State::Open, "due, but no call has come");
    assert!(breaker.would_reject().is_none());

    let (breaker, _) = opened(Never());
    breaker.set_policy(breaker.policy().retry(Always()).permit(All())).unwrap();
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn the_chance_of_an_opening_is_drawn_once() {
    let (breaker, _) = with(Policy::new().tripper(FailureStreak(1)).retry(Cooldown(100)));
    fail(&breaker);
    let wait = |seconds: i32, ratio: f64| {
        breaker.set_policy(breaker.policy().retry(Cooldown(seconds).jitter_ratio(ratio))).unwrap();
        breaker.info().retry_after.unwrap().as_secs_f64()
    };
    assert!((wait(100, 0.0) - 100.0).abs() < 1e-6);
    let drawn = wait(100, 0.5);
    assert!((50.0..150.0).contains(&drawn) && (drawn - 100.0).abs() > 1e-6);
    assert!((wait(200, 0.5) - 2.0 * drawn).abs() < 1e-6, "the same chance");
}

#[test]
fn what_a_service_has_asked_for_is_heeded_within_the_new_limit() {
    let (breaker, _) = with(Policy::new().tripper(FailureStreak(1)).retry(Cooldown(60)).honour_retry_after(600));
    breaker.try_acquire().unwrap().failure_with_retry_after(40 * SECOND);
    let wait = |policy: Policy| {
        breaker.set_policy(policy).unwrap();
        breaker.info().retry_after.unwrap().as_secs()
    };
    let short = Policy::new().tripper(FailureStreak(1)).retry(Cooldown(10));
    assert_eq!(wait(short.clone().honour_retry_after(600)), 40);
    assert_eq!(wait(short.clone().honour_retry_after(20)), 20);
    assert_eq!(wait(short), 10);
}

#[test]
fn a_probe_keeps_its_slot_and_none_is_taken_back() {
    let policy = Policy::new().tripper(FailureStreak(1)).retry(Always()).permit(All()).max_half_open_calls(3);
    let (breaker, _) = with(policy.clone());
    fail(&breaker);
    let mut probes = [(); 3].map(|()| Some(breaker.try_acquire().unwrap()));
    breaker.set_policy(policy.max_half_open_calls(2)).unwrap();
    assert_eq!((state(&breaker), breaker.info().probes_in_flight), (State::HalfOpen, 3));
    probes[0].take().unwrap().ignored();
    assert!(breaker.try_acquire().is_err(), "two of two are still in flight");
    probes[1].take().unwrap().ignored();
    let more = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err());
    more.ignored();
    probes[2].take().unwrap().success();
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn a_call_that_is_given_up_is_judged_by_the_policy_of_then() {
    let (breaker, _) = with(patient().cancelled(Cancelled::Ignore));
    let call = breaker.try_acquire().unwrap();
    breaker.set_policy(patient().cancelled(Cancelled::Failure)).unwrap();
    drop(call);
    assert_eq!(counts(&breaker), (1, 1));
}

/// What a listener was told, in order.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Listener for Told {
    fn on_transition(&self, signal: &Signal) {
        self.0.lock().unwrap().push(signal.new_state().to_string());
    }

    fn on_policy_change(&self, change: &PolicyChange) {
        let told = format!("{}: {} / {}", change.label(), change.old_policy(), change.new_policy());
        self.0.lock().unwrap().push(told);
    }
}

#[test]
fn listeners_are_told_in_order_with_the_transitions() {
    let told = Told::default();
    let transitions = Recorder::default();
    let (breaker, _) =
        breaker_with("FailureStreak(1)", |builder| builder.listener(told.clone()).listener(transitions.clone()));
    fail(&breaker);
    let [old, new] = [breaker.policy(), breaker.policy().retry(Cooldown(5))];
    breaker.set_policy(new.clone()).unwrap();
    breaker.set_policy(Policy::new().window(CountWindow(0))).unwrap_err();
    breaker.reset();
    let change = format!("{}: {old} / {new}", breaker.label());
    assert_eq!(*told.0.lock().unwrap(), ["open".to_owned(), change, "closed".to_owned()]);
    assert_eq!(transitions.states(), [State::Open, State::Closed]);
}
