use std::{borrow::Cow, mem, thread};

use crate::{
    breaker::CircuitBreaker,
    error::{CallNotPermitted, Error},
    judge::{ByValue, Judge},
    machine::Ticket,
    nanos::Nanos,
    outcome::Outcome,
    settings::CancelledRule,
};

/// A call in flight, from [`CircuitBreaker::try_acquire`]: tell it how the call ended.
///
/// Dropped without that, it counts as cancelled: a failure if it was held for as long as the policy's `cancelled`
/// says, otherwise ignored. Dropped by a panic, it counts as a failure. Whichever way, a probe's slot is freed; only
/// `mem::forget` keeps it, until `max_probe_time` has passed.
///
/// # Examples
///
/// ```
/// use fluxgate::CircuitBreaker;
///
/// let breaker = CircuitBreaker::new("search");
/// let call = breaker.try_acquire()?;
/// // … talk to the service …
/// call.success();
/// assert_eq!(breaker.info().calls, 1);
/// # Ok::<(), fluxgate::CallNotPermitted>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it at once records a cancelled call"]
pub struct Call<'b> {
    breaker: Cow<'b, CircuitBreaker>,
    ticket: Ticket,
    started: Option<Nanos>,
    waiting_since: Option<Nanos>,
    dropped: Dropped,
}

/// What it means that a call was dropped before it was told its outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dropped {
    /// The code that it guards can't have ended but by a panic.
    Panicked,
    Cancelled,
    /// A panic, unless the thread was unwinding when the call began: then it was begun by some `drop`.
    PanickedIfUnwinding,
}

impl CircuitBreaker {
    /// Asks leave for a call that is driven by hand, where a closure or future will not do.
    ///
    /// # Errors
    ///
    /// [`CallNotPermitted`] if the breaker rejects the call.
    ///
    /// # Examples
    ///
    /// See [`Call`].
    pub fn try_acquire(&self) -> Result<Call<'_>, CallNotPermitted> {
        Call::begin_by_hand(Cow::Borrowed(self))
    }

    /// The same, for a call that outlives this handle of the breaker: one that is sent to another thread, say.
    ///
    /// # Errors
    ///
    /// [`CallNotPermitted`] if the breaker rejects the call.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let call = breaker.try_acquire_owned()?;
    /// std::thread::spawn(move || call.success()).join().unwrap();
    /// assert_eq!(breaker.info().calls, 1);
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    pub fn try_acquire_owned(&self) -> Result<Call<'static>, CallNotPermitted> {
        Call::begin_by_hand(Cow::Owned(self.clone()))
    }

    /// Runs `work` if the breaker permits it, and records how it went.
    ///
    /// The error type may be anything that is `'static`; see [`trackers`](crate::trackers) for which errors count. A
    /// panic in `work` counts as a failure and goes on unwinding.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if the call was rejected, [`Error::Inner`] with the error of `work`.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let hits = breaker.call(|| "42".parse::<u32>())?;
    /// assert_eq!(hits, 42);
    /// # Ok::<(), fluxgate::Error<std::num::ParseIntError>>(())
    /// ```
    pub fn call<T, E: 'static>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        self.attempt(ByValue, work)
    }

    /// The same, with something to fall back on after a rejection and after every error.
    ///
    /// # Errors
    ///
    /// What `fallback` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let hits = breaker.call_with_fallback(|| "many".parse::<u32>(), |_| Ok(0))?;
    /// assert_eq!(hits, 0);
    /// # Ok::<(), std::num::ParseIntError>(())
    /// ```
    pub fn call_with_fallback<T, E: 'static>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
        fallback: impl FnOnce(Error<E>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.call(work).or_else(fallback)
    }

    /// The one way of every sync call.
    pub(crate) fn attempt<T, E>(
        &self,
        judge: impl Judge<T, E>,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Error<E>> {
        let call = Call::begin(Cow::Borrowed(self), Dropped::Panicked)?;
        let result = work();
        call.judged(&judge, &result);
        result.map_err(Error::Inner)
    }
}

