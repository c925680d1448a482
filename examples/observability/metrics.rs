//! Serves the metrics of two breakers at `/metrics`, in the format of Prometheus.
//!
//! The services behind them are make-believe: one is slow now and then, the other has an outage every few seconds. The
//! program ends after ten seconds, or after as many as it is told, and prints what it serves then.
//!
//! ```text
//! cargo run -p fluxgate-examples-observability --example metrics -- --for 300
//! ```
//!
//! `examples/grafana-dashboard.json` shows them.

use std::{process::ExitCode, sync::Arc, thread, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use fluxgate::{
    CallNotPermitted, circuit_breaker,
    listeners::{PrometheusListener, prometheus},
};
use prometheus_client::{encoding::text, registry::Registry};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

/// Errors of a guarded call.
#[derive(Debug)]
enum ServiceError {
    Rejected,
    Down,
}

impl From<CallNotPermitted> for ServiceError {
    fn from(_: CallNotPermitted) -> Self {
        Self::Rejected
    }
}

#[circuit_breaker(
    name = "inventory",
    tripper = "MinRequests(20) & FailureRate(0.5)",
    retry = "Cooldown(1s)",
    permit = "All()",
    listeners = [PrometheusListener],
)]
async fn stock(is_down: bool) -> Result<u32, ServiceError> {
    sleep(Duration::from_millis(5)).await;
    if is_down { Err(ServiceError::Down) } else { Ok(7) }
}

/// In shadow mode, to find out what its policy would do.
#[circuit_breaker(
    name = "search",
    window = "TimeWindow(10s)",
    tripper = "MinRequests(20) & (SlowRate(0.2, 20ms) | AvgLatency(1s))",
    retry = "Cooldown(1s)",
    permit = "All()",
    shadow,
    listeners = [PrometheusListener],
)]
fn search(is_slow: bool) -> Result<usize, ServiceError> {
    thread::sleep(Duration::from_millis(if is_slow { 30 } else { 2 }));
    Ok(42)
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let Some(run_for) = run_for(std::env::args().skip(1)) else {
        eprintln!("usage: metrics [--for SECONDS]");
        return Ok(ExitCode::FAILURE);
    };
    let mut registry = Registry::default();
    prometheus::register(&mut registry);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/metrics", listener.local_addr()?);
    println!("{url} for {} s", run_for.as_secs());
    let registry = Arc::new(registry);
    let router = Router::new().route("/metrics", get(metrics)).with_state(Arc::clone(&registry));
    tokio::spawn(async { axum::serve(listener, router).await });

    let end = Instant::now() + run_for;
    let searches = thread::spawn(move || {
        for number in 0_u32.. {
            if Instant::now() >= end {
                break;
            }
            let _ = search(number % 100 < 30 && number % 2 == 0);
        }
    });
    for number in 0_u32.. {
        if Instant::now() >= end {
            break;
        }
        let is_down = number % 400 >= 300;
        if let Err(ServiceError::Rejected) = stock(is_down).await {
            sleep(Duration::from_millis(5)).await;
        }
    }
    tokio::task::spawn_blocking(move || searches.join()).await?.map_err(|_| "a search panicked")?;

    let mut page = String::new();
    text::encode(&mut page, &registry)?;
    print!("{page}");
    Ok(ExitCode::SUCCESS)
}

async fn metrics(State(registry): State<Arc<Registry>>) -> Response {
    let mut page = String::new();
    match text::encode(&mut page, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], page)
            .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Returns the time to run, or `None` for invalid arguments.
fn run_for(mut arguments: impl Iterator<Item = String>) -> Option<Duration> {
    let seconds = match arguments.next() {
        None => 10,
        Some(flag) if flag == "--for" => arguments.next()?.parse().ok()?,
        Some(_) => return None,
    };
    // A year is as good as for ever, and has no overflow.
    arguments.next().is_none().then_some(Duration::from_secs(seconds).min(Duration::from_secs(31_536_000)))
}
