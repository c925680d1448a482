//! The conversion from the end of a call to the return value of the guarded function.

use crate::error::{CallNotPermitted, CallTimedOut, Error};

/// The conversion of a body's return value to a `Result`, and of the end of its call to the function's own type.
///
/// Functions and no traits, so that a return type that is not fit for it is told of where this is made and nowhere else.
pub struct Answer<S, G> {
    pub(super) split: S,
    pub(super) give: G,
}

/// The `Result` of a body that returns `R`.
pub type Split<R, T, E> = fn(R) -> Result<T, E>;

/// Makes what the function returns of the end of its call.
pub type Give<T, E, O> = fn(Result<T, Error<E>>) -> O;

/// The end of a call by its function's own error.
pub fn via_from<R: Guarded<Ok = T, Err = E>, T, E>() -> Answer<Split<R, T, E>, Give<T, E, R>> {
    Answer { split: R::split, give: R::give }
}

/// Like `via_from`, for an error that is a type parameter. rustc can suggest the bound if it is one of the function's own
/// predicates.
pub fn via_from_generic<R: IsAResult<Ok = T, Err = E>, T, E: From<CallNotPermitted>>()
-> Answer<Split<R, T, E>, Give<T, E, R>> {
    Answer { split: R::split, give: |answer| R::join(<Result<T, E> as Guarded>::give(answer)) }
}

/// Like `via_from`, for a call with a `timeout`.
pub fn via_from_timed<R, T, E>() -> Answer<Split<R, T, E>, Give<T, E, R>>
where
    R: Guarded<Ok = T, Err = E> + InTime,
{
    let give = |answer| match answer {
        Err(Error::TimedOut(time_out)) => R::timed_out(time_out),
        answer => R::give(answer),
    };
    Answer { split: R::split, give }
}

/// The end of a call as it is, for `wrap_error`.
#[expect(clippy::type_complexity, reason = "written as those above are")]
pub fn wrap<R, T, E>() -> Answer<Split<R, T, E>, Give<T, E, Result<T, Error<E>>>>
where
    R: Fallible<Ok = T, Err = E>,
{
    Answer { split: R::split, give: |answer| answer }
}

/// An answer that holds no function by its address may be made at once.
pub fn ready<S, G>(answer: Answer<S, G>) -> impl FnOnce() -> Answer<S, G> {
    move || answer
}

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

    fn split(self) -> Result<Self::Ok, Self::Err>;

    fn give(answer: Result<Self::Ok, Error<Self::Err>>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<CallNotPermitted>> Guarded for Result<T, E> {
    type Ok = T;
    type Err = E;

    fn split(self) -> Self {
        self
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "nothing on the way of a success")]
    fn give(answer: Result<T, Error<E>>) -> Self {
        answer.map_err(unwrapped)
    }
}

/// The function's own error for any.
#[inline(never)]
fn unwrapped<E: From<CallNotPermitted>>(error: Error<E>) -> E {
    match error {
        Error::Inner(error) => error,
        Error::NotPermitted(rejection) => rejection.into(),
        Error::TimedOut(_) => unreachable!("a call without a `timeout` takes as long as it likes"),
    }
}

/// The return type of a guarded function with an error of which nothing is asked yet.
#[diagnostic::on_unimplemented(
    message = "a call that the circuit breaker rejects can't be returned as `{Self}`",
    label = "must be a `Result` whose error is made `From<fluxgate::CallNotPermitted>`",
    note = "or say in the attribute what to return instead: `fallback = |error| …`"
)]
pub trait IsAResult: Sized {
    type Ok;
    type Err;

    fn split(self) -> Result<Self::Ok, Self::Err>;

    fn join(result: Result<Self::Ok, Self::Err>) -> Self;
}

impl<T, E> IsAResult for Result<T, E> {
    type Ok = T;
    type Err = E;

    fn split(self) -> Self {
        self
    }

    fn join(result: Self) -> Self {
        result
    }
}

/// The return type of a guarded function with a `timeout`.
#[diagnostic::on_unimplemented(
    message = "a call that takes longer than its `timeout` can't be returned as `{Self}`",
    label = "must be a `Result` whose error is made `From<fluxgate::CallTimedOut>`",
    note = "write `impl From<fluxgate::CallTimedOut> for` the error type,",
    note = "or say in the attribute what to return instead: `fallback = |error| …`, or `wrap_error`"
)]
pub trait InTime {
    fn timed_out(time_out: CallTimedOut) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<CallTimedOut>> InTime for Result<T, E> {
    fn timed_out(time_out: CallTimedOut) -> Self {
        Err(time_out.into())
    }
}

/// The return type of a function whose error `wrap_error` can wrap: a `Result`, or a boxed future of one.
#[diagnostic::on_unimplemented(
    message = "`wrap_error` needs a function that returns a `Result`, not `{Self}`",
    label = "this is no `Result`",
    note = "a function that can't fail needs a `fallback = |error| …` instead,",
    note = "and one that returns a future by its name is to return `impl Future<Output = …>` or a boxed one"
)]
pub trait Fallible {
    type Ok;
    type Err;
    type Wrapped;

    /// Of a future, what it gives is taken apart.
    fn split(self) -> Result<Self::Ok, Self::Err>;
}

impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Err = E;
    type Wrapped = Result<T, Error<E>>;

    fn split(self) -> Self {
        self
    }
}
