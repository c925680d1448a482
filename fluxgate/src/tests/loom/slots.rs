//! The slots of probes: taken, given back, and taken away.

use crate::{Call, State};

use super::{Stand, explore};

#[test]
fn the_last_slot_is_taken_once() {
    explore(|| {
        let stand = Stand::due(|builder| builder);
        let other = stand.spawn(1, |breaker| breaker.try_acquire_owned().ok());
        let own = stand.breaker.try_acquire_owned().ok();
        let other = other.join().unwrap();
        assert!(own.is_some() != other.is_some(), "exactly one is admitted");
        assert_eq!(stand.breaker.info().probes_in_flight, 1);
        assert_eq!(stand.heard.path(&stand.breaker), [State::Open, State::HalfOpen]);
        own.or(other).map(Call::ignored);
        assert_eq!(stand.breaker.info().probes_in_flight, 0);
    });
}

#[test]
fn a_slot_that_is_given_back_is_there_for_one_other() {
    explore(|| {
        let stand = Stand::due(|builder| builder);
        let held = stand.breaker.try_acquire_owned().unwrap();
        let other = stand.spawn(1, |breaker| breaker.try_acquire_owned().ok());
        held.ignored();
        let other = other.join().unwrap();
        assert_eq!(stand.breaker.info().probes_in_flight, usize::from(other.is_some()));
        drop(other);
        assert!(stand.breaker.try_acquire().is_ok(), "no slot is lost");
    });
}

#[test]
fn a_hung_probe_ends_or_is_given_up_and_never_both() {
    explore(|| {
        let stand = Stand::due(|builder| builder);
        let hung = stand.breaker.try_acquire_owned().unwrap();
        stand.pass(5);
        let other = stand.spawn(1, move |_| hung.success());
        let admitted = stand.breaker.try_acquire_owned();
        other.join().unwrap();
        let path = stand.heard.path(&stand.breaker);
        match (path.as_slice(), &admitted) {
            // It ended, and the other call found the breaker closed, or half-open with a free slot just before.
            ([State::Open, State::HalfOpen, State::Closed], Ok(_)) => {}
            // It was given up, which opened the breaker anew.
            ([State::Open, State::HalfOpen, State::Open], Err(_)) => assert_eq!(stand.breaker.info().reopens, 1),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn three_threads_that_race_for_two_slots_take_two() {
    explore(|| {
        let stand = Stand::due(|builder| builder.max_half_open_calls(2));
        let others = [1, 2].map(|slot| stand.spawn(slot, |breaker| breaker.try_acquire_owned().ok()));
        let own = stand.breaker.try_acquire_owned().ok();
        let probes: Vec<_> = others.into_iter().map(|other| other.join().unwrap()).chain([own]).flatten().collect();
        assert_eq!((probes.len(), stand.breaker.info().probes_in_flight), (2, 2));
        assert_eq!(stand.heard.path(&stand.breaker), [State::Open, State::HalfOpen]);
    });
}
