//! The metrics of sets of breakers.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use fluxgate::{
    Builder, KeyedBreakers, ManualClock,
    keyed::KeyedBuilder,
    listeners::{PrometheusListener, prometheus},
};
use fluxgate_tests::{
    fixture::{Down, SECOND, fail, succeed},
    openmetrics,
    process::turn,
};
use prometheus_client::{encoding::text, registry::Registry};

/// The samples of one set: of a metric, by the key and one more label.
struct Page(Registry);

impl Page {
    fn new() -> Self {
        let mut registry = Registry::default();
        prometheus::register(&mut registry);
        Self(registry)
    }

    fn samples(&self, set: &str, metric: &str, label: &str) -> BTreeMap<(String, String), f64> {
        let mut page = String::new();
        text::encode(&mut page, &self.0).unwrap();
        let mut samples = BTreeMap::new();
        for family in openmetrics::parse(&page).unwrap().into_values() {
            for ((name, labels), value) in family.samples {
                let of = |wanted: &str| {
                    let found = labels.iter().find(|(label, _)| label == wanted);
                    found.map(|(_, value)| value.clone()).unwrap_or_default()
                };
                if name == metric && of("circuit_name") == set {
                    samples.insert((of("key"), of(label)), value);
                }
            }
        }
        samples
    }

    fn calls(&self, set: &str) -> BTreeMap<String, f64> {
        let samples = self.samples(set, "circuit_breaker_calls_total", "outcome");
        let mut calls = BTreeMap::new();
        for ((key, _), value) in samples {
            *calls.entry(key).or_default() += value;
        }
        calls
    }
}

fn exported(
    name: &'static str,
    settings: impl FnOnce(KeyedBuilder<String>) -> KeyedBuilder<String>,
) -> (KeyedBreakers<String>, ManualClock) {
    let clock = ManualClock::new();
    let of_breakers = clock.clone();
    let policy = move |builder: Builder| {
        builder
            .tripper("FailureStreak(2) | MinRequests(90) & SlowRate(1, 1s)".parse::<fluxgate::Tripper>().unwrap())
            .clock(of_breakers.clone())
            .listener(PrometheusListener)
    };
    (settings(KeyedBreakers::builder(name).policy(policy)).build().unwrap(), clock)
}

fn keys(calls: &BTreeMap<String, f64>) -> Vec<&str> {
    calls.keys().map(String::as_str).collect()
}

#[test]
fn metrics_show_the_breakers_of_a_set_by_key_and_sum_up_the_rest() {
    let _turn = turn();
    let page = Page::new();
    let (hosts, clock) = exported("shown", |builder| builder.exported_keys(2));
    for (calls, key) in ["a", "b", "c", "d"].into_iter().enumerate() {
        clock.advance(SECOND);
        (0..=calls).for_each(|_| assert!(succeed(&hosts.get(key))));
    }
    assert_eq!(
        page.calls("shown"),
        [("c", 3.0), ("d", 4.0), ("…", 3.0)].map(|(key, calls)| (key.to_owned(), calls)).into()
    );

    // One that is not closed is shown before any that is.
    fail(&hosts.get("a"));
    fail(&hosts.get("a"));
    clock.advance(SECOND);
    succeed(&hosts.get("d"));
    let calls = page.calls("shown");
    assert_eq!(keys(&calls), ["a", "d", "…"]);
    let states = page.samples("shown", "circuit_breaker_state", "state");
    let in_state = |key: &str, state: &str| states[&(key.to_owned(), state.to_owned())];
    assert_eq!((in_state("a", "open"), in_state("a", "closed"), in_state("…", "closed")), (1.0, 0.0, 2.0));
}

#[test]
fn the_rates_of_the_rest_are_those_of_all_its_windows_together() {
    let _turn = turn();
    let page = Page::new();
    let (hosts, clock) = exported("rates", |builder| builder.exported_keys(1));
    fail(&hosts.get("a"));
    for _ in 0..3 {
        let slowly = hosts.get("b").call(|| {
            clock.advance(2 * SECOND);
            Ok::<_, Down>(())
        });
        slowly.unwrap();
    }
    clock.advance(SECOND);
    succeed(&hosts.get("c"));
    let figure = |metric| page.samples("rates", metric, "threshold").into_iter().find(|((key, _), _)| key == "…");
    let ((_, threshold), slow) = figure("circuit_breaker_slow_rate").unwrap();
    assert_eq!((threshold.as_str(), slow), ("1", 0.75));
    assert_eq!(figure("circuit_breaker_failure_rate").map(|(_, rate)| rate), Some(0.25));
}

