//! The path of a call: admission, execution, settlement.

pub(crate) mod admit;
pub(crate) mod ending;
mod finish;
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
    /// Runs `work` if the breaker permits it, and records the outcome.
    ///
    /// Any `'static` error type will do; [`trackers`](crate::trackers) decide which errors count. A panic in `work` counts
    /// as a failure and continues to unwind.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if the call was rejected; [`Error::Inner`] with the error of `work`.
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

    /// Like [`call`](Self::call), but runs `fallback` after a rejection or an error.
    ///
    /// An error of `work` is recorded before `fallback` runs. A panic in `work` skips `fallback`.
    ///
    /// # Errors
    ///
    /// The error that `fallback` returns.
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

    /// Runs a sync call. All public forms of a sync call end up here.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads around the user's own code")]
    pub(crate) fn attempt<R, N: Ending<R>>(&self, ending: N, work: impl FnOnce() -> R) -> N::Output {
        let running = match Running::begin(self) {
            Ok(running) => running,
            Err(rejected) => return ending.into_output(Err(self.not_permitted(rejected).into())),
        };
        // Split first: a result that is moved as a whole is copied before all of it is written, which stalls the
        // processor.
        match ending.split(work()) {
            Ok(value) => {
                running.finish_value(&ending, &value);
                ending.into_output(Ok(value))
            }
            Err(error) => answer_error(running, ending, error),
        }
    }
}

/// Ends a call that returned an error.
///
/// Out of line, so that only the success path writes the result in the caller: a result that two paths may write is
/// copied before all of it is written.
#[inline(never)]
pub(crate) fn answer_error<R, N: Ending<R>>(running: Running<'_>, ending: N, error: N::Err) -> N::Output {
    running.finish_error(|breaker| ending.classify_error(&error, breaker));
    ending.into_output(Err(Error::Inner(error)))
}
