use fluxgate_policy::Component;

use super::{Clause, Durations, Figures, Tripper, built_in};
use crate::{
    policy::component::{converts, operators},
    time::nanos::Nanos,
};

/// A tripper that holds when the mean duration of the calls in the window is at least a threshold: seconds, above 0.
///
/// Failed calls count with the time they took. Alone it holds at the first slow call, so combine it with
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
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AvgLatency<D>(pub D);

converts!(AvgLatency<D> => Tripper, |it| built_in("AvgLatency", &[("threshold", it.0.into().0)]));
operators!(Tripper: AvgLatency<D>);

pub(super) struct AvgLatencyClause {
    threshold: Nanos,
}

impl AvgLatencyClause {
    pub(super) fn new(component: &Component) -> Self {
        Self { threshold: Nanos(component.nanos("threshold")) }
    }
}

impl Clause for AvgLatencyClause {
    /// Compares without a division, so that no rounding decides.
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
