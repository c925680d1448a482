//! Error types.

use std::{cell::Cell, error::Error as StdError, fmt, time::Duration};

use crate::{
    name::Name,
    state::State,
    time::{BreakerClock, nanos::Nanos},
};

/// The error of a call that was rejected: it was not made.
///
/// The breaker is open or forced open, or half-open without permission for this call to probe. The error holds the name and
/// the state of the breaker and, if known, the time until a retry. It has no [`source`](StdError::source). With the feature
/// `http` it converts into a response.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, Error, ManualClock, State};
/// use fluxgate::{retries::Cooldown, trippers::FailureStreak};
///
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::builder("search")
///     .tripper(FailureStreak(1))
///     .retry(Cooldown(30.0))
///     .clock(clock.clone())
///     .build()?;
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// clock.advance(Duration::from_secs(10));
///
/// let Err(Error::NotPermitted(rejection)) = breaker.call(|| Ok::<_, &str>(())) else {
///     unreachable!()
/// };
/// assert_eq!(rejection.breaker(), "search");
/// assert_eq!(rejection.state(), State::Open);
/// assert_eq!(rejection.retry_after(), Some(Duration::from_secs(20)));
/// assert_eq!(
///     rejection.to_string(),
///     "call not permitted: circuit breaker `search` is open, retry after 20.0 s",
/// );
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias(
    "CallNotPermittedException",
    "CallNotPermittedError",
    "BrokenCircuitException",
    "CircuitBreakerError",
    "ErrOpenState",
    "Rejected",
    "open"
))]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallNotPermitted {
    pub(crate) breaker: Name,
    pub(crate) state: State,
    /// `Nanos::NEVER` if not known.
    pub(crate) retry_after: Nanos,
}

impl CallNotPermitted {
    /// Returns the name of the breaker.
    pub fn breaker(&self) -> &str {
        self.breaker.as_str()
    }

    /// Returns the state in which the breaker rejected the call: `open`, `half_open` or `forced_open`.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns the time until a retry is due or, if half-open, until a ramp that ends at 1 admits every call.
    ///
    /// `None` if no retry will be due (`Never`, `forced_open`), if a custom retry can't predict it, or while every slot of a
    /// half-open breaker is taken, where the next call may be admitted. On Linux the result may be up to 20 ms too long,
    /// because a rejection reads a cheaper, coarser clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CallNotPermitted, CircuitBreaker};
    ///
    /// fn pause(rejection: &CallNotPermitted) -> Duration {
    ///     rejection.retry_after().unwrap_or(Duration::from_secs(1))
    /// }
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// breaker.force_open(); // for an unknown time
    /// assert_eq!(pause(&breaker.try_acquire().unwrap_err()), Duration::from_secs(1));
    /// ```
    pub fn retry_after(&self) -> Option<Duration> {
        (self.retry_after != Nanos::NEVER).then(|| self.retry_after.into())
    }

    /// Returns [`retry_after`](Self::retry_after) in whole seconds, rounded up, for a `Retry-After` header.
    ///
    /// Up to 20 ms above a whole second are ignored, so that the coarse clock of rejections does not turn a wait of 60 s
    /// into 61.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock};
    /// use fluxgate::{retries::Cooldown, trippers::FailureStreak};
    ///
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(FailureStreak(1))
    ///     .retry(Cooldown(30))
    ///     .clock(clock.clone())
    ///     .build()
    ///     .unwrap();
    /// breaker.try_acquire()?.failure();
    /// clock.advance(Duration::from_millis(9_500));
    /// assert_eq!(breaker.try_acquire().unwrap_err().retry_after_seconds(), Some(21));
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let wait = self.retry_after()?;
        let at_least = wait.saturating_sub(BreakerClock::MAX_LAG.into());
        let seconds = at_least.as_secs() + u64::from(at_least.subsec_nanos() > 0);
        Some(seconds.max(u64::from(!wait.is_zero())))
    }
}

impl fmt::Display for CallNotPermitted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "call not permitted: circuit breaker `{}` is {}", self.breaker, self.state)?;
        match self.retry_after() {
            Some(wait) => write!(formatter, ", retry after {:.1} s", wait.as_secs_f64()),
            None => Ok(()),
        }
    }
}

impl StdError for CallNotPermitted {}

/// The error of a guarded call that exceeded its `timeout`: it was dropped and recorded as a failure.
///
/// It has no [`source`](StdError::source).
///
/// # Examples
///
/// ```
/// # #[cfg(not(feature = "tokio"))]
/// # fn main() {}
/// # #[cfg(feature = "tokio")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::{future::pending, time::Duration};
/// use fluxgate::{CircuitBreaker, Error};
///
/// let breaker = CircuitBreaker::new("search");
/// let limit = Duration::from_millis(5);
/// let call = breaker.call_async(pending::<Result<u32, ()>>()).timeout(limit);
/// let Err(Error::TimedOut(time_out)) = call.await else { unreachable!() };
/// assert_eq!((time_out.breaker(), time_out.limit()), ("search", limit));
/// # }
/// ```
#[doc(alias("TimeoutError", "TimeoutException", "TimeoutRejectedException", "Elapsed"))]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallTimedOut {
    pub(crate) breaker: Name,
    pub(crate) limit: Duration,
}

impl CallTimedOut {
    /// Returns the name of the breaker.
    pub fn breaker(&self) -> &str {
        self.breaker.as_str()
    }

