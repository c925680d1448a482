use std::{marker::PhantomData, time::Duration};

use super::Answer;
use crate::{
    breaker::CircuitBreaker,
    call::ending::{Ending, EndsWith, Judged, classify_any},
    error::Error,
    outcome::Outcome,
    policy::trackers::ErrorView,
};

/// A classification of the responses and errors of a service.
///
/// It is asked after the call, outside every lock, and cloned for each call. If it panics, the call has failed, and the
/// panic goes on unwinding.
///
/// # Examples
///
/// ```
/// use std::{io, time::Duration};
/// use fluxgate::{CircuitBreaker, CircuitBreakerLayer, Outcome, tower::Classifier};
///
/// struct Reply { overloaded: bool }
///
/// #[derive(Clone)]
/// struct Replies;
///
/// impl Classifier<Reply, io::Error> for Replies {
///     fn of_response(&self, reply: &Reply) -> Outcome {
///         if reply.overloaded { Outcome::Failure } else { Outcome::Success }
///     }
///
///     fn of_error(&self, error: &io::Error) -> Option<Outcome> {
///         (error.kind() == io::ErrorKind::Interrupted).then_some(Outcome::Ignored) // of others, the tracker decides
///     }
///
///     fn retry_after(&self, reply: &Reply) -> Option<Duration> {
///         reply.overloaded.then_some(Duration::from_secs(5))
///     }
/// }
///
/// let layer = CircuitBreakerLayer::new(CircuitBreaker::new("search")).classifier(Replies);
/// # let _ = layer;
/// ```
pub trait Classifier<Response, Error> {
    /// Returns the outcome of a response: a success by default.
    fn of_response(&self, response: &Response) -> Outcome {
        let _ = response;
        Outcome::Success
    }

    /// Returns the outcome of an error. `None`, the default, leaves it to the breaker's tracker.
    fn of_error(&self, error: &Error) -> Option<Outcome> {
        let _ = error;
        None
    }

    /// For how long a response that is a failure asks to be left alone: not known, unless said otherwise. Asked only if
    /// the breaker [honours](crate::Builder::honour_retry_after) it.
    fn retry_after(&self, response: &Response) -> Option<Duration> {
        let _ = response;
        None
    }
}

/// Every response is a success, and errors are for the breaker's tracker: how a layer judges unless said otherwise.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, CircuitBreakerLayer, tower::{ByTracker, Typed}};
///
/// struct Clients {
///     guard: CircuitBreakerLayer<ByTracker, Typed>, // the same as `CircuitBreakerLayer`
/// }
///
/// let clients = Clients { guard: CircuitBreakerLayer::new(CircuitBreaker::new("search")) };
/// # let _ = clients.guard;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ByTracker;

impl<R, E> Classifier<R, E> for ByTracker {}

/// A response that a predicate holds of is a failure, and errors are for the breaker's tracker. From
/// [`CircuitBreakerLayer::failed_if`](super::CircuitBreakerLayer::failed_if).
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, CircuitBreakerLayer, tower::FailedIf};
///
/// fn guard(breaker: &CircuitBreaker) -> CircuitBreakerLayer<FailedIf<fn(&u16) -> bool>> {
///     let is_server_error: fn(&u16) -> bool = |status| *status >= 500;
///     CircuitBreakerLayer::new(breaker).failed_if(is_server_error)
/// }
/// # let _ = guard(&CircuitBreaker::new("search"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FailedIf<F>(pub(super) F);

impl<R, E, F: Fn(&R) -> bool> Classifier<R, E> for FailedIf<F> {
    fn of_response(&self, response: &R) -> Outcome {
        if (self.0)(response) { Outcome::Failure } else { Outcome::Success }
    }
}

/// The ending of a call of a guarded service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Classified<C, A> {
    classifier: C,
    answer: PhantomData<fn() -> A>,
}

impl<C, A> Classified<C, A> {
    pub(super) fn new(classifier: C) -> Self {
        Self { classifier, answer: PhantomData }
    }
}

impl<R, E, C, A> EndsWith<Result<R, E>> for Classified<C, A>
where
    E: 'static,
    C: Classifier<R, E>,
    A: Answer<E>,
{
    type Ending = Self;

    fn ending(self) -> Self {
        self
    }
}

impl<R, E, C, A> Ending<Result<R, E>> for Classified<C, A>
where
    E: 'static,
    C: Classifier<R, E>,
    A: Answer<E>,
{
    type Ok = R;
    type Err = E;
    type Output = Result<R, A::Error>;

    fn split(&self, returned: Result<R, E>) -> Result<R, E> {
        returned
    }

    /// A panic of the classifier is the service's own and goes on unwinding.
    fn classify_value(&self, response: &R) -> Outcome {
        self.classifier.of_response(response)
    }

    fn retry_after(&self, response: &R, breaker: &CircuitBreaker) -> Option<Duration> {
        breaker.honours_retry_after().then(|| self.classifier.retry_after(response)).flatten()
    }

    fn classify_error(&self, error: &E, breaker: &CircuitBreaker) -> Judged {
        match self.classifier.of_error(error) {
            None => classify_any(error, breaker),
            Some(Outcome::Failure) => breaker.error_rules().judge_tracked(true, || ErrorView::of_value(error)),
            Some(outcome) => outcome.into(),
        }
    }

    fn into_output(self, answer: Result<R, Error<E>>) -> Self::Output {
        answer.map_err(A::of)
    }
}
