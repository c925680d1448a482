//! Breakers and sets that are looked up before any call has reached them.

use std::sync::atomic::{AtomicUsize, Ordering};

use fluxgate::{KeyedBreakers, ManualClock, Policy, breakers, get, registry, sets, trippers::FailureStreak};
use fluxgate_tests::process::{alone, turn};

#[test]
fn a_declared_breaker_is_found_before_any_call_has_reached_it_and_others_are_not_made_for_that() {
    static MADE: AtomicUsize = AtomicUsize::new(0);

    fn counted() -> ManualClock {
        MADE.fetch_add(1, Ordering::SeqCst);
        ManualClock::new()
    }

    #[expect(unused, reason = "found by their names alone")]
    fn declared() {
        breakers! {
            ONE { name = "declared one", clock = counted() }
            OTHER { name = "declared other", clock = counted() }
        }
    }

    // Elsewhere the other tests may have had them made.
    alone(
        module_path!(),
        "a_declared_breaker_is_found_before_any_call_has_reached_it_and_others_are_not_made_for_that",
        || {
            let made = || MADE.load(Ordering::SeqCst);
            assert!(get("declared nobody").is_none());
            assert_eq!(get("declared one").map(|breaker| breaker.name().to_owned()).as_deref(), Some("declared one"));
            assert_eq!(made(), 1);
            let names: Vec<String> = registry().iter().map(|breaker| breaker.name().to_owned()).collect();
            assert_eq!(names.iter().filter(|name| name.starts_with("declared")).count(), 2);
            assert_eq!(made(), 2);
        },
    );
}

#[test]
fn the_sets_of_the_process_are_listed_whatever_their_keys_are() {
    breakers! {
        UNUSED_SET[max = 5] { tripper = FailureStreak(7) }
    }
    let _turn = turn();
    let set = |name: &str| sets().into_iter().find(|set| set.name() == name);
    let unused = set("unused_set").unwrap();
    assert!(unused.is_empty() && unused.breakers().is_empty() && unused.remove("a").is_none());
    assert!(unused.policy().to_string().contains("FailureStreak(7)"));
    UNUSED_SET.get("a").force_open();
    assert_eq!((unused.len(), unused.breakers()[0].name()), (1, "unused_set{a}"));
    assert!(unused.remove("a").is_some() && UNUSED_SET.is_empty());

    let tenants: KeyedBreakers<u64> = KeyedBreakers::builder("by number").build().unwrap();
    let (seven, eight) = (tenants.get(&7), tenants.get(&8));
    let listed = set("by number").unwrap();
    assert_eq!((listed.len(), listed.label()), (2, "by number"));
    let breakers: Vec<String> = listed.breakers().iter().map(|breaker| breaker.name().to_owned()).collect();
    assert_eq!(breakers, [seven.name(), eight.name()]);
    assert!(listed.remove("9").is_none() && listed.remove("7").is_some());
    assert!(tenants.get_if_present(&7).is_none() && tenants.get_if_present(&8).is_some());
    listed.set_policy(Policy::new().tripper(FailureStreak(3))).unwrap();
    assert_eq!(tenants.policy(), listed.policy());
    drop((listed, tenants));
    assert!(set("by number").is_none(), "though some of its breakers are still in use");
    drop((seven, eight));
}
