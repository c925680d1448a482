//! Listeners: who hears of transitions.
//!
//! Listeners run outside every lock, in the order of the transitions. One may use the breaker it listens to. One that
//! panics is told of in the log; neither the call nor the other listeners notice.

#[cfg(feature = "tracing")]
mod log;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
#[cfg(feature = "prometheus")]
pub mod prometheus;
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
mod series;
#[cfg(feature = "slack")]
pub mod slack;

#[cfg(feature = "tracing")]
pub use log::LogListener;
#[cfg(feature = "opentelemetry")]
pub use opentelemetry::OpenTelemetryListener;
#[cfg(feature = "prometheus")]
pub use prometheus::PrometheusListener;
#[cfg(feature = "slack")]
pub use slack::SlackListener;

use crate::{policy_change::PolicyChange, signal::Signal};

/// Hears of every transition of a breaker. Every `Fn(&Signal)` that can be shared between threads is one.
///
/// It runs on the thread of a call, so what takes long should be handed to another thread. Signals wait for one that is
/// at work, in their order; of more than 65,536 the oldest are dropped, which the log tells (feature `tracing`).
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Signal};
///
/// let breaker = CircuitBreaker::builder("search")
///     .listener(|signal: &Signal| println!("{} is {}: {}", signal.breaker(), signal.new_state(), signal.reason()))
///     .build()?;
/// breaker.force_open();
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
pub trait Listener: Send + Sync + 'static {
    /// Called once for every transition.
    fn on_transition(&self, signal: &Signal);

    /// Called once for every [`set_policy`](crate::CircuitBreaker::set_policy) that succeeds, in order with the
    /// transitions. Does nothing unless said otherwise.
    fn on_policy_change(&self, change: &PolicyChange) {
        let _ = change;
    }

    /// Whether a breaker with this listener counts the outcomes of its calls: see
    /// [`CircuitBreaker::totals`](crate::CircuitBreaker::totals). Asked once, when the breaker is built.
    fn counts_calls(&self) -> bool {
        false
    }
}

impl<F: Fn(&Signal) + Send + Sync + 'static> Listener for F {
    fn on_transition(&self, signal: &Signal) {
        self(signal);
    }
}
