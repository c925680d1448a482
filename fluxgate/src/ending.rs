use std::{any::Any, time::Duration};

use crate::{breaker::Rules, error::Error, outcome::Outcome, trackers::ErrorView};

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

    /// How long the service asks to be left alone, by a value that is a failure.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "nothing on the way of a success")]
    fn retry_after(&self, value: &Self::Ok, rules: &Rules) -> Option<Duration> {
        let _ = (value, rules);
        None
    }

    /// How a call ended that returned this error, and how long the service asks to be left alone.
    fn of_error(&self, error: &Self::Err, rules: &Rules) -> Judged;

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

/// How a call ended that was no success.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    pub(crate) outcome: Outcome,
    /// Of a failure: how long the service asks to be left alone, where that is honoured.
    pub(crate) retry_after: Option<Duration>,
}

impl From<Outcome> for Judged {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, retry_after: None }
    }
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

    fn of_error(&self, error: &E, rules: &Rules) -> Judged {
        of_any(error, rules)
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
pub(crate) fn of_any(error: &dyn Any, rules: &Rules) -> Judged {
    let view = || ErrorView::of_value(error);
    tracked(rules.tracker.tracks(view), || rules.retry_after_of(view))
}

/// What an error is whose tracker has spoken.
pub(crate) fn tracked(tracked: bool, retry_after: impl FnOnce() -> Option<Duration>) -> Judged {
    if tracked { Judged { outcome: Outcome::Failure, retry_after: retry_after() } } else { Outcome::Ignored.into() }
}
