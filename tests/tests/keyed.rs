//! Sets of breakers: one policy, a breaker for each key.
//!
//! A binary of its own, for the registry is the process's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Barrier, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use fluxgate::{
    Builder, CircuitBreaker, KeyedBreakers, ManualClock, State, get,
    keyed::KeyedBuilder,
    listeners::{PrometheusListener, prometheus},
    registry,
    trippers::FailureStreak,
};
use fluxgate_tests::{
    fixture::{Down, SECOND, fail, state, succeed},
    openmetrics,
};
use prometheus_client::{encoding::text, registry::Registry};

/// The tests of this file take turns: who looks at the registry holds handles of all breakers, also of others' sets.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A set of breakers that open at the first failure, on a manual clock that stands at zero.
fn set(
    name: &'static str,
    settings: impl FnOnce(KeyedBuilder<String>) -> KeyedBuilder<String>,
) -> (KeyedBreakers<String>, ManualClock) {
    let clock = ManualClock::new();
    let of_breakers = clock.clone();
    let policy = move |builder: Builder| builder.tripper(FailureStreak(1)).clock(of_breakers.clone());
    (settings(KeyedBreakers::builder(name).policy(policy)).build().unwrap(), clock)
}

fn names(set: &str) -> BTreeSet<String> {
    let all = registry();
    let of_set = all.iter().filter(|breaker| breaker.name().starts_with(&format!("{set}{{")));
    of_set.map(|breaker| breaker.name().to_owned()).collect()
}

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
fn idle_breakers_are_evicted_as_others_are_asked_for() {
    let _turn = turn();
    let (hosts, clock) = set("idle", |builder| builder.idle(10));
    for key in 0..20 {
        succeed(&hosts.get(key.to_string().as_str()));
    }
    let fresh = || hosts.get("fresh");
    for _ in 0..9 {
        clock.advance(SECOND);
        succeed(&fresh());
    }
    assert_eq!(hosts.len(), 21, "nine seconds are less than ten");
    for _ in 0..20 {
        clock.advance(SECOND);
        succeed(&fresh());
    }
    assert_eq!(names("idle"), BTreeSet::from(["idle{fresh}".to_owned()]));
    assert_eq!(fresh().info().calls, 29, "it was in use all the while");
}

#[test]
fn in_a_full_set_the_least_recently_used_goes() {
    let _turn = turn();
    let (hosts, clock) = set("full", |builder| builder.max(3));
    for key in ["a", "b", "c"] {
        clock.advance(SECOND);
        hosts.get(key);
    }
    clock.advance(SECOND);
    hosts.get("a");
    hosts.get("d");
    assert_eq!(names("full"), ["full{a}", "full{c}", "full{d}"].map(str::to_owned).into());
    clock.advance(SECOND);
    for key in ["c", "a"] {
        clock.advance(SECOND);
        hosts.get(key);
    }
    hosts.get("e");
    assert_eq!(names("full"), ["full{a}", "full{c}", "full{e}"].map(str::to_owned).into());
    assert_eq!(hosts.len(), 3);
}

#[test]
fn hosts_that_are_always_in_use_outlive_a_stream_of_strangers() {
    let _turn = turn();
    let (hosts, clock) = set("strangers", |builder| builder.max(100));
    for stranger in 0..5_000 {
        clock.advance(Duration::from_millis(10));
        for regular in 0..20 {
            succeed(&hosts.get(format!("regular {regular}").as_str()));
        }
        hosts.get(format!("stranger {stranger}").as_str());
    }
    let calls: Vec<u64> =
        (0..20).map(|regular| hosts.get(format!("regular {regular}").as_str()).info().calls).collect();
    assert_eq!(calls, [100; 20], "the window of each is full");
    assert_eq!(hosts.len(), 100);
}

#[test]
fn a_breaker_that_is_not_closed_is_never_evicted() {
    let _turn = turn();
    let (hosts, clock) = set("unwell", |builder| builder.max(4).idle(10));
    fail(&hosts.get("open"));
    hosts.get("forced").force_open();
    hosts.get("off").disable();
    for key in 0..50 {
        clock.advance(100 * SECOND);
        hosts.get(key.to_string().as_str());
    }
    let kept: Vec<_> = ["open", "forced", "off"].map(|key| state(&hosts.known(key).unwrap())).into();
    assert_eq!(kept, [State::Open, State::ForcedOpen, State::Disabled]);
    assert_eq!(hosts.len(), 4);
}

fn pressed(hosts: &KeyedBreakers<String>, clock: &ManualClock) {
    for key in 0..20 {
        clock.advance(100 * SECOND);
        hosts.get(format!("other {key}").as_str());
    }
}

