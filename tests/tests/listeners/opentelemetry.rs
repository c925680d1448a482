//! What an exporter of OpenTelemetry is given.

use std::{collections::BTreeMap, sync::MutexGuard};

use fluxgate::{
    CircuitBreaker, ManualClock,
    listeners::{OpenTelemetryListener, opentelemetry as listener},
    permits::All,
};
use fluxgate_tests::{
    fixture::{Down, SECOND, fail, succeed},
    process::turn,
};
use opentelemetry::{KeyValue, metrics::MeterProvider};
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, PeriodicReader, SdkMeterProvider,
    data::{AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics},
};

/// The figures of one breaker: by the instrument, and its other attributes as text.
type Figures = BTreeMap<(String, String), f64>;

/// Every application has the breakers of the whole process, for which the SDK has room up to a limit: so tests take turns.
struct Application {
    _turn: MutexGuard<'static, ()>,
    provider: SdkMeterProvider,
    exporter: InMemoryMetricExporter,
}

impl Application {
    fn new() -> Self {
        let turn = turn();
        let exporter = InMemoryMetricExporter::default();
        let provider =
            SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter.clone()).build()).build();
        listener::register(&provider.meter("test"));
        Self { _turn: turn, provider, exporter }
    }

    fn figures(&self, name: &str) -> Figures {
        self.exporter.reset();
        self.provider.force_flush().unwrap();
        let exported = self.exporter.get_finished_metrics().unwrap();
        let mut figures = Figures::new();
        let scopes = exported.iter().flat_map(ResourceMetrics::scope_metrics);
        for metric in scopes.flat_map(ScopeMetrics::metrics) {
            for (attributes, value) in points(metric.data()) {
                let text = |attribute: &KeyValue| format!("{}={}", attribute.key, attribute.value);
                let (of, mut others): (Vec<_>, Vec<_>) =
                    attributes.iter().map(text).partition(|text| text.starts_with("circuit_name="));
                others.sort();
                if of == [format!("circuit_name={name}")] {
                    figures.insert((metric.name().to_owned(), others.join(" ")), value);
                }
            }
        }
        figures
    }
}

#[allow(clippy::cast_precision_loss, reason = "small numbers")]
fn points(data: &AggregatedMetrics) -> Vec<(Vec<KeyValue>, f64)> {
    match data {
        AggregatedMetrics::U64(MetricData::Gauge(gauge)) => {
            gauge.data_points().map(|point| (point.attributes().cloned().collect(), point.value() as f64)).collect()
        }
        AggregatedMetrics::U64(MetricData::Sum(sum)) => {
            assert!(sum.is_monotonic());
            sum.data_points().map(|point| (point.attributes().cloned().collect(), point.value() as f64)).collect()
        }
        AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
            gauge.data_points().map(|point| (point.attributes().cloned().collect(), point.value())).collect()
        }
        other => panic!("an unexpected kind of instrument: {other:?}"),
    }
}

fn figure(figures: &Figures, instrument: &str, attributes: &str) -> Option<f64> {
    figures.get(&(format!("circuit_breaker.{instrument}"), attributes.to_owned())).copied()
}

#[test]
fn the_figures_are_those_of_the_breaker_when_they_are_collected() {
    let application = Application::new();
    let clock = ManualClock::new();
    let tripper = "FailureStreak(4) | MinRequests(9) & (SlowRate(1, 500ms) | AvgLatency(60s))";
    let breaker = CircuitBreaker::builder("otel")
        .tripper(tripper.parse::<fluxgate::Tripper>().unwrap())
        .permit(All())
        .clock(clock.clone())
        .listener(OpenTelemetryListener)
        .build()
        .unwrap();
    let figures = application.figures("otel");
    assert_eq!(figure(&figures, "state", "state=closed"), Some(1.0));
    for state in ["open", "half_open", "metrics_only", "disabled", "forced_open"] {
        assert_eq!(figure(&figures, "state", &format!("state={state}")), Some(0.0));
    }
    for outcome in ["success", "failure", "ignored", "rejected", "would_reject"] {
        assert_eq!(figure(&figures, "calls", &format!("outcome={outcome}")), Some(0.0));
    }

    fail(&breaker);
    let _ = breaker.call(|| {
        clock.advance(SECOND);
        Ok::<_, Down>(())
    });
    let figures = application.figures("otel");
    assert_eq!(figure(&figures, "failure_rate", ""), Some(0.5));
    assert_eq!(figure(&figures, "mean_latency", ""), Some(0.5));
    assert_eq!(figure(&figures, "slow_rate", "threshold=0.5"), Some(0.5));
    assert_eq!(figure(&figures, "shadow", ""), Some(0.0));

    for _ in 0..4 {
        fail(&breaker);
    }
    succeed(&breaker);
    breaker.set_shadow(true);
    succeed(&breaker);
    let figures = application.figures("otel");
    assert_eq!(figure(&figures, "state", "state=open"), Some(1.0));
    assert_eq!(figure(&figures, "state", "state=closed"), Some(0.0));
    assert_eq!(figure(&figures, "state_transition", "new_state=open old_state=closed"), Some(1.0));
    let calls = ["success", "failure", "ignored", "rejected", "would_reject"]
        .map(|outcome| figure(&figures, "calls", &format!("outcome={outcome}")).unwrap());
    assert_eq!(calls.map(|count| format!("{count}")), ["1", "5", "0", "1", "1"]);
    assert_eq!(figure(&figures, "shadow", ""), Some(1.0));
    assert_eq!(figure(&figures, "failure_rate", ""), None, "the window is empty");
}

#[test]
fn breakers_without_the_listener_and_dropped_ones_are_not_there() {
    let application = Application::new();
    let _unlisted = CircuitBreaker::new("otel: unlisted");
    let listed = CircuitBreaker::builder("otel: listed").listener(OpenTelemetryListener).build().unwrap();
    assert!(application.figures("otel: unlisted").is_empty());
    assert!(!application.figures("otel: listed").is_empty());
    drop(listed);
    assert!(application.figures("otel: listed").is_empty());
}

#[test]
fn of_more_breakers_than_the_sdk_has_room_for_the_state_of_each_is_exported() {
    let application = Application::new();
    let breakers: Vec<_> = (0..700)
        .map(|number| {
            let builder = CircuitBreaker::builder(format!("one of many {number}")).listener(OpenTelemetryListener);
            builder.build().unwrap()
        })
        .collect();
    breakers[699].force_open();
    for (number, state) in [(0, "closed"), (350, "closed"), (699, "forced_open")] {
        let figures = application.figures(&format!("one of many {number}"));
        let point = figures.get(&("circuit_breaker.state".to_owned(), format!("state={state}")));
        assert_eq!(point, Some(&1.0), "{number}: {figures:?}");
    }
}
