use std::{fmt, sync::Arc, time::Duration};

#[cfg(feature = "serde")]
use crate::configuration;
use crate::{
    breaker::{CircuitBreaker, Core, Shared},
    clock::{BreakerClock, Clock},
    error::PolicyError,
    listeners::Listener,
    machine::Machine,
    name::Name,
    nanos::Nanos,
    outbox::Outbox,
    permits::Permit,
    policy::Policy,
    published::{PolicyNumber, Published, SuccessIs, Summary},
    random::Random,
    registry,
    retries::Retry,
    settings::{Cancelled, HonourRetryAfter, MaxProbeTime},
    successes::{Enrolled, Successes},
    sync::{AtomicU64, Gap, Mutex},
    trackers::Tracker,
    trippers::Tripper,
    windows::Window,
};

/// A breaker in the making, from [`CircuitBreaker::builder`].
///
/// What is not said is the default policy:
///
/// ```text
/// window  = CountWindow(100)
/// tripper = (Closed() & MinRequests(100) & FailureRate(0.5)) | (HalfOpened() & FailureRate(0.5))
/// retry   = Cooldown(60.0)
/// permit  = RampUp(0.0, 1.0, 60.0)
/// tracker = All()
/// max_half_open_calls = 10        max_probe_time = 60 s        cancelled = 1 s
/// ```
///
/// The default tripper asks for no more calls than the window can hold, and `cancelled` is the smallest threshold of
/// the tripper's `SlowRate` and `AvgLatency` clauses, where it has any.
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
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    name: Name,
    policy: Policy,
    shadow: bool,
    listeners: Vec<Box<dyn Listener>>,
    clock: Option<Box<dyn Clock>>,
    random_seed: Option<u64>,
    spares_the_lock: bool,
    #[cfg(feature = "serde")]
    configured: bool,
}

impl Builder {
    pub(crate) fn new(name: Name) -> Self {
        Self {
            name,
            policy: Policy::new(),
            shadow: false,
            listeners: Vec::new(),
            clock: None,
            random_seed: None,
            spares_the_lock: true,
            #[cfg(feature = "serde")]
            configured: false,
        }
    }

    /// Which calls the breaker judges by: see [`windows`](crate::windows).
    pub fn window(self, window: impl Into<Window>) -> Self {
        self.changed(|policy| policy.window(window))
    }

    /// Which errors count as failures: see [`trackers`](crate::trackers).
    pub fn tracker(self, tracker: impl Into<Tracker>) -> Self {
        self.changed(|policy| policy.tracker(tracker))
    }

    /// When the breaker opens: see [`trippers`](crate::trippers).
    pub fn tripper(self, tripper: impl Into<Tripper>) -> Self {
        self.changed(|policy| policy.tripper(tripper))
    }

    /// When an open breaker probes the service: see [`retries`](crate::retries).
    pub fn retry(self, retry: impl Into<Retry>) -> Self {
        self.changed(|policy| policy.retry(retry))
    }

    /// Which calls a half-open breaker admits: see [`permits`](crate::permits).
    pub fn permit(self, permit: impl Into<Permit>) -> Self {
        self.changed(|policy| policy.permit(permit))
    }

    /// How many calls may be in flight while half-open: at least 1.
    pub fn max_half_open_calls(self, calls: u32) -> Self {
        self.changed(|policy| policy.max_half_open_calls(calls))
    }

    /// After how long a probe in flight is given up and counts as failed: seconds above 0, or
    /// [`MaxProbeTime::Off`].
    pub fn max_probe_time(self, limit: impl Into<MaxProbeTime>) -> Self {
        self.changed(|policy| policy.max_probe_time(limit))
    }

    /// After how long of waiting a call that is dropped in flight counts as failed: seconds above 0, or
    /// [`Cancelled::Failure`] or [`Cancelled::Ignore`].
    pub fn cancelled(self, cancelled: impl Into<Cancelled>) -> Self {
        self.changed(|policy| policy.cancelled(cancelled))
    }

    /// For how long at most the service itself may keep the breaker open, by a `Retry-After`: see
    /// [`Policy::honour_retry_after`].
    pub fn honour_retry_after(self, limit: impl Into<HonourRetryAfter>) -> Self {
        self.changed(|policy| policy.honour_retry_after(limit))
    }

    /// Reads from the error of a failed call how long the service asks to be left alone: see [`Policy::retry_after`].
    pub fn retry_after<E, F>(self, read: F) -> Self
    where
        E: 'static,
        F: Fn(&E) -> Option<Duration> + Send + Sync + 'static,
    {
        self.changed(|policy| policy.retry_after(read))
    }

    /// All of a policy at once, in place of what was said before: for breakers that have much in common.
    ///
    /// # Examples
    ///
    /// See [`Policy`].
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// What was said of the policy, and whether the breaker begins in shadow mode.
    #[cfg(any(feature = "keyed", feature = "serde"))]
    pub(crate) fn own(&self) -> (Policy, bool) {
        (self.policy.clone(), self.shadow)
    }

