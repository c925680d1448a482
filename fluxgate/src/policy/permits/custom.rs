use std::{sync::Arc, time::Duration};

use super::Permit;
use crate::policy::component::{AnyComponent, custom_name};

/// A custom permit.
///
/// It runs outside every lock, at each call that finds the breaker half-open with room for one more. If it panics, the call
/// is not admitted.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, permits::{CustomPermit, PermitContext}};
///
/// /// A tenth of the calls for the first minute, then all.
/// struct Steps;
///
/// impl CustomPermit for Steps {
///     fn admits(&self, context: &PermitContext) -> bool {
///         self.is_final(context) || context.draw() < 0.1
///     }
///
///     fn is_final(&self, context: &PermitContext) -> bool {
///         context.half_open_for() >= Duration::from_secs(60)
///     }
/// }
///
/// let breaker = CircuitBreaker::builder("search").permit(Steps).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
pub trait CustomPermit: Send + Sync + 'static {
    /// Decides whether this call may probe the service.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, permits::{CustomPermit, PermitContext}, retries::Always, trippers::FailureStreak};
    ///
    /// /// One probe at a time, whatever the limit is.
    /// struct OneByOne;
    ///
    /// impl CustomPermit for OneByOne {
    ///     fn admits(&self, context: &PermitContext) -> bool {
    ///         context.in_flight() == 0
    ///     }
    /// }
    ///
    /// let builder = CircuitBreaker::builder("search").tripper(FailureStreak(1)).retry(Always());
    /// let breaker = builder.permit(OneByOne).build()?;
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// let probe = breaker.try_acquire().unwrap();
    /// assert!(breaker.try_acquire().is_err());
    /// # drop(probe);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    fn admits(&self, context: &PermitContext) -> bool;

    /// Decides whether a success may close the breaker now. The default is `true`. If it panics, the breaker stays half-open.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, State, permits::{CustomPermit, PermitContext}};
    /// # use fluxgate::{ManualClock, retries::Always, trippers::FailureStreak};
    ///
    /// /// Every call, but it closes no sooner than after ten seconds.
    /// struct Patient;
    ///
    /// impl CustomPermit for Patient {
    ///     fn admits(&self, _: &PermitContext) -> bool {
    ///         true
    ///     }
    ///
    ///     fn is_final(&self, context: &PermitContext) -> bool {
    ///         context.half_open_for() >= Duration::from_secs(10)
    ///     }
    /// }
    /// #
    /// # let clock = ManualClock::new();
    /// # let builder = CircuitBreaker::builder("search").tripper(FailureStreak(1)).retry(Always());
    /// # let breaker = builder.permit(Patient).clock(clock.clone()).build()?;
    /// # let _ = breaker.call(|| Err::<(), _>("down"));
    ///
    /// assert!(breaker.call(|| Ok::<_, &str>(())).is_ok());
    /// assert_eq!(breaker.info().state, State::HalfOpen);
    /// clock.advance(Duration::from_secs(10));
    /// assert!(breaker.call(|| Ok::<_, &str>(())).is_ok());
    /// assert_eq!(breaker.info().state, State::Closed);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    fn is_final(&self, context: &PermitContext) -> bool {
        let _ = context;
        true
    }
}

/// The figures that a custom permit judges.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::permits::{CustomPermit, PermitContext};
///
/// /// Admits more probes every ten seconds.
/// struct Widening;
///
/// impl CustomPermit for Widening {
///     fn admits(&self, context: &PermitContext) -> bool {
///         let step = context.half_open_for().as_secs() / 10;
///         context.draw() < 0.2 && (context.in_flight() as u64) <= step
///     }
///
///     fn is_final(&self, context: &PermitContext) -> bool {
///         context.half_open_for() >= Duration::from_secs(60)
///     }
/// }
/// # let _ = fluxgate::Permit::from(Widening);
/// ```
#[derive(Clone, Debug)]
pub struct PermitContext {
    pub(crate) half_open_for: Duration,
    pub(crate) in_flight: usize,
    pub(crate) draw: f64,
}

impl PermitContext {
    /// Creates the context of a breaker that has been half-open for this long, for tests of a custom permit. No probe
    /// is in flight, and the draw is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::permits::{CustomPermit, PermitContext};
    ///
    /// struct OneAtATime;
    ///
    /// impl CustomPermit for OneAtATime {
    ///     fn admits(&self, context: &PermitContext) -> bool {
    ///         context.in_flight() == 0
    ///     }
    /// }
    ///
    /// let context = PermitContext::new(Duration::from_secs(5));
    /// assert!(OneAtATime.admits(&context));
    /// assert!(!OneAtATime.admits(&context.with_in_flight(1)));
    /// ```
    pub fn new(half_open_for: Duration) -> Self {
        Self { half_open_for, in_flight: 0, draw: 0.0 }
    }

    /// Sets the number of probes in flight.
    #[must_use]
    pub fn with_in_flight(self, in_flight: usize) -> Self {
        Self { in_flight, ..self }
    }

    /// Sets the draw, from 0 (inclusive) to 1 (exclusive).
    #[must_use]
    pub fn with_draw(self, draw: f64) -> Self {
        Self { draw, ..self }
    }

    /// Returns the time that the breaker has been half-open.
    pub fn half_open_for(&self) -> Duration {
        self.half_open_for
    }

    /// Returns the number of probes in flight, without the call in question.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Returns a number from 0 (inclusive) to 1 (exclusive), drawn from the breaker's random source for this call.
    pub fn draw(&self) -> f64 {
        self.draw
    }
}

impl<T: CustomPermit> From<T> for Permit {
    fn from(permit: T) -> Self {
        Self(AnyComponent::custom(Arc::new(permit), custom_name::<T>()))
    }
}
