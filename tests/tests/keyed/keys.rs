//! Sets of breakers: one policy, a breaker for each key.

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
    process::turn,
    sets::{names, set},
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
    assert!(hosts.get_if_present("c").is_none(), "asking makes none");
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
        (KeyedBreakers::builder("").build(), "the name of a set of breakers is empty"),
        (KeyedBreakers::builder("").max(0).build(), "max: 0 is out of range"),
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

/// A policy that panics, or says something invalid, as long as it is told to.
fn failing(name: &'static str, fails: &Arc<AtomicUsize>) -> KeyedBreakers<String> {
    let told = Arc::clone(fails);
    let policy = move |builder: Builder| match told.load(Ordering::SeqCst) {
        0 => builder,
        1 => panic!("the policy panics"),
        _ => builder.tripper(FailureStreak(0)),
    };
    KeyedBreakers::builder(name).max(4).policy(policy).build().unwrap()
}

#[test]
fn a_key_whose_policy_panics_or_is_invalid_keeps_no_place_and_is_tried_again() {
    let _turn = turn();
    let fails = Arc::new(AtomicUsize::new(0));
    let hosts = failing("fails", &fails);
    for kind in [1, 2] {
        fails.store(kind, Ordering::SeqCst);
        for key in ["a", "b", "c", "d", "e", "a"] {
            assert_eq!(hosts.get(key).name(), "fails{*}");
            assert_eq!(hosts.len(), 0);
            assert!(hosts.get_if_present(key).is_none() && hosts.remove(key).is_none() && hosts.breakers().is_empty());
        }
    }
    fails.store(0, Ordering::SeqCst);
    for key in ["a", "b", "c", "d"] {
        assert_eq!(hosts.get(key).label(), format!("fails{{{key}}}"));
    }
    assert_eq!((hosts.len(), names("fails").len()), (4, 5));
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Unspeakable(u8, bool);

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        assert!(self.1, "it has no name");
        if self.0 > 100 { Err(std::fmt::Error) } else { formatter.write_str("named") }
    }
}

#[test]
fn a_key_that_can_not_be_displayed_keeps_no_place() {
    let _turn = turn();
    let set: KeyedBreakers<Unspeakable> = KeyedBreakers::builder("unspeakable").max(1).build().unwrap();
    for key in 0..10 {
        assert_eq!(set.get(&Unspeakable(key, false)).name(), "unspeakable{*}");
        assert_eq!(set.get(&Unspeakable(101 + key, true)).name(), "unspeakable{*}");
        assert_eq!(set.len(), 0);
    }
    assert_eq!(set.get(&Unspeakable(1, true)).name(), "unspeakable{named}");
}

#[test]
fn threads_that_ask_for_a_key_whose_policy_fails_all_get_an_answer() {
    let _turn = turn();
    let fails = Arc::new(AtomicUsize::new(0));
    let hosts = failing("fails for all", &fails);
    fails.store(1, Ordering::SeqCst);
    let together = Barrier::new(4);
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                together.wait();
                (0..20).for_each(|_| assert_eq!(hosts.get("a").name(), "fails for all{*}"));
            });
        }
    });
    assert_eq!(hosts.len(), 0);
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
