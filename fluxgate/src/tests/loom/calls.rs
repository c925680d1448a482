//! Calls concurrent with calls, readers, transitions and commands.

use std::sync::Arc;

use crate::{
    State,
    outcome::Outcome,
    sync::{AtomicU64, Ordering},
};

use super::{Fixture, TransitionLog, explore, fail, succeed};

#[test]
fn a_call_beside_a_transition_is_admitted_before_it_and_not_counted_or_is_rejected() {
    explore(|| {
        let fixture = Fixture::new(1, |builder| builder);
        let other = fixture.spawn(1, |breaker| [succeed(breaker), succeed(breaker)]);
        assert!(fail(&fixture.breaker));
        let [first, second] = other.join().unwrap();
        assert!(first || !second, "admitted after a rejection");
        let info = fixture.breaker.info();
        assert_eq!((info.state, info.calls), (State::Open, 0));
        assert_eq!(info.rejected, u64::from(!first) + u64::from(!second));
        assert_eq!(fixture.log.path(&fixture.breaker), [State::Open]);
    });
}

#[test]
fn no_success_is_lost_or_counted_twice_beside_failures_and_readers() {
    explore(|| {
        let fixture = Fixture::new(9, |builder| builder);
        succeed(&fixture.breaker);
        let successes = fixture.spawn(1, |breaker| {
            succeed(breaker);
            succeed(breaker);
        });
        fail(&fixture.breaker);
        assert!((2..=4).contains(&fixture.breaker.info().calls));
        successes.join().unwrap();
        let info = fixture.breaker.info();
        assert_eq!((info.calls, info.failures), (4, 1));
    });
}

#[test]
fn a_success_breaks_a_streak_or_comes_before_or_after_it() {
    explore(|| {
        let fixture = Fixture::new(2, |builder| builder);
        succeed(&fixture.breaker);
        let success = fixture.spawn(1, succeed);
        fail(&fixture.breaker);
        fail(&fixture.breaker);
        success.join().unwrap();
        let info = fixture.breaker.info();
        match info.state {
            State::Open => assert_eq!(info.calls, 0),
            // The success came between the two failures.
            State::Closed => assert_eq!((info.calls, info.failures, info.consecutive_failures), (4, 2, 1)),
            other => panic!("{other}"),
        }
    });
}

#[test]
fn successes_count_in_the_generation_that_admitted_them_or_not_at_all() {
    explore(|| {
        let fixture = Fixture::new(9, |builder| builder);
        let other = fixture.spawn(1, |breaker| {
            let tickets = [(); 3].map(|()| breaker.admit().ok().unwrap());
            // The latest first, so that the thread may already count for the new generation when the earlier ones end.
            tickets.iter().rev().for_each(|ticket| breaker.finish(*ticket, Outcome::Success));
            tickets.iter().filter(|ticket| ticket.generation_of_call() == 1).count() as u64
        });
        fixture.breaker.reset();
        let admitted_later = other.join().unwrap();
        assert_eq!(fixture.breaker.info().calls, admitted_later);
    });
}

#[test]
fn a_thread_that_sees_a_success_sees_the_writes_before_it() {
    explore(|| {
        let fixture = Fixture::new(9, |builder| builder);
        let written = Arc::new(AtomicU64::new(0));
        let other = {
            let written = Arc::clone(&written);
            fixture.spawn(1, move |breaker| {
                succeed(breaker);
                written.store(1, Ordering::Relaxed);
                succeed(breaker);
            })
        };
        if fixture.breaker.info().calls == 2 {
            assert_eq!(written.load(Ordering::Relaxed), 1);
        }
        other.join().unwrap();
    });
}

#[test]
fn a_success_and_a_failure_of_two_probes_are_ordered_and_the_second_is_stale() {
    explore(|| {
        let fixture = Fixture::due(|builder| builder.max_half_open_calls(2));
        let late = fixture.breaker.try_acquire_owned().unwrap();
        let probe = fixture.breaker.try_acquire_owned().unwrap();
        let other = fixture.spawn(1, move |_| late.success());
        probe.failure();
        other.join().unwrap();
        let info = fixture.breaker.info();
        assert_eq!((info.calls, info.probes_in_flight), (0, 0), "the later outcome is stale");
        match fixture.log.path(&fixture.breaker).as_slice() {
            [State::Open, State::HalfOpen, State::Closed] => assert_eq!(info.reopens, 0),
            [State::Open, State::HalfOpen, State::Open] => assert_eq!(info.reopens, 1),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_stale_outcome_never_affects_a_breaker_that_reopens() {
    explore(|| {
        let fixture = Fixture::new(1, |builder| builder);
        let early = fixture.breaker.try_acquire_owned().unwrap();
        fail(&fixture.breaker);
        fixture.advance(10);
        let other = fixture.spawn(1, move |_| early.success());
        assert!(fail(&fixture.breaker), "the probe");
        other.join().unwrap();
        let info = fixture.breaker.info();
        assert_eq!((info.state, info.reopens, info.calls), (State::Open, 1, 0));
        assert_eq!(fixture.log.path(&fixture.breaker), [State::Open, State::HalfOpen, State::Open]);
    });
}

#[test]
fn listeners_receive_every_transition_once_and_in_order() {
    explore(|| {
        let second = TransitionLog::default();
        let fixture = Fixture::new(1, |builder| builder.listener(second.clone()));
        let other = fixture.spawn(1, |breaker| {
            breaker.force_open();
            breaker.reset();
        });
        fixture.breaker.disable();
        other.join().unwrap();
        let path = fixture.log.path(&fixture.breaker);
        assert_eq!(path, second.path(&fixture.breaker));
        // The three interleavings of `disable` with `force_open` and `reset`.
        let expected: [&[State]; 3] = [
            &[State::Disabled, State::ForcedOpen, State::Closed],
            &[State::ForcedOpen, State::Disabled, State::Closed],
            &[State::ForcedOpen, State::Closed, State::Disabled],
        ];
        assert!(expected.contains(&path.as_slice()), "{path:?}");
    });
}
