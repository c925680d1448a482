//! Calls beside calls, readers, transitions and commands.

use std::sync::Arc;

use crate::{
    State,
    outcome::Outcome,
    sync::{AtomicU64, Ordering},
};

use super::{Heard, Stand, explore, fail, succeed};

#[test]
fn a_call_is_admitted_before_a_transition_and_counts_for_nothing_after_it_or_is_rejected() {
    explore(|| {
        let stand = Stand::new(1, |builder| builder);
        let other = stand.spawn(1, |breaker| [succeed(breaker), succeed(breaker)]);
        assert!(fail(&stand.breaker));
        let [first, second] = other.join().unwrap();
        assert!(first || !second, "admitted by a breaker that had rejected");
        let info = stand.breaker.info();
        assert_eq!((info.state, info.calls), (State::Open, 0));
        assert_eq!(info.rejected, u64::from(!first) + u64::from(!second));
        assert_eq!(stand.heard.path(&stand.breaker), [State::Open]);
    });
}

#[test]
fn no_success_is_lost_or_counted_twice_beside_failures_and_readers() {
    explore(|| {
        let stand = Stand::new(9, |builder| builder);
        succeed(&stand.breaker);
        let successes = stand.spawn(1, |breaker| {
            succeed(breaker);
            succeed(breaker);
        });
        fail(&stand.breaker);
        assert!((2..=4).contains(&stand.breaker.info().calls));
        successes.join().unwrap();
        let info = stand.breaker.info();
        assert_eq!((info.calls, info.failures), (4, 1));
    });
}

#[test]
fn a_success_breaks_a_streak_or_comes_before_or_after_it() {
    explore(|| {
        let stand = Stand::new(2, |builder| builder);
        succeed(&stand.breaker);
        let success = stand.spawn(1, succeed);
        fail(&stand.breaker);
        fail(&stand.breaker);
        success.join().unwrap();
        let info = stand.breaker.info();
        match info.state {
            State::Open => assert_eq!(info.calls, 0),
            // Between the two: then all four are there, and the last one failed.
            State::Closed => assert_eq!((info.calls, info.failures, info.consecutive_failures), (4, 2, 1)),
            other => panic!("{other}"),
        }
    });
}

#[test]
fn successes_count_in_the_generation_that_admitted_them_or_not_at_all() {
    explore(|| {
        let stand = Stand::new(9, |builder| builder);
        let other = stand.spawn(1, |breaker| {
            let tickets = [(); 3].map(|()| breaker.admit().ok().unwrap());
            // The latest first, so that its thread may be counting for the new generation when the early ones end.
            tickets.iter().rev().for_each(|ticket| breaker.end(*ticket, Outcome::Success));
            tickets.iter().filter(|ticket| ticket.generation_of_call() == 1).count() as u64
        });
        stand.breaker.reset();
        let of_the_new_generation = other.join().unwrap();
        assert_eq!(stand.breaker.info().calls, of_the_new_generation);
    });
}

#[test]
fn who_sees_a_success_sees_what_came_before_it() {
    explore(|| {
        let stand = Stand::new(9, |builder| builder);
        let written = Arc::new(AtomicU64::new(0));
        let other = {
            let written = Arc::clone(&written);
            stand.spawn(1, move |breaker| {
                succeed(breaker);
                written.store(1, Ordering::Relaxed);
                succeed(breaker);
            })
        };
        if stand.breaker.info().calls == 2 {
            assert_eq!(written.load(Ordering::Relaxed), 1);
        }
        other.join().unwrap();
    });
}

#[test]
fn a_late_outcome_and_a_reopening_end_in_one_order_or_the_other() {
    explore(|| {
        let stand = Stand::due(|builder| builder.max_half_open_calls(2));
        let late = stand.breaker.try_acquire_owned().unwrap();
        let probe = stand.breaker.try_acquire_owned().unwrap();
        let other = stand.spawn(1, move |_| late.success());
        probe.failure();
        other.join().unwrap();
        let info = stand.breaker.info();
        assert_eq!((info.calls, info.probes_in_flight), (0, 0), "whichever was late is stale");
        match stand.heard.path(&stand.breaker).as_slice() {
            [State::Open, State::HalfOpen, State::Closed] => assert_eq!(info.reopens, 0),
            [State::Open, State::HalfOpen, State::Open] => assert_eq!(info.reopens, 1),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn an_outcome_from_before_never_touches_a_breaker_that_reopens() {
    explore(|| {
        let stand = Stand::new(1, |builder| builder);
        let early = stand.breaker.try_acquire_owned().unwrap();
        fail(&stand.breaker);
        stand.pass(10);
        let other = stand.spawn(1, move |_| early.success());
        assert!(fail(&stand.breaker), "the probe");
        other.join().unwrap();
        let info = stand.breaker.info();
        assert_eq!((info.state, info.reopens, info.calls), (State::Open, 1, 0));
        assert_eq!(stand.heard.path(&stand.breaker), [State::Open, State::HalfOpen, State::Open]);
    });
}

#[test]
fn listeners_hear_every_transition_once_and_in_order() {
    explore(|| {
        let second = Heard::default();
        let stand = Stand::new(1, |builder| builder.listener(second.clone()));
        let other = stand.spawn(1, |breaker| {
            breaker.force_open();
            breaker.reset();
        });
        stand.breaker.disable();
        other.join().unwrap();
        let path = stand.heard.path(&stand.breaker);
        assert_eq!(path, second.path(&stand.breaker));
        // `reset` after `disable` or before it; and it is no transition if `disable` came first of all three.
        let expected: [&[State]; 3] = [
            &[State::Disabled, State::ForcedOpen, State::Closed],
            &[State::ForcedOpen, State::Disabled, State::Closed],
            &[State::ForcedOpen, State::Closed, State::Disabled],
        ];
        assert!(expected.contains(&path.as_slice()), "{path:?}");
    });
}
