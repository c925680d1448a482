//! The window as a list of calls, and what a tripper makes of it.

use std::{collections::VecDeque, time::Duration};

use fluxgate::State;

use super::{
    Nanos, SECOND,
    policy::{Tripper, Window},
};

/// A recorded call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) failed: bool,
    pub(super) duration: Nanos,
    pub(super) at: Nanos,
}

/// The recorded calls that the window holds, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Records {
    window: Window,
    calls: VecDeque<Record>,
}

/// The figures of a window.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Figures {
    pub(super) calls: u64,
    pub(super) failures: u64,
    pub(super) failure_rate: Option<f64>,
    pub(super) slow_rates: Vec<(Duration, f64)>,
    pub(super) mean: Option<Duration>,
}

impl Records {
    pub(super) fn new(window: Window) -> Self {
        Self { window, calls: VecDeque::new() }
    }

    pub(super) fn add(&mut self, record: Record) {
        self.calls.push_back(record);
        self.forget(record.at);
    }

    /// Lets go of what the window no longer holds.
    pub(super) fn forget(&mut self, now: Nanos) {
        match self.window {
            Window::Count(size) => {
                while self.calls.len() as u64 > size {
                    self.calls.pop_front();
                }
            }
            Window::Time { seconds } => self.calls.retain(|call| now / SECOND - call.at / SECOND < seconds),
        }
    }

    pub(super) fn clear(&mut self) {
        self.calls.clear();
    }

    fn len(&self) -> u64 {
        self.calls.len() as u64
    }

    fn count(&self, condition: impl Fn(&Record) -> bool) -> u64 {
        self.calls.iter().filter(|call| condition(call)).count() as u64
    }

    #[allow(clippy::cast_precision_loss, reason = "ratios are divisions of small counts")]
    fn share(&self, condition: impl Fn(&Record) -> bool) -> Option<f64> {
        (self.len() > 0).then(|| self.count(condition) as f64 / self.len() as f64)
    }

    fn total(&self) -> u128 {
        self.calls.iter().map(|call| u128::from(call.duration)).sum()
    }

    pub(super) fn figures(&self, thresholds: &[Nanos], asks_for_the_mean: bool) -> Figures {
        let slow = |&threshold: &Nanos| {
            Some((Duration::from_nanos(threshold), self.share(|call| call.duration >= threshold)?))
        };
        let mean = |total: u128| {
            let mean = total.checked_div(u128::from(self.len()))?;
            Some(Duration::from_nanos(u64::try_from(mean).expect("no longer than the longest")))
        };
        Figures {
            calls: self.len(),
            failures: self.count(|call| call.failed),
            failure_rate: self.share(|call| call.failed),
            slow_rates: thresholds.iter().filter_map(slow).collect(),
            mean: if asks_for_the_mean { mean(self.total()) } else { None },
        }
    }

    /// Whether the tripper holds.
    pub(super) fn trip(&self, tripper: &Tripper, state: State, streak: u64) -> bool {
        self.len() > 0 && self.holds(tripper, state, streak)
    }

    fn holds(&self, tripper: &Tripper, state: State, streak: u64) -> bool {
        match tripper {
            Tripper::Closed => state == State::Closed,
            Tripper::HalfOpened => state == State::HalfOpen,
            Tripper::MinRequests(count) => self.len() >= *count,
            Tripper::FailureRate(ratio) => self.share(|call| call.failed).is_some_and(|share| share >= *ratio),
            Tripper::FailureStreak(count) => streak >= *count,
            Tripper::AvgLatency(threshold) => self.total() >= u128::from(*threshold) * u128::from(self.len()),
            Tripper::SlowRate(ratio, threshold) => {
                self.share(|call| call.duration >= *threshold).is_some_and(|share| share >= *ratio)
            }
            Tripper::And(parts) => parts.iter().all(|part| self.holds(part, state, streak)),
            Tripper::Or(parts) => parts.iter().any(|part| self.holds(part, state, streak)),
        }
    }

    /// The clauses that made the tripper hold, in the order of the policy, as the language prints them.
    pub(super) fn clauses(&self, tripper: &Tripper, state: State, streak: u64) -> Vec<String> {
        let mut clauses = Vec::new();
        self.collect(tripper, state, streak, &mut clauses);
        clauses
    }

    fn collect(&self, tripper: &Tripper, state: State, streak: u64, clauses: &mut Vec<String>) {
        match tripper {
            Tripper::And(parts) => parts.iter().for_each(|part| self.collect(part, state, streak, clauses)),
            Tripper::Or(parts) => {
                for part in parts.iter().filter(|part| self.holds(part, state, streak)) {
                    self.collect(part, state, streak, clauses);
                }
            }
            leaf => {
                let printed: fluxgate::Tripper = leaf.to_string().parse().expect("a valid clause");
                let printed = printed.to_string();
                if !clauses.contains(&printed) {
                    clauses.push(printed);
                }
            }
        }
    }
}
