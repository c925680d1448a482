//! Guarded futures.

use std::{
    borrow::Borrow,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

#[cfg(feature = "tower")]
use crate::machine::Ticket;
use crate::{
    breaker::CircuitBreaker,
    call::{
        answer_error,
        ending::{ByValue, Ending, EndsWith},
        flight::Flight,
        running::Running,
        timeout::{Limit, NoLimit},
    },
    error::{CallTimedOut, Error},
    outcome::Outcome,
};

impl CircuitBreaker {
    /// Runs `future` if the breaker permits it, and records the outcome.
    ///
    /// Permission is requested on the first poll; a future that is never polled has no effect. A future that is dropped
    /// in flight counts as a failure if its caller has waited for at least the policy's `cancelled`, otherwise it is
    /// ignored. A panic in `future` counts as a failure and continues to unwind. This allocates nothing and works on any
    /// executor.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if the call was rejected; [`Error::Inner`] with the error of `future`;
    /// [`Error::TimedOut`] if it exceeded its [`timeout`](CallFuture::timeout).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), fluxgate::Error<std::num::ParseIntError>> {
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let hits = breaker.call_async(async { "42".parse::<u32>() }).await?;
    /// assert_eq!(hits, 42);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("execute_async", "run_async", "call_future"))]
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "built in place: a copy would cost more than the call")]
    pub fn call_async<F, T, E>(&self, future: F) -> CallFuture<&Self, F>
    where
        F: Future<Output = Result<T, E>>,
        E: 'static,
    {
        self.attempt_async(ByValue, NoLimit, future)
    }

    /// Like [`call_async`](Self::call_async), but runs `fallback` after a rejection or an error.
    ///
    /// An error of `future` is recorded before `fallback` runs.
    ///
    /// # Errors
    ///
    /// The error that `fallback` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), std::num::ParseIntError> {
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// breaker.force_open();
    /// let search = async { "42".parse::<u32>() };
    /// let hits = breaker.call_async_with_fallback(search, |_| Ok(0)).await?;
    /// assert_eq!(hits, 0);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("fallback", "recover"))]
    pub async fn call_async_with_fallback<F, T, E>(
        &self,
        future: F,
        fallback: impl FnOnce(Error<E>) -> Result<T, E>,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: 'static,
    {
        self.call_async(future).await.or_else(fallback)
    }

    /// Builds an async call. All public forms of an async call end up here.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "built in place: a copy would cost more than the call")]
    pub(crate) fn attempt_async<F, N, L>(&self, ending: N, limit: L, future: F) -> CallFuture<&Self, F, N, L> {
        CallFuture::new(self, ending, limit, future)
    }
}

impl<B: Borrow<CircuitBreaker>, F, N, L> CallFuture<B, F, N, L> {
    /// Creates a guarded future that borrows its breaker or owns a handle of it.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "built in place: a copy would cost more than the call")]
    pub(crate) fn new(breaker: B, ending: N, limit: L, future: F) -> Self {
        Self { future: Some(future), limit, ending: Some(ending), pending: PendingCall { breaker, flight: None } }
    }
}

#[cfg(feature = "tower")]
impl<F, N> CallFuture<CircuitBreaker, F, N> {
    /// Creates a guarded future for a call that is already admitted.
    pub(crate) fn admitted(breaker: CircuitBreaker, ticket: Ticket, ending: N, future: F) -> Self {
        let pending = PendingCall { breaker, flight: Some(Flight::new(ticket)) };
        Self { future: Some(future), limit: NoLimit, ending: Some(ending), pending }
    }
}

pin_project! {
    /// A guarded future, returned by [`CircuitBreaker::call_async`].
    ///
    /// It requests permission when it is first polled. When it completes or is dropped, its call ends. It borrows the
    /// breaker: to spawn it, move a clone of the breaker into the task.
    ///
    /// # Panics
    ///
    /// Panics when polled after it has completed.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// drop(breaker.call_async(async { "42".parse::<u32>() })); // never polled
    /// assert_eq!(breaker.info().calls, 0);
    ///
    /// let task_breaker = breaker.clone();
    /// let task = tokio::spawn(async move {
    ///     task_breaker.call_async(async { "42".parse::<u32>() }).await
    /// });
    /// assert_eq!(task.await??, 42);
    /// assert_eq!(breaker.info().calls, 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct CallFuture<B, F, N = ByValue, L = NoLimit>
    where
        B: Borrow<CircuitBreaker>,
    {
        // Before `pending`: the future must be dropped before its slot is freed.
        #[pin]
        future: Option<F>,
        #[pin]
        limit: L,
        ending: Option<N>,
        pending: PendingCall<B>,
    }
}

