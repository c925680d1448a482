//! The errors that this crate gives.

use std::{cell::Cell, error::Error as StdError, fmt, time::Duration};

use crate::{
    name::Name,
    state::State,
    time::{BreakerClock, nanos::Nanos},
};

/// A call was rejected, and not made: the breaker is open or forced open, or it is half-open and this call may not probe.
///
/// It says which breaker, in which state, and when to try again. As an error it has no source. With the feature `http`
/// it becomes a response.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, Error, ManualClock, State, retries::Cooldown, trippers::FailureStreak};
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
/// let Err(Error::NotPermitted(rejection)) = breaker.call(|| Ok::<_, &str>(())) else { unreachable!() };
/// assert_eq!(rejection.breaker(), "search");
/// assert_eq!(rejection.state(), State::Open);
/// assert_eq!(rejection.retry_after(), Some(Duration::from_secs(20)));
/// assert_eq!(rejection.to_string(), "call not permitted: circuit breaker `search` is open, retry after 20.0 s");
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
    /// `Nanos::NEVER` where no time will bring one.
    pub(crate) retry_after: Nanos,
}

impl CallNotPermitted {
    /// The name of the breaker that rejected the call.
    pub fn breaker(&self) -> &str {
        self.breaker.as_str()
    }

    /// The state that the breaker was in: `open`, `half_open` or `forced_open`.
    pub fn state(&self) -> State {
        self.state
    }

    /// How long until a retry is due or, while half-open, until a ramp that ends at 1 admits every call.
    ///
    /// `None` if no time will bring it (`Never`, `forced_open`), if a retry of your own can't foresee it, or while every slot
    /// of a half-open breaker is taken: then the next call may be admitted. On Linux it may be up to 20 ms too long, for a
    /// rejection goes by a clock that is cheap to read.
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
    /// breaker.force_open(); // nobody knows for how long
    /// assert_eq!(pause(&breaker.try_acquire().unwrap_err()), Duration::from_secs(1));
    /// ```
    pub fn retry_after(&self) -> Option<Duration> {
        (self.retry_after != Nanos::NEVER).then(|| self.retry_after.into())
    }

    /// [`retry_after`](Self::retry_after) in whole seconds, rounded up, as a `Retry-After` header has it.
    ///
    /// Up to 20 ms beyond a whole second are left out: the clock that rejections go by may be behind by as much, and a
    /// wait of 60 s is not to come to 61.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let clock = ManualClock::new();
    /// let builder = CircuitBreaker::builder("search").tripper(FailureStreak(1)).retry(Cooldown(30));
    /// let breaker = builder.clock(clock.clone()).build().unwrap();
    /// breaker.try_acquire()?.failure();
    /// clock.advance(Duration::from_millis(9_500));
    /// assert_eq!(breaker.try_acquire().unwrap_err().retry_after_seconds(), Some(21));
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let wait = self.retry_after()?;
        let surely = wait.saturating_sub(BreakerClock::LAG.into());
        let seconds = surely.as_secs() + u64::from(surely.subsec_nanos() > 0);
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

/// A guarded call took longer than its `timeout`: it was dropped, and recorded as a failure.
///
/// As an error it has no source.
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
/// let call = breaker.call_async(pending::<Result<u32, ()>>()).timeout(Duration::from_millis(5));
/// let Err(Error::TimedOut(time_out)) = call.await else { unreachable!() };
/// assert_eq!((time_out.breaker(), time_out.limit()), ("search", Duration::from_millis(5)));
/// # }
/// ```
#[doc(alias("TimeoutError", "TimeoutException", "TimeoutRejectedException", "Elapsed"))]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallTimedOut {
    pub(crate) breaker: Name,
    pub(crate) limit: Duration,
}

impl CallTimedOut {
    /// The name of the breaker that guarded the call.
    pub fn breaker(&self) -> &str {
        self.breaker.as_str()
    }

    /// How long the call was given.
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

/// The error of a call through a breaker. `E` is the error of the call itself.
///
/// It is transparent: it prints as the rejection, the time-out or the error inside, and its
/// [`source`](StdError::source) is the source of that. So a report of the whole chain, such as `{:#}` of `anyhow`, tells
/// each cause once.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Error};
///
/// let breaker = CircuitBreaker::new("search");
/// match breaker.call(|| "12x".parse::<u32>()) {
///     Ok(hits) => println!("{hits} hits"),
///     Err(Error::Inner(error)) => println!("the call failed: {error}"),
///     Err(Error::NotPermitted(rejection)) => println!("the call was not made: {rejection}"),
///     Err(Error::TimedOut(time_out)) => println!("the call was given up: {time_out}"),
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
// With a tag as wide as a word, a `Result` is moved word by word: bytes beside a narrow tag are moved in pieces that the
// processor has to wait for.
#[repr(u64)]
pub enum Error<E> {
    /// The breaker rejected the call, which was not made.
    NotPermitted(CallNotPermitted),
    /// The call took longer than its `timeout`.
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
    /// let error = CircuitBreaker::new("search").call(|| Err::<(), _>("no such page")).unwrap_err();
    /// assert_eq!(error.into_inner(), Some("no such page"));
    /// ```
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Inner(error) => Some(error),
            Self::NotPermitted(_) | Self::TimedOut(_) => None,
        }
    }

    /// Converts into the error type of the call: the error of the call itself, or one made of the rejection or the
    /// time-out. It hands an error on from a fallback that has nothing to offer for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CallNotPermitted, CallTimedOut, CircuitBreaker};
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
    /// assert_eq!(result.map_err(fluxgate::Error::into_own), Err(SearchError::NoSuchPage));
    ///
    /// breaker.force_open();
    /// let result = breaker.call(|| Ok::<_, SearchError>(()));
    /// assert_eq!(result.map_err(fluxgate::Error::into_own), Err(SearchError::Unavailable));
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
    /// assert_eq!(error.not_permitted().map(|rejection| rejection.state()), Some(State::ForcedOpen));
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
    /// Set while a tracker asks for a source: then an [`Error`] answers with what it is transparent for.
    static SEE_THROUGH: Cell<bool> = const { Cell::new(false) };
}

/// Returns the source of an error or, of an [`Error`] of whatever type, what is in it.
///
/// A tracker has to see the error of a call within the error of an inner breaker, also where the type is erased.
pub(crate) fn layer_below<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    /// Ends it when `source`, which is the user's, panics too.
    struct Ended;

    impl Drop for Ended {
        fn drop(&mut self) {
            SEE_THROUGH.set(false);
        }
    }

    SEE_THROUGH.set(true);
    let _ended = Ended;
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
