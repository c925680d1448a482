use std::fmt;

use fluxgate_policy::{Argument, Component, Kind};

use super::{Retry, rule::Wait};
use crate::{
    policy::{component::Leaf, seconds::Seconds},
    time::nanos::Nanos,
};

/// The same wait after every opening. The default policy waits for 60 seconds.
///
/// # Errors
///
/// Checked by [`build`](crate::Builder::build): `duration > 0`, `0 <= jitter_ratio < 1`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, ManualClock, retries::Cooldown, trippers::FailureStreak};
///
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::builder("search")
///     .tripper(FailureStreak(1))
///     .retry(Cooldown(30))
///     .clock(clock.clone())
///     .build()?;
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// clock.advance(Duration::from_secs(29));
/// assert!(breaker.would_reject().is_some());
/// clock.advance(Duration::from_secs(1));
/// assert!(breaker.would_reject().is_none());
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("wait_duration_in_open_state", "break_duration", "reset_timeout", "open_wait", "constant"))]
#[derive(Clone, Copy, Debug)]
pub struct Cooldown {
    duration: Seconds,
    jitter_ratio: f64,
}

/// A [`Cooldown`](struct@Cooldown) of `duration`: seconds, above 0.
///
/// # Examples
///
/// ```
/// use fluxgate::retries::Cooldown;
///
/// assert_eq!(Cooldown(30).to_string(), "Cooldown(30s)");
/// ```
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn Cooldown(duration: impl Into<Seconds>) -> Cooldown {
    Cooldown::new(duration)
}

impl Cooldown {
    /// Waits for `duration`: seconds, above 0. The function [`Cooldown`](Cooldown()) does the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, retries::Cooldown};
    ///
    /// let half_a_second = Cooldown::new(Duration::from_millis(500));
    /// let breaker = CircuitBreaker::builder("search").retry(half_a_second).build()?;
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn new(duration: impl Into<Seconds>) -> Self {
        Self { duration: duration.into(), jitter_ratio: 0.0 }
    }

    /// Spreads the wait evenly over ± this ratio of it, so that a fleet does not return in step: at least 0, below 1. 0
    /// unless said otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, ManualClock, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let builder = CircuitBreaker::builder("search").tripper(FailureStreak(1)).clock(ManualClock::new());
    /// let breaker = builder.retry(Cooldown(30).jitter_ratio(0.1)).build()?;
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// let wait = breaker.info().retry_after.unwrap().as_secs_f64();
    /// assert!((27.0..=33.0).contains(&wait));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("randomize", "randomized"))]
    #[must_use]
    pub fn jitter_ratio(self, jitter_ratio: f64) -> Self {
        Self { jitter_ratio, ..self }
    }
}

impl From<Cooldown> for Retry {
    fn from(cooldown: Cooldown) -> Self {
        let arguments = [("duration", cooldown.duration.0), ("jitter_ratio", Argument::Number(cooldown.jitter_ratio))];
        Self(Leaf::built_in(Kind::Retry, "Cooldown", &arguments))
    }
}

impl fmt::Display for Cooldown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Retry::from(*self).fmt(formatter)
    }
}

pub(super) fn wait(component: &Component) -> Wait {
    let duration = Nanos(component.nanos("duration"));
    Wait { base: Box::new(move |_| duration), jitter_ratio: component.number("jitter_ratio") }
}
