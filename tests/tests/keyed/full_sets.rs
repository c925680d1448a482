//! Sets of breakers that are full: who has to go, and who gets the room.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
};

use fluxgate::{
    CircuitBreaker, KeyedBreakers, get,
    listeners::{PrometheusListener, prometheus},
};
use fluxgate_tests::{fixture::succeed, openmetrics, process::turn};
use prometheus_client::{encoding::text, registry::Registry};

#[test]
fn one_that_may_go_is_found_however_many_are_needed() {
    let _turn = turn();
    let hosts: KeyedBreakers<String> = KeyedBreakers::builder("needed").max(200).build().unwrap();
    let needed: Vec<CircuitBreaker> = (0..199).map(|key| hosts.get(format!("needed {key}").as_str())).collect();
    hosts.get("idle");
    assert_eq!(hosts.get("new").name(), "needed{new}");
    assert!(hosts.get_if_present("idle").is_none());
    assert!(needed.iter().all(|breaker| get(breaker.name()).is_some()));
}

/// One that can't be copied at first.
#[derive(PartialEq, Eq, Hash)]
struct Fragile(&'static str);

static BREAKS: AtomicBool = AtomicBool::new(false);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(!BREAKS.load(Ordering::SeqCst), "it breaks");
        Self(self.0)
    }
}

impl std::fmt::Display for Fragile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

#[test]
fn a_key_that_panics_when_it_is_copied_takes_no_room() {
    let _turn = turn();
    let set: KeyedBreakers<Fragile> = KeyedBreakers::builder("fragile").max(2).build().unwrap();
    BREAKS.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        catch_unwind(AssertUnwindSafe(|| set.get(&Fragile("broken")))).unwrap_err();
    }
    BREAKS.store(false, Ordering::SeqCst);
    let (one, other) = (set.get(&Fragile("a")), set.get(&Fragile("b")));
    assert_eq!((one.name(), other.name()), ("fragile{a}", "fragile{b}"));
    let third = set.get(&Fragile("c"));
    assert_ne!(third.name(), "fragile{c}", "there is room for two");
}

#[test]
fn the_name_of_a_set_is_free_again_when_the_set_is_gone() {
    let _turn = turn();
    let mut registry = Registry::default();
    prometheus::register(&mut registry);
    for _ in 0..3 {
        let set: KeyedBreakers<String> =
            KeyedBreakers::builder("freed").policy(|builder| builder.listener(PrometheusListener)).build().unwrap();
        succeed(&set.get("a"));
        let mut page = String::new();
        text::encode(&mut page, &registry).unwrap();
        let page = openmetrics::parse(&page).unwrap();
        let labels = [("circuit_name", "freed"), ("key", "a"), ("outcome", "success")];
        let calls = openmetrics::value(&page, "circuit_breaker_calls", "circuit_breaker_calls_total", &labels);
        assert_eq!(calls, Some(1.0));
    }
}
