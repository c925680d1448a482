//! Sets of breakers: one policy, a breaker for each key.
//!
//! A binary of its own, for the registry is the process's.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use fluxgate::{Builder, KeyedBreakers, State, get, trippers::FailureStreak};
use fluxgate_tests::{
    fixture::{fail, state, succeed},
    sets::{names, set, turn},
};

#[test]
fn a_key_has_a_breaker_of_its_own_and_keeps_it() {
    let _turn = turn();
    let (hosts, _clock) = set("own", |builder| builder);
    assert!(fail(&hosts.get("a")));
    assert!(!succeed(&hosts.get("a")), "its breaker is open");
    assert!(succeed(&hosts.get("b")), "another host is not concerned");
    assert_eq!((hosts.get("a").name(), hosts.get("b").label()), ("own{a}", "own{b}"));
    assert_eq!((hosts.len(), hosts.is_empty(), hosts.name()), (2, false, "own"));
    assert_eq!(state(&get("own{a}").unwrap()), State::Open);
    assert!(hosts.known("c").is_none(), "asking makes none");
    assert_eq!(names("own").len(), 2);
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Region {
    North,
    South,
}

impl std::fmt::Display for Region {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::North => "north",
            Self::South => "south",
        })
    }
}

#[test]
fn keys_are_whatever_can_be_hashed_compared_and_shown() {
    let _turn = turn();
    let regions: KeyedBreakers<Region> = KeyedBreakers::builder("region").build().unwrap();
    assert_eq!(
        [Region::North, Region::South].map(|region| regions.get(&region).name().to_owned()),
        ["region{north}", "region{south}"]
    );
    let tenants: KeyedBreakers<u64> = KeyedBreakers::builder("tenant").build().unwrap();
    assert_eq!(tenants.get(&7).name(), "tenant{7}");
    let hosts: KeyedBreakers<String> = KeyedBreakers::builder("owned").build().unwrap();
    assert_eq!(hosts.get(&"a".to_owned()).label(), hosts.get("a").label());
}

#[test]
fn of_many_threads_that_want_a_new_key_one_makes_its_breaker() {
    let _turn = turn();
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let policy = move |builder: Builder| {
        counted.fetch_add(1, Ordering::SeqCst);
        builder
    };
    let hosts: KeyedBreakers<String> = KeyedBreakers::builder("race").policy(policy).build().unwrap();
    let before = made.load(Ordering::SeqCst);
    let together = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for round in 0..200 {
                    together.wait();
                    assert!(succeed(&hosts.get(round.to_string().as_str())));
                }
            });
        }
    });
    assert_eq!(made.load(Ordering::SeqCst) - before, 200);
    let calls: Vec<u64> = (0..200).map(|round| hosts.get(round.to_string().as_str()).info().calls).collect();
    assert_eq!(calls, [8; 200]);
}

#[test]
fn a_mistake_is_found_when_the_set_is_built() {
    let _turn = turn();
    let mistakes = [
        (KeyedBreakers::<u64>::builder("bad").max(0).build(), "max: 0 is out of range"),
        (KeyedBreakers::builder("bad").idle(0).build(), "idle: 0 is out of range"),
        (KeyedBreakers::builder("bad").exported_keys(0).build(), "exported_keys: 0 is out of range"),
        (KeyedBreakers::builder("bad").policy(|builder| builder.tripper(FailureStreak(0))).build(), "FailureStreak"),
    ];
    for (built, expected) in mistakes {
        let error = built.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(names("bad").is_empty());
}

#[test]
fn a_set_that_was_built_but_not_used_has_no_breaker() {
    let _turn = turn();
    let (hosts, _clock) = set("unused", |builder| builder);
    assert!(hosts.is_empty() && names("unused").is_empty());
}

#[test]
fn a_policy_that_panics_leaves_its_key_usable() {
    let _turn = turn();
    let fails = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&fails);
    let policy = move |builder: Builder| {
        assert!(told.load(Ordering::SeqCst) == 0, "the policy panics");
        builder
    };
    let hosts: KeyedBreakers<String> = KeyedBreakers::builder("panic").policy(policy).build().unwrap();
    fails.store(1, Ordering::SeqCst);
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| hosts.get("a")));
    assert!(asked.is_err());
    fails.store(0, Ordering::SeqCst);
    assert!(succeed(&hosts.get("a")));
}

#[test]
fn a_policy_that_has_become_wrong_leaves_new_keys_with_the_shared_breaker() {
    let _turn = turn();
    let streak = Arc::new(AtomicUsize::new(5));
    let told = Arc::clone(&streak);
    let policy = move |builder: Builder| builder.tripper(FailureStreak(told.load(Ordering::SeqCst) as u64));
    let hosts: KeyedBreakers<String> = KeyedBreakers::builder("wrong").policy(policy).build().unwrap();
    hosts.get("a");
    streak.store(0, Ordering::SeqCst);
    assert_eq!((hosts.get("a").name(), hosts.get("b").name()), ("wrong{a}", "wrong{*}"));
}
