//! Retries: the time at which an open breaker probes the service again.
//!
//! | retry | lets `open` become `half_open` |
//! |---|---|
//! | [`Always()`](Always) / [`Never()`](Never) | at the first call / only by `reset()` |
//! | [`Cooldown(d)`](Cooldown) | after `d` |
//! | [`Backoff::new(initial)`](Backoff) | after `initial · multiplier^reopens`, at most `max_duration` |
//!
//! Jitter spreads the wait evenly over ± its ratio, so that a fleet does not return all at once. It is drawn once per
//! opening: all calls of an outage see the same due time.
//!
//! Nothing happens at that time by itself. The first call from then on makes the breaker half-open, and the
//! [permit](crate::permits) decides about that call.
//!
//! ```
//! use std::time::Duration;
//! use fluxgate::{CircuitBreaker, ManualClock, permits::All, retries::Backoff, trippers::FailureStreak};
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::builder("search")
//!     .tripper(FailureStreak(1))
//!     .retry(Backoff::new(10))
//!     .permit(All())
//!     .clock(clock.clone())
//!     .build()?;
//! for wait in [10, 20, 40].map(Duration::from_secs) {
//!     let _ = breaker.call(|| Err::<(), _>("down"));
//!     assert_eq!(breaker.info().retry_after, Some(wait));
//!     clock.advance(wait);
//! }
//! # Ok::<(), fluxgate::PolicyError>(())
//! ```
//!
//! The [guide](crate::guide::recovery) explains recovery.

mod backoff;
mod compiled;
mod cooldown;
mod custom;

pub use backoff::Backoff;
pub(crate) use compiled::{CompiledRetry, Wait};
pub use cooldown::Cooldown;
pub use custom::{CustomRetry, RetryContext};

use fluxgate_policy::Kind;

use crate::policy::component::{AnyComponent, parse_single, text_form};

/// The time at which an open breaker probes the service again: a component of this module, or parsed from text.
///
/// # Examples
///
/// ```
/// use fluxgate::retries::Retry;
///
/// let retry: Retry = "Backoff(10s, max_duration = 5m)".parse()?;
/// assert_eq!(retry.to_string(), "Backoff(10s)"); // 5 minutes are the default
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("wait_duration_in_open_state", "break_duration", "reset_timeout"))]
#[derive(Clone)]
pub struct Retry(pub(crate) AnyComponent<dyn CustomRetry>);

text_form!(Retry, Kind::Retry, parse_single);

/// Returns a retry that lets the first call after the opening probe the service.
///
/// The service gets no rest, so use it in tests, or with a permit that limits the load.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, retries::Always, trippers::FailureStreak};
///
/// let breaker = CircuitBreaker::builder("search").tripper(FailureStreak(1)).retry(Always()).build()?;
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// let _ = breaker.call(|| Ok::<_, &str>(()));
/// assert_eq!(breaker.info().state, State::HalfOpen);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn Always() -> Retry {
    Retry(AnyComponent::built_in(Kind::Retry, "Always", &[]))
}

/// Returns a retry that keeps the breaker open until [`reset`](crate::CircuitBreaker::reset) is called.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, retries::Never};
///
/// let breaker = CircuitBreaker::builder("search").retry(Never()).build()?;
/// breaker.force_open();
/// assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), None);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("manual", "latch"))]
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn Never() -> Retry {
    Retry(AnyComponent::built_in(Kind::Retry, "Never", &[]))
}
