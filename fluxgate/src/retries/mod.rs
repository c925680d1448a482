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

mod backoff;
mod cooldown;
mod custom;
mod rule;

pub use backoff::Backoff;
pub use cooldown::Cooldown;
pub use custom::{CustomRetry, RetryContext};
pub(crate) use rule::Rule;

use fluxgate_policy::Kind;

use crate::component::{Leaf, parse_single, text_form};

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
#[derive(Clone)]
pub struct Retry(pub(crate) Leaf<dyn CustomRetry>);

text_form!(Retry, Kind::Retry, parse_single);

/// Lets the first call after the opening probe at once.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, retries::Always};
///
/// let breaker = CircuitBreaker::builder("search").retry(Always()).build()?;
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
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn Never() -> Retry {
    Retry(Leaf::built_in(Kind::Retry, "Never", &[]))
}
