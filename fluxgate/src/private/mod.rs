//! The items that expansions of the macros name. Nothing here is for direct use.
//!
//! Every guarded function is one call of [`call`] or [`call_async`], or of its shorter form for plain ones: with its
//! breaker, what is `seen` of an error, whether an `Ok` value has `failed`, its body, and what it answers in the end. Where
//! the name of its return type does not tell which of them, [`Shape`] decides by the type. A body may be given arguments
//! (`given_1` and the like), and a fallback that borrows what the body does is made after the call.

mod answer;
mod given;
mod keyed;
mod probe;
mod register;
mod shape;

use std::{borrow::Borrow, future::Future};

#[cfg(feature = "tokio")]
pub use crate::call::timeout::Timeout;
#[cfg(not(feature = "keyed"))]
pub use keyed::Missing;
pub use {
    crate::{
        __fluxgate_breaker as breaker, __fluxgate_keyed as keyed, __fluxgate_keyed_set as keyed_set,
        __fluxgate_keyed_type as keyed_type, __fluxgate_timeout as timeout, call::timeout::NoLimit,
        registry::declared::Declaration, trackers::ErrorView,
    },
    answer::{
        Answer, Fallible, Give, Guarded, InTime, IsAResult, Split, ready, via_from, via_from_generic, via_from_timed,
        wrap,
    },
    given::*,
    probe::{OfType, View},
    register::{Declared, inventory},
    shape::{Shape, Value},
};
#[cfg(feature = "keyed")]
pub use {
    crate::{
        __fluxgate_keyed_declaration as keyed_declaration,
        keyed::{DeclaredKeyedBreakers, KeyedDeclaration, OfFunction},
    },
    keyed::AsKey,
    register::DeclaredSet,
};

use crate::{
    breaker::{CircuitBreaker, builder::Builder},
    call::ending::{Ending, EndsWith, Judged},
    call::future::CallFuture,
    call::timeout::Limit,
    error::Error,
    outcome::Outcome,
    user_code,
};

/// The result of a look at an error.
pub enum Seen<'e> {
    /// The attribute's own tracker has spoken: whether the error is tracked.
    Judged(bool),
    /// Like `Judged`, and the breaker's `retry_after` looks at the error too.
    JudgedAt(bool, ErrorView<'e>),
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

/// Returns whether `predicate` holds for the error, from which the type of its argument is inferred.
pub fn holds<E>(error: &E, predicate: impl Fn(&E) -> bool) -> bool {
    predicate(error)
}

/// Tells inference the type that an `async` block returns, where it is never called.
pub fn returned<R>() -> R {
    unreachable!("it stands behind `if false`")
}

/// Makes a closure or a future hold all of what is borrowed here.
#[inline(always)]
#[allow(clippy::inline_always, reason = "it does nothing")]
pub fn keep<T: ?Sized>(_: &T) {}

/// Makes a closure or a future that borrows what it can hold these by value, where it is never called.
pub fn moved<A, R>(_: A) -> R {
    unreachable!("it stands behind `if false`")
}

/// Runs a body in which `return` is to end no more than that body.
pub fn run<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// A guarded function.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a few loads around the user's own code")]
pub fn call<R, T, E, O, S, G>(
    breaker: &CircuitBreaker,
    seen: impl Fn(&E) -> Seen<'_>,
    failed: impl Fn(&T) -> bool,
    work: impl FnOnce() -> R,
    answer: Answer<S, G>,
) -> O
where
    S: Fn(R) -> Result<T, E>,
    G: FnOnce(Result<T, Error<E>>) -> O,
{
    breaker.attempt(Guarding { seen, failed, answer }, work)
}

/// An async guarded function, or one that returns a future.
///
/// `answer` stands before what is asked about errors, for the compiler learns from it which errors these are. The future
/// has its own type and no opaque one, for the compiler looks only so deep into futures that await each other.
#[expect(private_bounds, reason = "only expansions call this, and they bring no limits of their own")]
#[inline(always)]
#[allow(clippy::inline_always, reason = "made in its place, for a copy would cost more than the call")]
pub fn call_async<R, T, E, O, S, G, B, A, V, P, L, F>(
    breaker: B,
    answer: A,
    seen: V,
    failed: P,
    limit: L,
    future: F,
) -> CallFuture<B::Holder, F, Later<A, V, P>, L>
where
    B: Held,
    A: FnOnce() -> Answer<S, G>,
    V: Fn(&E) -> Seen<'_>,
    P: Fn(&T) -> bool,
    L: Limit,
    F: Future<Output = R>,
    S: Fn(R) -> Result<T, E>,
    G: FnOnce(Result<T, Error<E>>) -> O,
{
    CallFuture::new(breaker.held(), Later { answer, seen, failed }, limit, future)
}

/// Like the general form, where nothing looks at errors, all values are successes, and there is no timeout.
#[inline(always)]
#[allow(clippy::inline_always, reason = "made in its place, for a copy would cost more than the call")]
pub fn plain_async<R, T, E, O, S, G, B, A, F>(
    breaker: B,
    future: F,
    answer: A,
) -> CallFuture<B::Holder, F, PlainLater<A>>
where
    B: Held,
    A: FnOnce() -> Answer<S, G>,
    F: Future<Output = R>,
    S: Fn(R) -> Result<T, E>,
    G: FnOnce(Result<T, Error<E>>) -> O,
{
    CallFuture::new(breaker.held(), PlainLater(answer), NoLimit, future)
}

/// A breaker as a future can hold it: for as long as it is borrowed, or a handle of its own.
pub trait Held {
    type Holder: Borrow<CircuitBreaker>;

    fn held(self) -> Self::Holder;
}

impl Held for &CircuitBreaker {
    type Holder = Self;

    #[inline]
    fn held(self) -> Self {
        self
    }
}

// Of any lifetime, for a future that is asked whether it is `Send` no longer knows which it was.
impl<'b> Held for &'b Declaration {
    type Holder = &'b CircuitBreaker;

    #[inline]
    fn held(self) -> &'b CircuitBreaker {
        self
    }
}

