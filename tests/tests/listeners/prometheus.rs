//! What Prometheus sees of breakers, scraped from a real endpoint.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use axum::{Router, routing::get};
use fluxgate::{
    CircuitBreaker, Error, ManualClock, MaxProbeTime, State,
    listeners::{PrometheusListener, prometheus},
    permits::All,
    trackers,
    trippers::{FailureRate, FailureStreak, MinRequests},
    windows::CountWindow,
};
use fluxgate_tests::{
    fixture::{Down, SECOND, fail, succeed},
    openmetrics::{self, Page},
    process::turn,
    server,
};
use prometheus_client::{encoding::text, registry::Registry};

const OUTCOMES: [&str; 5] = ["success", "failure", "ignored", "rejected", "would_reject"];

fn page() -> Page {
    let mut registry = Registry::default();
    prometheus::register(&mut registry);
    let mut page = String::new();
    text::encode(&mut page, &registry).unwrap();
    openmetrics::parse(&page).unwrap()
}

fn of(page: &Page, family: &str, sample: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let labels: Vec<_> = [("circuit_name", name)].into_iter().chain(labels.iter().copied()).collect();
    openmetrics::value(page, family, sample, &labels)
}

fn calls(page: &Page, name: &str) -> BTreeMap<&'static str, f64> {
    let value =
        |outcome| of(page, "circuit_breaker_calls", "circuit_breaker_calls_total", name, &[("outcome", outcome)]);
    OUTCOMES.into_iter().map(|outcome| (outcome, value(outcome).unwrap())).collect()
}

fn state(page: &Page, name: &str) -> &'static str {
    let value = |state| of(page, "circuit_breaker_state", "circuit_breaker_state", name, &[("state", state)]).unwrap();
    let states: Vec<_> = State::ALL.iter().map(|state| state.as_str()).filter(|state| value(state) > 0.0).collect();
    let [state] = states[..] else { panic!("in several states at once: {states:?}") };
    assert!((value(state) - 1.0).abs() < f64::EPSILON);
    state
}

fn transitions(page: &Page, name: &str, old: &str, new: &str) -> Option<f64> {
    let labels = [("old_state", old), ("new_state", new)];
    of(page, "circuit_breaker_state_transition", "circuit_breaker_state_transition_total", name, &labels)
}

#[test]
fn all_six_states_and_all_outcomes_are_there_from_the_start_on() {
    let _turn = turn();
    let _breaker = CircuitBreaker::builder("prometheus: fresh").listener(PrometheusListener).build().unwrap();
    let page = page();
    assert_eq!(state(&page, "prometheus: fresh"), "closed");
    assert!(calls(&page, "prometheus: fresh").values().all(|count| *count == 0.0));
    assert_eq!(transitions(&page, "prometheus: fresh", "closed", "open"), None);
}

#[test]
fn the_figures_are_those_of_the_breaker_when_it_is_scraped() {
    let _turn = turn();
    let name = "prometheus: figures";
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder(name)
        .tripper(
            "FailureStreak(4) | MinRequests(9) & (SlowRate(1, 500ms) | AvgLatency(60s))"
                .parse::<fluxgate::Tripper>()
                .unwrap(),
        )
        .permit(All())
        .clock(clock.clone())
        .listener(PrometheusListener)
        .build()
        .unwrap();
    fail(&breaker);
    succeed(&breaker);
    let _ = breaker.call(|| {
        clock.advance(SECOND);
        Ok::<_, Down>(())
    });
    fail(&breaker);
    let scraped = page();
    let gauge = |metric| of(&scraped, metric, metric, name, &[]);
    assert_eq!(gauge("circuit_breaker_failure_rate"), Some(0.5));
    assert_eq!(gauge("circuit_breaker_mean_latency_seconds"), Some(0.25));
    assert_eq!(gauge("circuit_breaker_shadow"), Some(0.0));
    let slow = "circuit_breaker_slow_rate";
    assert_eq!(of(&scraped, slow, slow, name, &[("threshold", "0.5")]), Some(0.25));
    assert_eq!(scraped["circuit_breaker_mean_latency_seconds"].unit.as_deref(), Some("seconds"));

    for _ in 0..3 {
        fail(&breaker);
    }
    assert!(!succeed(&breaker));
    let scraped = page();
    assert_eq!(state(&scraped, name), "open");
    assert_eq!(of(&scraped, slow, slow, name, &[("threshold", "0.5")]), None, "the window is empty");
    clock.advance(60 * SECOND);
    succeed(&breaker);
    breaker.set_shadow(true);
    breaker.force_open();
    succeed(&breaker);

    let scraped = page();
    assert_eq!(state(&scraped, name), "forced_open");
    let expected = [("success", 3.0), ("failure", 5.0), ("ignored", 0.0), ("rejected", 1.0), ("would_reject", 1.0)];
    assert_eq!(calls(&scraped, name), BTreeMap::from(expected));
    for (old, new) in [("closed", "open"), ("open", "half_open"), ("half_open", "closed"), ("closed", "forced_open")] {
        assert_eq!(transitions(&scraped, name, old, new), Some(1.0), "{old} {new}");
    }
    let shadow = "circuit_breaker_shadow";
    assert_eq!(of(&scraped, shadow, shadow, name, &[]), Some(1.0));
}

