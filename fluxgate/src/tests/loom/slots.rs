//! Slots of probes: taken, freed and abandoned concurrently.

use crate::{Call, State};

use super::{Fixture, explore};

#[test]
fn the_last_slot_is_taken_once() {
    explore(|| {
        let fixture = Fixture::due(|builder| builder);
        let other = fixture.spawn(1, |breaker| breaker.try_acquire_owned().ok());
        let own = fixture.breaker.try_acquire_owned().ok();
        let other = other.join().unwrap();
        assert!(own.is_some() != other.is_some(), "exactly one is admitted");
        assert_eq!(fixture.breaker.info().probes_in_flight, 1);
        assert_eq!(fixture.log.path(&fixture.breaker), [State::Open, State::HalfOpen]);
        own.or(other).map(Call::ignored);
        assert_eq!(fixture.breaker.info().probes_in_flight, 0);
    });
}

#[test]
fn a_freed_slot_is_taken_once() {
    explore(|| {
        let fixture = Fixture::due(|builder| builder);
        let held = fixture.breaker.try_acquire_owned().unwrap();
        let other = fixture.spawn(1, |breaker| breaker.try_acquire_owned().ok());
        held.ignored();
        let other = other.join().unwrap();
        assert_eq!(fixture.breaker.info().probes_in_flight, usize::from(other.is_some()));
        drop(other);
        assert!(fixture.breaker.try_acquire().is_ok(), "no slot is lost");
    });
}

#[test]
fn a_hung_probe_ends_or_is_abandoned_and_never_both() {
    explore(|| {
        let fixture = Fixture::due(|builder| builder);
        let hung = fixture.breaker.try_acquire_owned().unwrap();
        fixture.advance(5);
        let other = fixture.spawn(1, move |_| hung.success());
        let admitted = fixture.breaker.try_acquire_owned();
        other.join().unwrap();
        let path = fixture.log.path(&fixture.breaker);
        match (path.as_slice(), &admitted) {
            // The probe ended, and the other call found the breaker closed, or half-open with a free slot.
            ([State::Open, State::HalfOpen, State::Closed], Ok(_)) => {}
            // The probe was abandoned, which reopened the breaker.
            ([State::Open, State::HalfOpen, State::Open], Err(_)) => assert_eq!(fixture.breaker.info().reopens, 1),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn three_threads_that_race_for_two_slots_take_two() {
    explore(|| {
        let fixture = Fixture::due(|builder| builder.max_half_open_calls(2));
        let others = [1, 2].map(|slot| fixture.spawn(slot, |breaker| breaker.try_acquire_owned().ok()));
        let own = fixture.breaker.try_acquire_owned().ok();
        let probes: Vec<_> = others.into_iter().map(|other| other.join().unwrap()).chain([own]).flatten().collect();
        assert_eq!((probes.len(), fixture.breaker.info().probes_in_flight), (2, 2));
        assert_eq!(fixture.log.path(&fixture.breaker), [State::Open, State::HalfOpen]);
    });
}
