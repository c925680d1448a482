use std::fmt;

use fluxgate_policy::{Argument, Component, Kind};

use super::{Retry, Wait};
use crate::{
    policy::{component::AnyComponent, seconds::Seconds},
    time::nanos::Nanos,
};

/// A retry that waits longer after every failed recovery: `initial · multiplier^reopens`, at most `max_duration`.
///
/// The wait starts over once the breaker has closed. Jitter comes on top: with a ratio of 0.1 the longest wait is
/// 1.1 · `max_duration`.
///
/// # Errors
///
/// [`build`](crate::Builder::build) checks that `initial > 0`, `multiplier > 1`, `max_duration >= initial`,
/// `0 <= jitter_ratio < 1`.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, retries::Backoff};
///
/// let retry = Backoff::new(10.0).multiplier(2.0).max_duration(300.0).jitter_ratio(0.1);
/// let breaker = CircuitBreaker::builder("search").retry(retry).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("exponential", "exponential_backoff", "wait_interval_function_in_open_state", "break_duration_generator"))]
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    initial: Seconds,
    multiplier: Option<f64>,
    max_duration: Option<Seconds>,
    jitter_ratio: Option<f64>,
}

impl Backoff {
    /// Creates a retry that waits for `initial` after the first opening: seconds, above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, retries::Backoff};
    ///
    /// let retry = Backoff::new(Duration::from_millis(500));
    /// let breaker = CircuitBreaker::builder("search").retry(retry).build()?;
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn new(initial: impl Into<Seconds>) -> Self {
        Self { initial: initial.into(), multiplier: None, max_duration: None, jitter_ratio: None }
    }

    /// Sets the factor by which the wait grows with each reopening: above 1. It is 2 by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, retries::Backoff, trippers::FailureStreak};
    ///
    /// let clock = ManualClock::new();
    /// let builder = CircuitBreaker::builder("search").tripper(FailureStreak(1)).clock(clock.clone());
    /// let breaker = builder.retry(Backoff::new(10).multiplier(3.0)).permit(fluxgate::permits::All()).build()?;
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// clock.advance(Duration::from_secs(10));
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// assert_eq!(breaker.info().retry_after, Some(Duration::from_secs(30)));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("factor", "exponent"))]
    #[must_use]
    pub fn multiplier(self, multiplier: f64) -> Self {
        Self { multiplier: Some(multiplier), ..self }
    }

    /// Sets the longest wait before jitter: seconds, at least `initial`. It is 300 s by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Policy, retries::Backoff};
    ///
    /// assert!(Policy::new().retry(Backoff::new(10).max_duration(60)).check().is_ok());
    /// // It is shorter than the first wait.
    /// assert!(Policy::new().retry(Backoff::new(10).max_duration(5)).check().is_err());
    /// ```
    #[doc(alias("max_interval", "cap", "limit"))]
    #[must_use]
    pub fn max_duration(self, max_duration: impl Into<Seconds>) -> Self {
        Self { max_duration: Some(max_duration.into()), ..self }
    }

    /// Spreads the wait evenly over ± this ratio of it: at least 0, below 1. It is 0 by default.
    ///
    /// Jitter keeps the instances of a fleet from returning at the same time.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, ManualClock, retries::Backoff, trippers::FailureStreak};
    ///
    /// let builder = CircuitBreaker::builder("search").tripper(FailureStreak(1)).clock(ManualClock::new());
    /// let breaker = builder.retry(Backoff::new(10).jitter_ratio(0.5)).build()?;
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// let wait = breaker.info().retry_after.unwrap().as_secs_f64();
    /// assert!((5.0..=15.0).contains(&wait));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("randomize", "randomized"))]
    #[must_use]
    pub fn jitter_ratio(self, jitter_ratio: f64) -> Self {
        Self { jitter_ratio: Some(jitter_ratio), ..self }
    }
}

impl From<Backoff> for Retry {
    fn from(backoff: Backoff) -> Self {
        let mut arguments = vec![("initial", backoff.initial.0)];
        arguments.extend(backoff.multiplier.map(|multiplier| ("multiplier", Argument::Number(multiplier))));
        arguments.extend(backoff.max_duration.map(|duration| ("max_duration", duration.0)));
        arguments.extend(backoff.jitter_ratio.map(|ratio| ("jitter_ratio", Argument::Number(ratio))));
        Self(AnyComponent::built_in(Kind::Retry, "Backoff", &arguments))
    }
}

impl fmt::Display for Backoff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Retry::from(*self).fmt(formatter)
    }
}

pub(super) fn wait(component: &Component) -> Wait {
    let (initial, longest) = (Nanos(component.nanos("initial")), Nanos(component.nanos("max_duration")));
    let multiplier = component.number("multiplier");
    let base = move |reopens: u64| {
        // The power is infinite if it overflows, which the comparison handles.
        let grown = initial.as_f64() * multiplier.powf(exponent(reopens));
        if grown < longest.as_f64() { Nanos::from_f64(grown) } else { longest }
    };
    Wait { base: Box::new(base), jitter_ratio: component.number("jitter_ratio") }
}

#[allow(clippy::cast_precision_loss, reason = "past 2^53 reopenings the power is infinite anyhow")]
fn exponent(reopens: u64) -> f64 {
    reopens as f64
}
