//! Everything that a crate can do to make the expansions of macros fail, short of not depending on fluxgate.

#![no_implicit_prelude]
#![deny(warnings, missing_docs, unused, future_incompatible, nonstandard_style, rust_2018_idioms)]
#![deny(unused_qualifications, unused_lifetimes, unreachable_pub, single_use_lifetimes, missing_debug_implementations)]
#![deny(unused_results, let_underscore_drop, trivial_casts, elided_lifetimes_in_paths, explicit_outlives_requirements)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery, clippy::unwrap_used)]
#![forbid(unsafe_code)]

use ::breakers::circuit_breaker;

use ::breakers::{CallNotPermitted, CallTimedOut};
use ::core::{convert::From, marker::Send};

/// Not the one of the prelude.
#[derive(Debug)]
pub enum Result {}

/// Not the one of the prelude.
#[derive(Debug)]
pub enum Option {}

/// Not one of the prelude.
pub trait Some {}

mod std {}
mod core {}
mod fluxgate {}

/// What went wrong.
#[derive(Debug)]
pub struct Wrong;

impl From<CallNotPermitted> for Wrong {
    fn from(_: CallNotPermitted) -> Self {
        Self
    }
}

impl From<CallTimedOut> for Wrong {
    fn from(_: CallTimedOut) -> Self {
        Self
    }
}

::breakers::breakers! {
    default { tripper = FailureStreak(2) | MinRequests(5) & FailureRate(0.5), cancelled = 2s }

    /// With every part of a policy.
    pub WHOLE {
        window = TimeWindow(10s),
        tracker = TypeOf(::std::fmt::Error, Wrong) | !Matches(Wrong) & All(),
        retry = Backoff(1s, jitter_ratio = 0.1),
        permit = RampUp(0, 1, 10s),
        max_half_open_calls = 2,
        max_probe_time = "off",
        shadow,
    }
}

/// Sync.
///
/// # Errors
///
/// When it is rejected.
#[circuit_breaker(name = "sync", tracker = Custom(|_| true) & !TypeOf(Wrong), tripper = FailureStreak(5))]
pub fn sync(value: u32) -> ::core::result::Result<u32, Wrong> {
    ::core::result::Result::Ok(value)
}

/// Async.
///
/// # Errors
///
/// When it is rejected.
#[circuit_breaker(timeout = 1s, failed_if = |value| *value > 10)]
pub async fn asynchronous(value: u32) -> ::core::result::Result<u32, Wrong> {
    ::tokio::task::yield_now().await;
    ::core::result::Result::Ok(value)
}

/// With a fallback that borrows an argument.
#[circuit_breaker(WHOLE, fallback = |_| value.len())]
pub async fn with_a_fallback(value: &str) -> usize {
    ::tokio::task::yield_now().await;
    value.len() + 1
}

/// Wrapped.
///
/// # Errors
///
/// When it is rejected, wrapped.
#[circuit_breaker(wrap_error)]
pub fn wrapped<'a>(value: &'a str, _other: &str) -> ::core::result::Result<&'a str, Wrong> {
    ::core::result::Result::Ok(value)
}

/// A future by another name.
#[circuit_breaker(breaker)]
pub fn future<'a>(
    breaker: &'a ::breakers::CircuitBreaker,
    value: &'a str,
) -> impl ::core::future::Future<Output = ::core::result::Result<&'a str, Wrong>> + Send + 'a {
    async move { ::core::result::Result::Ok(value) }
}

#[cfg(test)]
mod tests {
    use ::std::{assert_eq, prelude::v1::test};

    #[test]
    fn the_macros_know_fluxgate_by_its_new_name() {
        let runtime = ::tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(calls());
    }

    async fn calls() {
        assert_eq!(super::sync(1).ok(), ::core::option::Option::Some(1));
        assert_eq!(super::asynchronous(1).await.ok(), ::core::option::Option::Some(1));
        assert_eq!(super::with_a_fallback("a").await, 2);
        assert_eq!(super::wrapped("a", "b").ok(), ::core::option::Option::Some("a"));
        let breaker = ::breakers::CircuitBreaker::new("given");
        assert_eq!(super::future(&breaker, "a").await.ok(), ::core::option::Option::Some("a"));
        assert_eq!((super::WHOLE.info().calls, breaker.info().calls), (1, 1));
    }
}
