use std::{any::Any, sync::Arc, time::Duration};

use crate::{
    breaker::CircuitBreaker,
    error::Error,
    outcome::Outcome,
    policy::{compiled::CompiledPolicy, trackers::ErrorView},
    sync::status_word::PolicyFlags,
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
    fn classify_value(&self, value: &Self::Ok) -> Outcome;

    /// How long the service asks to be left alone, by a value that is a failure.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "nothing on the way of a success")]
    fn retry_after(&self, value: &Self::Ok, breaker: &CircuitBreaker) -> Option<Duration> {
        let _ = (value, breaker);
        None
    }

    /// How a call ended that returned this error, and how long the service asks to be left alone.
    fn classify_error(&self, error: &Self::Err, breaker: &CircuitBreaker) -> Judged;

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
#[derive(Clone)]
pub struct Judged {
    pub(crate) outcome: Outcome,
    /// Of a failure: how long the service asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
    judge: Judge,
}

/// Who has judged an error.
#[derive(Clone)]
enum Judge {
    /// The call itself, or its function: whatever the policy.
    Caller,
    /// Nobody, for a policy under which every error fails.
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
    /// A failure after which the service asks to be left alone for `retry_after`.
    pub(crate) fn failure(retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..Outcome::Failure.into() }
    }

    /// Returns whether these rules would judge the call the same.
    pub(crate) fn was_judged_under(&self, rules: &Arc<CompiledPolicy>) -> bool {
        match &self.judge {
            Judge::Caller => true,
            Judge::AnyErrorFails => rules.any_error_fails(),
            Judge::Policy(judge) => Arc::ptr_eq(judge, rules),
        }
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
    fn classify_value(&self, _: &T) -> Outcome {
        Outcome::Success
    }

    fn classify_error(&self, error: &E, breaker: &CircuitBreaker) -> Judged {
        of_any(error, breaker)
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
pub(crate) fn of_any(error: &dyn Any, breaker: &CircuitBreaker) -> Judged {
    breaker.error_rules().judge(|| ErrorView::of_value(error))
}

/// A policy, as far as it looks at errors.
pub(crate) struct ErrorRules<'b> {
    breaker: &'b str,
    /// `None` where every error fails, and nothing is read from it.
    rules: Option<Arc<CompiledPolicy>>,
}

impl CircuitBreaker {
    /// Returns what looks at errors now.
    pub(crate) fn error_rules(&self) -> ErrorRules<'_> {
        let any_error_fails = self.shared.status.read().policy_has(PolicyFlags::ANY_ERROR_FAILS);
        let rules = (!any_error_fails).then(|| Arc::clone(&self.shared.rules.lock()));
        ErrorRules { breaker: self.name(), rules }
    }

    /// Returns whether it is of any use to know for how long the service asks to be left alone.
    #[cfg(feature = "tower")]
    pub(crate) fn heeds_retry_after(&self) -> bool {
        self.shared.status.read().policy_has(PolicyFlags::HONOURS_RETRY_AFTER)
    }
}

impl ErrorRules<'_> {
    /// Decides what an error is. The view is taken only if somebody looks.
    pub(crate) fn judge<'a>(&self, view: impl Fn() -> ErrorView<'a>) -> Judged {
        let tracked = self.rules.as_ref().is_none_or(|rules| rules.tracker.tracks(self.breaker, &view));
        let judge = self.rules.clone().map_or(Judge::AnyErrorFails, Judge::Policy);
        Judged { judge, ..self.judge_tracked(tracked, view) }
    }

    /// Decides what an error is that another tracker has looked at.
    pub(crate) fn judge_tracked<'a>(&self, tracked: bool, view: impl FnOnce() -> ErrorView<'a>) -> Judged {
        if !tracked {
            return Outcome::Ignored.into();
        }
        Judged::failure(self.rules.as_ref().and_then(|rules| rules.retry_after_of(self.breaker, view)))
    }
}
