//! A breaker around any tower service.
//!
//! [`CircuitBreakerLayer`] puts one breaker around every service that it makes, and all clones of those share it.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), fluxgate::PolicyError> {
//! use fluxgate::{CircuitBreaker, CircuitBreakerLayer, Error, trippers::FailureStreak};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! let breaker = CircuitBreaker::builder("search").tripper(FailureStreak(1)).build()?;
//! let service = ServiceBuilder::new()
//!     .layer(CircuitBreakerLayer::new(&breaker))
//!     .service(service_fn(|text: &'static str| async move { text.parse::<u32>() }));
//!
//! assert_eq!(service.clone().oneshot("42").await, Ok(42));
//! assert!(matches!(service.clone().oneshot("many").await, Err(Error::Inner(_))));
//! assert!(matches!(service.oneshot("42").await, Err(Error::NotPermitted(_))));
//! # Ok(())
//! # }
//! ```
//!
//! # What counts
//!
//! An error of the service counts as the breaker's tracker says, a response is a success. A [`Classifier`] changes that:
//! for HTTP and gRPC there are ready ones (feature `http`), and [`failed_if`](CircuitBreakerLayer::failed_if) takes a
//! predicate. A readiness that fails (`poll_ready` with an error: no connection, say) is recorded as a call that failed
//! with that error.
//!
//! # Readiness
//!
//! - `poll_ready` takes no slot of the breaker. `call` does, and its future gives it back, however it ends: done,
//!   panicking, or dropped, polled or not.
//! - While the breaker would reject, the service is ready at once and the inner service is left alone, so that callers
//!   learn of it without waiting.
//! - An inner service that was ready when its call was rejected is still ready for the next one: what it has reserved, a
//!   place in a queue or a permit, is neither lost nor reserved twice. It is given back by the next call, or by dropping the
//!   service. So a service that idles after a rejection keeps others waiting that share a concurrency limit with it. Where
//!   that matters, make each call on a fresh clone and drop it after that, as `oneshot` does.
//! - An inner service is never called that was not ready. Where the service was ready only because the breaker would
//!   reject, and a retry falls due before the call, that call is still rejected; the next one may probe.
//! - A caller that is already waiting for the inner service when the breaker opens learns of it as soon as the inner
//!   service wakes it: as calls before it end, where it waits for a concurrency limit. So give those a time-out.
//!
//! # A breaker for each host
//!
//! [`CircuitBreakerLayer::keyed`] asks for the breaker of each request, which may be one of a set (feature `keyed`). There
//! is none yet when the service is asked whether it is ready, so it is ready when the inner service is. A rejection gives
//! back what the inner service has reserved: it is replaced by a clone of it, which has to be ready anew.
//!
//! In which order the breaker goes with other layers, and why, says the [guide](crate::guide::integrations).

mod answer;
mod classifier;
mod future;
mod keyed;
mod layer;
mod service;

pub use answer::{Answer, BoxError, Boxed, Typed};
pub use classifier::{ByTracker, Classifier, FailedIf};
pub use future::ResponseFuture;
pub use keyed::{Keyed, KeyedCircuitBreakerService};
pub use layer::CircuitBreakerLayer;
pub use service::CircuitBreakerService;
