//! Whether a call would be rejected, asked beforehand.

use fluxgate::{State, permits::Random};
use fluxgate_tests::fixture::{SECOND, breaker_with, fail, state, succeed};

use super::half_open;

#[test]
fn asking_whether_a_call_would_be_rejected_changes_nothing() {
    let (breaker, clock) = half_open(|builder| builder);
    assert_eq!(breaker.would_reject(), None, "a retry is due");
    assert_eq!(state(&breaker), State::Open);
    let probe = breaker.try_acquire().unwrap();
    let rejection = breaker.would_reject().unwrap();
    assert_eq!((rejection.state(), rejection.retry_after()), (State::HalfOpen, None));
    clock.advance(60 * SECOND);
    assert_eq!(breaker.would_reject(), None, "the probe has hung");
    assert_eq!(breaker.info().probes_in_flight, 1);
    drop(probe); // after so long a wait it has failed
    assert_eq!(breaker.would_reject().unwrap().retry_after(), Some(60 * SECOND));
    breaker.set_shadow(true);
    assert_eq!(breaker.would_reject(), None);
    breaker.set_shadow(false);
    breaker.force_open();
    assert_eq!(breaker.would_reject().unwrap().state(), State::ForcedOpen);
    breaker.disable();
    assert_eq!(breaker.would_reject(), None);
    breaker.reset();
    assert_eq!((breaker.would_reject(), breaker.info().rejected), (None, 0));
    assert!(succeed(&breaker));
}

#[test]
fn a_permit_that_admits_nobody_is_foreseen_and_one_that_leaves_it_to_chance_is_not() {
    for (ratio, foreseen) in [(0.0, true), (0.001, false)] {
        let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(Random(ratio)));
        fail(&breaker);
        clock.advance(60 * SECOND);
        let _ = breaker.try_acquire();
        assert_eq!(state(&breaker), State::HalfOpen);
        assert_eq!(breaker.would_reject().is_some(), foreseen);
    }
}
