//! Breakers around HTTP, whichever crate speaks it.
//!
//! - [`StatusClassifier`] says which responses are failures: status 5xx and 429, unless told otherwise. It goes into a
//!   [`CircuitBreakerLayer`](crate::tower) or ends a [`Call`](crate::Call) by hand. [`GrpcClassifier`] does the same for
//!   gRPC.
//! - A [`CallNotPermitted`](crate::CallNotPermitted) becomes a response: `503 Service Unavailable` with `Retry-After`.
//! - The `Retry-After` of a failed response keeps the breaker open for at least that long, if the breaker
//!   [honours](crate::Builder::honour_retry_after) it.
//!
//! ```
//! use std::time::Duration;
//! use fluxgate::{CircuitBreaker, http::StatusClassifier, trippers::FailureStreak};
//! use http::{Response, StatusCode};
//!
//! let breaker = CircuitBreaker::builder("search")
//!     .tripper(FailureStreak(1))
//!     .honour_retry_after(Duration::from_secs(600))
//!     .build()?;
//!
//! // The service answers that it is overloaded,
//! let answer = Response::builder().status(429).header("Retry-After", "120").body(())?;
//! let call = breaker.try_acquire()?;
//! StatusClassifier::new().end(call, answer.status(), answer.headers());
//!
//! // which our own callers get to know.
//! let rejection = breaker.try_acquire().unwrap_err();
//! let ours: Response<String> = rejection.into();
//! assert_eq!(ours.status(), StatusCode::SERVICE_UNAVAILABLE);
//! assert_eq!(ours.headers()["Retry-After"], "120");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod grpc;
mod response;
mod retry_after;
mod status;

pub use grpc::GrpcClassifier;
pub use retry_after::retry_after;
pub use status::StatusClassifier;
