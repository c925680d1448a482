use std::{fmt, iter, sync::Arc, time::Duration};

use fluxgate_policy::{EMPTY_NAME, ErrorKind};

#[cfg(any(feature = "config", feature = "keyed"))]
use crate::breaker::overrides::Override;
#[cfg(feature = "config")]
use crate::breaker::overrides::{OVERRIDES, Overridden, log_refused};
#[cfg(feature = "keyed")]
use crate::breaker::place::Membership;
#[cfg(feature = "serde")]
use crate::breaker::waiting;
#[cfg(feature = "config")]
use crate::state::State;
use crate::{
    breaker::{
        CircuitBreaker, Core, Shared,
        place::{self, Place},
    },
    events::{
        history::History,
        listener::Listener,
        outbox::{AnyListener, Outbox},
    },
    machine::Machine,
    name::Name,
    policy::{
        Policy,
        error::{Mistake, PolicyError},
        permits::Permit,
        retries::Retry,
        settings::{Cancelled, HonourRetryAfter, MaxFailedProbes, MaxProbeTime},
        table::with_settings,
        trackers::Tracker,
        trippers::Tripper,
        windows::Window,
    },
    random::Random,
    sync::{
        AtomicU64, Mutex, Padding,
        status_word::{Status, StatusWord, SuccessPath},
        success_counters::{Enrolled, SuccessCounters},
    },
    time::{BreakerClock, Clock, nanos::Nanos},
    user_code::Supplied,
};

/// Builds a breaker, from [`CircuitBreaker::builder`].
///
/// Settings you omit take the defaults of [`Policy`]. A setting that is set twice has the last value; listeners accumulate.
/// [`build`](Self::build) checks all values at once.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, permits::Permit, windows::CountWindow};
///
/// let breaker = CircuitBreaker::builder("search")
///     .window(CountWindow(20))
///     .permit("RampUp(0.1, 0.5, 60s)".parse::<Permit>()?)
///     .build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("config", "options", "settings"))]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    name: Name,
    #[cfg(feature = "keyed")]
    membership: Option<Arc<dyn Membership>>,
    policy: Policy,
    shadow: bool,
    listeners: Vec<Supplied<dyn AnyListener>>,
    clock: Option<Supplied<dyn Clock>>,
    random_seed: Option<u64>,
    spares_the_lock: bool,
    /// The state that an override sets.
    #[cfg(feature = "config")]
    state: Option<State>,
    #[cfg(feature = "config")]
    overridden: Option<Box<Overridden>>,
}

