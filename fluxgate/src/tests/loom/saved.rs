//! Saved states beside transitions.

use crate::State;

use super::{Stand, explore, fail, succeed};

#[test]
fn a_saved_state_is_of_one_moment() {
    explore(|| {
        let stand = Stand::new(2, |builder| builder);
        let other = stand.spawn(1, |breaker| {
            fail(breaker);
            fail(breaker);
        });
        let saved = stand.breaker.saved_state();
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
        let stand = Stand::new(9, |builder| builder);
        succeed(&stand.breaker);
        fail(&stand.breaker);
        let other = stand.spawn(0, |breaker| {
            succeed(breaker);
            breaker.reset();
        });
        let saved = stand.breaker.saved_state();
        other.join().unwrap();
        let text = serde_json::to_value(&saved).unwrap();
        assert!(text["consecutive_failures"].as_u64() <= Some(1), "{text}");
    });
}
