use std::time::Duration;

use tokio::time::Instant;

use super::Clock;

/// Tokio's clock, which stands still under `tokio::time::pause` and jumps with `tokio::time::advance`.
///
/// For tests of async code whose other timers are tokio's too.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, TokioClock};
///
/// let breaker = CircuitBreaker::builder("search").clock(TokioClock::new()).build()?;
/// // … in a test with `start_paused = true`, `tokio::time::advance(…)` moves the breaker too.
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("pause", "advance", "mock"))]
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    origin: Instant,
}

impl TokioClock {
    /// A clock that stands at zero now.
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
