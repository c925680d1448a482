//! Permits: the calls that a half-open breaker admits, before the limit on calls in flight applies.
//!
//! | permit | admits in `half_open` |
//! |---|---|
//! | [`All()`](All) | every call |
//! | [`Random(r)`](Random) | each call with probability `r` |
//! | [`RampUp(initial, final, duration)`](RampUp) | each with a probability that grows from `initial` to `final` over `duration` |
//!
//! A permit also decides when a success may close the breaker: [`All`] and [`Random`] at once, [`RampUp`] once its time has
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
//! The [guide](crate::guide::recovery) explains recovery.

mod compiled;
mod custom;

pub(crate) use compiled::CompiledPermit;
pub use custom::{CustomPermit, PermitContext};

use fluxgate_policy::{Argument, Kind};

use crate::policy::component::{AnyComponent, converts, parse_single, text_form};

/// The calls that a half-open breaker admits: a component of this module, or parsed from text.
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
pub struct Permit(pub(crate) AnyComponent<dyn CustomPermit>);

text_form!(Permit, Kind::Permit, parse_single);

/// Returns a permit that admits every call, up to `max_half_open_calls` at a time. The first success closes the breaker.
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
    Permit(AnyComponent::built_in(Kind::Permit, "All", &[]))
}

/// A permit that admits each call with a probability: at least 0, at most 1. The first success closes the breaker.
///
/// With 0 nothing probes the service, and only a command ends `half_open`.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, permits::Random};
///
/// let breaker = CircuitBreaker::builder("search").permit(Random(0.2)).build()?;
/// assert!(CircuitBreaker::builder("archive").permit(Random(20.0)).build().is_err()); // not a percentage
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Random(pub f64);

converts!(Random => Permit, |it| {
    Permit(AnyComponent::built_in(Kind::Permit, "Random", &[("ratio", Argument::Number(it.0))]))
});

/// A permit that admits each call with a probability that grows linearly over time since the breaker became half-open.
///
/// The values are the initial probability, the final probability and the duration of the ramp: 0 ≤ initial ≤ final ≤ 1,
/// final > 0; the duration in seconds, above 0. A success closes the breaker only once the ramp has reached its end, so that
/// a service that has just recovered does not get the whole load at once.
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
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RampUp<D>(pub f64, pub f64, pub D);

converts!(RampUp<D> => Permit, |it| {
    let (initial, last) = (Argument::Number(it.0), Argument::Number(it.1));
    let arguments = [("initial", initial), ("final", last), ("duration", it.2.into().0)];
    Permit(AnyComponent::built_in(Kind::Permit, "RampUp", &arguments))
});
