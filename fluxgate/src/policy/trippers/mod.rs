//! Trippers: the conditions that open a breaker.
//!
//! | tripper | holds when |
//! |---|---|
//! | [`Closed()`](Closed) / [`HalfOpened()`](HalfOpened) | the breaker is in that state |
//! | [`MinRequests(n)`](MinRequests) | the window has at least `n` calls |
//! | [`FailureRate(r)`](FailureRate) | failures / calls ≥ r |
//! | [`FailureStreak(n)`](FailureStreak) | the last `n` recorded calls failed |
//! | [`AvgLatency(t)`](AvgLatency) | the mean duration ≥ t |
//! | [`SlowRate(r, t)`](SlowRate) | the share of calls that took ≥ t is ≥ r |
//! | [`Custom(f)`](Custom) | `f(&CallContext)` is true |
//!
//! They compose with `&` and `|`; `&` binds tighter. A rate or a mean alone holds at the first bad call (1 of 1), so
//! it is almost always combined with [`MinRequests`]. An empty window trips nothing.
//!
//! The tripper is judged after every recorded call, failed or not, while the breaker is closed or half-open. If it holds,
//! the breaker opens.
//!
//! ```
//! use fluxgate::{CircuitBreaker, State, trippers::{FailureRate, FailureStreak, MinRequests}};
//!
//! let breaker = CircuitBreaker::builder("search")
//!     .tripper(FailureStreak(5) | MinRequests(4) & FailureRate(0.5))
//!     .build()?;
//! for result in [Err("down"), Ok(()), Err("down"), Ok(())] {
//!     let _ = breaker.call(|| result);
//! }
//! assert_eq!(breaker.info().state, State::Open); // 2 of 4
//! # Ok::<(), fluxgate::PolicyError>(())
//! ```
//!
//! The [guide](crate::guide::choosing) compares them.

mod avg_latency;
mod compiled;
mod custom;
pub(crate) mod evidence;
mod failure_rate;
mod failure_streak;
mod min_requests;
mod slow_rate;
mod state;

pub use avg_latency::AvgLatency;
pub(crate) use compiled::CompiledTripper;
pub use custom::{Custom, CustomTripper};
pub use failure_rate::FailureRate;
pub use failure_streak::FailureStreak;
pub use min_requests::MinRequests;
pub use slow_rate::SlowRate;
pub use state::{Closed, HalfOpened};

use fluxgate_policy::{Argument, Component, Expr, Kind};

use crate::{
    policy::{
        component::{AnyComponent, operators, parse, text_form},
        windows::metrics::Metrics,
    },
    state::State,
    time::nanos::Nanos,
};

/// The condition that opens a breaker: composed of the components of this module with `&` and `|`, or parsed from text.
///
/// # Examples
///
/// ```
/// use fluxgate::trippers::{FailureRate, FailureStreak, MinRequests, Tripper};
///
/// let built = FailureStreak(5) | MinRequests(20) & FailureRate(0.6);
/// let read: Tripper = "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)".parse()?;
/// assert_eq!(built.to_string(), read.to_string());
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("threshold", "ready_to_trip", "failure_policy", "strategy"))]
#[derive(Clone)]
pub struct Tripper(pub(crate) Expr<AnyComponent<dyn CustomTripper>>);

text_form!(Tripper, Kind::Tripper, parse);
operators!(Tripper: Tripper);

fn built_in(name: &str, arguments: &[(&str, Argument)]) -> Tripper {
    Tripper(Expr::Leaf(AnyComponent::built_in(Kind::Tripper, name, arguments)))
}