macro_rules! forward {
    ($($(#[$doc:meta])* $name:ident($argument:ty), $get:ident: $type:ty, $key:expr;)+) => {
        /// The settings of the policy.
        impl Builder {
            $(#[doc = concat!("Sets `", stringify!($name), "` of the policy: see [`Policy::", stringify!($name), "`].")]
            pub fn $name(self, $name: $argument) -> Self {
                Self { policy: self.policy.$name($name), ..self }
            })+
        }
    };
}
with_settings!(forward);

impl Builder {
    pub(crate) fn new(name: Name) -> Self {
        Self {
            name,
            #[cfg(feature = "keyed")]
            membership: None,
            policy: Policy::new(),
            shadow: false,
            listeners: Vec::new(),
            clock: None,
            random_seed: None,
            spares_the_lock: true,
            #[cfg(feature = "config")]
            state: None,
            #[cfg(feature = "config")]
            overridden: None,
        }
    }

    /// Sets the function that reads from an error how long the service asks not to be called: see [`Policy::retry_after`].
    pub fn retry_after<E, F>(self, read: F) -> Self
    where
        E: 'static,
        F: Fn(&E) -> Option<Duration> + Send + Sync + 'static,
    {
        Self { policy: self.policy.retry_after(read), ..self }
    }

    /// Sets the whole policy in place of all former settings, for breakers that have much in common.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, Policy, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let usual = Policy::new().tripper(FailureStreak(5)).retry(Cooldown(10));
    /// let search = CircuitBreaker::builder("search").policy(usual.clone()).build()?;
    /// let archive = CircuitBreaker::builder("archive").policy(usual.clone()).retry(Cooldown(60)).build()?;
    /// assert!(search.policy() == usual && archive.policy() != usual);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Sets shadow mode, in which the breaker rejects nothing: see [`CircuitBreaker::set_shadow`]. It is off by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, trippers::FailureStreak};
    ///
    /// let breaker = CircuitBreaker::builder("search").tripper(FailureStreak(1)).shadow(true).build()?;
    /// for _ in 0..3 {
    ///     let _ = breaker.call(|| Err::<(), _>("down"));
    /// }
    /// let info = breaker.info();
    /// assert_eq!((info.rejected, info.would_have_been_rejected), (0, 2));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("dry_run", "monitor"))]
    pub fn shadow(self, shadow: bool) -> Self {
        Self { shadow, ..self }
    }

    /// Adds a listener to transitions: see [`listeners`](crate::listeners).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use fluxgate::{CircuitBreaker, Signal, State};
    ///
    /// let states = Arc::new(Mutex::new(Vec::new()));
    /// let seen = Arc::clone(&states);
    /// let breaker = CircuitBreaker::builder("search")
    ///     .listener(move |signal: &Signal| seen.lock().unwrap().push(signal.new_state()))
    ///     .build()?;
    /// breaker.force_open();
    /// breaker.reset();
    /// assert_eq!(*states.lock().unwrap(), [State::ForcedOpen, State::Closed]);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("on_state_change", "on_state_transition", "on", "event", "hook", "observer", "event_publisher"))]
    pub fn listener(mut self, listener: impl Listener) -> Self {
        self.listeners.push(Supplied::new(Arc::new(listener)));
        self
    }

    /// Sets the clock of the breaker, such as a [`ManualClock`](crate::ManualClock) in tests. The default is the
    /// [`SystemClock`](crate::SystemClock).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::builder("search").clock(clock.clone()).build()?;
    /// clock.advance(Duration::from_secs(5));
    /// assert_eq!(breaker.info().in_state_for, Duration::from_secs(5));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("time_provider", "timer"))]
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Some(Supplied::new(Arc::new(clock))), ..self }
    }

    /// Seeds the random numbers for jitter and for the choice of probes, so that tests are reproducible. By default every
    /// breaker has numbers of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, ManualClock, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let [one, other] = ["one", "other"].map(|name| {
    ///     let retry = Cooldown(30).jitter_ratio(0.5);
    ///     let builder = CircuitBreaker::builder(name).tripper(FailureStreak(1)).retry(retry);
    ///     let breaker = builder.clock(ManualClock::new()).random_seed(7).build().unwrap();
    ///     let _ = breaker.call(|| Err::<(), _>("down"));
    ///     breaker.info().retry_after.unwrap()
    /// });
    /// assert_eq!(one, other);
    /// ```
    #[doc(alias("rng", "rand"))]
    pub fn random_seed(self, seed: u64) -> Self {
        Self { random_seed: Some(seed), ..self }
    }

    /// Sets whether healthy calls may skip the lock. Tests compare both ways.
    #[cfg(any(feature = "macros", all(test, not(loom))))]
    pub(crate) fn spares_the_lock(self, spares_the_lock: bool) -> Self {
        Self { spares_the_lock, ..self }
    }

    /// Checks the policy, creates the breaker, and lists it in the [registry](crate::registry()).
    ///
    /// # Errors
    ///
    /// Every mistake of the policy: a value out of its range, a tripper that never holds while the breaker is closed, a
    /// `MinRequests` above what the window can hold, a `retry_after` without effect.
    ///
    /// # Panics
    ///
    /// On `wasm32-unknown-unknown` without a [`clock`](Self::clock), because the system has none there.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, trippers::{FailureRate, MinRequests}, windows::CountWindow};
    ///
    /// let builder = CircuitBreaker::builder("search").window(CountWindow(10));
    /// let error = builder.tripper(MinRequests(20) & FailureRate(0.5)).build().unwrap_err();
    /// assert_eq!(error.mistakes().len(), 1);
    /// assert!(error.to_string().contains("MinRequests"));
    /// ```
    pub fn build(self) -> Result<CircuitBreaker, PolicyError> {
        let breaker = self.build_untold()?;
        breaker.notify_listeners();
        Ok(breaker)
    }

    /// Like [`build`](Self::build), for a breaker that is not yet available in every way: its listeners must be
    /// [notified](CircuitBreaker::notify_listeners) afterwards.
    pub(crate) fn build_untold(self) -> Result<CircuitBreaker, PolicyError> {
        #[cfg(feature = "config")]
        if !self.is_of_a_set() {
            return self.build_overridden();
        }
        self.build_as_it_is(true)
    }

    /// Builds a breaker for those who use another one that is being built. It is not listed.
    #[cfg(feature = "macros")]
    pub(crate) fn build_stand_in(self) -> Result<CircuitBreaker, PolicyError> {
        let breaker = self.build_as_it_is(false)?;
        place::forget(&breaker.shared);
        Ok(breaker)
    }

    /// Builds with the overrides that hold now.
    #[cfg(feature = "config")]
    fn build_overridden(self) -> Result<CircuitBreaker, PolicyError> {
        let overrides = OVERRIDES.now();
        let builder = match &*overrides {
            Some(overrides) => {
                self.policy.check()?;
                let by = overrides.of(self.name.as_str(), &self.policy);
                if let Some(error) = &by.refused {
                    log_refused(self.name.as_str(), error);
                }
                let overridden = Overridden::new(&by, self.policy.clone(), self.shadow);
                Self { overridden, ..self.overridden_by(&by) }
            }
            None => self,
        };
        let breaker = builder.build_as_it_is(true)?;
        if let Some(applied) = OVERRIDES.settle_in_turn(&overrides, |now| breaker.apply(now)) {
            applied.conclude();
        }
        Ok(breaker)
    }

    #[cfg(any(feature = "config", feature = "keyed"))]
    pub(crate) fn overridden_by(self, by: &Override) -> Self {
        Self {
            policy: by.policy.clone().unwrap_or(self.policy),
            shadow: by.shadow.unwrap_or(self.shadow),
            #[cfg(feature = "config")]
            state: by.state,
            ..self
        }
    }

    /// Makes the breaker part of a set.
    #[cfg(feature = "keyed")]
    pub(crate) fn member(self, membership: Arc<dyn Membership>) -> Self {
        Self { membership: Some(membership), ..self }
    }

    #[cfg(feature = "config")]
    fn is_of_a_set(&self) -> bool {
        #[cfg(feature = "keyed")]
        return self.membership.is_some();
        #[cfg(not(feature = "keyed"))]
        false
    }

    /// Returns the settings of the program: the policy and shadow mode.
    #[cfg(feature = "keyed")]
    pub(crate) fn own(&self) -> (&Policy, bool) {
        (&self.policy, self.shadow)
    }

    /// Builds the breaker. With `resumes` it continues from a saved state that waits for it.
    fn build_as_it_is(self, resumes: bool) -> Result<CircuitBreaker, PolicyError> {
        if self.name.as_str().is_empty() {
            let others = self.policy.check().err();
            let others = others.iter().flat_map(PolicyError::mistakes).cloned();
            let empty = Mistake::new(ErrorKind::EmptyName, EMPTY_NAME);
            return Err(PolicyError::new(iter::once(empty).chain(others).collect()));
        }
        let rules = self.policy.compiled()?;
        let machine = Machine::new(rules.records());
        let [fast_below, cancelled] = [rules.fast_below, rules.cancelled].map(|time| AtomicU64::new(time.0));
        let outbox = Outbox::new(&self.name, self.listeners);
        let place = Place::reserve(self.name);
        #[cfg(feature = "keyed")]
        let place = place.within(self.membership);
        let core = Core {
            rules: Arc::clone(&rules),
            machine,
            enrolled: Enrolled::default(),
            random: self.random_seed.map_or_else(Random::unpredictable, Random::seeded),
            shadow: self.shadow,
            spares_the_lock: self.spares_the_lock,
            state_is_configured: false,
            #[cfg(feature = "config")]
            overridden: self.overridden,
            tapped: false,
            rejected: 0,
            would_have_been_rejected: 0,
            totals: outbox.counts_calls().then(Box::default),
            history: History::default(),
        };
        let machine = &core.machine;
        let status = Status::new(machine.state, core.shadow, SuccessPath::Judged, machine.generation);
        let shared = Arc::new(Shared {
            status: StatusWord::new(status.with_policy(core.flags())),
            padding: Padding::default(),
            #[cfg(feature = "recorder")]
            tap: Mutex::new(None),
            due: AtomicU64::new(Nanos::NEVER.0),
            fast_below,
            cancelled,
            clock: self.clock.map_or_else(BreakerClock::system, BreakerClock::other),
            successes: SuccessCounters::new(),
            place,
            outbox,
            rules: Mutex::new(rules),
            core: Mutex::new(core),
        });
        let breaker = CircuitBreaker::from(Arc::clone(&shared));
        // Before anybody finds it.
        #[cfg(feature = "serde")]
        if let Some(saved) = resumes.then(|| waiting::take(&breaker)).flatten() {
            // Its version was checked.
            let _ = breaker.restore_silently(&saved);
        }
        #[cfg(feature = "config")]
        breaker.apply_state(None, self.state);
        let _ = resumes; // without the feature nothing is saved
        place::enter(&shared);
        Ok(breaker)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Builder")
            .field("name", &self.name)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
