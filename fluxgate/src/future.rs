use std::{
    borrow::Cow,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    breaker::CircuitBreaker,
    call::{Flight, Running},
    error::{CallTimedOut, Error},
    judge::{ByValue, Judge},
    limit::{Limit, NoLimit},
    outcome::Outcome,
};

impl CircuitBreaker {
    /// Runs `future` if the breaker permits it, and records how it went.
    ///
    /// Leave is asked at the first poll: a future that is never polled takes nothing. One that is dropped in flight is
    /// recorded as a failure if it had been waiting for as long as the policy's `cancelled` says, otherwise ignored.
    /// Nothing is allocated.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if the call was rejected, [`Error::Inner`] with the error of `future`,
    /// [`Error::TimedOut`] if it was given a time-out.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// async fn search(breaker: &CircuitBreaker) -> Result<u32, fluxgate::Error<std::num::ParseIntError>> {
    ///     breaker.call_async(async { "42".parse::<u32>() }).await
    /// }
    /// ```
    pub fn call_async<F, T, E>(&self, future: F) -> CallFuture<'_, F>
    where
        F: Future<Output = Result<T, E>>,
        E: 'static,
    {
        self.attempt_async(ByValue, NoLimit, future)
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
    /// async fn search(breaker: &CircuitBreaker) -> Result<u32, std::num::ParseIntError> {
    ///     breaker.call_async_with_fallback(async { "many".parse() }, |_| Ok(0)).await
    /// }
    /// ```
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
    pub(crate) fn attempt_async<F, J, L>(&self, judge: J, limit: L, future: F) -> CallFuture<'_, F, J, L> {
        CallFuture::new(Cow::Borrowed(self), judge, limit, future)
    }
}

impl<'b, F, J, L> CallFuture<'b, F, J, L> {
    /// A guarded future that may take its handle of the breaker along.
    pub(crate) fn new(breaker: Cow<'b, CircuitBreaker>, judge: J, limit: L, future: F) -> Self {
        Self { future: Some(future), limit, judge, seat: Seat { breaker, flight: None } }
    }
}

pin_project! {
    /// A guarded future, from [`CircuitBreaker::call_async`].
    #[must_use = "futures do nothing unless polled"]
    pub struct CallFuture<'b, F, J = ByValue, L = NoLimit> {
        // Before `seat`, for a dropped future is to be gone before its slot is free.
        #[pin]
        future: Option<F>,
        #[pin]
        limit: L,
        judge: J,
        seat: Seat<'b>,
    }
}

/// The place of a call between its polls: dropped with the call in it, its caller has given up.
struct Seat<'b> {
    breaker: Cow<'b, CircuitBreaker>,
    flight: Option<Flight>,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take() {
            flight.cancel(&self.breaker);
        }
    }
}

#[cfg(feature = "tokio")]
impl<'b, F, J> CallFuture<'b, F, J, NoLimit> {
    /// Gives the call no more than `limit`, counted from its first poll. A call that takes longer is dropped and
    /// recorded as a failure.
    ///
    /// # Panics
    ///
    /// When polled outside a tokio runtime with its time driver enabled.
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
    pub fn timeout(self, limit: std::time::Duration) -> CallFuture<'b, F, J, crate::limit::Timeout> {
        let limit = crate::limit::Timeout::new(limit);
        CallFuture { future: self.future, limit, judge: self.judge, seat: self.seat }
    }
}

impl<F, J, L, T, E> Future for CallFuture<'_, F, J, L>
where
    F: Future<Output = Result<T, E>>,
    J: Judge<T, E>,
    L: Limit,
{
    type Output = Result<T, Error<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Seat { breaker, flight: seat } = this.seat;
        let breaker: &CircuitBreaker = breaker;
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("`CallFuture` polled after it was done");
        };
        let mut flight = match seat.take() {
            Some(flight) => flight,
            None => match breaker.admit() {
                Ok(ticket) => Flight::new(ticket),
                Err(rejection) => {
                    this.future.set(None);
                    return Poll::Ready(Err(rejection.into()));
                }
            },
        };
        // If the user's code panics the call is settled at once, wherever the future itself ends up.
        let running = Running { breaker, ticket: flight.ticket() };
        if let Poll::Ready(result) = future.poll(context) {
            let outcome = this.judge.outcome(&result, &breaker.shared.rules.tracker);
            running.end(outcome);
            this.future.set(None);
            return Poll::Ready(result.map_err(Error::Inner));
        }
        let elapsed = this.limit.poll_elapsed(context);
        if let Poll::Ready(limit) = elapsed {
            this.future.set(None);
            running.end(Outcome::Failure);
            return Poll::Ready(Err(CallTimedOut { breaker: breaker.shared.name.clone(), limit }.into()));
        }
        running.stop();
        flight.waits(breaker);
        *seat = Some(flight);
        Poll::Pending
    }
}

impl<F, J, L> fmt::Debug for CallFuture<'_, F, J, L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CallFuture").field("breaker", &self.seat.breaker).finish_non_exhaustive()
    }
}
