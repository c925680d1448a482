pub(crate) mod book;
pub(crate) mod builder;
pub(crate) mod handle;
pub(crate) mod info;
#[cfg(any(feature = "config", feature = "keyed"))]
pub(crate) mod overrides;
pub(crate) mod place;
#[cfg(feature = "serde")]
pub(crate) mod restore;
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

/// Guards the calls to one service: lets them through while it is well, rejects them at once while it is not, and
/// probes it gently until it is well again.
///
/// Clones share one breaker, across threads and between sync and async code. A breaker whose last clone is dropped is
/// gone from the [`registry`](crate::registry()) too.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Error, retries::Backoff, trippers::{FailureRate, FailureStreak, MinRequests}};
///
/// let breaker = CircuitBreaker::builder("payment_api")
///     .tripper(FailureStreak(5) | MinRequests(20) & FailureRate(0.6))
///     .retry(Backoff::new(10.0).max_duration(300.0).jitter_ratio(0.1))
///     .build()?;
///
/// match breaker.call(|| "42".parse::<u32>()) {
///     Ok(amount) => assert_eq!(amount, 42),
///     Err(Error::NotPermitted(rejection)) => println!("try again in {:?}", rejection.retry_after()),
///     Err(error) => println!("{error}"),
/// }
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("breaker", "fuse"))]
#[derive(Clone)]
pub struct CircuitBreaker {
    pub(crate) shared: Handle,
}

impl CircuitBreaker {
    /// A breaker with the default policy: see [`Policy`](crate::Policy).
    ///
    /// # Panics
    ///
    /// If the name is empty. On `wasm32-unknown-unknown` always, where the system has no clock: give
    /// [`builder`](Self::builder) one there.
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

    /// Begins a breaker with a policy of its own. The name is how logs, metrics and the registry call it.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, trippers::{FailureRate, MinRequests}};
    ///
    /// let breaker = CircuitBreaker::builder("search").tripper(MinRequests(20) & FailureRate(0.5)).build()?;
    /// assert!(breaker.call(|| Ok::<_, ()>(())).is_ok());
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("config", "configure", "options"))]
    pub fn builder(name: impl Into<Name>) -> Builder {
        Builder::new(name.into())
    }

    /// The name that the breaker was given. Others may have the same: see [`label`](Self::label).
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

    /// What tells the breaker from others of its name: the name itself, if it was free when the breaker was made, else
    /// the name and a number, such as `payment_api#2`. Metrics go by it.
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

    /// The first of its listeners that has this type, if it has one: to ask it what it knows.
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

    /// Closes the breaker, from any state, and forgets what it knew: the window, the failures in a row, and how many
    /// recoveries have failed.
    ///
    /// Calls in flight count no more, and a breaker that is closed already begins anew. What has been counted since it was
    /// made, such as [`Info::rejected`], goes on.
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

    /// Lets every call through unrecorded, until another command.
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

    /// Lets every call through and records it, but never trips, until another command.
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

    /// Rejects every call, until another command. In shadow mode they run all the same.
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

    /// Switches shadow mode: the breaker does all that it would do, but rejects nothing. A call that it would have
    /// rejected runs unrecorded and is counted in [`Info::would_have_been_rejected`].
    ///
    /// That is how to try a policy in production: the [guide](crate::guide::in_production) goes through it. The state, the
    /// window and the calls in flight stay as they are.
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

/// No panic leaves a breaker half-changed: no code of the user runs while it is locked but its clock, whose panics end
/// there.
impl UnwindSafe for CircuitBreaker {}
impl RefUnwindSafe for CircuitBreaker {}

impl From<&Self> for CircuitBreaker {
    /// Another handle of the same breaker.
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
