//! The calls of a trace by the time of their start, in equal steps.

use std::time::Duration;

use super::axis::{TimeAxis, step};
use crate::{
    driver::Decision,
    replayed::Replayed,
    trace::{Outcome, Trace},
};

pub(super) struct Buckets {
    /// Seconds.
    pub(super) width: f64,
    from: f64,
    pub(super) count: usize,
}

/// What a bar is made of.
#[derive(Clone, Copy, Default)]
pub(super) struct Bar {
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) neither: u64,
    pub(super) harm: u64,
    pub(super) spared: u64,
}

impl Buckets {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "about a hundred")]
    pub(super) fn new(_: &Trace, axis: &TimeAxis) -> Self {
        let width = step(axis.to - axis.from, 160.0);
        Self { width, from: axis.from, count: ((axis.to - axis.from) / width).floor() as usize + 1 }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "about a hundred")]
    fn of(&self, at: Duration) -> usize {
        (((at.as_secs_f64() - self.from) / self.width).max(0.0) as usize).min(self.count - 1)
    }

    /// When a bucket begins, in seconds.
    #[allow(clippy::cast_precision_loss, reason = "about a hundred")]
    pub(super) fn start(&self, bucket: usize) -> f64 {
        self.from + bucket as f64 * self.width
    }

    pub(super) fn bars(&self, trace: &Trace, replayed: &Replayed) -> Vec<Bar> {
        let mut bars = vec![Bar::default(); self.count];
        for (index, at, outcome, _) in trace.calls() {
            let bar = &mut bars[self.of(at)];
            let rejected = replayed.decisions[index] == Decision::Rejected;
            *match (rejected, outcome) {
                (false, Outcome::Ok) => &mut bar.succeeded,
                (false, Outcome::Fail) => &mut bar.failed,
                (false, Outcome::Ignored | Outcome::Cancelled) => &mut bar.neither,
                (true, Outcome::Ok) => &mut bar.harm,
                (true, _) => &mut bar.spared,
            } += 1;
        }
        bars
    }

    /// The most calls that a bucket has above the line, and below.
    pub(super) fn busiest(&self, trace: &Trace, replayed: &Replayed) -> (u64, u64) {
        let bars = self.bars(trace, replayed);
        let above = bars.iter().map(|bar| bar.succeeded + bar.failed + bar.neither).max().unwrap_or_default();
        let below = bars.iter().map(|bar| bar.harm + bar.spared).max().unwrap_or_default();
        (above, below)
    }

    /// The median and the 95th percentile of the calls of each bucket, in seconds.
    pub(super) fn latencies(&self, trace: &Trace) -> Vec<Option<(f64, f64)>> {
        let mut durations = vec![Vec::new(); self.count];
        for (_, at, _, duration) in trace.calls() {
            durations[self.of(at)].push(duration);
        }
        durations
            .into_iter()
            .map(|mut durations| {
                durations.sort_unstable();
                let rank = |percent: usize| durations.get((durations.len() * percent).div_ceil(100).saturating_sub(1));
                Some((rank(50)?.as_secs_f64(), rank(95)?.as_secs_f64()))
            })
            .collect()
    }
}
