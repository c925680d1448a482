//! Shadow mode: all of the rules, and nothing rejected.

use fluxgate::{State, permits::All};
use fluxgate_tests::fixture::{Recorder, SECOND, breaker_with, fail, state, succeed};

#[test]
fn a_breaker_in_shadow_mode_goes_through_its_states_and_rejects_nothing() {
    let recorder = Recorder::default();
    let (breaker, clock) =
        breaker_with("FailureStreak(2)", |builder| builder.shadow(true).permit(All()).listener(recorder.clone()));
    for _ in 0..5 {
        assert!(fail(&breaker));
    }
    let info = breaker.info();
    assert_eq!((info.state, info.shadow, info.calls), (State::Open, true, 0));
    assert_eq!((info.rejected, info.would_have_been_rejected), (0, 3));
    clock.advance(60 * SECOND);
    assert!(succeed(&breaker));
    assert_eq!(recorder.states(), [State::Open, State::HalfOpen, State::Closed]);
    assert!(recorder.signals().iter().all(fluxgate::Signal::shadow));
}

#[test]
fn a_call_that_shadow_mode_lets_pass_is_unrecorded_and_takes_no_slot() {
    let (breaker, clock) =
        breaker_with("FailureStreak(1)", |builder| builder.shadow(true).permit(All()).max_half_open_calls(1));
    fail(&breaker);
    clock.advance(60 * SECOND);
    let probe = breaker.try_acquire().unwrap();
    let beside = breaker.try_acquire().unwrap();
    assert_eq!((breaker.info().probes_in_flight, breaker.info().would_have_been_rejected), (1, 1));
    beside.failure();
    assert_eq!(state(&breaker), State::HalfOpen);
    probe.success();
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn shadow_mode_is_switched_on_and_off_while_running() {
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder);
    fail(&breaker);
    assert!(!succeed(&breaker));
    breaker.set_shadow(true);
    assert!(succeed(&breaker));
    breaker.set_shadow(false);
    assert!(!succeed(&breaker));
    assert_eq!((breaker.info().rejected, breaker.info().would_have_been_rejected), (2, 1));
}
