use fluxgate_policy::{Argument, Component};

use super::{Clause, Durations, Figures, Tripper, built_in};
use crate::{
    policy::{seconds::Seconds, windows::metrics::ratio},
    time::nanos::Nanos,
};

/// Holds when the share of calls in the window that took `threshold` or longer is at least `ratio`.
///
/// `ratio` is above 0, at most 1; `threshold` in seconds, above 0. Failed calls count too, so a service that hangs
/// until its callers give up trips it. Several thresholds may stand in one tripper. Alone it holds at the first slow
/// call, so write it with [`MinRequests`](super::MinRequests).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, ManualClock, State, trippers::{MinRequests, SlowRate}};
///
/// let clock = ManualClock::new();
/// let tripper = MinRequests(4) & (SlowRate(0.5, 1.0) | SlowRate(0.25, 10.0));
/// let breaker = CircuitBreaker::builder("search").tripper(tripper).clock(clock.clone()).build()?;
/// for seconds in [0, 0, 0, 12] {
///     let _ = breaker.call(|| Ok::<_, ()>(clock.advance(Duration::from_secs(seconds))));
/// }
/// assert_eq!(breaker.info().state, State::Open); // by the second
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("slow_call_rate_threshold", "slow_call_duration_threshold", "latency"))]
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn SlowRate(ratio: f64, threshold: impl Into<Seconds>) -> Tripper {
    built_in("SlowRate", &[("ratio", Argument::Number(ratio)), ("threshold", threshold.into().0)])
}

pub(super) struct SlowRateClause {
    ratio: f64,
    threshold: Nanos,
}

impl SlowRateClause {
    pub(super) fn new(component: &Component) -> Self {
        Self { ratio: component.number("ratio"), threshold: Nanos(component.nanos("threshold")) }
    }
}

impl Clause for SlowRateClause {
    fn holds(&self, figures: Figures<'_>) -> bool {
        ratio(figures.metrics.slow(self.threshold), figures.metrics.calls).is_some_and(|rate| rate >= self.ratio)
    }

    fn evidence(&self, figures: Figures<'_>) -> String {
        let (slow, calls) = (figures.metrics.slow(self.threshold), figures.metrics.calls);
        format!("{slow} of the last {calls} calls took {:?} or longer", std::time::Duration::from(self.threshold))
    }

    fn durations(&self) -> Durations {
        Durations::Slow(self.threshold)
    }

    /// Each success that is quicker makes the rate smaller.
    fn judges_successes_below(&self) -> u64 {
        0
    }
}
