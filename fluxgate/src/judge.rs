use std::any::Any;

use crate::{
    outcome::Outcome,
    trackers::{self, ErrorView},
};

/// Decides what the result of a call was.
pub(crate) trait Judge<T, E> {
    fn outcome(&self, result: &Result<T, E>, tracker: &trackers::Rule) -> Outcome;
}

/// For an error of which no more is known than its type.
#[derive(Clone, Copy, Debug)]
pub struct ByValue;

impl<T, E: 'static> Judge<T, E> for ByValue {
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "nothing on the way of a success")]
    fn outcome(&self, result: &Result<T, E>, tracker: &trackers::Rule) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(error) => of_value(error, tracker),
        }
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
