use fluxgate_policy::{Argument, Component};

use super::{Clause, Figures, Tripper, built_in};
use crate::policy::component::{converts, operators};

/// A tripper that holds when the window has at least so many calls: 1 or more.
///
/// It prevents a few calls from deciding a rate. A count above what a [`CountWindow`](crate::windows::CountWindow) can hold
/// is an error, because such a breaker could never trip.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, trippers::{FailureRate, MinRequests}};
///
/// let breaker = CircuitBreaker::builder("search").tripper(MinRequests(20) & FailureRate(0.5)).build()?;
/// for _ in 0..19 {
///     let _ = breaker.call(|| Err::<(), _>("down"));
/// }
/// assert_eq!(breaker.info().state, State::Closed);
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// assert_eq!(breaker.info().state, State::Open);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("minimum_number_of_calls", "minimum_throughput", "volume_threshold", "minimum_calls"))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MinRequests(pub u64);

converts!(MinRequests => Tripper, |it| built_in("MinRequests", &[("count", Argument::Count(it.0))]));
operators!(Tripper: MinRequests);

pub(super) struct MinRequestsClause {
    count: u64,
}

impl MinRequestsClause {
    pub(super) fn new(component: &Component) -> Self {
        Self { count: component.count("count") }
    }
}

impl Clause for MinRequestsClause {
    fn holds(&self, figures: Figures<'_>) -> bool {
        figures.metrics.calls >= self.count
    }

    fn evidence(&self, figures: Figures<'_>) -> String {
        format!("{} calls in the window", figures.metrics.calls)
    }

    fn is_condition(&self) -> bool {
        true
    }

    fn judges_successes_below(&self) -> u64 {
        self.count
    }
}