/// A guarded future with a time limit, returned by [`CallFuture::timeout`].
///
/// Use this name for a field or a return type.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::{future::{Ready, ready}, time::Duration};
/// use fluxgate::{CircuitBreaker, TimeoutFuture};
///
/// type Search<'b> = TimeoutFuture<&'b CircuitBreaker, Ready<Result<u32, ()>>>;
///
/// fn search(breaker: &CircuitBreaker) -> Search<'_> {
///     breaker.call_async(ready(Ok(42))).timeout(Duration::from_secs(1))
/// }
///
/// assert_eq!(search(&CircuitBreaker::new("search")).await, Ok(42));
/// # }
/// ```
#[cfg(feature = "tokio")]
pub type TimeoutFuture<B, F> = CallFuture<B, F, ByValue, crate::call::timeout::Timeout>;

/// The call of a future between its polls. Dropping it with a call in flight cancels the call.
struct PendingCall<B: Borrow<CircuitBreaker>> {
    breaker: B,
    flight: Option<Flight>,
}

impl<B: Borrow<CircuitBreaker>> Drop for PendingCall<B> {
    #[inline]
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take() {
            flight.cancel(self.breaker.borrow());
        }
    }
}

#[cfg(feature = "tokio")]
impl<B: Borrow<CircuitBreaker>, F, N> CallFuture<B, F, N, NoLimit> {
    /// Limits the duration of the call, counted from its first poll.
    ///
    /// A call that exceeds `limit` is dropped and recorded as a failure, and its caller gets [`Error::TimedOut`]. The limit
    /// is measured by tokio's clock, not by the breaker's.
    ///
    /// # Panics
    ///
    /// The future panics if it has to wait outside a tokio runtime with an enabled time driver.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, Error};
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let hang = std::future::pending::<Result<u32, ()>>();
    /// let result = breaker.call_async(hang).timeout(Duration::from_millis(10)).await;
    /// assert!(matches!(result, Err(Error::TimedOut(_))));
    /// assert_eq!(breaker.info().failures, 1);
    /// # }
    /// ```
    #[doc(alias("time_limit", "deadline", "time_limiter"))]
    pub fn timeout(self, limit: std::time::Duration) -> CallFuture<B, F, N, crate::call::timeout::Timeout> {
        let limit = crate::call::timeout::Timeout::new(limit);
        CallFuture { future: self.future, limit, ending: self.ending, pending: self.pending }
    }
}

impl<B: Borrow<CircuitBreaker>, F: Future, N: EndsWith<F::Output>, L: Limit> Future for CallFuture<B, F, N, L> {
    type Output = <N::Ending as Ending<F::Output>>::Output;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads around the user's own code")]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let PendingCall { breaker, flight: pending } = this.pending;
        let breaker: &CircuitBreaker = (*breaker).borrow();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("guarded future polled after completion");
        };
        let flight = match pending.take() {
            Some(flight) => flight,
            None => match breaker.admit() {
                Ok(ticket) => Flight::new(ticket),
                Err(rejected) => {
                    return complete(this.future, this.ending, Err(breaker.not_permitted(rejected).into()));
                }
            },
        };
        // If the user code panics, the call is settled at once, whatever becomes of the future itself.
        let running = Running::resume(breaker, flight.ticket());
        this.limit.as_mut().begin();
        if let Poll::Ready(returned) = future.poll(context) {
            let ending = take_ending(this.ending);
            this.future.set(None);
            // Split first, as in a sync call.
            return Poll::Ready(match ending.split(returned) {
                Ok(value) => {
                    running.finish_value(&ending, &value);
                    ending.into_output(Ok(value))
                }
                Err(error) => answer_error(running, ending, error),
            });
        }
        if let Poll::Ready(limit) = this.limit.poll_elapsed(context) {
            // Dropped first: the future must be gone before its slot is freed.
            this.future.set(None);
            running.finish(Outcome::Failure);
            let time_out = CallTimedOut { breaker: breaker.shared.place.name().clone(), limit };
            return complete(this.future, this.ending, Err(time_out.into()));
        }
        running.pause();
        *pending = Some(flight.start_waiting(breaker));
        Poll::Pending
    }
}

/// Drops the future of a rejected or timed-out call, and completes with `answer`.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a future whose address is passed on has to be kept in memory")]
fn complete<R, F, N: Ending<R>>(
    mut future: Pin<&mut Option<F>>,
    ending: &mut Option<impl EndsWith<R, Ending = N>>,
    answer: Result<N::Ok, Error<N::Err>>,
) -> Poll<N::Output> {
    future.set(None);
    Poll::Ready(take_ending(ending).into_output(answer))
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "the compiler knows an ending only where it is created")]
fn take_ending<R, N: EndsWith<R>>(ending: &mut Option<N>) -> N::Ending {
    match ending.take() {
        Some(ending) => ending.ending(),
        None => unreachable!("the ending is taken only when the future completes"),
    }
}

impl<B: Borrow<CircuitBreaker>, F, N, L> fmt::Debug for CallFuture<B, F, N, L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CallFuture").field("breaker", self.pending.breaker.borrow()).finish_non_exhaustive()
    }
}
