use fluxgate_policy::{Argument, Component};

use super::{Clause, Figures, Tripper, built_in};
use crate::policy::component::{converts, operators};

/// A tripper that holds when so many of the last recorded calls failed in a row: at least 1.
///
/// It detects an outage fastest, and does not depend on the window. Ignored calls neither extend nor end a streak.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, trippers::FailureStreak};
///
/// let breaker = CircuitBreaker::builder("search").tripper(FailureStreak(2)).build()?;
/// for _ in 0..2 {
///     let _ = breaker.call(|| Err::<(), _>("down"));
/// }
/// assert_eq!(breaker.info().state, State::Open);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("consecutive_failures", "failure_threshold", "fail_max"))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FailureStreak(pub u64);

converts!(FailureStreak => Tripper, |it| built_in("FailureStreak", &[("count", Argument::Count(it.0))]));
operators!(Tripper: FailureStreak);

pub(super) struct FailureStreakClause {
    count: u64,
}

impl FailureStreakClause {
    pub(super) fn new(component: &Component) -> Self {
        Self { count: component.count("count") }
    }
}

impl Clause for FailureStreakClause {
    fn holds(&self, figures: Figures<'_>) -> bool {
        figures.consecutive_failures >= self.count
    }

    fn evidence(&self, figures: Figures<'_>) -> String {
        match figures.consecutive_failures {
            1 => "1 failure in a row".to_owned(),
            streak => format!("{streak} failures in a row"),
        }
    }

    /// A success ends the streak.
    fn judges_successes_below(&self) -> u64 {
        0
    }
}
