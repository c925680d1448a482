//! A payment provider fails and recovers, behind a circuit breaker.
//!
//! The provider is a real HTTP server on loopback. It is well, then answers 5xx, hangs and refuses connections, then is
//! well again, while tasks and threads charge it all the time. The policy is that of a production service, its times
//! divided by ten so that one sees it all within half a minute. The log, Slack (a server on loopback too) and Prometheus
//! hear of it.
//!
//! ```text
//! cargo run --example payment_api
//! cargo run --example payment_api -- --record payments.csv     # in shadow mode, as one tries a policy in production
//! cargo run --release --example replay -- payments.csv
//! ```

mod provider;
mod report;
mod slack;

use std::{
    io::IsTerminal,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use fluxgate::{
    CallNotPermitted, State, breakers, circuit_breaker,
    listeners::{LogListener, PrometheusListener},
};
use provider::{Mood, Provider};
use report::Report;

breakers! {
    /// Guards the payment provider.
    PAYMENT_API {
        window  = CountWindow(100),
        tracker = Custom(is_retriable_error),
        tripper = FailureStreak(5) | (MinRequests(20) & (
            (Closed() & FailureRate(0.6)) | (HalfOpened() & FailureRate(0.5))
        )),
        retry   = Backoff(initial = 1.0, multiplier = 2.0, max_duration = 30.0, jitter_ratio = 0.1),
        permit  = RampUp(initial = 0.1, final = 0.5, duration = 6.0),
        listeners = [LogListener, PrometheusListener, slack::listener(), report::transitions()],
    }
}

/// What can come of a charge.
#[derive(Debug)]
enum ChargeError {
    /// The breaker is open: the provider was not even asked.
    Rejected,
    /// The provider was asked, and this came of it.
    Http(reqwest::Error),
}

impl From<CallNotPermitted> for ChargeError {
    fn from(_: CallNotPermitted) -> Self {
        Self::Rejected
    }
}

impl From<reqwest::Error> for ChargeError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error)
    }
}

/// Tracks 5xx answers, failed connections and time-outs alone: a declined card says nothing of the provider's health.
fn is_retriable_error(error: &ChargeError) -> bool {
    match error {
        ChargeError::Rejected => false,
        ChargeError::Http(error) => {
            error.is_connect() || error.is_timeout() || error.status().is_some_and(|status| status.is_server_error())
        }
    }
}

#[circuit_breaker(PAYMENT_API)]
async fn charge(client: &reqwest::Client, url: &str, amount: u64) -> Result<serde_json::Value, ChargeError> {
    let response = client.post(url).json(&serde_json::json!({ "amount": amount })).send().await?;
    Ok(response.error_for_status()?.json().await?)
}

#[circuit_breaker(PAYMENT_API)]
fn charge_blocking(
    client: &reqwest::blocking::Client,
    url: &str,
    amount: u64,
) -> Result<serde_json::Value, ChargeError> {
    let response = client.post(url).json(&serde_json::json!({ "amount": amount })).send()?;
    Ok(response.error_for_status()?.json()?)
}

/// How long a customer waits for an answer.
const PATIENCE: Duration = Duration::from_millis(500);
/// Each customer comes back this often.
const PAUSE: Duration = Duration::from_millis(50);
/// What the provider is like, and for how long; then well for good.
const OUTAGE: [(Mood, Duration); 4] = [
    (Mood::Well, Duration::from_secs(4)),
    (Mood::Failing, Duration::from_secs(3)),
    (Mood::Hanging, Duration::from_secs(3)),
    (Mood::Refusing, Duration::from_secs(4)),
];
/// The program ends so long after the recovery.
const CALM: Duration = Duration::from_secs(2);

/// A payment provider fails and recovers, behind a circuit breaker.
#[derive(Parser)]
struct Arguments {
    /// Switches the breaker to shadow mode, and records all calls there, for `replay` to read
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Ends after so many seconds, recovered or not
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 38)]
    seconds: u64,
}

#[tokio::main]
async fn main() -> std::io::Result<ExitCode> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_target(false).with_ansi(std::io::stdout().is_terminal()).init();
    let started = Instant::now();
    slack::start().await?;
    let provider = Provider::start().await?;
    let report = Arc::new(Report::new(started, provider.mood()));
    let stop = Arc::new(AtomicBool::new(false));
    if let Some(file) = &arguments.record {
        PAYMENT_API.set_shadow(true);
        PAYMENT_API.record_calls(file)?;
    }

    let customers: Vec<_> = (0..8)
        .map(|customer| tokio::spawn(keep_charging(provider.url(), customer, Arc::clone(&report), Arc::clone(&stop))))
        .collect();
    let blocking_customers: Vec<_> = (8..10)
        .map(|customer| {
            let (url, report, stop) = (provider.url(), Arc::clone(&report), Arc::clone(&stop));
            thread::spawn(move || keep_charging_blocking(&url, customer, &report, &stop))
        })
        .collect();

    let outage = tokio::spawn(provider.suffer(OUTAGE));
    while started.elapsed() < Duration::from_secs(arguments.seconds) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        report.print_progress();
        let info = PAYMENT_API.info();
        let recovered = outage.is_finished() && info.state == State::Closed && info.in_state_for >= CALM;
        if recovered && report::has_closed_again() {
            break;
        }
    }

    stop.store(true, Ordering::Relaxed);
    for customer in customers {
        customer.await?;
    }
    tokio::task::spawn_blocking(move || {
        blocking_customers.into_iter().map(thread::JoinHandle::join).collect::<Vec<_>>()
    })
    .await?;
    if !tokio::task::block_in_place(|| slack::listener().flush(Duration::from_secs(1))) {
        eprintln!("Slack has not heard of everything");
    }
    if let Some(recorded) = PAYMENT_API.stop_recording()? {
        println!("\n{} calls recorded, {} left out", recorded.rows, recorded.left_out);
    }
    report.print();
    report::print_metrics();
    Ok(if report::has_closed_again() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn keep_charging(url: String, customer: u64, report: Arc<Report>, stop: Arc<AtomicBool>) {
    // A connection a charge, so that a provider that refuses connections refuses each.
    let client = reqwest::Client::builder().timeout(PATIENCE).pool_max_idle_per_host(0).build();
    let client = client.expect("a client without TLS needs nothing that could be missing");
    while !stop.load(Ordering::Relaxed) {
        report.count(&charge(&client, &url, customer).await);
        tokio::time::sleep(PAUSE).await;
    }
}

fn keep_charging_blocking(url: &str, customer: u64, report: &Report, stop: &AtomicBool) {
    let client = reqwest::blocking::Client::builder().timeout(PATIENCE).pool_max_idle_per_host(0).build();
    let client = client.expect("a client without TLS needs nothing that could be missing");
    while !stop.load(Ordering::Relaxed) {
        report.count(&charge_blocking(&client, url, customer));
        thread::sleep(PAUSE);
    }
}