/// The figures that a custom tripper judges, as they are right after a call was recorded.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, trippers::{CallContext, Custom}};
///
/// // One bad call is enough while half-open, five in a row or ten of the window while closed.
/// let strict = Custom(|context: &CallContext| match context.state() {
///     State::HalfOpen => context.metrics().failures() > 0,
///     _ => context.consecutive_failures() >= 5 || context.metrics().failures() >= 10,
/// });
/// let breaker = CircuitBreaker::builder("search").tripper(strict).build()?;
/// for _ in 0..5 {
///     let _ = breaker.call(|| Err::<(), _>("down"));
/// }
/// assert_eq!(breaker.info().state, State::Open);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CallContext {
    pub(crate) state: State,
    pub(crate) metrics: Metrics,
    pub(crate) consecutive_failures: u64,
}

impl CallContext {
    /// Creates the context of a breaker in this state, with the figures of its window, for tests of a custom tripper.
    /// No call has failed since the last success.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Metrics, State, trippers::{CallContext, CustomTripper}};
    ///
    /// struct TenFailures;
    ///
    /// impl CustomTripper for TenFailures {
    ///     fn holds(&self, context: &CallContext) -> bool {
    ///         context.metrics().failures() >= 10
    ///     }
    /// }
    ///
    /// let context = |failures| CallContext::new(State::Closed, Metrics::new(20, failures));
    /// assert!(!TenFailures.holds(&context(9)));
    /// assert!(TenFailures.holds(&context(10).with_consecutive_failures(3)));
    /// ```
    pub fn new(state: State, metrics: Metrics) -> Self {
        Self { state, metrics, consecutive_failures: 0 }
    }

    /// Sets the number of calls that have failed since the last success.
    #[must_use]
    pub fn with_consecutive_failures(self, consecutive_failures: u64) -> Self {
        Self { consecutive_failures, ..self }
    }

    /// Returns the state of the breaker: `closed` or `half_open`, because nothing is judged in the others.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns the figures of the window, including the call just recorded.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns the number of recorded calls that failed in a row, up to now.
    pub fn consecutive_failures(&self) -> u64 {
        self.consecutive_failures
    }
}

/// The figures of a [`CallContext`], borrowed from a locked breaker.
#[derive(Clone, Copy)]
pub(crate) struct Figures<'a> {
    pub(crate) state: State,
    pub(crate) metrics: &'a Metrics,
    pub(crate) consecutive_failures: u64,
}

/// A built-in condition. A new tripper takes a row in the policy crate's catalog, a file with one of these, and a line in
/// [`clause`].
pub(crate) trait Clause: Send + Sync {
    fn holds(&self, figures: Figures<'_>) -> bool;

    /// Describes the figures by which it holds, such as `13 of the last 20 calls failed`.
    fn evidence(&self, figures: Figures<'_>) -> String;

    /// Returns `true` if it only restricts the other clauses, and is no reason by itself.
    fn is_condition(&self) -> bool {
        false
    }

    /// Returns what it needs to know about durations. The window keeps nothing else about them.
    fn durations(&self) -> Durations {
        Durations::Unused
    }

    /// Returns the number of calls in the window from which on a success faster than every threshold cannot make it hold.
    ///
    /// Such a success is counted without the lock.
    fn judges_successes_below(&self) -> u64 {
        u64::MAX
    }
}

/// The figures about durations that a clause needs, and its threshold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durations {
    Unused,
    /// The number of calls that took this long or longer.
    Slow(Nanos),
    /// The mean, compared with this.
    Mean(Nanos),
}

/// Returns the condition of a checked component.
fn clause(component: &Component) -> Box<dyn Clause> {
    match component.name() {
        "Closed" => Box::new(state::StateClause(State::Closed)),
        "HalfOpened" => Box::new(state::StateClause(State::HalfOpen)),
        "MinRequests" => Box::new(min_requests::MinRequestsClause::new(component)),
        "FailureRate" => Box::new(failure_rate::FailureRateClause::new(component)),
        "FailureStreak" => Box::new(failure_streak::FailureStreakClause::new(component)),
        "AvgLatency" => Box::new(avg_latency::AvgLatencyClause::new(component)),
        "SlowRate" => Box::new(slow_rate::SlowRateClause::new(component)),
        name => unreachable!("`{name}` is in the catalog, but no tripper of the runtime"),
    }
}
