use std::fmt;

use fluxgate_policy::{Argument, Component, Kind};

use super::{Retry, rule::Wait};
use crate::{component::Leaf, nanos::Nanos, seconds::Seconds};

/// A wait that grows with every failed recovery: `initial · multiplier^reopens`, never more than `max_duration`.
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
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    initial: Seconds,
    multiplier: Option<f64>,
    max_duration: Option<Seconds>,
    jitter_ratio: Option<f64>,
}

/// A [`Backoff`](struct@Backoff) that begins with `initial`: seconds, above 0.
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn Backoff(initial: impl Into<Seconds>) -> Backoff {
    Backoff::new(initial)
}

impl Backoff {
    /// Waits for `initial` after the first opening: seconds, above 0.
    pub fn new(initial: impl Into<Seconds>) -> Self {
        Self { initial: initial.into(), multiplier: None, max_duration: None, jitter_ratio: None }
    }

    /// By how much the wait grows with each reopening: above 1. 2 unless said otherwise.
    #[must_use]
    pub fn multiplier(self, multiplier: f64) -> Self {
        Self { multiplier: Some(multiplier), ..self }
    }

    /// The longest wait before jitter: seconds, at least `initial`. 300 s unless said otherwise.
    #[must_use]
    pub fn max_duration(self, max_duration: impl Into<Seconds>) -> Self {
        Self { max_duration: Some(max_duration.into()), ..self }
    }

    /// Spreads the wait evenly over ± this ratio of it: at least 0, below 1. 0 unless said otherwise.
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
        Self(Leaf::built_in(Kind::Retry, "Backoff", &arguments))
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
        // The power becomes infinite where it overflows, and the minimum takes care of that.
        let grown = initial.as_f64() * multiplier.powf(exponent(reopens));
        if grown < longest.as_f64() { Nanos::from_f64(grown) } else { longest }
    };
    Wait { base: Box::new(base), jitter_ratio: component.number("jitter_ratio") }
}

#[allow(clippy::cast_precision_loss, reason = "past 2^53 reopenings the power is infinite anyhow")]
fn exponent(reopens: u64) -> f64 {
    reopens as f64
}
