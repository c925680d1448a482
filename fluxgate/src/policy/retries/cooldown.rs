use fluxgate_policy::{Argument, Component, Kind};

use super::{Retry, Wait};
use crate::{
    policy::{
        component::{AnyComponent, converts},
        seconds::Seconds,
    },
    time::nanos::Nanos,
};

/// A retry that waits for the same time after every opening: seconds, above 0. The default policy waits for 60 seconds.
///
/// [`build`](crate::Builder::build) checks the value.
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
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cooldown<D>(pub D);

impl<D: Into<Seconds>> Cooldown<D> {
    /// Creates a retry that waits for `duration`: seconds, above 0.
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
    pub fn new(duration: D) -> Self {
        Self(duration)
    }

    /// Spreads the wait evenly over ± this ratio of it: at least 0, below 1. It is 0 by default.
    ///
    /// Jitter keeps the instances of a fleet from returning at the same time.
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
    pub fn jitter_ratio(self, jitter_ratio: f64) -> Retry {
        let arguments = [("duration", self.0.into().0), ("jitter_ratio", Argument::Number(jitter_ratio))];
        Retry(AnyComponent::built_in(Kind::Retry, "Cooldown", &arguments))
    }
}

converts!(Cooldown<D> => Retry, |it| it.jitter_ratio(0.0));

pub(super) fn wait(component: &Component) -> Wait {
    let duration = Nanos(component.nanos("duration"));
    Wait { base: Box::new(move |_| duration), jitter_ratio: component.number("jitter_ratio") }
}