#[test]
fn breakers_without_the_listener_are_not_there_and_count_nothing() {
    let _turn = turn();
    let breaker = CircuitBreaker::new("prometheus: unlisted");
    succeed(&breaker);
    assert!(breaker.totals().is_none() && breaker.transitions().is_none());
    let listed = |(_, labels): &(String, openmetrics::Labels)| labels[0].1 == "prometheus: unlisted";
    assert!(!page().values().flat_map(|family| family.samples.keys()).any(listed));
}

#[test]
fn two_of_one_name_are_told_apart_and_dropped_ones_go() {
    let _turn = turn();
    let make = || CircuitBreaker::builder("prometheus: twin").listener(PrometheusListener).build().unwrap();
    let (first, second) = (make(), make());
    second.force_open();
    let both = page();
    assert_eq!((state(&both, "prometheus: twin"), state(&both, "prometheus: twin#2")), ("closed", "forced_open"));
    drop((first, second));
    let names = page().values().flat_map(|family| family.samples.keys().cloned()).collect::<Vec<_>>();
    assert!(!names.iter().any(|(_, labels)| labels[0].1.starts_with("prometheus: twin")));
}

#[test]
fn a_name_of_any_characters_keeps_the_page_valid() {
    let _turn = turn();
    let name = "quote \" backslash \\ line\nfeed, brace } 서킷";
    let _breaker = CircuitBreaker::builder(name).listener(PrometheusListener).build().unwrap();
    assert_eq!(state(&page(), name), "closed");
}

