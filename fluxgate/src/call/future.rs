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
    /// Runs `future` if the breaker permits it, and records how it went.
    ///
    /// Leave is asked at the first poll: a future that is never polled takes nothing. One that is dropped in flight is
    /// recorded as a failure if it had been waiting for as long as the policy's `cancelled` says, otherwise ignored. A
    /// panic in `future` counts as a failure and goes on unwinding. Nothing is allocated, and any executor will do.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if the call was rejected, [`Error::Inner`] with the error of `future`,
    /// [`Error::TimedOut`] if it was given a time-out.
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
    #[allow(clippy::inline_always, reason = "made in its place, for a copy would cost more than the call")]
    pub fn call_async<F, T, E>(&self, future: F) -> CallFuture<&Self, F>
    where
        F: Future<Output = Result<T, E>>,
        E: 'static,
    {
        self.attempt_async(ByValue, NoLimit, future)
    }

    /// [`call_async`](Self::call_async) with something to fall back on after a rejection and after every error, which is
    /// recorded first.
    ///
    /// # Errors
    ///
    /// What `fallback` returns.
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
    /// let hits = breaker.call_async_with_fallback(async { "42".parse::<u32>() }, |_| Ok(0)).await?;
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

    /// The one way of every async call.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "made in its place, for a copy would cost more than the call")]
    pub(crate) fn attempt_async<F, N, L>(&self, ending: N, limit: L, future: F) -> CallFuture<&Self, F, N, L> {
        CallFuture::new(self, ending, limit, future)
    }
}

impl<B: Borrow<CircuitBreaker>, F, N, L> CallFuture<B, F, N, L> {
    /// A guarded future that borrows its breaker, or takes a handle of it along.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "made in its place, for a copy would cost more than the call")]
    pub(crate) fn new(breaker: B, ending: N, limit: L, future: F) -> Self {
        Self { future: Some(future), limit, ending: Some(ending), seat: Seat { breaker, flight: None } }
    }
}

#[cfg(feature = "tower")]
impl<F, N> CallFuture<CircuitBreaker, F, N> {
    /// A guarded future that has leave already.
    pub(crate) fn admitted(breaker: CircuitBreaker, ticket: Ticket, ending: N, future: F) -> Self {
        let seat = Seat { breaker, flight: Some(Flight::new(ticket)) };
        Self { future: Some(future), limit: NoLimit, ending: Some(ending), seat }
    }
}

pin_project! {
    /// A guarded future, from [`CircuitBreaker::call_async`].
    ///
    /// It asks for leave when it is first polled, and gives back what it took when it is done or dropped. From `call_async` it
    /// borrows the breaker: to spawn it, let the task have a clone.
    ///
    /// # Panics
    ///
    /// When polled again after it was done.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// drop(breaker.call_async(async { "42".parse::<u32>() })); // nothing has happened
    /// assert_eq!(breaker.info().calls, 0);
    ///
    /// let of_the_task = breaker.clone();
    /// let search = async move { of_the_task.call_async(async { "42".parse::<u32>() }).await };
    /// assert_eq!(tokio::spawn(search).await??, 42);
    /// assert_eq!(breaker.info().calls, 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct CallFuture<B, F, N = ByValue, L = NoLimit>
    where
        B: Borrow<CircuitBreaker>,
    {
        // Before `seat`, for a dropped future is to be gone before its slot is free.
        #[pin]
        future: Option<F>,
        #[pin]
        limit: L,
        ending: Option<N>,
        seat: Seat<B>,
    }
}

/// A guarded future with a time limit, from [`CallFuture::timeout`]: the name of its type, for a field or a return type.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::{future::{Ready, ready}, time::Duration};
/// use fluxgate::{CircuitBreaker, TimeoutFuture};
///
/// fn search(breaker: &CircuitBreaker) -> TimeoutFuture<&CircuitBreaker, Ready<Result<u32, ()>>> {
///     breaker.call_async(ready(Ok(42))).timeout(Duration::from_secs(1))
/// }
///
/// assert_eq!(search(&CircuitBreaker::new("search")).await, Ok(42));
/// # }
/// ```
#[cfg(feature = "tokio")]
pub type TimeoutFuture<B, F> = CallFuture<B, F, ByValue, crate::call::timeout::Timeout>;