    /// Returns the limit that the call exceeded.
    pub fn limit(&self) -> Duration {
        self.limit
    }
}

impl fmt::Display for CallTimedOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "call timed out after {:?}, guarded by circuit breaker `{}`", self.limit, self.breaker)
    }
}

impl StdError for CallTimedOut {}

/// The error of a guarded call. `E` is the error type of the call itself.
///
/// The type is transparent: its `Display` and its [`source`](StdError::source) are those of the error inside. So a report of
/// the whole chain, such as `{:#}` of `anyhow`, shows each cause once.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Error};
///
/// let breaker = CircuitBreaker::new("search");
/// match breaker.call(|| "12x".parse::<u32>()) {
///     Ok(hits) => println!("{hits} hits"),
///     Err(Error::Inner(error)) => println!("failed: {error}"),
///     Err(Error::NotPermitted(rejection)) => println!("not called: {rejection}"),
///     Err(Error::TimedOut(time_out)) => println!("dropped: {time_out}"),
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
// A tag as wide as a word lets a `Result` move word by word. Beside a narrow tag, bytes move in smaller pieces, which stalls
// the processor.
#[repr(u64)]
pub enum Error<E> {
    /// The breaker rejected the call. It was not made.
    NotPermitted(CallNotPermitted),
    /// The call exceeded its `timeout`.
    TimedOut(CallTimedOut),
    /// The call was made and returned this error.
    Inner(E),
}

impl<E> Error<E> {
    /// Returns the error of the call itself. `None` if the call was rejected or timed out.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let error = breaker.call(|| Err::<(), _>("no such page")).unwrap_err();
    /// assert_eq!(error.into_inner(), Some("no such page"));
    /// ```
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Inner(error) => Some(error),
            Self::NotPermitted(_) | Self::TimedOut(_) => None,
        }
    }

    /// Converts into the error type of the call itself: a rejection or a time-out through its `From` implementation.
    ///
    /// Use it in a fallback to return errors that the fallback does not handle.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CallNotPermitted, CallTimedOut, CircuitBreaker, Error};
    ///
    /// #[derive(Debug, PartialEq)]
    /// enum SearchError {
    ///     NoSuchPage,
    ///     Unavailable,
    /// }
    ///
    /// impl From<CallNotPermitted> for SearchError {
    ///     fn from(_: CallNotPermitted) -> Self {
    ///         Self::Unavailable
    ///     }
    /// }
    ///
    /// impl From<CallTimedOut> for SearchError {
    ///     fn from(_: CallTimedOut) -> Self {
    ///         Self::Unavailable
    ///     }
    /// }
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let result = breaker.call(|| Err::<(), _>(SearchError::NoSuchPage));
    /// assert_eq!(result.map_err(Error::into_own), Err(SearchError::NoSuchPage));
    ///
    /// breaker.force_open();
    /// let result = breaker.call(|| Ok::<_, SearchError>(()));
    /// assert_eq!(result.map_err(Error::into_own), Err(SearchError::Unavailable));
    /// ```
    pub fn into_own(self) -> E
    where
        E: From<CallNotPermitted> + From<CallTimedOut>,
    {
        match self {
            Self::NotPermitted(rejection) => rejection.into(),
            Self::TimedOut(time_out) => time_out.into(),
            Self::Inner(error) => error,
        }
    }

    /// Returns the rejection, if the call was not made.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State};
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// breaker.force_open();
    /// let error = breaker.call(|| Ok::<_, ()>(())).unwrap_err();
    /// let rejection = error.not_permitted().unwrap();
    /// assert_eq!(rejection.state(), State::ForcedOpen);
    /// ```
    #[doc(alias("is_rejected", "is_open"))]
    pub fn not_permitted(&self) -> Option<&CallNotPermitted> {
        match self {
            Self::NotPermitted(rejection) => Some(rejection),
            Self::TimedOut(_) | Self::Inner(_) => None,
        }
    }
}

impl<E> From<CallNotPermitted> for Error<E> {
    fn from(rejection: CallNotPermitted) -> Self {
        Self::NotPermitted(rejection)
    }
}

impl<E> From<CallTimedOut> for Error<E> {
    fn from(time_out: CallTimedOut) -> Self {
        Self::TimedOut(time_out)
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPermitted(rejection) => rejection.fmt(formatter),
            Self::TimedOut(time_out) => time_out.fmt(formatter),
            Self::Inner(error) => error.fmt(formatter),
        }
    }
}

thread_local! {
    /// Set while a tracker calls `source`: then an [`Error`] returns the error inside instead of the source of that.
    static SEE_THROUGH: Cell<bool> = const { Cell::new(false) };
}

/// Returns the source of an error or, for any [`Error`], the error inside.
///
/// A tracker must see the error of a call inside the error of an inner breaker, even if its type is erased.
pub(crate) fn layer_below<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    /// Resets the flag even if `source`, which is user code, panics.
    struct Reset;

    impl Drop for Reset {
        fn drop(&mut self) {
            SEE_THROUGH.set(false);
        }
    }

    SEE_THROUGH.set(true);
    let _reset = Reset;
    error.source()
}

impl<E: StdError + 'static> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let inside: &(dyn StdError + 'static) = match self {
            Self::NotPermitted(rejection) => rejection,
            Self::TimedOut(time_out) => time_out,
            Self::Inner(error) => error,
        };
        if SEE_THROUGH.take() { Some(inside) } else { inside.source() }
    }
}
