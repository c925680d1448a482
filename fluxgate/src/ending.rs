use std::any::Any;

use crate::{
    error::Error,
    outcome::Outcome,
    trackers::{self, ErrorView},
};

/// What is made of the end of a call: how its outcome is judged, and what its caller gets.
pub trait Ending<R> {
    /// The value of a call that is well.
    type Ok;
    /// The error of one that is not.
    type Err;
    /// What the caller gets.
    type Output;

    /// What the call returned, as a `Result`.
    fn split(&self, returned: R) -> Result<Self::Ok, Self::Err>;

    /// How a call ended that returned this value.
    fn of_value(&self, value: &Self::Ok) -> Outcome;

    /// How a call ended that returned this error.
    fn of_error(&self, error: &Self::Err, tracker: &trackers::Rule) -> Outcome;

    /// What the caller gets, once the breaker has its outcome.
    fn give(self, answer: Result<Self::Ok, Error<Self::Err>>) -> Self::Output;
}

/// What a future keeps until its call has ended: its ending, or what makes that. Functions are not kept, for the compiler
/// can't see through the memory of a future which ones they are.
pub trait EndsWith<R> {
    /// How calls end.
    type Ending: Ending<R>;

    /// The ending, now that it is needed.
    fn ending(self) -> Self::Ending;
}

/// The caller gets the answer itself, and of an error no more is known than its type.
#[derive(Clone, Copy, Debug)]
pub struct ByValue;

impl<T, E: 'static> Ending<Result<T, E>> for ByValue {
    type Ok = T;
    type Err = E;
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "nothing on the way of a success")]
    fn split(&self, returned: Result<T, E>) -> Result<T, E> {
        returned
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "nothing on the way of a success")]
    fn of_value(&self, _: &T) -> Outcome {
        Outcome::Success
    }

    fn of_error(&self, error: &E, tracker: &trackers::Rule) -> Outcome {
        of_any(error, tracker)
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "nothing on the way of a success")]
    fn give(self, answer: Self::Output) -> Self::Output {
        answer
    }
}

impl<T, E: 'static> EndsWith<Result<T, E>> for ByValue {
    type Ending = Self;

    #[inline]
    fn ending(self) -> Self {
        self
    }
}

#[inline(never)]
fn of_any(error: &dyn Any, tracker: &trackers::Rule) -> Outcome {
    tracked(tracker.tracks(|| ErrorView::of_value(error)))
}

/// What an error is whose tracker has spoken.
pub(crate) fn tracked(tracked: bool) -> Outcome {
    if tracked { Outcome::Failure } else { Outcome::Ignored }
}
