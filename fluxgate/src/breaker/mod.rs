//! The breaker itself.

pub(crate) mod book;
pub(crate) mod builder;
pub(crate) mod handle;
pub(crate) mod info;
#[cfg(any(feature = "config", feature = "keyed"))]
pub(crate) mod overrides;
pub(crate) mod place;
#[cfg(feature = "serde")]
mod restore;
#[cfg(feature = "serde")]
pub(crate) mod saved_state;
pub(crate) mod set_policy;
pub(crate) mod shared;
#[cfg(feature = "recorder")]
mod tapped;
pub(crate) mod totals;
mod transition;
#[cfg(feature = "serde")]
pub(crate) mod waiting;

use std::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};

pub(crate) use shared::{Core, Shared};

use crate::{
    breaker::{builder::Builder, handle::Handle},
    events::listener::Listener,
    machine::reason::Reason,
    name::Name,
    state::State,
};

/// A circuit breaker: it guards the calls to one service.
///
/// While the service is healthy, calls run. When it fails, the breaker rejects calls at once, and later probes the service
/// with a few calls until it has recovered.
///
/// Clones share one breaker, across threads and between sync and async code. Dropping the last clone removes the breaker
/// from the [`registry`](crate::registry()).
///
/// # Examples
///
/// ```
/// use fluxgate::{
///     CircuitBreaker, Error,
///     retries::Backoff,
///     trippers::{FailureRate, FailureStreak, MinRequests},
/// };
///
/// let breaker = CircuitBreaker::builder("payment_api")
///     .tripper(FailureStreak(5) | MinRequests(20) & FailureRate(0.6))
///     .retry(Backoff::new(10.0).max_duration(300.0).jitter_ratio(0.1))
///     .build()?;
///
/// match breaker.call(|| "42".parse::<u32>()) {
///     Ok(amount) => assert_eq!(amount, 42),
///     Err(Error::NotPermitted(rejection)) => println!("not called: {rejection}"),
///     Err(error) => println!("failed: {error}"),
/// }
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("breaker", "fuse"))]
#[derive(Clone)]
pub struct CircuitBreaker {
    pub(crate) shared: Handle,
}

