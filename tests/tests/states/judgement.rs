//! What a recorded outcome does: the tripper is evaluated on success as on failure, stale outcomes never count.

use std::time::Duration;

use fluxgate::{
    State,
    permits::{All, RampUp},
    retries::Always,
    windows::{CountWindow, TimeWindow},
};
use fluxgate_tests::fixture::{Down, SECOND, breaker, breaker_with, fail, state, succeed};

#[test]
fn a_slow_success_trips() {
    let (breaker, clock) = breaker("AvgLatency(2s)");
    breaker
        .call(|| {
            clock.advance(3 * SECOND);
            Ok::<_, Down>(())
        })
        .unwrap();
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_success_that_completes_the_minimum_trips() {
    let (breaker, _) = breaker("MinRequests(4) & FailureRate(0.75)");
    for _ in 0..3 {
        fail(&breaker);
    }
    assert_eq!(state(&breaker), State::Closed);
    succeed(&breaker);
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_rate_holds_at_its_very_figure_and_not_one_call_below() {
    let (breaker, _) = breaker("MinRequests(10) & FailureRate(0.3)");
    for _ in 0..7 {
        succeed(&breaker);
    }
    fail(&breaker);
    fail(&breaker);
    assert_eq!(state(&breaker), State::Closed);
    fail(&breaker);
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_full_window_forgets_its_oldest_call() {
    let (breaker, _) = breaker_with("FailureRate(0.5)", |builder| builder.window(CountWindow(10)));
    for _ in 0..1_000 {
        succeed(&breaker);
    }
    for failures in 1..=5 {
        assert_eq!(state(&breaker), State::Closed);
        fail(&breaker);
        assert_eq!(breaker.info().failures, if failures < 5 { failures } else { 0 });
    }
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_time_window_never_counts_a_stale_second_on_reading_either() {
    let (breaker, clock) = breaker_with("FailureStreak(9)", |builder| builder.window(TimeWindow(2)));
    fail(&breaker);
    clock.advance(SECOND);
    fail(&breaker);
    assert_eq!(breaker.info().calls, 2);
    clock.advance(SECOND);
    assert_eq!(breaker.info().calls, 1);
    clock.advance(SECOND);
    assert_eq!(breaker.info().calls, 0);
    assert_eq!(breaker.info().failure_rate, None);
}

#[test]
fn failed_calls_count_with_their_duration() {
    let (breaker, clock) = breaker("MinRequests(2) & SlowRate(1.0, 1s)");
    for _ in 0..2 {
        let _ = breaker.call(|| {
            clock.advance(SECOND);
            Err::<(), _>(Down)
        });
    }
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn several_thresholds_are_counted_each_for_itself() {
    let (breaker, clock) = breaker("MinRequests(4) & (SlowRate(0.75, 1s) | SlowRate(0.25, 10s))");
    for seconds in [2, 2, 0] {
        let _ = breaker.call(|| {
            clock.advance(seconds * SECOND);
            Ok::<_, Down>(())
        });
    }
    let rates = breaker.info().slow_rates;
    assert_eq!(rates, [(SECOND, 2.0 / 3.0), (10 * SECOND, 0.0)]);
    let _ = breaker.call(|| {
        clock.advance(10 * SECOND);
        Ok::<_, Down>(())
    });
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn an_ignored_error_is_neither_recorded_nor_evaluated_and_leaves_the_streak_alone() {
    let tracker = fluxgate::trackers::Custom(|tracked: &bool| *tracked);
    let (breaker, _) = breaker_with("FailureStreak(2)", |builder| builder.tracker(tracker));
    let _ = breaker.call(|| Err::<(), _>(true));
    let _ = breaker.call(|| Err::<(), _>(false));
    let info = breaker.info();
    assert_eq!((info.calls, info.consecutive_failures), (1, 1));
    let _ = breaker.call(|| Err::<(), _>(true));
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_call_from_before_a_transition_never_counts_not_even_in_the_same_state_again() {
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| builder.permit(All()));
    let early = breaker.try_acquire().unwrap();
    let later = breaker.try_acquire().unwrap();
    fail(&breaker);
    fail(&breaker);
    clock.advance(60 * SECOND);
    let probe = breaker.try_acquire().unwrap();
    early.success();
    assert_eq!((state(&breaker), breaker.info().calls), (State::HalfOpen, 0));
    probe.success();
    assert_eq!(state(&breaker), State::Closed);
    later.failure();
    let info = breaker.info();
    assert_eq!((info.calls, info.consecutive_failures), (0, 0));
}

#[test]
fn a_call_from_before_a_reset_never_counts() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let call = breaker.try_acquire().unwrap();
    breaker.reset();
    call.failure();
    assert_eq!((state(&breaker), breaker.info().calls), (State::Closed, 0));
}

#[test]
fn late_failures_neither_reannounce_nor_extend_an_opening() {
    let recorder = fluxgate_tests::fixture::Recorder::default();
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.listener(recorder.clone()));
    let calls: Vec<_> = (0..1_000).map(|_| breaker.try_acquire().unwrap()).collect();
    fail(&breaker);
    clock.advance(10 * SECOND);
    calls.into_iter().for_each(fluxgate::Call::failure);
    assert_eq!(recorder.states(), [State::Open]);
    assert_eq!(breaker.info().retry_after, Some(50 * SECOND));
}

#[test]
fn in_half_open_the_tripper_opens_whatever_the_outcome_was() {
    let (breaker, clock) = breaker_with("FailureStreak(1) | HalfOpened() & AvgLatency(1s)", |builder| {
        builder.permit(All()).retry(Always())
    });
    fail(&breaker);
    let _ = breaker.call(|| {
        clock.advance(2 * SECOND);
        Ok::<_, Down>(())
    });
    assert_eq!((state(&breaker), breaker.info().reopens), (State::Open, 1));
}

#[test]
fn a_ramp_closes_only_when_its_duration_has_passed() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(RampUp(1.0, 1.0, 10.0)));
    fail(&breaker);
    clock.advance(60 * SECOND);
    succeed(&breaker);
    clock.advance(Duration::from_nanos(9_999_999_999));
    succeed(&breaker);
    assert_eq!(state(&breaker), State::HalfOpen);
    clock.advance(Duration::from_nanos(1));
    succeed(&breaker);
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn the_default_policy_trips_at_half_of_a_hundred_calls() {
    let clock = fluxgate::ManualClock::new();
    let breaker = fluxgate::CircuitBreaker::builder("default").clock(clock.clone()).random_seed(3).build().unwrap();
    for _ in 0..50 {
        succeed(&breaker);
    }
    for _ in 0..49 {
        fail(&breaker);
    }
    assert_eq!(state(&breaker), State::Closed);
    fail(&breaker);
    assert_eq!(state(&breaker), State::Open);
    clock.advance(60 * SECOND);
    // The ramp begins at 0: the first call finds the retry due, and is rejected.
    assert!(!succeed(&breaker));
    assert_eq!(state(&breaker), State::HalfOpen);
    clock.advance(60 * SECOND);
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn the_default_half_open_clause_reopens_at_the_first_failed_probe() {
    let clock = fluxgate::ManualClock::new();
    let breaker = fluxgate::CircuitBreaker::builder("default").clock(clock.clone()).permit(All()).build().unwrap();
    for _ in 0..100 {
        fail(&breaker);
    }
    clock.advance(60 * SECOND);
    assert!(fail(&breaker));
    assert_eq!((state(&breaker), breaker.info().reopens), (State::Open, 1));
}

#[test]
fn a_small_window_alone_makes_a_working_breaker() {
    let breaker = fluxgate::CircuitBreaker::builder("small").window(CountWindow(10)).build().unwrap();
    for _ in 0..10 {
        fail(&breaker);
    }
    assert_eq!(state(&breaker), State::Open);
}
