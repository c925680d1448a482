use super::{Clause, Figures, Tripper, built_in};
use crate::state::State;

/// Returns a tripper that holds while the breaker is closed.
///
/// Combine it with [`HalfOpened`] to give the two states different limits.
///
/// # Examples
///
/// ```
/// use fluxgate::trippers::{Closed, FailureRate, HalfOpened, MinRequests};
///
/// let tripper = Closed() & MinRequests(20) & FailureRate(0.6) | HalfOpened() & FailureRate(0.5);
/// assert_eq!(
///     tripper.to_string(),
///     "Closed() & MinRequests(20) & FailureRate(0.6) | HalfOpened() & FailureRate(0.5)",
/// );
/// ```
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn Closed() -> Tripper {
    built_in("Closed", &[])
}

/// Returns a tripper that holds while the breaker is half-open, that is, probing.
///
/// A tripper that can hold in no other state would never open a closed breaker, and `build` refuses it.
///
/// # Examples
///
/// ```
/// use fluxgate::{Policy, trippers::{FailureRate, FailureStreak, HalfOpened}};
///
/// let tripper = FailureStreak(5) | HalfOpened() & FailureRate(0.5);
/// assert!(Policy::new().tripper(tripper).check().is_ok());
/// assert!(Policy::new().tripper(HalfOpened() & FailureRate(0.5)).check().is_err());
/// ```
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn HalfOpened() -> Tripper {
    built_in("HalfOpened", &[])
}

pub(super) struct StateClause(pub(super) State);

impl Clause for StateClause {
    fn holds(&self, figures: Figures<'_>) -> bool {
        figures.state == self.0
    }

    fn evidence(&self, _: Figures<'_>) -> String {
        format!("the breaker is {}", self.0)
    }

    fn is_condition(&self) -> bool {
        true
    }

    fn judges_successes_below(&self) -> u64 {
        0
    }
}
