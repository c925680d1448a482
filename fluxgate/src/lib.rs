//! A circuit breaker for sync and async code. It guards the calls to a service: while the service fails, the breaker
//! rejects calls immediately instead of letting them wait and fail, and it probes the service until it has recovered.
//!
//! # Installation
//!
//! The package is named `fluxgate-breaker`; its library is `fluxgate`. It is not published yet, so depend on a checkout:
//!
//! ```toml
//! [dependencies]
//! fluxgate-breaker = { path = "../fluxgate/fluxgate" }
//! ```
//!
//! After publication, `cargo add fluxgate-breaker` will do the same.
//!
//! # Guarded functions
//!
//! [`#[circuit_breaker]`](macro@circuit_breaker) guards a sync or async function and keeps its signature. The policy is
//! checked at compile time.
//!
//! ```
//! # #[cfg(feature = "macros")]
//! # {
//! use fluxgate::{CallNotPermitted, circuit_breaker};
//!
//! #[derive(Debug)]
//! enum ApiError {
//!     Unavailable(CallNotPermitted), // the breaker rejected the call
//!     Declined,
//! }
//!
//! impl From<CallNotPermitted> for ApiError {
//!     fn from(rejection: CallNotPermitted) -> Self {
//!         Self::Unavailable(rejection)
//!     }
//! }
//!
//! #[circuit_breaker(
//!     name = "payment_api",
//!     tripper = FailureStreak(5) | MinRequests(20) & FailureRate(0.6)
//! )]
//! fn charge(amount: u64) -> Result<u64, ApiError> {
//!     // Call the service here.
//!     if amount > 0 { Ok(amount) } else { Err(ApiError::Declined) }
//! }
//!
//! #[circuit_breaker(name = "warehouse")] // the default policy
//! async fn stock(sku: &str) -> Result<usize, ApiError> {
//!     Ok(sku.len())
//! }
//!
//! assert_eq!(charge(100).unwrap(), 100);
//! # drop(stock("umbrella"));
//! # }
//! ```
//!
//! `From<CallNotPermitted>` converts a rejection into the error of the function. `anyhow::Error`, `eyre::Report` and
//! `Box<dyn Error + Send + Sync>` implement it already. For an error type that cannot implement it, give the attribute a
//! `fallback`, or `wrap_error`.
//!
//! # Shared breakers
//!
//! [`breakers!`](macro@breakers) declares breakers that several functions share. They can also be called directly.
//!
//! ```
//! # #[cfg(feature = "macros")]
//! # {
//! use fluxgate::{breakers, circuit_breaker};
//!
//! breakers! {
//!     /// Guards the product catalog.
//!     pub CATALOG {
//!         window = TimeWindow(30s),
//!         tripper = MinRequests(20) & (FailureRate(0.5) | SlowRate(0.5, threshold = 2s)),
//!         retry = Backoff(10s, jitter_ratio = 0.1),
//!     }
//! }
//!
//! #[circuit_breaker(CATALOG)]
//! fn find(text: &str) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
//!     Ok(text.len())
//! }
//!
//! assert_eq!(find("umbrella").unwrap(), 8);
//! assert_eq!(CATALOG.info().calls, 1);
//! # }
//! ```
//!
//! # Breakers without macros
//!
//! A [`CircuitBreaker`] guards closures with [`call`](CircuitBreaker::call) and futures with
//! [`call_async`](CircuitBreaker::call_async). For a call that ends elsewhere in the program,
//! [`try_acquire`](CircuitBreaker::try_acquire) returns a [`Call`] that records the outcome later. [`Error`] distinguishes
//! a rejection from an error of the call itself.
//!
//! ```
//! use fluxgate::{CircuitBreaker, Error, retries::Cooldown, trippers::FailureStreak};
//!
//! let breaker = CircuitBreaker::builder("rates")
//!     .tripper(FailureStreak(5))
//!     .retry(Cooldown(30))
//!     .build()?;
//! match breaker.call(|| "1.25".parse::<f64>()) {
//!     Ok(rate) => assert!(rate > 1.0),
//!     Err(Error::NotPermitted(rejection)) => {
//!         println!("try again in {:?}", rejection.retry_after());
//!     }
//!     Err(error) => println!("{error}"),
//! }
//! # Ok::<(), fluxgate::PolicyError>(())
//! ```
//!
//! # Overview
//!
//! | topic | see |
//! |---|---|
//! | policies: the default, and all settings | [`Policy`] |
//! | the calls by which a breaker judges | [`windows`] |
//! | the errors that count as failures | [`trackers`] |
//! | the conditions under which a breaker opens | [`trippers`] |
//! | the time until a breaker probes again | [`retries`] |
//! | the calls that may probe | [`permits`] |
//! | states and transitions | [`State`] |
//! | notifications of transitions | [`listeners`] |
//! | the breakers of the process, by name | [`get`], [`registry`](registry()) |
//! | choosing a policy, testing, metrics, integrations | the [`guide`] |
//! | migrating from resilience4j, `failsafe`, `recloser` or the Python library | [`guide::migrating`] |
//!
//! # Features
//!
//! | feature | enables |
//! |---|---|
//! | `macros` (default) | [`#[circuit_breaker]`](macro@circuit_breaker) and [`breakers!`](macro@breakers) |
//! | `anyhow` | [`TypeOf`](trackers::TypeOf) looks into an `anyhow::Error` that is passed to [`CircuitBreaker::call`]. Guarded functions need no feature for that |
//! | `tokio` | [`timeout`](CallFuture::timeout) for async calls; [`TokioClock`], which follows `tokio::time::pause` |
//! | `tracing` | [`LogListener`](struct@listeners::LogListener): transitions as `tracing` events |
//! | `prometheus` | [`PrometheusListener`](listeners::PrometheusListener): metrics in a registry of `prometheus_client` |
//! | `opentelemetry` | [`OpenTelemetryListener`](listeners::OpenTelemetryListener): the same metrics through the OpenTelemetry API |
//! | `slack` | [`SlackListener`](listeners::SlackListener): a thread in a Slack channel for each outage |
//! | `config` | [`configure`]: policies from files |
//! | `serde` | [`Policy`], [`Info`] and [`Signal`] as JSON; [`save`](save()) and [`restore`](restore()) across restarts |
//! | `tower` | [`CircuitBreakerLayer`] for any tower service |
//! | `http` | [`http`]: classifiers for HTTP and gRPC responses, `Retry-After`, rejections as 503 responses |
//! | `keyed` | [`KeyedBreakers`]: one breaker per host or tenant, with eviction |
//! | `recorder` | [`record_calls`](CircuitBreaker::record_calls): a trace of the calls, which can be replayed under other policies |
//!
//! The minimum supported Rust version is 1.85. On `wasm32-unknown-unknown`, which has no system clock, every breaker needs
//! a clock: [`clock`](Builder::clock) on the builder, or `clock = …` in the macros.