#[test]
fn a_probe_that_hangs_is_counted_once() {
    let _turn = turn();
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("prometheus: hung")
        .tripper(FailureStreak(1))
        .permit(All())
        .clock(clock.clone())
        .listener(PrometheusListener)
        .build()
        .unwrap();
    fail(&breaker);
    clock.advance(60 * SECOND);
    let hung = breaker.try_acquire().unwrap();
    clock.advance(60 * SECOND);
    assert!(!succeed(&breaker), "the hung probe is given up, which opens the breaker");
    let totals = breaker.totals().unwrap();
    assert_eq!((totals.successes, totals.failures, totals.rejected), (0, 2, 1));
    hung.success();
    assert_eq!(breaker.totals().unwrap(), totals);
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum ServiceError {
    Down,
    NotFound,
}

/// What a thread saw of its own calls.
#[derive(Clone, Copy, Default)]
struct Seen {
    success: u64,
    failure: u64,
    ignored: u64,
    rejected: u64,
}

fn load(breaker: &CircuitBreaker, clock: &ManualClock, thread: u64, seen: &mut Seen) {
    for step in 0..6_000_u64 {
        let result = match (step / 500 % 4, (step * 7 + thread) % 10) {
            (0, 0..=5) => breaker.call(|| Err(ServiceError::Down)),
            (1.., 0) => breaker.call(|| Err(ServiceError::NotFound)),
            _ => breaker.call(|| Ok(())),
        };
        match result {
            Ok(()) => seen.success += 1,
            Err(Error::Inner(ServiceError::Down)) => seen.failure += 1,
            Err(Error::Inner(ServiceError::NotFound)) => seen.ignored += 1,
            Err(_) => seen.rejected += 1,
        }
        match step % 1_000 {
            499 => clock.advance(60 * SECOND),
            999 if thread == 0 => breaker.reset(),
            _ => {}
        }
    }
}

fn endpoint() -> SocketAddr {
    let mut registry = Registry::default();
    prometheus::register(&mut registry);
    let registry = Arc::new(registry);
    let scrape = move || async move {
        let mut page = String::new();
        text::encode(&mut page, &registry).map(|()| page).map_err(|error| error.to_string())
    };
    server::serve(Router::new().route("/metrics", get(scrape)))
}

#[test]
fn under_load_from_several_threads_the_totals_add_up_exactly() {
    let _turn = turn();
    for (round, window) in [10, 1_000].into_iter().enumerate() {
        let name = format!("prometheus: load {round}");
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::builder(name.clone())
            .window(CountWindow(window))
            .tracker(trackers::Custom(|error: &ServiceError| *error == ServiceError::Down))
            .tripper(MinRequests(10) & FailureRate(0.5))
            .permit(All())
            // The clock leaps while probes are in flight: none is to be given up, for what it ends with is what is counted here.
            .max_probe_time(MaxProbeTime::Off)
            .clock(clock.clone())
            .listener(PrometheusListener)
            .build()
            .unwrap();
        let url = format!("http://{}/metrics", endpoint());
        let done = AtomicBool::new(false);
        let mut seen = [Seen::default(); 6];
        thread::scope(|scope| {
            let scraper = scope.spawn(|| {
                let mut last: Option<BTreeMap<_, f64>> = None;
                while !done.load(Ordering::Relaxed) {
                    let page = openmetrics::parse(&server::get(&url)).unwrap();
                    state(&page, &name);
                    let totals = calls(&page, &name);
                    let grows = |last: BTreeMap<_, f64>| last.iter().all(|(outcome, count)| totals[outcome] >= *count);
                    assert!(last.replace(totals.clone()).is_none_or(grows));
                }
            });
            let load = seen.iter_mut().zip(0..).map(|(seen, thread)| {
                let (breaker, clock) = (&breaker, &clock);
                scope.spawn(move || load(breaker, clock, thread, seen))
            });
            load.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
            done.store(true, Ordering::Relaxed);
            scraper.join().unwrap();
        });
        let sum = |figure: fn(&Seen) -> u64| seen.iter().map(figure).sum::<u64>();
        let expected = [
            ("success", sum(|seen| seen.success)),
            ("failure", sum(|seen| seen.failure)),
            ("ignored", sum(|seen| seen.ignored)),
            ("rejected", sum(|seen| seen.rejected)),
            ("would_reject", 0),
        ];
        let page = openmetrics::parse(&server::get(&url)).unwrap();
        #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
        let expected = expected.map(|(outcome, count)| (outcome, count as f64));
        assert_eq!(calls(&page, &name), BTreeMap::from(expected));
        assert!(expected[..4].iter().all(|(_, count)| *count > 0.0), "{expected:?}");
    }
}

#[test]
fn in_shadow_mode_every_call_is_counted_once_too() {
    let _turn = turn();
    let breaker = CircuitBreaker::builder("prometheus: shadow")
        .tripper(FailureStreak(2))
        .listener(PrometheusListener)
        .shadow(true)
        .build()
        .unwrap();
    thread::scope(|scope| {
        for thread in 0..4 {
            let breaker = &breaker;
            scope.spawn(move || {
                for step in 0..2_000 {
                    if (step + thread) % 3 == 0 {
                        succeed(breaker)
                    } else {
                        fail(breaker)
                    };
                    if step % 100 == 0 {
                        breaker.reset();
                    }
                }
            });
        }
    });
    let totals = breaker.totals().unwrap();
    assert_eq!(totals.by_outcome().iter().map(|(_, count)| count).sum::<u64>(), 8_000);
    assert!(totals.would_have_been_rejected > 0 && totals.rejected == 0);
}
