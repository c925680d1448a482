//! The Grafana dashboard of the examples, held against what is really served.

use std::collections::{BTreeMap, BTreeSet};

use fluxgate::{
    CircuitBreaker, ManualClock,
    listeners::{PrometheusListener, prometheus},
};
use fluxgate_tests::{
    fixture::{fail, succeed},
    openmetrics,
    process::turn,
};
use prometheus_client::{encoding::text, registry::Registry};
use serde_json::Value;

const DASHBOARD: &str = include_str!("../../../examples/grafana-dashboard.json");

/// What the queries may use of `PromQL` and of Grafana.
const WORDS: [&str; 7] = ["by", "increase", "label_values", "max", "rate", "sum", "count"];

type Names = BTreeMap<String, BTreeSet<String>>;

/// Every metric that is served, with its labels.
fn served() -> Names {
    let _turn = turn();
    let tripper = "FailureStreak(2) | MinRequests(9) & (SlowRate(1, 500ms) | AvgLatency(60s))";
    let breaker = CircuitBreaker::builder("dashboard")
        .tripper(tripper.parse::<fluxgate::Tripper>().unwrap())
        .clock(ManualClock::new())
        .listener(PrometheusListener)
        .build()
        .unwrap();
    fail(&breaker);
    fail(&breaker);
    breaker.reset();
    succeed(&breaker);
    let mut registry = Registry::default();
    prometheus::register(&mut registry);
    let mut page = String::new();
    text::encode(&mut page, &registry).unwrap();
    let mut served = Names::new();
    for family in openmetrics::parse(&page).unwrap().into_values() {
        for (name, labels) in family.samples.into_keys() {
            served.entry(name).or_default().extend(labels.into_iter().map(|(label, _)| label));
        }
    }
    served
}

/// The texts under `keys`, wherever they stand.
fn texts<'a>(value: &'a Value, keys: &[&str], found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if keys.contains(&key.as_str()) => found.push(text),
                    value => texts(value, keys, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, keys, found)),
        _ => {}
    }
}

/// The names in a query, without what is quoted, without variables of Grafana and without durations.
fn names(query: &str) -> Vec<&str> {
    let unquoted: Vec<_> = query.split('"').step_by(2).collect();
    let words =
        unquoted.into_iter().flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$'));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())).collect()
}

/// The first mistake in a query, and the metrics that it uses.
fn check<'q>(query: &'q str, served: &Names) -> Result<BTreeSet<&'q str>, String> {
    let (metrics, others): (BTreeSet<_>, Vec<_>) =
        (names(query).into_iter().filter(|name| served.contains_key(*name)).collect(), names(query));
    if metrics.is_empty() {
        return Err(format!("no metric that is served: {query}"));
    }
    for name in others.into_iter().filter(|name| !metrics.contains(name) && !WORDS.contains(name)) {
        if let Some(metric) = metrics.iter().find(|metric| !served[**metric].contains(name)) {
            return Err(format!("`{name}` is neither a metric nor a label of {metric}: {query}"));
        }
    }
    Ok(metrics)
}

#[test]
fn every_query_names_metrics_and_labels_that_are_served_and_none_is_left_out() {
    let served = served();
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut queries = Vec::new();
    texts(&dashboard, &["expr", "definition"], &mut queries);
    assert!(queries.len() >= 9, "{queries:?}");
    let used: BTreeSet<_> = queries.iter().flat_map(|query| check(query, &served).unwrap()).collect();
    assert_eq!(used, served.keys().map(String::as_str).collect());
}

#[test]
fn every_legend_names_labels_that_its_query_keeps() {
    let served = served();
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let (query, legend) = (target["expr"].as_str().unwrap(), target["legendFormat"].as_str().unwrap());
            let kept: BTreeSet<_> = match query.split_once("by (") {
                Some((_, rest)) => names(rest.split(')').next().unwrap()).into_iter().collect(),
                None => served[names(query).iter().copied().find(|name| served.contains_key(*name)).unwrap()]
                    .iter()
                    .map(String::as_str)
                    .collect(),
            };
            for label in legend.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap()) {
                assert!(kept.contains(label), "{label} in the legend of {query}");
            }
        }
    }
}

#[test]
fn a_wrong_name_is_found() {
    let served = served();
    for query in [
        "circuit_breaker_states",
        "sum by (circuit) (circuit_breaker_state)",
        "circuit_breaker_state{outcome=\"success\"}",
        "rate(circuit_breaker_calls{outcome=\"success\"}[5m])",
        "circuit_breaker_failure_rate / circuit_breaker_failures",
        "label_values(circuit_breaker_state, name)",
    ] {
        assert!(check(query, &served).is_err(), "{query}");
    }
    assert!(
        check("sum by (outcome) (rate(circuit_breaker_calls_total{circuit_name=~\"$circuit_name\"}[5m]))", &served)
            .is_ok()
    );
}
