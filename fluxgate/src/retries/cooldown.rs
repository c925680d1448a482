use std::fmt;

use fluxgate_policy::{Argument, Component, Kind};

use super::{Retry, rule::Wait};
use crate::{component::Leaf, nanos::Nanos, seconds::Seconds};

/// The same wait after every opening.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, retries::Cooldown};
///
/// let breaker = CircuitBreaker::builder("search").retry(Cooldown(30.0).jitter_ratio(0.1)).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cooldown {
    duration: Seconds,
    jitter_ratio: f64,
}

/// A [`Cooldown`](struct@Cooldown) of `duration`: seconds, above 0.
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn Cooldown(duration: impl Into<Seconds>) -> Cooldown {
    Cooldown::new(duration)
}

impl Cooldown {
    /// Waits for `duration`: seconds, above 0.
    pub fn new(duration: impl Into<Seconds>) -> Self {
        Self { duration: duration.into(), jitter_ratio: 0.0 }
    }

    /// Spreads the wait evenly over ± this ratio of it: at least 0, below 1. 0 unless said otherwise.
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
