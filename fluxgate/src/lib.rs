//! A circuit breaker guards the calls to a service: while the service fails, callers get a clear error at once instead
//! of hammering it, and it is probed gently until it is well again.
//!
//! ```
//! use fluxgate::{CallNotPermitted, circuit_breaker};
//!
//! #[derive(Debug)]
//! enum ApiError {
//!     Unavailable(CallNotPermitted),
//!     Declined,
//! }
//!
//! impl From<CallNotPermitted> for ApiError {
//!     fn from(rejection: CallNotPermitted) -> Self {
//!         Self::Unavailable(rejection)
//!     }
//! }
//!
//! #[circuit_breaker(name = "payment_api", tripper = "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)")]
//! fn charge(amount: u64) -> Result<u64, ApiError> {
//!     if amount > 0 { Ok(amount) } else { Err(ApiError::Declined) }
//! }
//!
//! assert_eq!(charge(100).unwrap(), 100);
//! ```
//!
//! A policy has five parts, each with built-in components and open to your own: the [`windows`] say which calls are
//! judged, the [`trackers`] which errors count, the [`trippers`] when the breaker opens, the [`retries`] when it probes
//! again, and the [`permits`] which calls may probe. [`listeners`] hear of every transition. What is not said is the
//! default policy of [`Policy`]. The [`guide`] says how to choose one and how to try it in production, how breakers go with
//! async code, tower, HTTP, gRPC, databases and retries, and what a call costs.

#![cfg_attr(docsrs, feature(doc_cfg))]

// The macros name this crate by its name, in its own tests too.
#[cfg(feature = "macros")]
#[allow(unused_extern_crates, reason = "the library itself uses no macro of its own")]
extern crate self as fluxgate;

mod admission;
mod breaker;
mod builder;
mod call;
mod clock;
mod component;
#[cfg(feature = "serde")]
mod configuration;
#[cfg(feature = "macros")]
mod declared;
mod ending;
mod error;
mod foresight;
mod future;
#[doc = include_str!("guide/index.md")]
pub mod guide {
    #[doc = include_str!("guide/asynchronous.md")]
    pub mod asynchronous {}
    #[doc = include_str!("guide/choosing.md")]
    pub mod choosing {}
    #[doc = include_str!("guide/configuration.md")]
    pub mod configuration {}
    #[doc = include_str!("guide/errors.md")]
    pub mod errors {}
    #[doc = include_str!("guide/in_place.md")]
    pub mod in_place {}
    #[doc = include_str!("guide/in_production.md")]
    pub mod in_production {}
    #[doc = include_str!("guide/migrating.md")]
    pub mod migrating {}
    #[doc = include_str!("guide/observability.md")]
    pub mod observability {}
    #[doc = include_str!("guide/while_running.md")]
    pub mod while_running {}
    #[doc = include_str!("guide/performance.md")]
    #[doc = include_str!("guide/measured.md")]
    pub mod performance {}
    #[doc = include_str!("guide/recovery.md")]
    pub mod recovery {}
    #[doc = include_str!("guide/testing.md")]
    pub mod testing {}
}
mod handle;
#[cfg(feature = "http")]
pub mod http;
mod info;
#[cfg(all(test, loom))]
mod interleavings;
#[cfg(feature = "keyed")]
pub mod keyed;
mod limit;
pub mod listeners;
mod machine;
mod metrics;
mod name;
mod nanos;
mod outbox;
mod outcome;
pub mod permits;
mod policy;
mod policy_change;
mod probes;
mod published;
mod random;
mod reason;
#[cfg(feature = "recorder")]
mod recorder;
mod registry;
#[cfg(feature = "serde")]
mod restart;
pub mod retries;
mod retry_after;
mod rules;
mod seconds;
mod settings;
mod settlement;
mod signal;
#[cfg(feature = "serde")]
mod snapshot;
mod state;
mod successes;
mod sync;
#[cfg_attr(loom, path = "told_thread_slot.rs")]
mod thread_slot;
mod totals;
#[cfg(feature = "tower")]
pub mod tower;
pub mod trackers;
pub mod trippers;
mod user_code;
pub mod windows;

#[cfg(feature = "macros")]
#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;

#[cfg(feature = "tokio")]
pub use clock::TokioClock;
#[cfg(feature = "serde")]
pub use configuration::{CONFIGURATION_SCHEMA, Configuration, ConfigureError, PolicyConfig, configure};
#[cfg(feature = "macros")]
pub use declared::DeclaredBreaker;
#[cfg(feature = "macros")]
pub use fluxgate_macros::{breakers, circuit_breaker};
#[cfg(feature = "keyed")]
pub use keyed::KeyedBreakers;
#[cfg(feature = "recorder")]
pub use recorder::Recorded;
#[cfg(feature = "serde")]
pub use restart::{BreakerSnapshot, RestoreError};
#[cfg(feature = "serde")]
pub use snapshot::{SlowRate, Snapshot, snapshot};
#[cfg(feature = "tower")]
pub use tower::CircuitBreakerLayer;
pub use {
    breaker::CircuitBreaker,
    builder::Builder,
    call::Call,
    clock::{Clock, ManualClock, SystemClock},
    error::{CallNotPermitted, CallTimedOut, Error, PolicyError},
    future::CallFuture,
    info::Info,
    listeners::Listener,
    metrics::Metrics,
    name::Name,
    outcome::Outcome,
    permits::Permit,
    policy::Policy,
    policy_change::PolicyChange,
    reason::{Evidence, Reason, Tripped},
    registry::{get, registry},
    retries::Retry,
    seconds::Seconds,
    settings::{Cancelled, HonourRetryAfter, MaxProbeTime},
    signal::Signal,
    state::State,
    totals::{CallTotals, Transitions},
    trackers::Tracker,
    trippers::Tripper,
    windows::Window,
};