#[test]
fn no_counter_goes_back_and_no_call_is_counted_twice_as_keys_come_and_go() {
    let _turn = turn();
    let page = Page::new();
    let (hosts, clock) = exported("monotonic", |builder| builder.max(20).exported_keys(5));
    let mut last: BTreeMap<String, f64> = BTreeMap::new();
    let (mut made, mut counted) = (0_u32, 0.0);
    for step in 0..400_u32 {
        clock.advance(SECOND);
        let key = ((step * 7 + step / 9) % 60).to_string();
        for _ in 0..=step % 4 {
            assert!(succeed(&hosts.get(key.as_str())));
            made += 1;
        }
        if step % 3 == 0 || step == 399 {
            let calls = page.calls("monotonic");
            assert!(calls.len() <= 6, "{calls:?}");
            for (key, value) in calls {
                let before = last.insert(key.clone(), value).unwrap_or_default();
                assert!(value >= before, "{key}: {value} after {before}");
                counted += value - before;
            }
        }
    }
    assert!((counted - f64::from(made)).abs() < 0.5, "{counted} of {made}");
}

#[test]
fn a_series_goes_on_when_the_breaker_of_its_key_is_evicted_or_removed_and_made_again() {
    let _turn = turn();
    let page = Page::new();
    let (hosts, clock) = exported("resumed", |builder| builder.max(1));
    let call = |key: &str, times: usize| {
        clock.advance(SECOND);
        (0..times).for_each(|_| assert!(succeed(&hosts.get(key))));
    };
    call("a", 100);
    assert_eq!(page.calls("resumed"), [("a".to_owned(), 100.0)].into());
    call("b", 1);
    let both = |a: f64, b: f64| [("a".to_owned(), a), ("b".to_owned(), b)].into();
    assert_eq!(page.calls("resumed"), both(100.0, 1.0));
    call("a", 1);
    assert_eq!(page.calls("resumed"), both(101.0, 1.0));
    // Only one that is there has a state.
    let states = page.samples("resumed", "circuit_breaker_state", "state");
    assert!(states.keys().all(|(key, _)| key == "a"), "{states:?}");

    let kept = hosts.remove("a").unwrap();
    assert_eq!(page.calls("resumed"), both(101.0, 1.0));
    call("a", 1);
    assert!(succeed(&kept));
    drop(kept);
    assert_eq!(page.calls("resumed"), both(103.0, 1.0));
}

#[test]
fn the_transitions_of_a_key_go_on_too() {
    let _turn = turn();
    let page = Page::new();
    let (hosts, _clock) = exported("forced", |builder| builder.max(1));
    for round in 1..=3 {
        hosts.get("a").force_open();
        let transitions = page.samples("forced", "circuit_breaker_state_transition_total", "new_state");
        let forced = transitions.get(&("a".to_owned(), "forced_open".to_owned()));
        assert_eq!(forced, Some(&f64::from(round)));
        hosts.remove("a").unwrap();
    }
}

#[test]
fn more_keys_than_have_series_come_and_go_and_what_the_page_shows_of_each_never_goes_back() {
    let _turn = turn();
    let page = Page::new();
    let (hosts, clock) = exported("churn", |builder| builder.max(2).exported_keys(3));
    let mut last: BTreeMap<String, f64> = BTreeMap::new();
    let (mut made, mut counted) = (0.0, 0.0);
    for step in 0..600_u32 {
        clock.advance(SECOND);
        let key = (step * step % 7).to_string();
        assert!(succeed(&hosts.get(key.as_str())));
        made += 1.0;
        if step % 5 == 0 {
            hosts.remove(key.as_str());
        }
        let calls = page.calls("churn");
        assert!(calls.len() <= 4, "{calls:?}");
        for (key, value) in calls {
            let before = last.insert(key.clone(), value).unwrap_or_default();
            assert!(value >= before, "{key}: {value} after {before}");
            counted += value - before;
        }
        assert!((counted - made).abs() < 0.5, "{counted} of {made}");
    }
}

