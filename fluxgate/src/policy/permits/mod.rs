//! Permits: which calls a half-open breaker admits, before the limit of calls in flight.
//!
//! | permit | admits in `half_open` |
//! |---|---|
//! | [`All()`](All) | every call |
//! | [`Random(r)`](Random) | each call with probability `r` |
//! | [`RampUp(initial, final, duration)`](RampUp) | each with a probability that grows from `initial` to `final` over `duration` |
//!
//! A permit also says when a success may close the breaker: [`All`] and [`Random`] at once, [`RampUp`] once its time has
//! passed.
//!
//! ```
//! use std::time::Duration;
//! use fluxgate::{CircuitBreaker, ManualClock, State, permits::RampUp, retries::Always, trippers::FailureStreak};
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::builder("search")
//!     .tripper(FailureStreak(1))
//!     .retry(Always())
//!     .permit(RampUp(1.0, 1.0, 30)) // all calls, but for half a minute
//!     .clock(clock.clone())
//!     .build()?;
//! let _ = breaker.call(|| Err::<(), _>("down"));
//! let _ = breaker.call(|| Ok::<_, &str>(()));
//! assert_eq!(breaker.info().state, State::HalfOpen);
//! clock.advance(Duration::from_secs(30));
//! let _ = breaker.call(|| Ok::<_, &str>(()));
//! assert_eq!(breaker.info().state, State::Closed);
//! # Ok::<(), fluxgate::PolicyError>(())
//! ```
//!
//! More of this in the [guide](crate::guide::recovery).

mod custom;
mod rule;

pub use custom::{CustomPermit, PermitContext};
pub(crate) use rule::Rule;

use fluxgate_policy::{Argument, Kind};

use crate::policy::{
    component::{Leaf, parse_single, text_form},
    seconds::Seconds,
};

/// Which calls a half-open breaker admits: made by a function of this module, or read from text.
///
/// # Examples
///
/// ```
/// use fluxgate::permits::{Permit, RampUp};
///
/// let permit: Permit = "RampUp(0.1, 0.5, 60s)".parse()?;
/// assert_eq!(permit.to_string(), RampUp(0.1, 0.5, 60.0).to_string());
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("half_open", "recovery"))]
#[derive(Clone)]
pub struct Permit(pub(crate) Leaf<dyn CustomPermit>);

text_form!(Permit, Kind::Permit, parse_single);

/// Admits every call, up to `max_half_open_calls` at a time. The first success closes the breaker.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, permits::All};
///
/// let breaker = CircuitBreaker::builder("search").permit(All()).max_half_open_calls(1).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn All() -> Permit {
    Permit(Leaf::built_in(Kind::Permit, "All", &[]))
}

/// Admits each call with probability `ratio`: at least 0, at most 1. The first success closes the breaker.
///
/// With 0 nobody probes, and only a command ends `half_open`.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, permits::Random};
///
/// let breaker = CircuitBreaker::builder("search").permit(Random(0.2)).build()?;
/// assert!(CircuitBreaker::builder("archive").permit(Random(20.0)).build().is_err()); // no per cent
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn Random(ratio: f64) -> Permit {
    Permit(Leaf::built_in(Kind::Permit, "Random", &[("ratio", Argument::Number(ratio))]))
}

/// Admits each call with a probability that grows linearly from `initial` to `last` over `duration` since the breaker
/// became half-open.
///
/// 0 ≤ `initial` ≤ `last` ≤ 1, `last` > 0; `duration` in seconds, above 0. A success closes the breaker only once
/// the ramp has reached its end, so that a service just up again is not met by the whole load at once. (In the policy
/// language the second argument is called `final`, which Rust reserves.)
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, ManualClock, permits::RampUp, retries::Always, trippers::FailureStreak};
///
/// let clock = ManualClock::new();
/// let builder = CircuitBreaker::builder("search").tripper(FailureStreak(1)).retry(Always());
/// let breaker = builder.permit(RampUp(0.0, 1.0, 60.0)).clock(clock.clone()).build()?;
/// breaker.try_acquire().unwrap().failure();
/// assert!(breaker.try_acquire().is_err()); // half-open, at the foot of the ramp
/// clock.advance(Duration::from_secs(60));
/// assert!(breaker.try_acquire().is_ok());
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("slow_start", "gradual", "ramp"))]
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn RampUp(initial: f64, last: f64, duration: impl Into<Seconds>) -> Permit {
    let (initial, last) = (Argument::Number(initial), Argument::Number(last));
    let arguments = [("initial", initial), ("final", last), ("duration", duration.into().0)];
    Permit(Leaf::built_in(Kind::Permit, "RampUp", &arguments))
}
