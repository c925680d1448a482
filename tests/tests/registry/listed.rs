//! The registry: every named breaker of the process that is still in use.

use fluxgate::{CircuitBreaker, KeyedBreakers, State, get, listeners::PrometheusListener, registry};
use fluxgate_tests::process::turn;

fn names() -> Vec<String> {
    registry().iter().map(|breaker| breaker.name().to_owned()).collect()
}

#[test]
fn breakers_are_listed_in_the_order_they_were_made_until_their_last_clone_is_gone() {
    let _turn = turn();
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
    let _turn = turn();
    let (first, second) = (CircuitBreaker::new("twin"), CircuitBreaker::new("twin"));
    assert_eq!(names(), ["twin", "twin"]);
    get("twin").unwrap().force_open();
    assert!(first.try_acquire().is_err() && second.try_acquire().is_ok());
    assert!(get("other").is_none());
}

#[test]
fn a_breaker_is_found_by_its_name_and_another_of_that_name_by_its_label() {
    let _turn = turn();
    let breakers: Vec<CircuitBreaker> = ["a", "a", "a#2", "a"].into_iter().map(CircuitBreaker::new).collect();
    let labels: Vec<&str> = breakers.iter().map(CircuitBreaker::label).collect();
    assert_eq!(labels, ["a", "a#2", "a#2#2", "a#3"]);
    let found = |text: &str| {
        let found = get(text)?;
        found.force_open();
        let place = breakers.iter().position(|breaker| breaker.info().state == State::ForcedOpen);
        found.reset();
        place
    };
    assert_eq!(["a", "a#2", "a#3", "a#2#2"].map(found), [Some(0), Some(2), Some(3), Some(2)]);
    assert_eq!(["", "a#", "a#4", "a#2#", "#2", "a#02"].map(found), [None; 6]);
    let [first, second, ..] = <[CircuitBreaker; 4]>::try_from(breakers).unwrap();
    drop(first);
    get("a").unwrap().force_open();
    assert!(second.try_acquire().is_err(), "it is the first now");
}

#[test]
fn all_breakers_are_reset_those_of_sets_too() {
    let _turn = turn();
    let single = CircuitBreaker::new("reset");
    let per_host: KeyedBreakers<String> = KeyedBreakers::builder("resets").max(1).build().unwrap();
    let all = [single, per_host.get("a"), per_host.get("b")];
    assert_eq!(all[2].name(), "resets{*}");
    all.iter().for_each(CircuitBreaker::force_open);
    fluxgate::reset_all();
    assert!(all.iter().all(|breaker| breaker.info().state == State::Closed));
}

#[test]
fn a_million_breakers_made_and_dropped_leave_nothing_behind() {
    let _turn = turn();
    let mut page = prometheus_client::registry::Registry::default();
    fluxgate::listeners::prometheus::register(&mut page);
    for index in 0..1_000_000_u32 {
        // Of few names, and of ever new ones.
        let name = if index % 2 == 0 { "even".to_owned() } else { format!("odd {index}") };
        if index % 100_000 > 10 {
            drop(CircuitBreaker::new(name));
        } else {
            let breaker = CircuitBreaker::builder(name).listener(PrometheusListener).build().unwrap();
            let _ = breaker.call(|| Err::<(), _>("down"));
            assert!(text(&page).contains(breaker.label()));
        }
    }
    assert!(names().is_empty());
    let text = text(&page);
    assert!(!text.contains("even") && !text.contains("odd"), "{text}");
}

fn text(page: &prometheus_client::registry::Registry) -> String {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, page).unwrap();
    text
}

#[test]
fn a_failing_breaker_keeps_what_it_knows_however_many_others_come_and_go() {
    let _turn = turn();
    let failing = CircuitBreaker::builder("failing").tripper(fluxgate::trippers::FailureStreak(1)).build().unwrap();
    let _ = failing.call(|| Err::<(), _>("down"));
    for index in 0..10_000 {
        drop(CircuitBreaker::new(format!("other {index}")));
        drop(CircuitBreaker::new("failing"));
    }
    assert_eq!(get("failing").unwrap().info().state, State::Open);
}
