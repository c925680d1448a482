//! Trippers: when a breaker opens.
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
//! it is nearly always written with [`MinRequests`]. An empty window trips nothing.
//!
//! A tripper is asked after every recorded call, failed or not, while the breaker is closed or half-open; where it holds,
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
//! Which to take when is told by the [guide](crate::guide::choosing).

mod avg_latency;
mod custom;
pub(crate) mod evidence;
mod failure_rate;
mod failure_streak;
mod min_requests;
mod rule;
mod slow_rate;
mod state;

pub use avg_latency::AvgLatency;
pub use custom::{Custom, CustomTripper};
pub use failure_rate::FailureRate;
pub use failure_streak::FailureStreak;
pub use min_requests::MinRequests;
pub(crate) use rule::Rule;
pub use slow_rate::SlowRate;
pub use state::{Closed, HalfOpened};

use fluxgate_policy::{Argument, Component, Expr, Kind};

use crate::{
    policy::{
        component::{Leaf, operators, parse, text_form},
        windows::metrics::Metrics,
    },
    state::State,
    time::nanos::Nanos,
};

/// When a breaker opens: made by the functions of this module and composed with `&` and `|`, or read from text.
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
pub struct Tripper(pub(crate) Expr<Leaf<dyn CustomTripper>>);

text_form!(Tripper, Kind::Tripper, parse);
operators!(Tripper);

fn built_in(name: &str, arguments: &[(&str, Argument)]) -> Tripper {
    Tripper(Expr::Leaf(Leaf::built_in(Kind::Tripper, name, arguments)))
}

/// What a tripper of your own judges by: the figures as they stand right after a call was recorded.
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
    /// Creates the context of a breaker in this state, with the figures of its window, for tests of a tripper of your own.
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

    /// The state of the breaker: `closed` or `half_open`, for nothing is judged in the others.
    pub fn state(&self) -> State {
        self.state
    }

    /// The figures of the window, the call just recorded included.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many of the latest recorded calls failed, without a success between them.
    pub fn consecutive_failures(&self) -> u64 {
        self.consecutive_failures
    }
}

/// The same, borrowed from a locked breaker.
#[derive(Clone, Copy)]
pub(crate) struct Figures<'a> {
    pub(crate) state: State,
    pub(crate) metrics: &'a Metrics,
    pub(crate) consecutive_failures: u64,
}

/// One built-in condition. Adding a tripper is a row in the policy crate's catalog, a file with one of these, and a
/// line in [`clause`].
pub(crate) trait Clause: Send + Sync {
    fn holds(&self, figures: Figures<'_>) -> bool;

    /// By what figures it holds, such as `13 of the last 20 calls failed`.
    fn evidence(&self, figures: Figures<'_>) -> String;

    /// Whether it only says when the others count, so that it is no reason by itself.
    fn is_condition(&self) -> bool {
        false
    }

    /// What it wants to know of how long calls took. The window keeps nothing else of durations.
    fn durations(&self) -> Durations {
        Durations::Unused
    }

    /// A window with fewer calls than this may make it hold by one more success that is quicker than every threshold;
    /// one with more can't. A success that makes nothing hold is counted without the lock.
    fn judges_successes_below(&self) -> u64 {
        u64::MAX
    }
}

/// What a clause asks of the durations of calls, and what it compares them with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durations {
    Unused,
    /// How many calls took this long or longer.
    Slow(Nanos),
    /// The mean, against this.
    Mean(Nanos),
}

/// The condition that a checked component stands for.
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
