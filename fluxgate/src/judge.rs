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
    fn outcome(&self, result: &Result<T, E>, tracker: &trackers::Rule) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(error) => tracked(tracker.tracks(|| ErrorView::of_value(error as &dyn Any))),
        }
    }
}

/// What an error is whose tracker has spoken.
pub(crate) fn tracked(tracked: bool) -> Outcome {
    if tracked { Outcome::Failure } else { Outcome::Ignored }
}
