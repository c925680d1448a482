//! Metrics of breakers in a registry of `prometheus_client`.
//!
//! | metric | labels | |
//! |---|---|---|
//! | `circuit_breaker_state` | `circuit_name`, `state` | 1 for the state it is in, 0 for the other five |
//! | `circuit_breaker_state_transition_total` | `circuit_name`, `old_state`, `new_state` | transitions |
//! | `circuit_breaker_calls_total` | `circuit_name`, `outcome` | calls: `success`, `failure`, `ignored`, `rejected`, `would_reject` |
//! | `circuit_breaker_failure_rate` | `circuit_name` | failures / calls of the window, 0 to 1 |
//! | `circuit_breaker_slow_rate` | `circuit_name`, `threshold` | the share of calls that took that many seconds or longer, for each `SlowRate` of the policy |
//! | `circuit_breaker_mean_latency_seconds` | `circuit_name` | the mean duration of the window's calls, where the policy measures it |
//! | `circuit_breaker_shadow` | `circuit_name` | 1 in shadow mode, else 0 |
//!
//! `circuit_name` is the breaker's [label](crate::CircuitBreaker::label): its name, unless several have that. The window
//! of a breaker is cleared by every transition; while it is empty, its rates and its mean are absent.
//!
//! Breakers of a set (feature `keyed`) have the name of the set for a `circuit_name`, and a label `key` besides, by which
//! they are told apart: see `fluxgate::keyed`.
//!
//! Names begin with the registry's prefix, if it has one:
//!
//! ```
//! use fluxgate::{CircuitBreaker, listeners::{PrometheusListener, prometheus}};
//! use prometheus_client::{encoding::text, registry::Registry};
//!
//! let mut registry = Registry::with_prefix("shop");
//! prometheus::register(&mut registry);
//! let breaker = CircuitBreaker::builder("search").listener(PrometheusListener).build()?;
//!
//! let mut page = String::new();
//! text::encode(&mut page, &registry)?;
//! assert!(page.contains(r#"shop_circuit_breaker_shadow{circuit_name="search"} 0"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{fmt, time::Duration};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, MetricEncoder, NoLabelSet},
    metrics::MetricType,
    registry::{Registry, Unit},
};

use super::{
    Listener,
    series::{self, Row},
};
use crate::{events::signal::Signal, state::State};

/// Shows a breaker in the metrics that [`register`] adds to a registry.
///
/// A breaker with it counts its calls, each thread for itself where calls are healthy; the rest is read when the
/// registry is encoded.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, listeners::{PrometheusListener, prometheus}};
/// use prometheus_client::{encoding::text, registry::Registry};
///
/// let mut registry = Registry::default();
/// prometheus::register(&mut registry);
///
/// let breaker = CircuitBreaker::builder("search").listener(PrometheusListener).build()?;
/// let _ = breaker.call(|| "42".parse::<u32>());
///
/// let mut page = String::new();
/// text::encode(&mut page, &registry)?;
/// assert!(page.contains(r#"circuit_breaker_state{circuit_name="search",state="closed"} 1"#));
/// assert!(page.contains(r#"circuit_breaker_calls_total{circuit_name="search",outcome="success"} 1"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("metrics", "exporter"))]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct PrometheusListener;

impl Listener for PrometheusListener {
    /// Transitions are counted by the breaker.
    fn on_transition(&self, _: &Signal) {}

    fn counts_calls(&self) -> bool {
        true
    }
}

/// Adds the metrics of every breaker with a [`PrometheusListener`] to `registry`, those that are made later included.
///
/// To be called once for a registry: a second time would list every metric twice. Breakers without the listener are left
/// out.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, listeners::prometheus};
/// use prometheus_client::{encoding::text, registry::Registry};
///
/// let mut registry = Registry::default();
/// prometheus::register(&mut registry);
/// let unseen = CircuitBreaker::new("thumbnails");
///
/// let mut page = String::new();
/// text::encode(&mut page, &registry)?;
/// assert!(!page.contains(unseen.name()));
/// # Ok::<(), std::fmt::Error>(())
/// ```
pub fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(Breakers));
}

#[derive(Debug)]
struct Breakers;

