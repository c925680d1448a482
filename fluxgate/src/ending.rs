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

    /// How the call ended.
    fn outcome(&self, result: &Result<Self::Ok, Self::Err>, tracker: &trackers::Rule) -> Outcome;

    /// What the caller gets, once the breaker has its outcome.
    fn give(self, answer: Result<Self::Ok, Error<Self::Err>>) -> Self::Output;
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
    fn outcome(&self, result: &Result<T, E>, tracker: &trackers::Rule) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(error) => of_value(error, tracker),
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "nothing on the way of a success")]
    fn give(self, answer: Self::Output) -> Self::Output {
        answer
    }
}

#[inline(never)]
fn of_value(error: &dyn Any, tracker: &trackers::Rule) -> Outcome {
    tracked(tracker.tracks(|| ErrorView::of_value(error)))
}

/// What an error is whose tracker has spoken.
pub(crate) fn tracked(tracked: bool) -> Outcome {
    if tracked { Outcome::Failure } else { Outcome::Ignored }
}