#[test]
fn a_page_that_is_read_while_threads_evict_never_goes_back() {
    let _turn = turn();
    let page = Page::new();
    let (hosts, clock) = exported("raced", |builder| builder.max(4).exported_keys(100));
    let over = AtomicBool::new(false);
    let mut last: BTreeMap<String, f64> = BTreeMap::new();
    let made: f64 = thread::scope(|threads| {
        let callers: Vec<_> = (0..2_u32)
            .map(|thread| {
                let (hosts, clock, over) = (&hosts, &clock, &over);
                threads.spawn(move || {
                    let mut calls = 0.0;
                    let mut step = thread;
                    while !over.load(Ordering::Relaxed) {
                        step = step.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        clock.advance(Duration::from_millis(1));
                        assert!(succeed(&hosts.get((step >> 28).to_string().as_str())));
                        calls += 1.0;
                    }
                    calls
                })
            })
            .collect();
        for _ in 0..200 {
            let calls = page.calls("raced");
            for (key, value) in &calls {
                let before = last.insert(key.clone(), *value).unwrap_or_default();
                assert!(*value >= before, "{key}: {value} after {before}");
            }
            // Nothing vanishes, for there is room for all.
            assert!(last.keys().all(|key| calls.contains_key(key)));
        }
        over.store(true, Ordering::Relaxed);
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    let shown: f64 = page.calls("raced").values().sum();
    assert!((shown - made).abs() < 0.5, "{shown} of {made}");
}

#[test]
fn no_call_is_lost_that_threads_make_of_the_same_keys_while_others_evict_them() {
    const CALLS: u32 = 20_000;
    let _turn = turn();
    let page = Page::new();
    let (hosts, clock) = exported("threads", |builder| builder.max(4).idle(1));
    thread::scope(|threads| {
        for thread in 0..4_u32 {
            let (hosts, clock) = (&hosts, &clock);
            threads.spawn(move || {
                for step in 0..CALLS {
                    if step % 8 == thread {
                        // Each tick is a chance to find that others have the same key.
                        clock.advance(Duration::from_millis(1));
                    }
                    // Two keys of all, and now and then one that makes them compete for room.
                    let key = if step % 50 == 7 { format!("{thread} {}", step % 9) } else { (step % 2).to_string() };
                    assert!(succeed(&hosts.get(key.as_str())));
                }
            });
        }
    });
    let calls: f64 = page.calls("threads").values().sum();
    assert!((calls - 4.0 * f64::from(CALLS)).abs() < 0.5, "{calls}");
    assert!(hosts.len() <= 4);
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Alike(u8);

impl std::fmt::Display for Alike {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("alike")
    }
}

#[test]
fn keys_that_are_displayed_alike_do_not_share_a_series() {
    let _turn = turn();
    let page = Page::new();
    let set: KeyedBreakers<Alike> =
        KeyedBreakers::builder("alike").policy(|builder| builder.listener(PrometheusListener)).build().unwrap();
    succeed(&set.get(&Alike(0)));
    succeed(&set.get(&Alike(1)));
    assert_eq!(set.get(&Alike(1)).label(), "alike{alike}#2");
    assert_eq!(page.calls("alike"), [("alike".to_owned(), 1.0), ("…".to_owned(), 1.0)].into());
}

#[test]
fn two_sets_of_one_name_are_told_apart() {
    let _turn = turn();
    let page = Page::new();
    let (first, _) = exported("twins", |builder| builder);
    let (second, _) = exported("twins", |builder| builder);
    succeed(&first.get("a"));
    succeed(&second.get("a"));
    succeed(&second.get("a"));
    assert_eq!((page.calls("twins")["a"], page.calls("twins#2")["a"]), (1.0, 2.0));
    drop((first, second));
    assert!(page.calls("twins").is_empty() && page.calls("twins#2").is_empty());
}
