//! The way of a call: admitted, run, settled.

pub(crate) mod admit;
pub(crate) mod ending;
pub(crate) mod flight;
pub(crate) mod future;
mod guard;
mod inside_probe;
pub(crate) mod running;
pub(crate) mod settle;
pub(crate) mod timeout;
pub(crate) mod would_reject;

pub use guard::Call;

use crate::{
    breaker::CircuitBreaker,
    call::{
        ending::{ByValue, Ending},
        running::Running,
    },
    error::Error,
};

impl CircuitBreaker {
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
    #[doc(alias("execute", "run", "fire", "call_with", "protect", "decorate"))]
    pub fn call<T, E: 'static>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        self.attempt(ByValue, work)
    }

    /// [`call`](Self::call) with something to fall back on after a rejection and after every error, which is recorded
    /// first. A panic of `work` unwinds past it.
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
    #[doc(alias("fallback", "recover"))]
    pub fn call_with_fallback<T, E: 'static>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
        fallback: impl FnOnce(Error<E>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.call(work).or_else(fallback)
    }

    /// The one way of every sync call.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads around the user's own code")]
    pub(crate) fn attempt<R, N: Ending<R>>(&self, ending: N, work: impl FnOnce() -> R) -> N::Output {
        let running = match Running::begin(self) {
            Ok(running) => running,
            Err(rejected) => return ending.give(Err(self.not_permitted(rejected).into())),
        };
        // Taken apart first: moved as a whole, a result would be copied before it is all written, and that stalls.
        match ending.split(work()) {
            Ok(value) => {
                running.finish_value(&ending, &value);
                ending.give(Ok(value))
            }
            Err(error) => answer_error(running, ending, error),
        }
    }
}

/// The end of a call that returned an error. Out of line, so that what becomes of a success is written by itself: a
/// result that either may have written is copied before it is all written.
#[inline(never)]
pub(crate) fn answer_error<R, N: Ending<R>>(running: Running<'_>, ending: N, error: N::Err) -> N::Output {
    running.finish_error(|breaker| ending.classify_error(&error, breaker));
    ending.give(Err(Error::Inner(error)))
}
