//! The end of a call: its outcome and the caller's result.

use std::{any::Any, sync::Arc, time::Duration};

use crate::{
    breaker::CircuitBreaker,
    error::Error,
    outcome::Outcome,
    policy::{compiled::CompiledPolicy, trackers::ErrorView},
    sync::status_word::PolicyFlags,
};

/// A strategy for the end of a call: classifies what the call returned and converts it for the caller.
pub trait Ending<R> {
    /// The value of a call.
    type Ok;
    /// The error of a call.
    type Err;
    /// The type that the caller gets.
    type Output;

    /// Converts what the call returned into a `Result`.
    fn split(&self, returned: R) -> Result<Self::Ok, Self::Err>;

    /// Returns the outcome of a call that returned `value`.
    fn classify_value(&self, value: &Self::Ok) -> Outcome;

    /// Returns the wait that the service asks for by a value that is a failure.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiles to nothing for a success")]
    fn retry_after(&self, value: &Self::Ok, breaker: &CircuitBreaker) -> Option<Duration> {
        let _ = (value, breaker);
        None
    }

    /// Judges a call that returned `error`.
    fn classify_error(&self, error: &Self::Err, breaker: &CircuitBreaker) -> Judged;

    /// Converts the answer for the caller, once the outcome is recorded.
    fn into_output(self, answer: Result<Self::Ok, Error<Self::Err>>) -> Self::Output;
}

/// A factory of the [`Ending`] of a call, kept in its future until the call has ended.
///
/// The future does not keep the ending itself if that holds functions: the compiler can't see through the memory of a
/// future which functions they are, and could not inline them.
pub trait EndsWith<R> {
    /// The ending of the call.
    type Ending: Ending<R>;

    /// Creates the ending.
    fn ending(self) -> Self::Ending;
}

/// A verdict on a call.
#[derive(Clone)]
pub struct Judged {
    pub(crate) outcome: Outcome,
    /// The wait that the service asks for after a failure.
    pub(crate) retry_after: Option<Duration>,
    judge: Judge,
}

/// The origin of a verdict.
#[derive(Clone)]
enum Judge {
    /// The caller or a setting of the guarded function. Independent of the policy.
    Caller,
    /// A policy under which every error is a failure.
    AnyErrorFails,
    /// The tracker of this policy.
    Policy(Arc<CompiledPolicy>),
}

impl From<Outcome> for Judged {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, retry_after: None, judge: Judge::Caller }
    }
}

impl Judged {
    /// Creates the verdict of a failure after which the service asks for a wait of `retry_after`.
    pub(crate) fn failure(retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..Outcome::Failure.into() }
    }

    /// Returns whether the verdict is valid under `rules`.
    pub(crate) fn was_judged_under(&self, rules: &Arc<CompiledPolicy>) -> bool {
        match &self.judge {
            Judge::Caller => true,
            Judge::AnyErrorFails => rules.any_error_fails(),
            Judge::Policy(judge) => Arc::ptr_eq(judge, rules),
        }
    }
}

/// The ending of [`CircuitBreaker::call`]: the caller gets the `Result` itself, and trackers see errors as `dyn Any`.
#[derive(Clone, Copy, Debug)]
pub struct ByValue;

impl<T, E: 'static> Ending<Result<T, E>> for ByValue {
    type Ok = T;
    type Err = E;
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiles to nothing for a success")]
    fn split(&self, returned: Result<T, E>) -> Result<T, E> {
        returned
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiles to nothing for a success")]
    fn classify_value(&self, _: &T) -> Outcome {
        Outcome::Success
    }

    fn classify_error(&self, error: &E, breaker: &CircuitBreaker) -> Judged {
        classify_any(error, breaker)
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiles to nothing for a success")]
    fn into_output(self, answer: Self::Output) -> Self::Output {
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
pub(crate) fn classify_any(error: &dyn Any, breaker: &CircuitBreaker) -> Judged {
    breaker.error_rules().judge(|| ErrorView::of_value(error))
}

/// The part of a policy that judges errors.
pub(crate) struct ErrorRules<'b> {
    breaker: &'b CircuitBreaker,
    /// `None` if every error is a failure and no `retry_after` is read from it.
    rules: Option<Arc<CompiledPolicy>>,
}

impl CircuitBreaker {
    /// Returns the current rules for errors.
    pub(crate) fn error_rules(&self) -> ErrorRules<'_> {
        let any_error_fails = self.shared.status.read().policy_has(PolicyFlags::ANY_ERROR_FAILS);
        let rules = (!any_error_fails).then(|| Arc::clone(&self.shared.rules.lock()));
        ErrorRules { breaker: self, rules }
    }

    /// Returns whether the policy honours a `Retry-After`.
    #[cfg(feature = "tower")]
    pub(crate) fn honours_retry_after(&self) -> bool {
        self.shared.status.read().policy_has(PolicyFlags::HONOURS_RETRY_AFTER)
    }
}

impl ErrorRules<'_> {
    /// Judges an error. `view` is called only if the policy looks at errors.
    pub(crate) fn judge<'a>(&self, view: impl Fn() -> ErrorView<'a>) -> Judged {
        let tracked = self.rules.as_ref().is_none_or(|rules| rules.tracker.tracks(self.breaker.name(), &view));
        let judge = self.rules.clone().map_or(Judge::AnyErrorFails, Judge::Policy);
        Judged { judge, ..self.judge_tracked(tracked, view) }
    }

    /// Judges an error for which another tracker has already decided whether it is `tracked`.
    pub(crate) fn judge_tracked<'a>(&self, tracked: bool, view: impl FnOnce() -> ErrorView<'a>) -> Judged {
        if !tracked {
            return Outcome::Ignored.into();
        }
        Judged::failure(self.rules.as_ref().and_then(|rules| rules.retry_after_of(self.breaker.name(), view)))
    }
}
