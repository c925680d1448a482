//! Calls that are driven by hand.

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

/// A call in flight, returned by [`CircuitBreaker::try_acquire`]. End it with the method for its outcome.
///
/// A `Call` that is dropped counts as cancelled: as a failure if it was held for at least the policy's `cancelled`,
/// otherwise it is ignored. A `Call` that is dropped by a panic counts as a failure. In each case the slot of a probe is
/// freed; only `mem::forget` keeps it, until `max_probe_time` has passed.
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
/// Calls that are acquired now and ended later may overlap in any way. On a [`ManualClock`](crate::ManualClock) that makes
/// a simulation in which hours pass instantly; the example `replay` runs recorded traffic this way. At each point in
/// time, end the calls that are due before you begin new ones.
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{Call, CircuitBreaker, ManualClock, State, trippers::FailureStreak};
///
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::builder("search")
///     .tripper(FailureStreak(2))
///     .clock(clock.clone())
///     .random_seed(1)
///     .build()?;
///
/// // For each call the second of its start, the second of its end, and its success.
/// let trace = [(0, 3, false), (1, 9, true), (2, 4, false), (5, 6, true)];
/// let mut in_flight: Vec<(u64, bool, Call<'_>)> = Vec::new();
/// let mut rejected = 0;
/// for second in 0..10 {
///     clock.advance_to(Duration::from_secs(second));
///     let due: Vec<_>;
///     (due, in_flight) = in_flight.into_iter().partition(|call| call.0 == second);
///     for (_, succeeds, call) in due {
///         if succeeds { call.success() } else { call.failure() }
///     }
///     for (_, ends, succeeds) in trace.into_iter().filter(|call| call.0 == second) {
///         match breaker.try_acquire() {
///             Ok(call) => in_flight.push((ends, succeeds, call)),
///             Err(_) => rejected += 1,
///         }
///     }
/// }
/// // It opened at second 4. The success of the call that was in flight does not count.
/// assert_eq!((breaker.info().state, rejected), (State::Open, 1));
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("permit", "permission", "token", "guard"))]
#[derive(Debug)]
#[must_use = "dropping a `Call` at once ends it as cancelled"]
pub struct Call<'b> {
    breaker: Cow<'b, CircuitBreaker>,
    flight: Flight,
    /// The thread was already unwinding when the call began, in some `drop`. Then no panic of the call itself drops it.
    began_while_panicking: bool,
}

impl CircuitBreaker {
    /// Requests permission for a call that is driven by hand.
    ///
    /// Use it where a closure or a future does not fit: for a call that ends elsewhere, or in a simulation as shown for
    /// [`Call`].
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

    /// Like [`try_acquire`](Self::try_acquire), but the call owns a handle of the breaker.
    ///
    /// Use it for a call that outlives this handle, such as one that is sent to another thread.
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
        let flight = Flight::new(ticket).start_waiting(&breaker);
        Ok(Self { breaker, flight, began_while_panicking: thread::panicking() })
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
    /// let builder = CircuitBreaker::builder("search").tripper(FailureStreak(1));
    /// let breaker = builder.build().unwrap();
    /// breaker.try_acquire()?.failure();
    /// assert_eq!(breaker.info().state, State::Open);
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    #[doc(alias("on_error", "on_failure", "record_failure", "mark_failure"))]
    pub fn failure(self) {
        self.finish(Outcome::Failure);
    }

    /// Ends the call as a failure after which the service asks for a pause of `wait`.
    ///
    /// If the policy [honours](crate::Builder::honour_retry_after) that, a breaker that opens by this failure or a later one
    /// stays open for at least `wait`, up to the policy's limit. Otherwise this is the same as [`failure`](Self::failure).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, trippers::FailureStreak};
    ///
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(FailureStreak(1))
    ///     .honour_retry_after(600)
    ///     .build()
    ///     .unwrap();
    /// breaker.try_acquire()?.failure_with_retry_after(Duration::from_secs(300));
    /// let rejection = breaker.try_acquire().unwrap_err();
    /// assert!(rejection.retry_after() > Some(Duration::from_secs(290)));
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    pub fn failure_with_retry_after(self, wait: Duration) {
        self.finish(Judged::failure(Some(wait)));
    }

    /// Ends the call without recording it.
    ///
    /// Use it for a call that says nothing about the service's health, such as a request that the service was right to
    /// refuse. The slot of a probe is freed.
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

    /// Ends the call with the outcome of `result`.
    ///
    /// `Ok` is a success. The breaker's tracker decides whether an error is a failure or ignored.
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
            Err(error) => {
                self.finish_judged_by(|breaker| Ending::<Result<T, E>>::classify_error(&ByValue, error, breaker));
            }
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
            self.finish_judged_by(|_| judged.clone());
        }
    }

    fn finish_judged_by(mut self, judge: impl Fn(&CircuitBreaker) -> Judged) {
        if let Some(flight) = self.take() {
            Running::ending(&self.breaker, flight.ticket).finish_error(judge);
        }
    }

    /// Takes the flight, unless nothing is left to end.
    fn take(&mut self) -> Option<Flight> {
        let ended = Flight::new(Ticket::UNRECORDED);
        Some(mem::replace(&mut self.flight, ended)).filter(|flight| !flight.ticket.is_unobserved())
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let Some(flight) = self.take() else { return };
        if thread::panicking() && !self.began_while_panicking {
            self.breaker.finish(flight.ticket, Outcome::Failure);
        } else {
            flight.cancel(&self.breaker);
        }
    }
}
