use fluxgate_policy::{Argument, Component};

use super::{Clause, Durations, Figures, Tripper, built_in};
use crate::{
    policy::{
        component::{converts, operators},
        windows::metrics::ratio,
    },
    time::nanos::Nanos,
};

/// A tripper that holds when the share of calls in the window that took a threshold or longer is at least a ratio.
///
/// The first value is the ratio, above 0 and at most 1; the second is the threshold in seconds, above 0. Failed calls count
/// too, so a service that hangs until its callers give up trips it. One tripper may have several thresholds. Alone it holds
/// at the first slow call, so combine it with [`MinRequests`](super::MinRequests).
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
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SlowRate<D>(pub f64, pub D);

converts!(SlowRate<D> => Tripper, |it| {
    built_in("SlowRate", &[("ratio", Argument::Number(it.0)), ("threshold", it.1.into().0)])
});
operators!(Tripper: SlowRate<D>);

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

    /// A faster success lowers the rate.
    fn judges_successes_below(&self) -> u64 {
        0
    }
}
