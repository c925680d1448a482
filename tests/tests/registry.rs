//! The registry: every named breaker of the process that is still in use.
//!
//! A binary of its own, for the registry is the process's.

use std::sync::Mutex;

use fluxgate::{CircuitBreaker, get, registry};

/// The tests of this file share the registry, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

fn names() -> Vec<String> {
    registry().iter().map(|breaker| breaker.name().to_owned()).collect()
}

#[test]
fn breakers_are_listed_in_the_order_they_were_made_until_their_last_clone_is_gone() {
    let _turn = TURN.lock();
    let (first, second) = (CircuitBreaker::new("b"), CircuitBreaker::new("a"));
    let clone = first.clone();
    assert_eq!(names(), ["b", "a"]);
    drop(first);
    assert_eq!(names(), ["b", "a"]);
    drop(clone);
    assert_eq!(names(), ["a"]);
    drop(second);
    assert!(names().is_empty());
}

#[test]
fn of_two_with_one_name_both_are_listed_and_get_gives_the_first() {
    let _turn = TURN.lock();
    let (first, second) = (CircuitBreaker::new("twin"), CircuitBreaker::new("twin"));
    assert_eq!(names(), ["twin", "twin"]);
    get("twin").unwrap().force_open();
    assert!(first.try_acquire().is_err() && second.try_acquire().is_ok());
    assert!(get("other").is_none());
}

#[test]
fn breakers_made_and_dropped_leave_nothing_behind() {
    let _turn = TURN.lock();
    for index in 0..50_000 {
        drop(CircuitBreaker::new(if index % 2 == 0 { "even" } else { "odd" }));
    }
    assert!(names().is_empty());
}
