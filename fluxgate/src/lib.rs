//! A circuit breaker guards the calls to a service: while the service fails, callers get a clear error at once instead
//! of hammering it, and it is probed gently until it is well again.
//!
//! # Installation
//!
//! The package is `fluxgate-breaker`, its library is `fluxgate`. Nothing is published yet: depend on a checkout by its path.
//!
//! ```toml
//! [dependencies]
//! fluxgate-breaker = { path = "../fluxgate/fluxgate" }
//! ```
//!
//! After publication, `cargo add fluxgate-breaker` will do the same.
//!
//! # A guarded function
//!
//! [`#[circuit_breaker]`](macro@circuit_breaker) goes on sync and async functions and leaves their signature as it is. The
//! compiler checks the policy.
//!
//! ```
//! # #[cfg(feature = "macros")]
//! # {
//! use fluxgate::{CallNotPermitted, circuit_breaker};
//!
//! #[derive(Debug)]
//! enum ApiError {
//!     Unavailable(CallNotPermitted), // the breaker is open: the service was not asked
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
//!     if amount > 0 { Ok(amount) } else { Err(ApiError::Declined) } // talk to the service here
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
//! A rejected call becomes the function's own error by `From<CallNotPermitted>`, which `anyhow::Error`, `eyre::Report` and
//! boxed errors have already. Where that can't be, `fallback` or `wrap_error` in the attribute says what callers get.
//!
//! # A breaker for several functions
//!
//! [`breakers!`](macro@breakers) declares breakers that functions share, and that can be called by hand too.
//!
//! ```
//! # #[cfg(feature = "macros")]
//! # {
//! use fluxgate::{breakers, circuit_breaker};
//!
//! breakers! {
//!     /// Guards the service that knows all products.
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
//! # By hand
//!
//! A [`CircuitBreaker`] takes closures ([`call`](CircuitBreaker::call)), futures ([`call_async`](CircuitBreaker::call_async))
//! and calls that end elsewhere ([`try_acquire`](CircuitBreaker::try_acquire)). An [`Error`] tells a rejection from the
//! error of the call.
//!
//! ```
//! use fluxgate::{CircuitBreaker, Error, retries::Cooldown, trippers::FailureStreak};
//!
//! let breaker = CircuitBreaker::builder("rates").tripper(FailureStreak(5)).retry(Cooldown(30)).build()?;
//! match breaker.call(|| "1.25".parse::<f64>()) {
//!     Ok(rate) => assert!(rate > 1.0),
//!     Err(Error::NotPermitted(rejection)) => println!("try again in {:?}", rejection.retry_after()),
//!     Err(error) => println!("{error}"),
//! }
//! # Ok::<(), fluxgate::PolicyError>(())
//! ```
//!
//! # Where to look
//!
//! | | |
//! |---|---|
//! | what a policy is made of | [`windows`] say which calls are judged, [`trackers`] which errors count, [`trippers`] when the breaker opens, [`retries`] when it probes again, [`permits`] which calls may probe |
//! | what is not said | the default policy of [`Policy`] |
//! | states, and what leads from one to another | [`State`] |
//! | who hears of transitions | [`listeners`] |
//! | a guarded function's breaker, to look at or to command | [`get`], [`registry`](registry()) |
//! | how to choose a policy, test, watch, try in production, put beside tower, HTTP, gRPC, databases and retries | the [`guide`] |
//! | coming from resilience4j, `failsafe`, `recloser` or the Python library | [`guide::migrating`] |
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `macros` (default) | [`#[circuit_breaker]`](macro@circuit_breaker) and [`breakers!`](macro@breakers) |
//! | `anyhow` | [`TypeOf`](trackers::TypeOf) looks into an `anyhow::Error` given to [`CircuitBreaker::call`]; in guarded functions it does so without this feature |
//! | `tokio` | [`timeout`](CallFuture::timeout) of async calls; [`TokioClock`], which follows `tokio::time::pause` |
//! | `tracing` | [`LogListener`](struct@listeners::LogListener) |
//! | `prometheus` | [`PrometheusListener`](listeners::PrometheusListener): breakers in a registry of `prometheus_client` |
//! | `opentelemetry` | [`OpenTelemetryListener`](listeners::OpenTelemetryListener): the same figures by a meter |
//! | `slack` | [`SlackListener`](listeners::SlackListener): a thread in a channel for each outage |
//! | `serde` | [`configure`]: policies from files; [`Info`] and [`Signal`] as JSON; [`save`](save()) and [`restore`](restore()) across restarts |
//! | `tower` | [`CircuitBreakerLayer`] around any service |
//! | `http` | [`http`]: classifiers of HTTP and gRPC responses, `Retry-After`, a rejection as a 503 |
//! | `keyed` | [`KeyedBreakers`]: a breaker for each host or tenant, with eviction |
//! | `recorder` | [`record_calls`](CircuitBreaker::record_calls): calls as a trace, to be replayed under other policies |
//!
//! The minimum supported Rust version is 1.85. On `wasm32-unknown-unknown`, where the system has no clock, a breaker has to
//! be given one: by [`clock`](Builder::clock), or `clock = …` in the macros.

#![cfg_attr(docsrs, feature(doc_cfg))]

// The macros name this crate by its name, in its own tests too.
#[cfg(feature = "macros")]
#[allow(unused_extern_crates, reason = "the library itself uses no macro of its own")]
extern crate self as fluxgate;

mod breaker;
mod call;
#[cfg(feature = "serde")]
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

#[cfg(feature = "macros")]
pub use fluxgate_macros::{breakers, circuit_breaker};
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
    configuration::{CONFIGURATION_SCHEMA, Configuration, ConfigureError, PolicyConfig, configure},
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
    error::{CallNotPermitted, CallTimedOut, Error, PolicyError},
    events::{listener::Listener, policy_change::PolicyChange, signal::Signal},
    machine::reason::Reason,
    name::Name,
    outcome::Outcome,
    policy::{
        Policy,
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
