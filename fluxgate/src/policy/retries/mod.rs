//! Retries: when an open breaker lets a first call through again.
//!
//! | retry | lets `open` become `half_open` |
//! |---|---|
//! | [`Always()`](Always) / [`Never()`](Never) | at the first call / only by `reset()` |
//! | [`Cooldown(d)`](Cooldown()) | after `d` |
//! | [`Backoff(initial)`](Backoff()) | after `initial · multiplier^reopens`, at most `max_duration` |
//!
//! Jitter spreads the wait evenly over ± its ratio, so that a fleet does not return in step. It is drawn once an
//! opening: all calls of an outage see one due time.
//!
//! Nothing happens at that time by itself: the first call from then on makes the breaker half-open, and is put to the
//! [permit](crate::permits).
//!
//! ```
//! use std::time::Duration;
//! use fluxgate::{CircuitBreaker, ManualClock, permits::All, retries::Backoff, trippers::FailureStreak};
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::builder("search")
//!     .tripper(FailureStreak(1))
//!     .retry(Backoff(10))
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
//! More of this in the [guide](crate::guide::recovery).

mod backoff;
mod cooldown;
mod custom;
mod rule;

pub use backoff::Backoff;
pub use cooldown::Cooldown;
pub use custom::{CustomRetry, RetryContext};
pub(crate) use rule::Rule;

use fluxgate_policy::Kind;

use crate::policy::component::{Leaf, parse_single, text_form};

/// When an open breaker lets a first call through again: made by a function of this module, or read from text.
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
pub struct Retry(pub(crate) Leaf<dyn CustomRetry>);

text_form!(Retry, Kind::Retry, parse_single);

/// Lets the first call after the opening probe at once.
///
/// The service is never left alone for long, so this is for tests, and for those whose permit is gentle enough.
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
    Retry(Leaf::built_in(Kind::Retry, "Always", &[]))
}

/// Keeps the breaker open until somebody calls [`reset`](crate::CircuitBreaker::reset).
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
    Retry(Leaf::built_in(Kind::Retry, "Never", &[]))
}
