//! A payment provider fails and recovers behind a circuit breaker.
//!
//! ```text
//! cargo run --example payment_api
//! cargo run --example payment_api -- --record payments.csv     # in shadow mode, as one tries a policy in production
//! cargo run --release --example replay -- payments.csv
//! ```

mod provider;
mod story;

use std::{
    env,
    path::PathBuf,
    process::ExitCode,
    sync::{OnceLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use fluxgate::{CallNotPermitted, Signal, breakers, circuit_breaker};
use provider::Provider;
use story::{Event, Story};

breakers! {
    /// Guards the payment provider. In production the times would be ten times as long.
    PAYMENT_API {
        tracker = Matches(PaymentError::Unavailable | PaymentError::TimedOut),
        tripper = FailureStreak(5) | MinRequests(20) & FailureRate(0.6),
        retry   = Backoff(500ms, max_duration = 30s, jitter_ratio = 0.1),
        permit  = RampUp(0.1, 0.5, 2s),
        listeners = [tell],
    }
}

/// Reasons for a payment not to be made.
#[derive(Debug)]
enum PaymentError {
    /// The breaker rejected the call: the provider was not asked.
    Rejected,
    /// The card was declined, which says nothing about the provider's health. The breaker ignores it.
    Declined,
    /// The provider answered 503.
    Unavailable,
    /// The provider did not answer in time.
    TimedOut,
}

impl From<CallNotPermitted> for PaymentError {
    fn from(_: CallNotPermitted) -> Self {
        Self::Rejected
    }
}

#[circuit_breaker(PAYMENT_API)]
fn pay(provider: &Provider) -> Result<(), PaymentError> {
    provider.charge()
}

/// The channel to the story.
static EVENTS: OnceLock<mpsc::Sender<Event>> = OnceLock::new();

fn send(event: Event) {
    if let Some(events) = EVENTS.get() {
        // The story may have ended.
        let _ = events.send(event);
    }
}

/// Listens to the breaker.
fn tell(signal: &Signal) {
    send(Event::Breaker(signal.clone()));
}

const CUSTOMERS: usize = 8;

fn keep_paying(provider: &Provider) {
    loop {
        let start = Instant::now();
        let result = pay(provider);
        send(Event::Payment(result, start.elapsed()));
        thread::sleep(Duration::from_millis(fastrand::u64(60..140)));
    }
}

fn main() -> std::io::Result<ExitCode> {
    let Some((limit, record)) = arguments(env::args().skip(1)) else {
        eprintln!("usage: payment_api [--for SECONDS] [--record FILE]");
        return Ok(ExitCode::from(2));
    };
    if let Some(file) = &record {
        PAYMENT_API.set_shadow(true);
        PAYMENT_API.record_calls(file)?;
    }
    let (sender, events) = mpsc::channel();
    EVENTS.get_or_init(|| sender);

    let mut story = Story::begin(CUSTOMERS, record.is_some());
    let provider = Provider::start(|mood| send(Event::Provider(mood)));
    for _ in 0..CUSTOMERS {
        let provider = provider.clone();
        thread::spawn(move || keep_paying(&provider));
    }
    let has_recovered = story.follow(&events, limit);

    if let Some(recorded) = PAYMENT_API.stop_recording()? {
        println!("\n{} calls recorded, {} left out", recorded.rows, recorded.left_out);
    }
    Ok(if has_recovered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns for how long the story goes on at most, and the file of a recording.
fn arguments(mut arguments: impl Iterator<Item = String>) -> Option<(Duration, Option<PathBuf>)> {
    let (mut limit, mut record) = (Duration::from_secs(60), None);
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--for" => limit = Duration::from_secs(arguments.next()?.parse().ok()?),
            "--record" => record = Some(arguments.next()?.into()),
            _ => return None,
        }
    }
    Some((limit, record))
}