impl Collector for Breakers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let rows = series::rows::<PrometheusListener>();
        let mut family = |name, help, unit, kind, write: &dyn Fn(&Row, &mut MetricEncoder<'_>) -> fmt::Result| {
            let mut metric = encoder.encode_descriptor(name, help, unit, kind)?;
            rows.iter().try_for_each(|row| write(row, &mut metric))
        };
        family("circuit_breaker_state", STATE_HELP, None, MetricType::Gauge, &states)?;
        family("circuit_breaker_state_transition", TRANSITION_HELP, None, MetricType::Counter, &transitions)?;
        family("circuit_breaker_calls", CALLS_HELP, None, MetricType::Counter, &calls)?;
        family("circuit_breaker_failure_rate", FAILURE_RATE_HELP, None, MetricType::Gauge, &failure_rate)?;
        family("circuit_breaker_slow_rate", SLOW_RATE_HELP, None, MetricType::Gauge, &slow_rates)?;
        let seconds = Some(&Unit::Seconds);
        family("circuit_breaker_mean_latency", MEAN_LATENCY_HELP, seconds, MetricType::Gauge, &mean_latency)?;
        family("circuit_breaker_shadow", SHADOW_HELP, None, MetricType::Gauge, &shadow)
    }
}

const STATE_HELP: &str = "Whether the circuit breaker is in this state";
const TRANSITION_HELP: &str = "Transitions of the circuit breaker";
const CALLS_HELP: &str = "Calls to the guarded service, by what came of them";
const FAILURE_RATE_HELP: &str = "Failures / calls of the window";
const SLOW_RATE_HELP: &str = "The share of the window's calls that took this many seconds or longer";
const MEAN_LATENCY_HELP: &str = "The mean duration of the window's calls";
const SHADOW_HELP: &str = "Whether the circuit breaker is in shadow mode, in which it rejects nothing";

fn states(row: &Row, metric: &mut MetricEncoder<'_>) -> fmt::Result {
    if row.is_gone() {
        return Ok(());
    }
    State::ALL
        .iter()
        .copied()
        .try_for_each(|state| gauge(metric, &labels(row, &[("state", state.as_str())]), &row.in_state(state)))
}

fn transitions(row: &Row, metric: &mut MetricEncoder<'_>) -> fmt::Result {
    row.transitions.iter().try_for_each(|(old, new, count)| {
        counter(metric, &labels(row, &[("old_state", old.as_str()), ("new_state", new.as_str())]), count)
    })
}

fn calls(row: &Row, metric: &mut MetricEncoder<'_>) -> fmt::Result {
    let mut outcomes = row.calls.by_outcome().into_iter();
    outcomes.try_for_each(|(outcome, count)| counter(metric, &labels(row, &[("outcome", outcome)]), count))
}

fn failure_rate(row: &Row, metric: &mut MetricEncoder<'_>) -> fmt::Result {
    row.failure_rate().map_or(Ok(()), |rate| gauge(metric, &labels(row, &[]), &rate))
}

fn slow_rates(row: &Row, metric: &mut MetricEncoder<'_>) -> fmt::Result {
    row.slow_rates().into_iter().try_for_each(|(threshold, rate)| {
        let threshold = threshold.as_secs_f64().to_string();
        gauge(metric, &labels(row, &[("threshold", &threshold)]), &rate)
    })
}

fn mean_latency(row: &Row, metric: &mut MetricEncoder<'_>) -> fmt::Result {
    let seconds = row.mean_latency().as_ref().map(Duration::as_secs_f64);
    seconds.map_or(Ok(()), |seconds| gauge(metric, &labels(row, &[]), &seconds))
}

fn shadow(row: &Row, metric: &mut MetricEncoder<'_>) -> fmt::Result {
    if row.is_gone() { Ok(()) } else { gauge(metric, &labels(row, &[]), &row.in_shadow()) }
}

fn labels<'r>(row: &'r Row, others: &[(&'static str, &'r str)]) -> Vec<(&'static str, &'r str)> {
    row.names().chain(others.iter().copied()).collect()
}

fn gauge(metric: &mut MetricEncoder<'_>, labels: &impl EncodeLabelSet, value: &impl EncodeGaugeValue) -> fmt::Result {
    metric.encode_family(labels)?.encode_gauge(value)
}

fn counter(metric: &mut MetricEncoder<'_>, labels: &impl EncodeLabelSet, value: u64) -> fmt::Result {
    metric.encode_family(labels)?.encode_counter::<NoLabelSet, u64, f64>(&value, None)
}
