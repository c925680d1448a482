//! What the expansions of the macros may name. Nothing here is meant for people.
//!
//! Every guarded function calls one of `call…` with its breaker, what is `seen` of an error, whether an `Ok` value has
//! `failed`, and its body.

mod answer;
mod map;
mod probe;

use std::{borrow::Cow, future::Future};

#[cfg(feature = "tokio")]
pub use crate::limit::Timeout;
pub use {
    crate::{__fluxgate_timeout as timeout, limit::NoLimit, trackers::ErrorView},
    answer::{Fallible, Guarded, InTime, IsResult, Kind, Plain},
    inventory,
    probe::{OfType, Shape, View},
};

use crate::{
    breaker::CircuitBreaker,
    declared::DeclaredBreaker,
    error::Error,
    future::CallFuture,
    judge::{Judge, tracked},
    limit::Limit,
    outcome::Outcome,
    trackers, user_code,
};
use answer::own;
use map::map;

/// A declared breaker, as it is registered when the program is linked.
pub struct Declared(pub &'static DeclaredBreaker);

inventory::collect!(Declared);

/// What becomes known of an error.
pub enum Seen<'e> {
    /// The attribute's own tracker has spoken: whether the error is tracked.
    Judged(bool),
    /// This is for the breaker's tracker to look at.
    At(ErrorView<'e>),
}

/// For a breaker whose tracker looks at no error, and for errors at which none can look: those that borrow.
pub fn unseen<E>(_: &E) -> Seen<'_> {
    struct Unseen;
    Seen::At(ErrorView::of_value(&Unseen))
}

/// The `failed_if` of a function that has none.
pub fn never<T>(_: &T) -> bool {
    false
}

/// Whether `predicate` holds of an error of which it is to learn the type from it.
pub fn holds<E>(error: &E, predicate: impl Fn(&E) -> bool) -> bool {
    predicate(error)
}

/// Tells inference the type that an `async` block returns.
pub fn none<R>() -> Option<R> {
    None
}

/// Runs a body in which `return` is to end no more than that body.
pub fn run<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// A guarded function whose error can say that the call was rejected.
pub fn call<R: Guarded>(
    breaker: &CircuitBreaker,
    seen: impl Fn(&R::Err) -> Seen<'_>,
    failed: impl Fn(&R::Ok) -> bool,
    work: impl FnOnce() -> R,
) -> R {
    own::<NoLimit, R>(breaker.attempt(Judging { seen, failed }, || work().into_result()))
}

/// One with `wrap_error`.
pub fn call_wrapped<R: Fallible>(
    breaker: &CircuitBreaker,
    seen: impl Fn(&R::Err) -> Seen<'_>,
    failed: impl Fn(&R::Ok) -> bool,
    work: impl FnOnce() -> R,
) -> R::Wrapped {
    R::wrapped(breaker.attempt(Judging { seen, failed }, || work().into_result()))
}

/// One with a `fallback`, whatever it returns.
pub fn call_or<R, K: Kind<R>>(
    _: K,
    breaker: &CircuitBreaker,
    seen: impl Fn(&K::Err) -> Seen<'_>,
    failed: impl Fn(&K::Ok) -> bool,
    work: impl FnOnce() -> R,
    fallback: impl FnOnce(Error<K::Err>) -> R,
) -> R {
    breaker.attempt(Judging { seen, failed }, || K::split(work())).map_or_else(fallback, K::join)
}

/// An async guarded function whose error can say that the call was rejected.
#[expect(private_bounds, reason = "only expansions call this, and they bring no limits of their own")]
pub fn call_async<'b, R: Guarded + InTime<L>, L: Limit>(
    breaker: impl Held<'b>,
    seen: impl Fn(&R::Err) -> Seen<'_>,
    failed: impl Fn(&R::Ok) -> bool,
    limit: L,
    future: impl Future<Output = R>,
) -> impl Future<Output = R> {
    let call = CallFuture::new(breaker.held(), Judging { seen, failed }, limit, map(future, R::into_result));
    map(call, own::<L, R>)
}

/// One with `wrap_error`.
#[expect(private_bounds, reason = "only expansions call this, and they bring no limits of their own")]
pub fn call_async_wrapped<'b, R: Fallible, L: Limit>(
    breaker: impl Held<'b>,
    seen: impl Fn(&R::Err) -> Seen<'_>,
    failed: impl Fn(&R::Ok) -> bool,
    limit: L,
    future: impl Future<Output = R>,
) -> impl Future<Output = R::Wrapped> {
    let call = CallFuture::new(breaker.held(), Judging { seen, failed }, limit, map(future, R::into_result));
    map(call, R::wrapped)
}

/// One with a `fallback`, whatever it returns.
#[expect(private_bounds, reason = "only expansions call this, and they bring no limits of their own")]
pub fn call_async_or<'b, R, L: Limit, K: Kind<R>>(
    _: K,
    breaker: impl Held<'b>,
    seen: impl Fn(&K::Err) -> Seen<'_>,
    failed: impl Fn(&K::Ok) -> bool,
    limit: L,
    future: impl Future<Output = R>,
    fallback: impl FnOnce(Error<K::Err>) -> R,
) -> impl Future<Output = R> {
    let call = CallFuture::new(breaker.held(), Judging { seen, failed }, limit, map(future, K::split));
    map(call, |answer| answer.map_or_else(fallback, K::join))
}

/// A breaker as a future can hold it: for as long as it is borrowed, or a handle of its own.
pub trait Held<'b> {
    fn held(self) -> Cow<'b, CircuitBreaker>;
}

impl<'b> Held<'b> for &'b CircuitBreaker {
    fn held(self) -> Cow<'b, CircuitBreaker> {
        Cow::Borrowed(self)
    }
}

impl Held<'static> for &'static DeclaredBreaker {
    fn held(self) -> Cow<'static, CircuitBreaker> {
        Cow::Borrowed(self)
    }
}

impl Held<'static> for CircuitBreaker {
    fn held(self) -> Cow<'static, CircuitBreaker> {
        Cow::Owned(self)
    }
}

/// The judge of a guarded function.
struct Judging<S, P> {
    seen: S,
    failed: P,
}

impl<T, E, S, P> Judge<T, E> for Judging<S, P>
where
    S: Fn(&E) -> Seen<'_>,
    P: Fn(&T) -> bool,
{
    fn outcome(&self, result: &Result<T, E>, tracker: &trackers::Rule) -> Outcome {
        match result {
            // A panic of `failed_if` is the function's own and goes on unwinding.
            Ok(value) if (self.failed)(value) => Outcome::Failure,
            Ok(_) => Outcome::Success,
            // One of a tracker is not: it tracks the error, wherever the tracker was written.
            Err(error) => tracked(match user_code::run("tracker", || (self.seen)(error)) {
                Some(Seen::At(view)) => tracker.tracks(|| view),
                Some(Seen::Judged(tracked)) => tracked,
                None => true,
            }),
        }
    }
}

/// The limit of a call with a `timeout`.
#[cfg(feature = "tokio")]
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_timeout {
    ($limit:expr) => {
        $crate::__private::Timeout::new($limit)
    };
}

/// The limit of a call with a `timeout`.
#[cfg(not(feature = "tokio"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_timeout {
    ($limit:expr) => {
        ::core::compile_error!(
            "`timeout` needs the feature `tokio` of fluxgate; write `features = [\"tokio\"]` where Cargo.toml names it"
        )
    };
}