#![cfg_attr(docsrs, feature(doc_cfg))]

// The macros name this crate by its name, in its own tests too.
#[cfg(feature = "macros")]
#[allow(unused_extern_crates, reason = "the library itself uses no macro of its own")]
extern crate self as fluxgate;

mod breaker;
mod call;
#[cfg(feature = "config")]
mod configuration;
mod error;
mod events;
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
    #[doc = include_str!("guide/in_production.md")]
    pub mod in_production {}
    #[doc = include_str!("guide/integrations.md")]
    pub mod integrations {}
    #[doc = include_str!("guide/migrating.md")]
    pub mod migrating {}
    #[doc = include_str!("guide/observability.md")]
    pub mod observability {}
    #[doc = include_str!("guide/performance.md")]
    #[doc = include_str!("guide/measured.md")]
    pub mod performance {}
    #[doc = include_str!("guide/recovery.md")]
    pub mod recovery {}
    #[doc = include_str!("guide/runtime_changes.md")]
    pub mod runtime_changes {}
    #[doc = include_str!("guide/testing.md")]
    pub mod testing {}
}
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "keyed")]
pub mod keyed;
pub mod listeners;
mod machine;
mod name;
mod outcome;
mod policy;
mod process;
mod random;
#[cfg(feature = "recorder")]
mod recorder;
mod registry;
mod state;
mod sync;
#[cfg(test)]
mod tests;
mod time;
#[cfg(feature = "tower")]
pub mod tower;
mod user_code;

#[cfg(feature = "macros")]
#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;

#[cfg(feature = "config")]
pub use configuration::{
    CONFIGURATION_SCHEMA, Configuration, ConfigureError, PolicyEntry, Unmatched, UnmatchedName, configure,
};
#[cfg(feature = "macros")]
pub use fluxgate_macros::{breakers, circuit_breaker};
pub use fluxgate_policy::ErrorKind as MistakeKind;
#[cfg(feature = "keyed")]
pub use keyed::{KeyedBreakers, Set, sets};
#[cfg(feature = "recorder")]
pub use recorder::Recorded;
#[cfg(feature = "macros")]
pub use registry::declared::DeclaredBreaker;
#[cfg(feature = "tower")]
pub use tower::CircuitBreakerLayer;
#[cfg(feature = "serde")]
pub use {
    breaker::saved_state::{RestoreError, SavedState},
    registry::saved::{Restored, Saved, restore, save},
};
pub use {
    breaker::{
        CircuitBreaker,
        builder::Builder,
        info::Info,
        totals::{CallTotals, Transitions},
    },
    call::{Call, future::CallFuture},
    error::{CallNotPermitted, CallTimedOut, Error},
    events::{listener::Listener, policy_change::PolicyChange, signal::Signal},
    machine::reason::Reason,
    name::Name,
    outcome::Outcome,
    policy::{
        Policy,
        error::{Mistake, PolicyError},
        permits::{self, Permit},
        retries::{self, Retry},
        seconds::Seconds,
        settings::{Cancelled, HonourRetryAfter, MaxFailedProbes, MaxProbeTime},
        trackers::{self, Tracker},
        trippers::{
            self, Tripper,
            evidence::{Evidence, Tripped},
        },
        windows::{self, Window, metrics::Metrics},
    },
    registry::{get, registry, reset_all},
    state::State,
    time::{Clock, ManualClock, SystemClock},
};
#[cfg(feature = "tokio")]
pub use {call::future::TimeoutFuture, time::TokioClock};
