//! The states: what a call is in each, what is recorded, and what the commands do.

use std::time::Duration;

use fluxgate::{State, retries::Never};
use fluxgate_tests::fixture::{Down, Recorder, SECOND, breaker, breaker_with, fail, state, succeed};

type Command = fn(&fluxgate::CircuitBreaker);

const COMMANDS: [(Command, State); 4] = [
    (|breaker| breaker.reset(), State::Closed),
    (|breaker| breaker.disable(), State::Disabled),
    (|breaker| breaker.metrics_only(), State::MetricsOnly),
    (|breaker| breaker.force_open(), State::ForcedOpen),
];

#[test]
fn a_new_breaker_is_closed_and_knows_nothing() {
    let (breaker, _) = breaker("FailureStreak(5)");
    let info = breaker.info();
    assert_eq!((info.state, info.calls, info.failures, info.reopens), (State::Closed, 0, 0, 0));
    assert_eq!((info.failure_rate, info.mean_latency), (None, None));
}

#[test]
fn closed_admits_and_records() {
    let (breaker, _) = breaker("FailureStreak(5)");
    assert!(succeed(&breaker) && fail(&breaker));
    let info = breaker.info();
    assert_eq!((info.calls, info.failures, info.consecutive_failures), (2, 1, 1));
    assert_eq!(info.failure_rate, Some(0.5));
}

#[test]
fn open_rejects_until_the_retry_is_due() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(fluxgate::permits::All()));
    fail(&breaker);
    clock.advance(Duration::from_nanos(59_999_999_999));
    assert!(!succeed(&breaker));
    assert_eq!(breaker.info().rejected, 1);
    clock.advance(Duration::from_nanos(1));
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn asking_an_open_breaker_changes_nothing() {
    let (breaker, clock) = breaker("FailureStreak(1)");
    fail(&breaker);
    clock.advance(100 * SECOND);
    assert_eq!(breaker.info().retry_after, Some(Duration::ZERO));
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn metrics_only_admits_and_records_and_never_trips() {
    let (breaker, _) = breaker("FailureStreak(1)");
    breaker.metrics_only();
    for _ in 0..10 {
        assert!(fail(&breaker));
    }
    let info = breaker.info();
    assert_eq!((info.state, info.failures, info.consecutive_failures), (State::MetricsOnly, 10, 10));
}

#[test]
fn disabled_admits_and_records_nothing() {
    let (breaker, _) = breaker("FailureStreak(1)");
    breaker.disable();
    assert!(fail(&breaker));
    assert_eq!((state(&breaker), breaker.info().calls), (State::Disabled, 0));
}

#[test]
fn forced_open_rejects_for_ever() {
    let (breaker, clock) = breaker("FailureStreak(1)");
    breaker.force_open();
    clock.advance(1_000_000 * SECOND);
    let rejection = breaker.try_acquire().unwrap_err();
    assert_eq!((rejection.state(), rejection.retry_after()), (State::ForcedOpen, None));
}

#[test]
fn a_command_moves_there_from_any_state() {
    for (_, from) in COMMANDS.iter().copied().chain([(COMMANDS[0].0, State::Open), (COMMANDS[0].0, State::HalfOpen)]) {
        for (command, to) in COMMANDS {
            let (breaker, clock) = breaker("FailureStreak(1)");
            match from {
                State::Open => assert!(fail(&breaker)),
                State::HalfOpen => {
                    fail(&breaker);
                    clock.advance(60 * SECOND);
                    succeed(&breaker); // the ramp stands at 0: rejected, and half-open
                }
                other => COMMANDS.iter().find(|command| command.1 == other).unwrap().0(&breaker),
            }
            assert_eq!(state(&breaker), from);
            command(&breaker);
            assert_eq!(state(&breaker), to, "from {from}");
        }
    }
}

#[test]
fn every_transition_clears_the_window_and_stamps_the_time() {
    let (breaker, clock) = breaker("FailureStreak(3)");
    fail(&breaker);
    clock.advance(5 * SECOND);
    breaker.metrics_only();
    let info = breaker.info();
    assert_eq!((info.calls, info.in_state_for), (0, Duration::ZERO));
}

#[test]
fn a_command_for_the_same_state_begins_it_anew_and_announces_nothing() {
    for (command, state) in COMMANDS {
        let recorder = Recorder::default();
        let (breaker, clock) = breaker_with("FailureStreak(9)", |builder| builder.listener(recorder.clone()));
        command(&breaker);
        let announced = recorder.signals().len();
        let in_flight = breaker.try_acquire();
        if state != State::ForcedOpen {
            fail(&breaker);
        }
        clock.advance(3 * SECOND);

        command(&breaker);
        drop(in_flight.map(fluxgate::Call::failure));
        let info = breaker.info();
        assert_eq!((info.state, info.calls, info.in_state_for), (state, 0, Duration::ZERO));
        assert_eq!(recorder.signals().len(), announced, "{state}");
    }
}

#[test]
fn the_streak_is_cleared_on_entering_closed_and_half_open_alone() {
    let (breaker, clock) = breaker("FailureStreak(3)");
    fail(&breaker);
    breaker.metrics_only();
    assert_eq!(breaker.info().consecutive_failures, 1);
    breaker.reset();
    assert_eq!(breaker.info().consecutive_failures, 0);
    for _ in 0..3 {
        fail(&breaker);
    }
    assert_eq!((state(&breaker), breaker.info().consecutive_failures), (State::Open, 3));
    clock.advance(60 * SECOND);
    succeed(&breaker);
    assert_eq!((state(&breaker), breaker.info().consecutive_failures), (State::HalfOpen, 0));
}

#[test]
fn reopens_grow_with_each_failed_recovery_and_are_cleared_on_closing() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(fluxgate::permits::All()));
    fail(&breaker);
    assert_eq!(breaker.info().reopens, 0);
    for reopens in 1..=3 {
        clock.advance(60 * SECOND);
        fail(&breaker);
        assert_eq!((state(&breaker), breaker.info().reopens), (State::Open, reopens));
    }
    clock.advance(60 * SECOND);
    succeed(&breaker);
    assert_eq!((state(&breaker), breaker.info().reopens), (State::Closed, 0));
}

#[test]
fn never_leaves_open_only_by_reset() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.retry(Never()));
    fail(&breaker);
    clock.advance(std::time::Duration::MAX);
    let rejection = breaker.try_acquire().unwrap_err();
    assert_eq!((rejection.state(), rejection.retry_after()), (State::Open, None));
    breaker.reset();
    assert!(succeed(&breaker));
}

#[test]
fn a_forced_state_outlives_the_wait_of_the_opening_before_it() {
    let (breaker, clock) = breaker("FailureStreak(1)");
    fail(&breaker);
    breaker.force_open();
    clock.advance(365 * 86_400 * SECOND);
    assert!(!succeed(&breaker));
    assert_eq!(state(&breaker), State::ForcedOpen);
}

#[test]
fn an_error_names_the_breaker_and_the_wait() {
    let (breaker, clock) = breaker("FailureStreak(1)");
    fail(&breaker);
    clock.advance(18 * SECOND);
    let error = breaker.call(|| Ok::<_, Down>(())).unwrap_err();
    assert_eq!(error.to_string(), "call not permitted: circuit breaker `test` is open, retry after 42.0 s");
}