#[test]
fn a_breaker_with_a_call_in_flight_is_never_evicted_however_the_call_is_made() {
    let _turn = turn();
    let (hosts, clock) = set("in flight", |builder| builder.max(2).idle(10));
    let still_there = || hosts.known("a").is_some_and(|breaker| breaker.info().calls == 1);

    // Closed, with a success to be known by.
    succeed(&hosts.get("a"));
    hosts
        .get("a")
        .call(|| {
            pressed(&hosts, &clock);
            Ok::<_, Down>(())
        })
        .unwrap();
    let calls = hosts.known("a").map(|breaker| breaker.info().calls);
    assert_eq!(calls, Some(2), "by a closure");
    pressed(&hosts, &clock);
    assert!(hosts.known("a").is_none(), "after its call it goes like any other");

    let call = hosts.get("a").try_acquire_owned().unwrap();
    pressed(&hosts, &clock);
    call.success();
    assert!(still_there(), "by hand");
    pressed(&hosts, &clock);
    assert!(hosts.known("a").is_none());

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let host = hosts.clone();
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    runtime.block_on(async {
        let call = tokio::spawn(async move {
            let breaker = host.get("a");
            breaker.call_async(receive).await
        });
        tokio::task::yield_now().await;
        pressed(&hosts, &clock);
        send.send(()).unwrap();
        call.await.unwrap().unwrap();
        assert!(still_there(), "by a future that waits");
        pressed(&hosts, &clock);
        assert!(hosts.known("a").is_none());
    });

    let kept = hosts.get("a");
    pressed(&hosts, &clock);
    assert_eq!(hosts.get("a").label(), "in flight{a}");
    fail(&kept);
    assert_eq!(state(&hosts.get("a")), State::Open, "a handle that is kept is the breaker's");
}

#[test]
fn where_all_are_needed_new_keys_share_one_breaker_until_there_is_room() {
    let _turn = turn();
    let (hosts, clock) = set("crowded", |builder| builder.max(2));
    fail(&hosts.get("a"));
    let _held = hosts.get("b");
    assert_eq!(names("crowded").len(), 2);
    assert_eq!((hosts.get("c").name(), hosts.get("d").name()), ("crowded{*}", "crowded{*}"));
    fail(&hosts.get("c"));
    assert!(!succeed(&hosts.get("d")), "they share what happens");
    assert_eq!(hosts.len(), 2);
    assert!(names("crowded").contains("crowded{*}"));

    hosts.get("a").reset();
    clock.advance(SECOND);
    assert_eq!(hosts.get("c").name(), "crowded{c}");
    assert!(succeed(&hosts.get("c")));
    assert!(hosts.known("a").is_none());
}

#[test]
fn an_evicted_breaker_leaves_its_name_to_the_next_of_its_key() {
    let _turn = turn();
    let (hosts, clock) = set("again", |builder| builder.max(1));
    for round in 0..10 {
        clock.advance(SECOND);
        let (breaker, key) = (hosts.get(["a", "b"][round % 2]), ["a", "b"][round % 2]);
        assert_eq!(breaker.label(), format!("again{{{key}}}"));
        assert_eq!(breaker.info().calls, 0, "it begins anew");
        succeed(&breaker);
    }
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

#[test]
fn threads_that_come_and_go_over_a_full_set_find_and_lose_no_call() {
    let _turn = turn();
    let (hosts, _clock) = set("threads", |builder| builder.max(8).policy(|builder| builder.tripper(FailureStreak(1))));
    let opened: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u64)
            .map(|thread| {
                let hosts = &hosts;
                scope.spawn(move || {
                    let mut opened = 0;
                    for step in 0..20_000_u64 {
                        let key = (step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 64;
                        let key = format!("{key}");
                        if step % 5_000 == 77 {
                            let breaker = hosts.get(format!("open {thread} {step}").as_str());
                            breaker.force_open();
                            opened += usize::from(breaker.name() != "threads{*}");
                        } else {
                            assert!(hosts.get(key.as_str()).name().starts_with("threads{"));
                        }
                    }
                    opened
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let all = registry();
    let mine: Vec<&CircuitBreaker> = all.iter().filter(|breaker| breaker.name().starts_with("threads{")).collect();
    let open = mine.iter().filter(|breaker| breaker.name().starts_with("threads{open")).count();
    assert_eq!(open, opened, "what was opened is there");
    assert!(mine.len() <= 9 && hosts.len() <= 8, "{}", mine.len());
    let labels: BTreeSet<&str> = mine.iter().map(|breaker| breaker.label()).collect();
    assert!(labels.iter().all(|label| label.ends_with('}')), "no key has two: {labels:?}");
}

#[test]
fn a_million_keys_in_turn_leave_a_set_as_small_as_it_may_be() {
    let _turn = turn();
    let keys = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };
    let (hosts, clock) = set("million", |builder| builder.max(1_000));
    for key in 0..keys {
        clock.advance(Duration::from_millis(1));
        succeed(&hosts.get(format!("host {key}").as_str()));
        if key % 50_000 == 0 {
            assert!(names("million").len() <= 1_000);
        }
    }
    assert_eq!((hosts.len(), names("million").len()), (1_000, 1_000));
    assert!(hosts.known(format!("host {}", keys - 1).as_str()).is_some());
    drop(hosts);
    assert!(names("million").is_empty());
}

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
        if hosts.known(key.as_str()).is_none() {
            // Its series begins anew, as one of a new process does.
            last.remove(&key);
        }
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
