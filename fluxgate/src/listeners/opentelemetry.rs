//! Metrics of breakers through the metrics API of OpenTelemetry.
//!
//! | instrument | attributes | |
//! |---|---|---|
//! | `circuit_breaker.state` | `circuit_name`, `state` | 1 for the state it is in, 0 for the other five |
//! | `circuit_breaker.state_transition` | `circuit_name`, `old_state`, `new_state` | transitions |
//! | `circuit_breaker.calls` | `circuit_name`, `outcome` | calls: `success`, `failure`, `ignored`, `rejected`, `would_reject` |
//! | `circuit_breaker.failure_rate` | `circuit_name` | failures / calls of the window, 0 to 1 |
//! | `circuit_breaker.slow_rate` | `circuit_name`, `threshold` | the share of calls that took that many seconds or longer, for each `SlowRate` of the policy |
//! | `circuit_breaker.mean_latency` | `circuit_name` | the mean duration of the window's calls in seconds, where the policy measures it |
//! | `circuit_breaker.shadow` | `circuit_name` | 1 in shadow mode, else 0 |
//!
//! An exporter to Prometheus turns these names into those of `listeners::prometheus`.
//!
//! `circuit_name` is the breaker's [label](crate::CircuitBreaker::label): its name, unless several have that. The window
//! of a breaker is cleared by every transition; while it is empty, its rates and its mean are absent.

use std::time::Duration;

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Meter},
};

use super::Listener;
use crate::{breaker::CircuitBreaker, signal::Signal, state::State};

/// Shows a breaker in the metrics that [`register`] adds to a meter.
///
/// A breaker with it counts its calls, each thread for itself where calls are healthy; the rest is read when the meter's
/// reader collects.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, listeners::{OpenTelemetryListener, opentelemetry as metrics}};
/// use opentelemetry::global;
///
/// // Once a meter provider is set.
/// metrics::register(&global::meter("my application"));
///
/// let breaker = CircuitBreaker::builder("search").listener(OpenTelemetryListener).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct OpenTelemetryListener;

impl Listener for OpenTelemetryListener {
    /// Transitions are counted by the breaker.
    fn on_transition(&self, _: &Signal) {}

    fn counts_calls(&self) -> bool {
        true
    }
}

/// Adds the metrics of every breaker with an [`OpenTelemetryListener`] to `meter`, those that are made later included.
///
/// To be called once for a meter provider; its instruments live as long as that does.
///
/// # Examples
///
/// See [`OpenTelemetryListener`].
pub fn register(meter: &Meter) {
    meter
        .u64_observable_gauge("circuit_breaker.state")
        .with_description("Whether the circuit breaker is in this state")
        .with_callback(states)
        .build();
    meter
        .u64_observable_counter("circuit_breaker.state_transition")
        .with_description("Transitions of the circuit breaker")
        .with_callback(transitions)
        .build();
    meter
        .u64_observable_counter("circuit_breaker.calls")
        .with_description("Calls to the guarded service, by what came of them")
        .with_callback(calls)
        .build();
    meter
        .f64_observable_gauge("circuit_breaker.failure_rate")
        .with_description("Failures / calls of the window")
        .with_callback(failure_rate)
        .build();
    meter
        .f64_observable_gauge("circuit_breaker.slow_rate")
        .with_description("The share of the window's calls that took this many seconds or longer")
        .with_callback(slow_rates)
        .build();
    meter
        .f64_observable_gauge("circuit_breaker.mean_latency")
        .with_description("The mean duration of the window's calls")
        .with_unit("s")
        .with_callback(mean_latency)
        .build();
    meter
        .u64_observable_gauge("circuit_breaker.shadow")
        .with_description("Whether the circuit breaker is in shadow mode, in which it rejects nothing")
        .with_callback(shadow)
        .build();
}

fn listed() -> impl Iterator<Item = (CircuitBreaker, KeyValue)> {
    let breakers = crate::registry().into_iter();
    breakers.filter(|breaker| breaker.listener::<OpenTelemetryListener>().is_some()).map(|breaker| {
        let name = KeyValue::new("circuit_name", breaker.label().to_owned());
        (breaker, name)
    })
}

fn states(instrument: &dyn AsyncInstrument<u64>) {
    for (breaker, name) in listed() {
        let now = breaker.info().state;
        for state in State::ALL {
            instrument.observe(u64::from(state == now), &[name.clone(), KeyValue::new("state", state.as_str())]);
        }
    }
}

fn transitions(instrument: &dyn AsyncInstrument<u64>) {
    for (breaker, name) in listed() {
        for (old, new, count) in breaker.transitions().unwrap_or_default().iter() {
            let (old, new) = (KeyValue::new("old_state", old.as_str()), KeyValue::new("new_state", new.as_str()));
            instrument.observe(count, &[name.clone(), old, new]);
        }
    }
}

fn calls(instrument: &dyn AsyncInstrument<u64>) {
    for (breaker, name) in listed() {
        for (outcome, count) in breaker.totals().unwrap_or_default().by_outcome() {
            instrument.observe(count, &[name.clone(), KeyValue::new("outcome", outcome)]);
        }
    }
}

fn failure_rate(instrument: &dyn AsyncInstrument<f64>) {
    for (breaker, name) in listed() {
        if let Some(rate) = breaker.info().failure_rate {
            instrument.observe(rate, &[name]);
        }
    }
}

fn slow_rates(instrument: &dyn AsyncInstrument<f64>) {
    for (breaker, name) in listed() {
        for (threshold, rate) in breaker.info().slow_rates {
            let threshold = KeyValue::new("threshold", threshold.as_secs_f64().to_string());
            instrument.observe(rate, &[name.clone(), threshold]);
        }
    }
}

fn mean_latency(instrument: &dyn AsyncInstrument<f64>) {
    for (breaker, name) in listed() {
        if let Some(seconds) = breaker.info().mean_latency.as_ref().map(Duration::as_secs_f64) {
            instrument.observe(seconds, &[name]);
        }
    }
}

fn shadow(instrument: &dyn AsyncInstrument<u64>) {
    for (breaker, name) in listed() {
        instrument.observe(u64::from(breaker.info().shadow), &[name]);
    }
}
