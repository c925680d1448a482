//! The shape of a function's return type: a `Result`, a boxed future, or something else.
//!
//! The same method stands several times: for `Result`s and boxed futures on [`Shape`], and for what they are not on what
//! that dereferences to. The compiler takes the first that fits, whatever name the type goes by.
#![expect(clippy::unused_self, reason = "methods are found by their `self`")]

use std::{borrow::Borrow, convert::Infallible, future::Future, marker::PhantomData, ops::Deref, pin::Pin};

use super::{Answer, Fallible, Give, Held, Seen, Split, call, call_async, ready};
use crate::call::timeout::{Limit, NoLimit};
use crate::error::Error;

/// The return type `R`.
pub struct Shape<R>(OtherBoxed<R>);

/// A boxed future that gives no `Result`.
pub struct OtherBoxed<R>(NamedResultFuture<R>);

/// A future of a `Result` by a name that a guarded one can't have.
pub struct NamedResultFuture<R>(NamedFuture<R>);

/// A future by a name that a guarded one can't have.
pub struct NamedFuture<R>(Value<R>);

/// Everything else, which is never an error.
pub struct Value<R>(PhantomData<fn() -> R>);

impl<R> Shape<R> {
    pub const NEW: Self = Self(OtherBoxed(NamedResultFuture(NamedFuture(Value::NEW))));
}

impl<R> Value<R> {
    pub const NEW: Self = Self(PhantomData);
}

macro_rules! dereferences {
    ($($outer:ident to $inner:ident;)*) => {
        $(
            impl<R> Deref for $outer<R> {
                type Target = $inner<R>;

                fn deref(&self) -> &$inner<R> {
                    &self.0
                }
            }
        )*
    };
}

dereferences! {
    Shape to OtherBoxed;
    OtherBoxed to NamedResultFuture;
    NamedResultFuture to NamedFuture;
    NamedFuture to Value;
}

/// Ends a call of which the caller gets what a `fallback` makes of an error. In brackets stand the parameters of the
/// `impl`: the end holds nothing of `self`, which would have to outlive the future.
macro_rules! with_fallback {
    ([$($parameter:tt)*], $returned:ty, $ok:ty, $error:ty, $split:expr, $join:expr) => {
        /// The end of a call with a `fallback`.
        pub fn with_fallback<Fallback: FnOnce(Error<$error>) -> $returned>(
            &self,
            fallback: Fallback,
        ) -> Answer<
            impl Fn($returned) -> Result<$ok, $error> + use<$($parameter)*, Fallback>,
            impl FnOnce(Result<$ok, Error<$error>>) -> $returned + use<$($parameter)*, Fallback>,
        > {
            Answer { split: $split, give: |ended: Result<$ok, Error<$error>>| ended.map_or_else(fallback, $join) }
        }

        /// The end of a call as it is, for a `fallback` that is made after it: one that borrows what the body did.
        pub fn ended(&self) -> Answer<Split<$returned, $ok, $error>, Give<$ok, $error, Result<$ok, Error<$error>>>> {
            Answer { split: $split, give: |ended| ended }
        }

        /// The type that the caller gets.
        #[inline]
        pub fn or_else(
            &self,
            ended: Result<$ok, Error<$error>>,
            fallback: impl FnOnce(Error<$error>) -> $returned,
        ) -> $returned {
            ended.map_or_else(fallback, $join)
        }
    };
}

/// Guards a function that returns no future.
macro_rules! guard_sync {
    ($returned:ty, $ok:ty, $error:ty) => {
        guard_sync!(guard, $returned, $ok, $error);
        guard_sync!(guard_wrapped, $returned, $ok, $error);
    };
    ($guard:ident, $returned:ty, $ok:ty, $error:ty) => {
        #[inline(always)]
        #[allow(clippy::inline_always, reason = "a few loads around the user's own code")]
        pub fn $guard<O, S, G>(
            &self,
            breaker: impl Held,
            answer: Answer<S, G>,
            seen: impl Fn(&$error) -> Seen<'_>,
            failed: impl Fn(&$ok) -> bool,
            _: impl NoTimeout,
            work: impl FnOnce() -> $returned,
        ) -> O
        where
            S: Fn($returned) -> Result<$ok, $error>,
            G: FnOnce(Result<$ok, Error<$error>>) -> O,
        {
            call(breaker.held().borrow(), seen, failed, work, answer)
        }
    };
}

