//! Listeners: who hears of transitions.
//!
//! | listener | feature | |
//! |---|---|---|
//! | a function, or anything that is a [`Listener`] | | is told of each transition |
//! | `LogListener` | `tracing` | logs them |
//! | `PrometheusListener` | `prometheus` | shows the breaker in a registry of `prometheus_client` |
//! | `OpenTelemetryListener` | `opentelemetry` | the same figures, by a meter |
//! | `SlackListener` | `slack` | tells a channel |
//!
//! Listeners run outside every lock, in the order of the transitions. One may use the breaker it listens to. One that
//! panics is told of in the log; neither the call nor the other listeners notice.
//!
//! ```
//! use std::sync::mpsc;
//! use fluxgate::{CircuitBreaker, Signal, trippers::FailureStreak};
//!
//! let (sender, news) = mpsc::channel();
//! let breaker = CircuitBreaker::builder("search")
//!     .tripper(FailureStreak(2))
//!     .listener(move |signal: &Signal| {
//!         let _ = sender.send(format!("{} is {}: {}", signal.breaker(), signal.new_state(), signal.reason()));
//!     })
//!     .build()?;
//! for _ in 0..2 {
//!     let _ = breaker.call(|| Err::<(), _>("down"));
//! }
//! assert_eq!(news.recv().unwrap(), "search is open: FailureStreak(2): 2 failures in a row");
//! # Ok::<(), fluxgate::PolicyError>(())
//! ```
//!
//! What to watch, and how, is told by the [guide](crate::guide::observability).

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

pub use crate::events::listener::Listener;
