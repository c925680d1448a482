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
//!
//! # Many breakers
//!
//! The SDK keeps 2,000 points for each instrument, unless told otherwise. Beyond that it sums up points and drops their
//! attributes. `circuit_breaker.state` has six points for each breaker, so the limit is reached at 334. Points that are not
//! zero are observed first: up to 2,000 breakers the state that each is in is never lost. With more breakers than 300 raise
//! the limit by a view of the meter provider, six times as high as their number:
//!
//! ```
//! use opentelemetry_sdk::metrics::{Instrument, SdkMeterProvider, Stream};
//!
//! let breakers = 1_000;
//! let view = move |instrument: &Instrument| {
//!     let is_ours = instrument.name().starts_with("circuit_breaker.");
//!     is_ours.then(|| Stream::builder().with_cardinality_limit(6 * breakers).build().ok()).flatten()
//! };
//! let provider = SdkMeterProvider::builder().with_view(view).build();
//! # let _ = provider;
//! ```
//!
//! Breakers of a set (feature `keyed`) have the name of the set for a `circuit_name`, and an attribute `key` besides, by which
//! they are told apart: see `fluxgate::keyed`.
//!
//! ```
//! use fluxgate::{CircuitBreaker, listeners::{OpenTelemetryListener, opentelemetry as metrics}};
//!
//! metrics::register(&opentelemetry::global::meter("shop")); // once a meter provider is set
//! let breaker = CircuitBreaker::builder("search").listener(OpenTelemetryListener).build()?;
//! assert!(breaker.totals().is_some()); // it counts its calls
//! # Ok::<(), fluxgate::PolicyError>(())
//! ```

use std::time::Duration;

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Meter},
};

use super::{
    Listener,
    series::{self, Row},
};
use crate::{events::signal::Signal, state::State};

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
#[doc(alias("otel", "metrics", "exporter"))]
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
/// To be called once for a meter provider; its instruments live as long as that does. Breakers without the listener are
/// left out.
///
/// # Examples
///
/// ```
/// use fluxgate::listeners::opentelemetry::register;
/// use opentelemetry::metrics::MeterProvider;
///
/// /// Once, where the application sets its meters up.
/// fn set_up(meters: &dyn MeterProvider) {
///     register(&meters.meter("circuit breakers"));
/// }
/// # set_up(&*opentelemetry::global::meter_provider());
/// ```
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

fn rows() -> Vec<Row> {
    series::rows::<OpenTelemetryListener>()
}

fn attributes(row: &Row, others: impl IntoIterator<Item = (&'static str, String)>) -> Vec<KeyValue> {
    let names = row.names().map(|(name, value)| KeyValue::new(name, value.to_owned()));
    names.chain(others.into_iter().map(|(name, value)| KeyValue::new(name, value))).collect()
}

/// Observes the points that say something before the zeros: an SDK has a limit of points for each instrument, beyond which
/// it drops the attributes.
fn observe_zeros_last(instrument: &dyn AsyncInstrument<u64>, points: impl Iterator<Item = (u64, Vec<KeyValue>)>) {
    let (zeros, others): (Vec<_>, Vec<_>) = points.partition(|(value, _)| *value == 0);
    for (value, attributes) in others.into_iter().chain(zeros) {
        instrument.observe(value, &attributes);
    }
}

fn states(instrument: &dyn AsyncInstrument<u64>) {
    let rows = rows();
    let points = rows.iter().flat_map(|row| {
        State::ALL.iter().map(|&state| (row.in_state(state), attributes(row, [("state", state.to_string())])))
    });
    observe_zeros_last(instrument, points);
}

fn transitions(instrument: &dyn AsyncInstrument<u64>) {
    for row in rows() {
        for (old, new, count) in row.transitions.iter() {
            let states = [("old_state", old.to_string()), ("new_state", new.to_string())];
            instrument.observe(count, &attributes(&row, states));
        }
    }
}

fn calls(instrument: &dyn AsyncInstrument<u64>) {
    let rows = rows();
    let points = rows.iter().flat_map(|row| {
        row.calls.by_outcome().map(|(outcome, count)| (count, attributes(row, [("outcome", outcome.to_owned())])))
    });
    observe_zeros_last(instrument, points);
}

fn failure_rate(instrument: &dyn AsyncInstrument<f64>) {
    for row in rows() {
        if let Some(rate) = row.failure_rate() {
            instrument.observe(rate, &attributes(&row, []));
        }
    }
}

fn slow_rates(instrument: &dyn AsyncInstrument<f64>) {
    for row in rows() {
        for (threshold, rate) in row.slow_rates() {
            instrument.observe(rate, &attributes(&row, [("threshold", threshold.as_secs_f64().to_string())]));
        }
    }
}

fn mean_latency(instrument: &dyn AsyncInstrument<f64>) {
    for row in rows() {
        if let Some(seconds) = row.mean_latency().as_ref().map(Duration::as_secs_f64) {
            instrument.observe(seconds, &attributes(&row, []));
        }
    }
}

fn shadow(instrument: &dyn AsyncInstrument<u64>) {
    let rows = rows();
    let points = rows.iter().filter(|row| !row.is_gone()).map(|row| (row.in_shadow(), attributes(row, [])));
    observe_zeros_last(instrument, points);
}
