//! How the end of a call becomes what the guarded function returns.

use std::{convert::Infallible, marker::PhantomData};

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

    /// Never given a time-out: that takes [`InTime`].
    fn from_answer(answer: Result<Self::Ok, Error<Self::Err>>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<CallNotPermitted>> Guarded for Result<T, E> {
    type Ok = T;
    type Err = E;

    fn into_result(self) -> Self {
        self
    }

    fn from_answer(answer: Result<T, Error<E>>) -> Self {
        answer.map_err(|error| match error {
            Error::Inner(error) => error,
            Error::NotPermitted(rejection) => rejection.into(),
            Error::TimedOut(_) => unreachable!("this call has no time-out"),
        })
    }
}