/// The place of a call between its polls: dropped with the call in it, its caller has given up.
struct Seat<B: Borrow<CircuitBreaker>> {
    breaker: B,
    flight: Option<Flight>,
}

impl<B: Borrow<CircuitBreaker>> Drop for Seat<B> {
    #[inline]
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take() {
            flight.cancel(self.breaker.borrow());
        }
    }
}

#[cfg(feature = "tokio")]
impl<B: Borrow<CircuitBreaker>, F, N> CallFuture<B, F, N, NoLimit> {
    /// Gives the call no more than `limit`, counted from its first poll. A call that takes longer is dropped and
    /// recorded as a failure, and its caller gets [`Error::TimedOut`].
    ///
    /// It is tokio's time, not that of the breaker's clock.
    ///
    /// # Panics
    ///
    /// The future panics if it has to wait outside a tokio runtime with its time driver enabled.
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
        CallFuture { future: self.future, limit, ending: self.ending, seat: self.seat }
    }
}

impl<B: Borrow<CircuitBreaker>, F: Future, N: EndsWith<F::Output>, L: Limit> Future for CallFuture<B, F, N, L> {
    type Output = <N::Ending as Ending<F::Output>>::Output;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads around the user's own code")]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Seat { breaker, flight: seat } = this.seat;
        let breaker: &CircuitBreaker = (*breaker).borrow();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("a guarded future was polled after it was done");
        };
        let flight = match seat.take() {
            Some(flight) => flight,
            None => match breaker.admit() {
                Ok(ticket) => Flight::new(ticket),
                Err(rejected) => {
                    return done(this.future, this.ending, Err(breaker.not_permitted(rejected).into()));
                }
            },
        };
        // If the user's code panics the call is settled at once, wherever the future itself ends up.
        let running = Running::resume(breaker, flight.ticket());
        this.limit.as_mut().begin();
        if let Poll::Ready(returned) = future.poll(context) {
            let ending = taken(this.ending);
            this.future.set(None);
            // Taken apart first, as in a sync call.
            return Poll::Ready(match ending.split(returned) {
                Ok(value) => {
                    running.finish_value(&ending, &value);
                    ending.give(Ok(value))
                }
                Err(error) => answer_error(running, ending, error),
            });
        }
        if let Poll::Ready(limit) = this.limit.poll_elapsed(context) {
            // Dropped first, for a future is to be gone before its slot is free.
            this.future.set(None);
            running.finish(Outcome::Failure);
            let time_out = CallTimedOut { breaker: breaker.shared.place.name().clone(), limit };
            return done(this.future, this.ending, Err(time_out.into()));
        }
        running.pause();
        *seat = Some(flight.waiting(breaker));
        Poll::Pending
    }
}

/// Lets go of the future of a call that was rejected or timed out, and gives its caller the answer.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a future whose address is handed out has to stand in memory")]
fn done<R, F, N: Ending<R>>(
    mut future: Pin<&mut Option<F>>,
    ending: &mut Option<impl EndsWith<R, Ending = N>>,
    answer: Result<N::Ok, Error<N::Err>>,
) -> Poll<N::Output> {
    future.set(None);
    Poll::Ready(taken(ending).give(answer))
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "an ending is known only where it is made")]
fn taken<R, N: EndsWith<R>>(ending: &mut Option<N>) -> N::Ending {
    match ending.take() {
        Some(ending) => ending.ending(),
        None => unreachable!("an ending goes with its future"),
    }
}

impl<B: Borrow<CircuitBreaker>, F, N, L> fmt::Debug for CallFuture<B, F, N, L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CallFuture").field("breaker", self.seat.breaker.borrow()).finish_non_exhaustive()
    }
}