impl<'b> Call<'b> {
    pub(crate) fn begin(breaker: Cow<'b, CircuitBreaker>, dropped: Dropped) -> Result<Self, CallNotPermitted> {
        let admitted = breaker.admit()?;
        let started = match admitted.at {
            None if breaker.shared.rules.measures => Some(breaker.now()),
            at => at,
        };
        Ok(Self { breaker, ticket: admitted.ticket, started, waiting_since: None, dropped })
    }

    fn begin_by_hand(breaker: Cow<'b, CircuitBreaker>) -> Result<Self, CallNotPermitted> {
        let dropped = if thread::panicking() { Dropped::Cancelled } else { Dropped::PanickedIfUnwinding };
        let mut call = Self::begin(breaker, dropped)?;
        call.waits();
        Ok(call)
    }

    /// Ends the call as a success.
    pub fn success(self) {
        self.end(Outcome::Success);
    }

    /// Ends the call as a failure.
    pub fn failure(self) {
        self.end(Outcome::Failure);
    }

    /// Ends the call as one that concerns nobody, such as a request that the service was right to refuse.
    pub fn ignored(self) {
        self.end(Outcome::Ignored);
    }

    /// Ends the call by its result: `Ok` is a success, an error is what the breaker's tracker says.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let call = breaker.try_acquire()?;
    /// let result = "many".parse::<u32>();
    /// call.record(&result);
    /// assert_eq!(breaker.info().failures, 1);
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    pub fn record<T, E: 'static>(self, result: &Result<T, E>) {
        self.judged(&ByValue, result);
    }

    pub(crate) fn judged<T, E>(self, judge: &impl Judge<T, E>, result: &Result<T, E>) {
        let outcome = judge.outcome(result, &self.breaker.shared.rules.tracker);
        self.end(outcome);
    }

    /// Begins to count how long the caller has been waiting, if that will matter and has not begun yet.
    pub(crate) fn waits(&mut self) {
        let matters = matches!(self.breaker.shared.rules.cancelled, CancelledRule::After(_));
        if matters && self.waiting_since.is_none() && matches!(self.ticket, Ticket::Recorded { .. }) {
            self.waiting_since = Some(self.breaker.now());
        }
    }

    /// What it shall mean from now on that the call is dropped.
    pub(crate) fn when_dropped(&mut self, dropped: Dropped) {
        self.dropped = dropped;
    }

    pub(crate) fn breaker(&self) -> &CircuitBreaker {
        &self.breaker
    }

    pub(crate) fn end(mut self, outcome: Outcome) {
        self.settle(outcome);
    }

    fn settle(&mut self, outcome: Outcome) {
        let ticket = mem::replace(&mut self.ticket, Ticket::Unrecorded);
        let Ticket::Recorded { probe, .. } = ticket else { return };
        let needs_time = self.breaker.shared.rules.record_needs_time || probe.is_some();
        let now = needs_time.then(|| self.breaker.now());
        let duration = now.zip(self.started).map(|(now, started)| now.since(started));
        self.breaker.settle(&ticket, outcome, duration.unwrap_or_default(), now);
    }

    fn outcome_of_drop(&self) -> Outcome {
        match self.dropped {
            Dropped::Panicked => return Outcome::Failure,
            Dropped::PanickedIfUnwinding if thread::panicking() => return Outcome::Failure,
            Dropped::PanickedIfUnwinding | Dropped::Cancelled => {}
        }
        match self.breaker.shared.rules.cancelled {
            CancelledRule::Failure => Outcome::Failure,
            CancelledRule::Ignore => Outcome::Ignored,
            CancelledRule::After(threshold) => {
                let waited = self.waiting_since.map(|since| self.breaker.now().since(since));
                if waited.is_some_and(|waited| waited >= threshold) { Outcome::Failure } else { Outcome::Ignored }
            }
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if matches!(self.ticket, Ticket::Recorded { .. }) {
            let outcome = self.outcome_of_drop();
            self.settle(outcome);
        }
    }
}