impl Held for CircuitBreaker {
    type Holder = Self;

    #[inline]
    fn held(self) -> Self {
        self
    }
}

/// An ending that is made when it is needed.
pub struct Later<A, V, P> {
    answer: A,
    seen: V,
    failed: P,
}

impl<R, T, E, O, A, V, P, S, G> EndsWith<R> for Later<A, V, P>
where
    A: FnOnce() -> Answer<S, G>,
    V: Fn(&E) -> Seen<'_>,
    P: Fn(&T) -> bool,
    S: Fn(R) -> Result<T, E>,
    G: FnOnce(Result<T, Error<E>>) -> O,
{
    type Ending = Guarding<V, P, Answer<S, G>>;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the functions in it are to be seen where they are called")]
    fn ending(self) -> Self::Ending {
        Guarding { seen: self.seen, failed: self.failed, answer: (self.answer)() }
    }
}

/// Like `Later`, for a call of which only the answer is given.
pub struct PlainLater<A>(A);

impl<R, T, E, O, A, S, G> EndsWith<R> for PlainLater<A>
where
    A: FnOnce() -> Answer<S, G>,
    S: Fn(R) -> Result<T, E>,
    G: FnOnce(Result<T, Error<E>>) -> O,
{
    type Ending = Guarding<fn(&E) -> Seen<'_>, fn(&T) -> bool, Answer<S, G>>;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the functions in it are to be seen where they are called")]
    fn ending(self) -> Self::Ending {
        Guarding { seen: unseen, failed: never, answer: (self.0)() }
    }
}

/// The ending of a guarded function.
pub struct Guarding<V, P, A> {
    seen: V,
    failed: P,
    answer: A,
}

impl<R, T, E, O, V, P, S, G> Ending<R> for Guarding<V, P, Answer<S, G>>
where
    V: Fn(&E) -> Seen<'_>,
    P: Fn(&T) -> bool,
    S: Fn(R) -> Result<T, E>,
    G: FnOnce(Result<T, Error<E>>) -> O,
{
    type Ok = T;
    type Err = E;
    type Output = O;

    #[inline]
    fn split(&self, returned: R) -> Result<T, E> {
        (self.answer.split)(returned)
    }

    /// A panic of `failed_if` is the function's own and goes on unwinding.
    #[inline]
    fn classify_value(&self, value: &T) -> Outcome {
        if (self.failed)(value) { Outcome::Failure } else { Outcome::Success }
    }

    /// One of a tracker is not: it tracks the error, wherever the tracker was written.
    fn classify_error(&self, error: &E, breaker: &CircuitBreaker) -> Judged {
        match user_code::run("tracker", breaker.name(), || (self.seen)(error)) {
            Some(Seen::At(view)) => breaker.error_rules().judge(|| view),
            Some(Seen::JudgedAt(is_failure, view)) => breaker.error_rules().judge_tracked(is_failure, || view),
            Some(Seen::Judged(true)) | None => Outcome::Failure.into(),
            Some(Seen::Judged(false)) => Outcome::Ignored.into(),
        }
    }

    #[inline]
    fn into_output(self, answer: Result<T, Error<E>>) -> O {
        (self.answer.give)(answer)
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

/// Makes every call of the breaker take the lock, for tests that compare such calls with others.
pub fn always_locked(builder: Builder) -> Builder {
    builder.spares_the_lock(false)
}
