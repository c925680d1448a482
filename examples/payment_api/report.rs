//! What the customers saw.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use fluxgate::{Signal, State, listeners::prometheus};
use prometheus_client::{encoding::text, registry::Registry};

use crate::{
    ChargeError, PAYMENT_API,
    provider::{Mood, SharedMood},
};

/// Every transition so far, and when it was told of.
static TRANSITIONS: Mutex<Vec<(Instant, Signal)>> = Mutex::new(Vec::new());

/// A listener that keeps the transitions for the report.
pub(crate) fn transitions() -> impl Fn(&Signal) {
    |signal| locked().push((Instant::now(), signal.clone()))
}

fn locked() -> std::sync::MutexGuard<'static, Vec<(Instant, Signal)>> {
    TRANSITIONS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether the breaker has opened, probed and closed.
pub(crate) fn has_closed_again() -> bool {
    let transitions = locked();
    let entered = |state| transitions.iter().position(|(_, signal)| signal.new_state() == state);
    let closed = transitions
        .iter()
        .rposition(|(_, signal)| (signal.old_state(), signal.new_state()) == (State::HalfOpen, State::Closed));
    entered(State::Open) < entered(State::HalfOpen) && entered(State::HalfOpen) < closed
}

pub(crate) struct Report {
    started: Instant,
    mood: SharedMood,
    calls: AtomicU64,
    rejected: AtomicU64,
    failures: AtomicU64,
    /// Rejected while the provider was not well.
    spared: AtomicU64,
    /// Let through while the provider was not well.
    burdened: AtomicU64,
}

impl Report {
    pub(crate) fn new(started: Instant, mood: SharedMood) -> Self {
        let zero = AtomicU64::default;
        Self { started, mood, calls: zero(), rejected: zero(), failures: zero(), spared: zero(), burdened: zero() }
    }

    pub(crate) fn count<T>(&self, result: &Result<T, ChargeError>) {
        let unwell = self.mood.get() != Mood::Well;
        let add = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        add(&self.calls);
        match result {
            Err(ChargeError::Rejected) => {
                add(&self.rejected);
                if unwell {
                    add(&self.spared);
                }
                return;
            }
            Err(ChargeError::Http(_)) => {
                add(&self.failures);
            }
            Ok(_) => {}
        }
        if unwell {
            add(&self.burdened);
        }
    }

    pub(crate) fn print_progress(&self) {
        let info = PAYMENT_API.info();
        println!(
            "{:6.1} s  {:9} {:9}  {:5} calls, {:4} failed, {:5} rejected",
            self.started.elapsed().as_secs_f64(),
            format!("{:?},", self.mood.get()),
            info.state,
            self.calls.load(Ordering::Relaxed),
            self.failures.load(Ordering::Relaxed),
            self.rejected.load(Ordering::Relaxed),
        );
    }

    pub(crate) fn print(&self) {
        let figure = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (calls, rejected) = (figure(&self.calls), figure(&self.rejected));
        let (spared, burdened) = (figure(&self.spared), figure(&self.burdened));
        println!("\n{:<44}{:>8}", "payment_api", "calls");
        println!("{}", "-".repeat(52));
        for (label, value) in [
            ("made by the customers", calls),
            ("admitted", calls - rejected),
            ("  of which failed", figure(&self.failures)),
            ("rejected", rejected),
            ("let through to the failing provider", burdened),
            ("the failing provider was spared", spared),
        ] {
            println!("{label:<44}{value:>8}");
        }

        println!("\n{:>8}  {:<22}  reason", "time", "transition");
        println!("{}", "-".repeat(90));
        for (at, signal) in locked().iter() {
            let time: Duration = at.saturating_duration_since(self.started);
            let transition = format!("{} -> {}", signal.old_state(), signal.new_state());
            println!("{:>6.2} s  {transition:<22}  {}", time.as_secs_f64(), signal.reason());
        }
    }
}

/// What Prometheus would be told now.
pub(crate) fn print_metrics() {
    let mut registry = Registry::default();
    prometheus::register(&mut registry);
    let mut page = String::new();
    if text::encode(&mut page, &registry).is_ok() {
        println!("\nmetrics\n{}", "-".repeat(90));
        page.lines().filter(|line| !line.starts_with('#')).for_each(|line| println!("{line}"));
    }
}
