use fluxgate_policy::{Argument, Component};

use super::{Clause, Figures, Tripper, built_in};
use crate::policy::{
    component::{converts, operators},
    windows::metrics::ratio,
};

/// A tripper that holds when failures / calls in the window is at least a ratio: above 0, at most 1.
///
/// It takes a ratio, not a percentage: half of the calls is 0.5. Alone it holds at the first failed call (1 of 1), so
/// combine it with [`MinRequests`](super::MinRequests).
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, trippers::{FailureRate, MinRequests}};
///
/// let breaker = CircuitBreaker::builder("search").tripper(MinRequests(4) & FailureRate(0.5)).build()?;
/// for result in [Err("down"), Ok(()), Ok(()), Ok(())] {
///     let _ = breaker.call(|| result);
/// }
/// assert_eq!((breaker.info().state, breaker.info().failure_rate), (State::Closed, Some(0.25)));
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("failure_rate_threshold", "failure_ratio", "error_rate", "error_threshold_percentage", "success_rate"))]
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FailureRate(pub f64);

converts!(FailureRate => Tripper, |it| built_in("FailureRate", &[("ratio", Argument::Number(it.0))]));
operators!(Tripper: FailureRate);

pub(super) struct FailureRateClause {
    ratio: f64,
}

impl FailureRateClause {
    pub(super) fn new(component: &Component) -> Self {
        Self { ratio: component.number("ratio") }
    }
}

impl Clause for FailureRateClause {
    fn holds(&self, figures: Figures<'_>) -> bool {
        ratio(figures.metrics.failures, figures.metrics.calls).is_some_and(|rate| rate >= self.ratio)
    }

    fn evidence(&self, figures: Figures<'_>) -> String {
        format!("{} of the last {} calls failed", figures.metrics.failures, figures.metrics.calls)
    }

    /// A success lowers the rate.
    fn judges_successes_below(&self) -> u64 {
        0
    }
}
