//! How the end of a call becomes what the guarded function returns.

use std::convert::Infallible;

#[cfg(feature = "tokio")]
use crate::limit::Timeout;
use crate::{
    error::{CallNotPermitted, CallTimedOut, Error},
    limit::NoLimit,
};

/// The return type of a guarded function: a `Result` whose error can be a rejection.
#[diagnostic::on_unimplemented(
    message = "a call that the circuit breaker rejects can't be returned as `{Self}`",
    label = "must be a `Result` whose error is made `From<fluxgate::CallNotPermitted>`",
    note = "write `impl From<fluxgate::CallNotPermitted> for` the error type,",
    note = "or say in the attribute what to return instead: `fallback = |error| …`, or `wrap_error`"
)]
pub trait Guarded: Sized {
    type Ok;
    type Err;

    fn into_result(self) -> Result<Self::Ok, Self::Err>;

    fn from_result(result: Result<Self::Ok, Self::Err>) -> Self;

    fn rejected(rejection: CallNotPermitted) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<CallNotPermitted>> Guarded for Result<T, E> {
    type Ok = T;
    type Err = E;

    fn into_result(self) -> Self {
        self
    }

    fn from_result(result: Self) -> Self {
        result
    }

    fn rejected(rejection: CallNotPermitted) -> Self {
        Err(rejection.into())
    }
}

/// The return type of a guarded function that can say that the limit `L` has passed.
#[diagnostic::on_unimplemented(
    message = "a call that takes longer than its `timeout` can't be returned as `{Self}`",
    label = "must be a `Result` whose error is made `From<fluxgate::CallTimedOut>`",
    note = "write `impl From<fluxgate::CallTimedOut> for` the error type,",
    note = "or say in the attribute what to return instead: `fallback = |error| …`, or `wrap_error`"
)]
pub trait InTime<L> {
    fn timed_out(time_out: CallTimedOut) -> Self;
}

impl<R> InTime<NoLimit> for R {
    fn timed_out(_: CallTimedOut) -> R {
        unreachable!("there is no limit that could have passed")
    }
}

#[cfg(feature = "tokio")]
#[diagnostic::do_not_recommend]
impl<T, E: From<CallTimedOut>> InTime<Timeout> for Result<T, E> {
    fn timed_out(time_out: CallTimedOut) -> Self {
        Err(time_out.into())
    }
}

/// What a function of its own error returns in the end.
pub(super) fn own<L, R: Guarded + InTime<L>>(answer: Result<R::Ok, Error<R::Err>>) -> R {
    match answer {
        Ok(value) => R::from_result(Ok(value)),
        Err(Error::Inner(error)) => R::from_result(Err(error)),
        Err(Error::NotPermitted(rejection)) => R::rejected(rejection),
        Err(Error::TimedOut(time_out)) => R::timed_out(time_out),
    }
}

/// The return type of a function whose error `wrap_error` can wrap: a `Result`.
#[diagnostic::on_unimplemented(
    message = "`wrap_error` needs a function that returns a `Result`, not `{Self}`",
    label = "this is no `Result`",
    note = "a function that can't fail needs a `fallback = |error| …` instead"
)]
pub trait Fallible {
    type Ok;
    type Err;
    type Wrapped;

    fn into_result(self) -> Result<Self::Ok, Self::Err>;

    fn wrapped(answer: Result<Self::Ok, Error<Self::Err>>) -> Self::Wrapped;
}

impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Err = E;
    type Wrapped = Result<T, Error<E>>;

    fn into_result(self) -> Self {
        self
    }

    fn wrapped(answer: Self::Wrapped) -> Self::Wrapped {
        answer
    }
}

/// What a function with a `fallback` returns, as a `Result`.
pub trait Kind<R> {
    type Ok;
    type Err;

    fn split(returned: R) -> Result<Self::Ok, Self::Err>;

    fn join(value: Self::Ok) -> R;
}

/// The kind of a `Result`.
pub struct IsResult;

impl<T, E> Kind<Result<T, E>> for IsResult {
    type Ok = T;
    type Err = E;

    fn split(returned: Result<T, E>) -> Result<T, E> {
        returned
    }

    fn join(value: T) -> Result<T, E> {
        Ok(value)
    }
}

/// The kind of everything else, which is never an error.
pub struct Plain;

impl<R> Kind<R> for Plain {
    type Ok = R;
    type Err = Infallible;

    fn split(returned: R) -> Result<R, Infallible> {
        Ok(returned)
    }

    fn join(value: R) -> R {
        value
    }
}
