use std::time::Duration;

use tokio::time::Instant;

use super::Clock;

/// Tokio's clock, which `tokio::time::pause` stops and `tokio::time::advance` moves.
///
/// Use it in tests of async code that also uses tokio's timers.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, TokioClock};
///
/// let breaker = CircuitBreaker::builder("search").clock(TokioClock::new()).build()?;
/// // With `start_paused = true`, `tokio::time::advance(…)` also advances the breaker.
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("pause", "advance", "mock"))]
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    origin: Instant,
}

impl TokioClock {
    /// Creates a clock that starts at zero.
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for TokioClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}
