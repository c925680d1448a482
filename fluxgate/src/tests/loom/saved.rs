//! Saved states concurrent with transitions.

use crate::State;

use super::{Fixture, explore, fail, succeed};

#[test]
fn a_saved_state_is_consistent() {
    explore(|| {
        let fixture = Fixture::new(2, |builder| builder);
        let other = fixture.spawn(1, |breaker| {
            fail(breaker);
            fail(breaker);
        });
        let saved = fixture.breaker.saved_state();
        other.join().unwrap();
        let text = serde_json::to_value(&saved).unwrap();
        let streak = text["consecutive_failures"].as_u64();
        match saved.state() {
            State::Closed => assert!(streak < Some(2), "{text}"),
            State::Open => assert_eq!((streak, text["retry_at"].is_u64()), (Some(2), true), "{text}"),
            other => panic!("{other}"),
        }
    });
}

#[test]
fn a_saved_streak_ends_with_the_success_that_ended_it() {
    explore(|| {
        let fixture = Fixture::new(9, |builder| builder);
        succeed(&fixture.breaker);
        fail(&fixture.breaker);
        let other = fixture.spawn(0, |breaker| {
            succeed(breaker);
            breaker.reset();
        });
        let saved = fixture.breaker.saved_state();
        other.join().unwrap();
        let text = serde_json::to_value(&saved).unwrap();
        assert!(text["consecutive_failures"].as_u64() <= Some(1), "{text}");
    });
}