    fn changed(self, change: impl FnOnce(Policy) -> Policy) -> Self {
        Self { policy: change(self.policy), ..self }
    }

    /// Whether the breaker begins in shadow mode: see [`CircuitBreaker::set_shadow`].
    pub fn shadow(self, shadow: bool) -> Self {
        Self { shadow, ..self }
    }

    /// One more who hears of transitions: see [`listeners`](crate::listeners).
    pub fn listener(mut self, listener: impl Listener) -> Self {
        self.listeners.push(Box::new(listener));
        self
    }

    /// Where the breaker takes its time from: a [`ManualClock`](crate::ManualClock) in tests.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Some(Box::new(clock)), ..self }
    }

    /// Makes jitter and the choice of probes the same in every run, for tests.
    pub fn random_seed(self, seed: u64) -> Self {
        Self { random_seed: Some(seed), ..self }
    }

    /// Lets the breaker begin with what the last [`configure`](crate::configure) said of its name, if it said anything:
    /// for a breaker that is made after it. What is said here is the program's own, by which it goes where a
    /// configuration says nothing.
    ///
    /// A breaker that is declared, or made before, needs it not. Without it, a breaker that is made later begins with its
    /// own policy. For [`configure`](crate::configure) to accept a name that no breaker has yet, it has to be
    /// [expected](crate::Configuration::expecting).
    ///
    /// It has no effect in the policy of a set, whose breakers begin as the set is configured anyway.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, Configuration, configure, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let configuration: Configuration = toml::from_str("breakers.warehouse.retry = 'Cooldown(5s)'")?;
    /// configure(&configuration.expecting(["warehouse"]))?;
    ///
    /// let breaker = CircuitBreaker::builder("warehouse")
    ///     .tripper(FailureStreak(20))
    ///     .retry(Cooldown(60))
    ///     .configured()
    ///     .build()?;
    /// assert!(breaker.policy().to_string().contains("tripper = FailureStreak(20), retry = Cooldown(5s)"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "serde")]
    pub fn configured(self) -> Self {
        Self { configured: true, ..self }
    }

    /// Whether healthy calls may be spared the lock. For tests that compare both ways.
    #[doc(hidden)]
    pub fn spares_the_lock(self, spares_the_lock: bool) -> Self {
        Self { spares_the_lock, ..self }
    }

    /// Checks the policy and makes the breaker.
    ///
    /// # Errors
    ///
    /// Every mistake of the policy: a value out of its range, a tripper that can hold in no window while closed, a
    /// `MinRequests` that asks for more calls than the window can hold, a `retry_after` that nothing honours. Where it is
    /// [`configured`](Self::configured), the same of what comes out with the configuration.
    pub fn build(self) -> Result<CircuitBreaker, PolicyError> {
        #[cfg(feature = "serde")]
        if self.configured {
            return self.build_configured();
        }
        self.build_as_it_is()
    }

    #[cfg(feature = "serde")]
    fn build_configured(mut self) -> Result<CircuitBreaker, PolicyError> {
        #[cfg(feature = "keyed")]
        if self.name.member().is_some() {
            return self.build_as_it_is();
        }
        let (policy, shadow) = self.own();
        policy.check()?;
        // Already now, so that its listeners are not told of a change.
        if let Some(config) = configuration::said_of(&self.name) {
            self.policy = config.over(self.policy);
            self.shadow = config.shadow.unwrap_or(shadow);
        }
        configuration::check(&self.name, &self.policy)?;
        let breaker = self.build_as_it_is()?;
        configuration::begin(&breaker, policy, shadow)?;
        Ok(breaker)
    }

    fn build_as_it_is(self) -> Result<CircuitBreaker, PolicyError> {
        let (rules, records) = self.policy.rules(self.spares_the_lock)?;
        let machine = Machine::new(records);
        let summary = Summary::new(machine.state, self.shadow, SuccessIs::Judged, machine.generation)
            .with_policy(rules.glance, PolicyNumber::default());
        let [quick, cancelled] = [rules.quick, rules.cancelled].map(|time| AtomicU64::new(time.0));
        let outbox = Outbox::new(self.listeners);
        let core = Core {
            rules,
            policy_number: PolicyNumber::default(),
            machine,
            enrolled: Enrolled::default(),
            random: self.random_seed.map_or_else(Random::unpredictable, Random::seeded),
            shadow: self.shadow,
            recording: false,
            rejected: 0,
            would_have_been_rejected: 0,
            totals: outbox.counts_calls().then(Box::default),
        };
        let shared = Arc::new(Shared {
            published: Published::new(summary),
            gap: Gap::default(),
            #[cfg(feature = "recorder")]
            recording: Mutex::new(None),
            due: AtomicU64::new(Nanos::NEVER.0),
            quick,
            cancelled,
            clock: self.clock.map_or_else(BreakerClock::system, BreakerClock::other),
            successes: Successes::new(),
            place: registry::reserve(&self.name),
            name: self.name,
            outbox,
            core: Mutex::new(core),
        });
        registry::enter(&shared);
        Ok(shared.into())
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