/// Guards a boxed future with certain auto traits.
macro_rules! guard_boxed {
    ($($auto:ident)*) => {
        guard_boxed!(guard: $($auto)*);
        guard_boxed!(guard_wrapped: $($auto)*);

        impl<'a, T, E> Shape<Pin<Box<dyn Future<Output = Result<T, E>> $(+ $auto)* + 'a>>> {
            with_fallback!(['a, T, E], Result<T, E>, T, E, |returned| returned, Ok);
        }

        impl<'a, O> OtherBoxed<Pin<Box<dyn Future<Output = O> $(+ $auto)* + 'a>>> {
            with_fallback!(['a, O], O, O, Infallible, Ok, |value| value);
        }

        #[diagnostic::do_not_recommend]
        impl<'a, T, E> Fallible for Pin<Box<dyn Future<Output = Result<T, E>> $(+ $auto)* + 'a>> {
            type Ok = T;
            type Err = E;
            type Wrapped = Pin<Box<dyn Future<Output = Result<T, Error<E>>> $(+ $auto)* + 'a>>;

            fn split(self) -> Result<T, E> {
                unreachable!("it is guarded as a future")
            }
        }
    };
    ($guard:ident: $($auto:ident)*) => {
        #[expect(private_bounds, reason = "only expansions call this, and they bring no limits of their own")]
        impl<'a, O: 'a> Shape<Pin<Box<dyn Future<Output = O> $(+ $auto)* + 'a>>> {
            pub fn $guard<P, T, E, S, G>(
                &self,
                breaker: impl Held<Holder: $($auto +)* 'a> + 'a,
                answer: Answer<S, G>,
                seen: impl Fn(&E) -> Seen<'_> $(+ $auto)* + 'a,
                failed: impl Fn(&T) -> bool $(+ $auto)* + 'a,
                limit: impl Limit $(+ $auto)* + 'a,
                work: impl FnOnce() -> Pin<Box<dyn Future<Output = O> $(+ $auto)* + 'a>>,
            ) -> Pin<Box<dyn Future<Output = P> $(+ $auto)* + 'a>>
            where
                S: Fn(O) -> Result<T, E> $(+ $auto)* + 'a,
                G: FnOnce(Result<T, Error<E>>) -> P $(+ $auto)* + 'a,
                T: 'a,
                E: 'a,
                P: 'a,
            {
                Box::pin(call_async(breaker, ready(answer), seen, failed, limit, work()))
            }
        }
    };
}

impl<T, E> Shape<Result<T, E>> {
    with_fallback!([T, E], Result<T, E>, T, E, |returned| returned, Ok);
    guard_sync!(Result<T, E>, T, E);
}

guard_boxed!();
guard_boxed!(Send);
guard_boxed!(Send Sync);

/// The futures that a guarded function may return: none with a type name of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is the name of one future, and a guarded one is another",
    label = "a future with a name can't be guarded",
    note = "write `-> impl Future<Output = …>`, or return a boxed future"
)]
pub trait HasNoName {}

impl<R: Future<Output = Result<T, E>>, T, E> NamedResultFuture<R> {
    with_fallback!([R, T, E], Result<T, E>, T, E, |returned| returned, Ok);

    pub fn guard<L, P, S, G>(
        &self,
        _: impl Held,
        _: Answer<S, G>,
        _: impl Fn(&E) -> Seen<'_>,
        _: impl Fn(&T) -> bool,
        _: L,
        _: impl FnOnce() -> R,
    ) -> R
    where
        R: HasNoName,
        S: Fn(Result<T, E>) -> Result<T, E>,
        G: FnOnce(Result<T, Error<E>>) -> P,
    {
        unreachable!("nothing has no name")
    }

    /// `wrap_error` has said of its own that this can't be.
    pub fn guard_wrapped<B, A, V, P, L, W>(&self, _: B, _: A, _: V, _: P, _: L, _: W) -> R {
        unreachable!("it is no `Result`")
    }
}

impl<R: Future> NamedFuture<R> {
    with_fallback!([R], R::Output, R::Output, Infallible, Ok, |value| value);

    pub fn guard<L, P, S, G>(
        &self,
        _: impl Held,
        _: Answer<S, G>,
        _: impl Fn(&Infallible) -> Seen<'_>,
        _: impl Fn(&R::Output) -> bool,
        _: L,
        _: impl FnOnce() -> R,
    ) -> R
    where
        R: HasNoName,
        S: Fn(R::Output) -> Result<R::Output, Infallible>,
        G: FnOnce(Result<R::Output, Error<Infallible>>) -> P,
    {
        unreachable!("nothing has no name")
    }

    /// `wrap_error` has said of its own that this can't be.
    pub fn guard_wrapped<B, A, V, P, L, W>(&self, _: B, _: A, _: V, _: P, _: L, _: W) -> R {
        unreachable!("it is no `Result`")
    }
}

impl<R> Value<R> {
    with_fallback!([R], R, R, Infallible, Ok, |value| value);
    guard_sync!(R, R, Infallible);
}

/// The `timeout` of a function that returns no future.
#[diagnostic::on_unimplemented(
    message = "`timeout` can only drop an async call",
    label = "make the function `async`, or set a timeout in its client"
)]
pub trait NoTimeout {}

impl NoTimeout for NoLimit {}
