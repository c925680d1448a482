//! A call that is driven by hand.

use std::{borrow::Cow, mem, thread, time::Duration};

use crate::{
    breaker::CircuitBreaker,
    call::{
        ending::{ByValue, Ending, Judged},
        flight::Flight,
        running::Running,
    },
    error::CallNotPermitted,
    machine::Ticket,
    outcome::Outcome,
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
///
/// # Driving a breaker by hand
///
/// Acquired now and ended later, at a time of one's own choosing, calls may overlap in any way; on a
/// [`ManualClock`](crate::ManualClock) that is a simulation, in which hours pass in no time. So do the tests of this crate
/// run it through lists of recorded events, and so does the example `replay`. What is due at a time is to be ended before
/// anything begins then.
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{Call, CircuitBreaker, ManualClock, State, trippers::FailureStreak};
///
/// let clock = ManualClock::new();
/// let breaker =
///     CircuitBreaker::builder("search").tripper(FailureStreak(2)).clock(clock.clone()).random_seed(1).build()?;
///
/// // When each call begins, when it ends, and whether it succeeds.
/// let trace = [(0, 3, false), (1, 9, true), (2, 4, false), (5, 6, true)];
/// let mut in_flight: Vec<(u64, bool, Call<'_>)> = Vec::new();
/// let mut rejected = 0;
/// for second in 0..10 {
///     clock.advance_to(Duration::from_secs(second));
///     let (ended, waiting): (Vec<_>, Vec<_>) = in_flight.into_iter().partition(|(ends, ..)| *ends == second);
///     in_flight = waiting;
///     for (_, succeeds, call) in ended {
///         if succeeds { call.success() } else { call.failure() }
///     }
///     for (_, ends, succeeds) in trace.into_iter().filter(|(begins, ..)| *begins == second) {
///         match breaker.try_acquire() {
///             Ok(call) => in_flight.push((ends, succeeds, call)),
///             Err(_) => rejected += 1,
///         }
///     }
/// }
/// // It opened at the fourth second; the success of the call that was in flight then no longer counts.
/// assert_eq!((breaker.info().state, rejected), (State::Open, 1));
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("permit", "permission", "token", "guard"))]
#[derive(Debug)]
#[must_use = "dropping it at once records a cancelled call"]
pub struct Call<'b> {
    breaker: Cow<'b, CircuitBreaker>,
    flight: Flight,
    /// The thread was unwinding when the call began: then it was begun by some `drop`, and is dropped by no panic of
    /// its own.
    begun_unwinding: bool,
}

impl CircuitBreaker {
    /// Asks leave for a call that is driven by hand, where a closure or future will not do: one that ends elsewhere, or
    /// at a time of a virtual clock, as [`Call`] shows.
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
    /// match breaker.try_acquire() {
    ///     Ok(call) => call.success(), // once the service has answered
    ///     Err(rejection) => println!("{rejection}"),
    /// }
    /// breaker.force_open();
    /// assert!(breaker.try_acquire().is_err());
    /// ```
    #[doc(alias("acquire_permission", "try_acquire_permission", "allow", "is_call_permitted", "can_execute"))]
    pub fn try_acquire(&self) -> Result<Call<'_>, CallNotPermitted> {
        Call::begin(Cow::Borrowed(self))
    }

    /// [`try_acquire`](Self::try_acquire) for a call that outlives this handle of the breaker: one that is sent to another
    /// thread, say.
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
        Call::begin(Cow::Owned(self.clone()))
    }
}

impl<'b> Call<'b> {
    fn begin(breaker: Cow<'b, CircuitBreaker>) -> Result<Self, CallNotPermitted> {
        let ticket = breaker.admit().map_err(|rejected| breaker.not_permitted(rejected))?;
        let flight = Flight::new(ticket).waiting(&breaker);
        Ok(Self { breaker, flight, begun_unwinding: thread::panicking() })
    }

    /// Ends the call as a success.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// breaker.try_acquire()?.success();
    /// assert_eq!((breaker.info().calls, breaker.info().failures), (1, 0));
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    #[doc(alias("on_success", "record_success", "mark_success"))]
    pub fn success(self) {
        self.finish(Outcome::Success);
    }

    /// Ends the call as a failure.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State, trippers::FailureStreak};
    ///
    /// let breaker = CircuitBreaker::builder("search").tripper(FailureStreak(1)).build().unwrap();
    /// breaker.try_acquire()?.failure();
    /// assert_eq!(breaker.info().state, State::Open);
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    #[doc(alias("on_error", "on_failure", "record_failure", "mark_failure"))]
    pub fn failure(self) {
        self.finish(Outcome::Failure);
    }

    /// Ends the call as a failure after which the service asks to be left alone for `wait`.
    ///
    /// A breaker that [honours](crate::Builder::honour_retry_after) it stays open for at least that long, within its
    /// limit, if it opens by this failure or a later one. To others it is a failure like any.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, trippers::FailureStreak};
    ///
    /// let breaker =
    ///     CircuitBreaker::builder("search").tripper(FailureStreak(1)).honour_retry_after(600).build().unwrap();
    /// breaker.try_acquire()?.failure_with_retry_after(Duration::from_secs(300));
    /// let rejection = breaker.try_acquire().unwrap_err();
    /// assert!(rejection.retry_after() > Some(Duration::from_secs(290)));
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    pub fn failure_with_retry_after(self, wait: Duration) {
        self.finish(Judged::failure(Some(wait)));
    }

    /// Ends the call as one that concerns nobody, such as a request that the service was right to refuse: it is neither
    /// recorded nor judged, and its slot is freed.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// breaker.try_acquire()?.ignored();
    /// assert_eq!(breaker.info().calls, 0);
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    #[doc(alias("release_permission", "cancel"))]
    pub fn ignored(self) {
        self.finish(Outcome::Ignored);
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
    #[doc(alias("on_result", "record_result"))]
    pub fn record<T, E: 'static>(self, result: &Result<T, E>) {
        match result {
            Ok(_) => self.finish(Outcome::Success),
            Err(error) => self.finish_by(|breaker| Ending::<Result<T, E>>::classify_error(&ByValue, error, breaker)),
        }
    }

    fn finish(self, judged: impl Into<Judged>) {
        let judged = judged.into();
        if judged.outcome == Outcome::Success {
            let mut call = self;
            if let Some(flight) = call.take() {
                call.breaker.finish(flight.ticket, Outcome::Success);
            }
        } else {
            self.finish_by(|_| judged.clone());
        }
    }

    fn finish_by(mut self, judge: impl Fn(&CircuitBreaker) -> Judged) {
        if let Some(flight) = self.take() {
            Running::ending(&self.breaker, flight.ticket).finish_error(judge);
        }
    }

    /// What is still to be ended, which is then no longer here.
    fn take(&mut self) -> Option<Flight> {
        let over = Flight::new(Ticket::UNRECORDED);
        Some(mem::replace(&mut self.flight, over)).filter(|flight| !flight.ticket.is_over())
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let Some(flight) = self.take() else { return };
        if thread::panicking() && !self.begun_unwinding {
            self.breaker.finish(flight.ticket, Outcome::Failure);
        } else {
            flight.cancel(&self.breaker);
        }
    }
}
