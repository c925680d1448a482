use fluxgate_policy::Component;

use super::{Clause, Durations, Figures, Tripper, built_in};
use crate::{policy::seconds::Seconds, time::nanos::Nanos};

/// Holds when the mean duration of the calls in the window is at least `threshold`: seconds, above 0.
///
/// Failed calls count with the time they took. Alone it holds at the first slow call, so write it with
/// [`MinRequests`](super::MinRequests).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, ManualClock, State, trippers::{AvgLatency, MinRequests}};
///
/// let clock = ManualClock::new();
/// let tripper = MinRequests(3) & AvgLatency(2.0);
/// let breaker = CircuitBreaker::builder("search").tripper(tripper).clock(clock.clone()).build()?;
/// for seconds in [1, 1, 4] {
///     let _ = breaker.call(|| Ok::<_, ()>(clock.advance(Duration::from_secs(seconds))));
/// }
/// assert_eq!(breaker.info().state, State::Open);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("latency", "response_time", "mean", "slow_call_duration_threshold"))]
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn AvgLatency(threshold: impl Into<Seconds>) -> Tripper {
    built_in("AvgLatency", &[("threshold", threshold.into().0)])
}

pub(super) struct AvgLatencyClause {
    threshold: Nanos,
}

impl AvgLatencyClause {
    pub(super) fn new(component: &Component) -> Self {
        Self { threshold: Nanos(component.nanos("threshold")) }
    }
}

impl Clause for AvgLatencyClause {
    /// `mean >= threshold` without the division, so that no rounding decides.
    fn holds(&self, figures: Figures<'_>) -> bool {
        let metrics = figures.metrics;
        metrics.calls > 0 && metrics.total_latency() >= u128::from(self.threshold.0) * u128::from(metrics.calls)
    }

    fn evidence(&self, figures: Figures<'_>) -> String {
        let mean = figures.metrics.mean_latency().unwrap_or_default();
        format!("the last {} calls took {mean:?} on average", figures.metrics.calls)
    }

    fn durations(&self) -> Durations {
        Durations::Mean(self.threshold)
    }
}