impl CircuitBreaker {
    /// Creates a breaker with the [default policy](crate::Policy).
    ///
    /// # Panics
    ///
    /// Panics if the name is empty. Always panics on `wasm32-unknown-unknown`, which has no system clock: use
    /// [`builder`](Self::builder) there and set a clock.
    ///
    /// # Examples
    ///
    /// ```
    /// let breaker = fluxgate::CircuitBreaker::new("inventory");
    /// assert_eq!(breaker.name(), "inventory");
    /// ```
    pub fn new(name: impl Into<Name>) -> Self {
        // The default policy is valid: a test makes one.
        Self::builder(name).build().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns a builder for a breaker with its own policy. The name identifies the breaker in logs, metrics and the
    /// registry.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, trippers::{FailureRate, MinRequests}};
    ///
    /// let tripper = MinRequests(20) & FailureRate(0.5);
    /// let breaker = CircuitBreaker::builder("search").tripper(tripper).build()?;
    /// assert!(breaker.call(|| Ok::<_, ()>(())).is_ok());
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("config", "configure", "options"))]
    pub fn builder(name: impl Into<Name>) -> Builder {
        Builder::new(name.into())
    }

    /// Returns the name of the breaker. It need not be unique: see [`label`](Self::label).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new(format!("search in {}", "eu-1"));
    /// assert_eq!(breaker.name(), "search in eu-1");
    /// ```
    pub fn name(&self) -> &str {
        self.shared.place.name().as_str()
    }

    /// Returns the unique label of the breaker, which metrics use.
    ///
    /// It is the name if that was free when the breaker was built, otherwise the name with a number, such as
    /// `payment_api#2`.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let (first, second) = (CircuitBreaker::new("twin"), CircuitBreaker::new("twin"));
    /// assert_eq!((first.label(), second.label()), ("twin", "twin#2"));
    /// ```
    pub fn label(&self) -> &str {
        self.shared.place.label().as_str()
    }

    /// Returns the first listener of type `L`, for example to read figures that it has collected.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "tracing")]
    /// # {
    /// use fluxgate::{CircuitBreaker, listeners::LogListener};
    ///
    /// let breaker = CircuitBreaker::builder("search").listener(LogListener).build()?;
    /// assert!(breaker.listener::<LogListener>().is_some());
    /// # }
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn listener<L: Listener>(&self) -> Option<&L> {
        self.shared.outbox.listener()
    }

    /// Closes the breaker from any state, and clears its window, its failure streak and its number of failed recoveries.
    ///
    /// Calls in flight no longer count. Resetting a closed breaker clears it too. Totals since the breaker was built, such
    /// as [`Info::rejected`](crate::Info::rejected)(crate::Info::rejected), are kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State};
    ///
    /// let breaker = CircuitBreaker::new("inventory");
    /// breaker.force_open();
    /// breaker.reset();
    /// assert_eq!(breaker.info().state, State::Closed);
    /// ```
    #[doc(alias("close", "transition_to_closed", "clear"))]
    pub fn reset(&self) {
        self.command(State::Closed);
    }

    /// Admits every call without recording it, until the next command.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("inventory");
    /// breaker.disable();
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// assert_eq!(breaker.info().calls, 0);
    /// ```
    #[doc(alias("transition_to_disabled", "bypass", "shutdown"))]
    pub fn disable(&self) {
        self.command(State::Disabled);
    }

    /// Admits and records every call but never trips, until the next command.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("inventory");
    /// breaker.metrics_only();
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// assert_eq!(breaker.info().failures, 1);
    /// ```
    #[doc(alias = "transition_to_metrics_only")]
    pub fn metrics_only(&self) {
        self.command(State::MetricsOnly);
    }

    /// Rejects every call until the next command. In shadow mode the calls still run.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("inventory");
    /// breaker.force_open();
    /// assert!(breaker.call(|| Ok::<_, ()>(())).is_err());
    /// ```
    #[doc(alias("trip", "isolate", "open", "transition_to_forced_open"))]
    pub fn force_open(&self) {
        self.command(State::ForcedOpen);
    }

    /// Switches shadow mode on or off. In shadow mode the breaker works as usual but rejects nothing.
    ///
    /// A call that would be rejected runs unrecorded and is counted in
    /// [`Info::would_have_been_rejected`](crate::Info::would_have_been_rejected)(crate::Info::would_have_been_rejected). Use it to try a policy in production, as
    /// the [guide](crate::guide::in_production) shows. The state, the window and calls in flight do not change.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("inventory");
    /// breaker.set_shadow(true);
    /// breaker.force_open();
    /// assert_eq!(breaker.call(|| Ok::<_, ()>(1)), Ok(1));
    /// assert_eq!(breaker.info().would_have_been_rejected, 1);
    /// ```
    #[doc(alias("dry_run", "monitor"))]
    pub fn set_shadow(&self, shadow: bool) {
        let mut core = self.shared.core.lock();
        core.shadow = shadow;
        self.publish(&core);
    }

    fn command(&self, to: State) {
        #[cfg(feature = "recorder")]
        self.tap_command(to);
        let now = self.now();
        let mut core = self.shared.core.lock();
        self.take_successes(&mut core);
        self.enter(&mut core, to, now, Reason::Command { by: None, note: None });
        drop(core);
        self.shared.outbox.deliver();
    }
}

/// No panic leaves a breaker in an inconsistent state: the only user code that runs under its lock is the clock, whose
/// panics are caught.
impl UnwindSafe for CircuitBreaker {}
impl RefUnwindSafe for CircuitBreaker {}

impl From<&Self> for CircuitBreaker {
    /// Returns another handle of the same breaker.
    fn from(breaker: &Self) -> Self {
        breaker.clone()
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.core.try_lock().map(|core| core.machine.state);
        formatter.debug_struct("CircuitBreaker").field("name", self.shared.place.name()).field("state", &state).finish()
    }
}
