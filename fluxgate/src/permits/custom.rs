use std::{sync::Arc, time::Duration};

use super::Permit;
use crate::component::{Leaf, custom_name};

/// A permit of the user's own.
///
/// It is asked outside every lock, at each call that finds the breaker half-open with room for one more. One that
/// panics admits nobody.
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
    /// Whether this call may probe the service.
    fn admits(&self, context: &PermitContext) -> bool;

    /// Whether a success may close the breaker now. Always, unless said otherwise.
    fn is_final(&self, context: &PermitContext) -> bool {
        let _ = context;
        true
    }
}

/// What a permit judges by.
#[derive(Clone, Debug)]
pub struct PermitContext {
    pub(crate) half_open_for: Duration,
    pub(crate) in_flight: usize,
    pub(crate) draw: f64,
}

impl PermitContext {
    /// How long the breaker has been half-open.
    pub fn half_open_for(&self) -> Duration {
        self.half_open_for
    }

    /// How many probes are in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// A number from 0 (inclusive) to 1 (exclusive), drawn from the breaker's random source for this call.
    pub fn draw(&self) -> f64 {
        self.draw
    }
}

impl<T: CustomPermit> From<T> for Permit {
    fn from(permit: T) -> Self {
        Self(Leaf::custom(Arc::new(permit), custom_name::<T>()))
    }
}
