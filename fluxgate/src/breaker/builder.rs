use std::{fmt, iter, sync::Arc, time::Duration};

use fluxgate_policy::EMPTY_NAME;

#[cfg(feature = "keyed")]
use crate::breaker::place::Membership;
#[cfg(feature = "serde")]
use crate::{breaker::waiting, configuration};
use crate::{
    breaker::{
        CircuitBreaker, Core, Shared,
        place::{self, Place},
    },
    error::PolicyError,
    events::{
        history::History,
        listener::Listener,
        outbox::{AnyListener, Outbox},
    },
    machine::Machine,
    name::Name,
    policy::{
        Policy,
        permits::Permit,
        retries::Retry,
        settings::{Cancelled, HonourRetryAfter, MaxFailedProbes, MaxProbeTime},
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
/// max_half_open_calls = 10    max_probe_time = 60 s    max_failed_probes = 10    cancelled = 1 s
/// honour_retry_after = off
/// ```
///
/// The default tripper asks for no more calls than the window can hold, and `cancelled` is the smallest threshold of
/// the tripper's `SlowRate` and `AvgLatency` clauses, where it has any.
///
/// Values are checked by [`build`](Self::build), all at once. A setting that is made twice is the last one; listeners
/// add up.
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
    #[cfg(feature = "serde")]
    configured: bool,
}

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
            #[cfg(feature = "serde")]
            configured: false,
        }
    }

    /// Which calls the breaker judges by: see [`windows`](crate::windows).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, windows::TimeWindow};
    ///
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::builder("search").window(TimeWindow(30)).clock(clock.clone()).build()?;
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// clock.advance(Duration::from_secs(30));
    /// assert_eq!(breaker.info().calls, 0);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("sliding_window", "sampling_duration", "rolling_window"))]
    pub fn window(self, window: impl Into<Window>) -> Self {
        self.changed(|policy| policy.window(window))
    }

    /// Which errors count as failures: see [`trackers`](crate::trackers). The others are ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::num::ParseIntError;
    /// use fluxgate::{CircuitBreaker, trackers::TypeOf};
    ///
    /// // That a caller sends nonsense says nothing of the service.
    /// let breaker = CircuitBreaker::builder("search").tracker(!TypeOf::<ParseIntError>()).build()?;
    /// let _ = breaker.call(|| "many".parse::<u32>());
    /// assert_eq!(breaker.info().calls, 0);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("record_exceptions", "ignore_exceptions", "should_handle", "error_filter", "is_failure"))]
    pub fn tracker(self, tracker: impl Into<Tracker>) -> Self {
        self.changed(|policy| policy.tracker(tracker))
    }

    /// When the breaker opens: see [`trippers`](crate::trippers).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State, trippers::{FailureRate, FailureStreak, MinRequests}};
    ///
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(FailureStreak(3) | MinRequests(20) & FailureRate(0.5))
    ///     .build()?;
    /// for _ in 0..3 {
    ///     let _ = breaker.call(|| Err::<(), _>("down"));
    /// }
    /// assert_eq!(breaker.info().state, State::Open);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("threshold", "ready_to_trip", "failure_policy", "failure_threshold"))]
    pub fn tripper(self, tripper: impl Into<Tripper>) -> Self {
        self.changed(|policy| policy.tripper(tripper))
    }

    /// When an open breaker probes the service: see [`retries`](crate::retries).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, retries::Backoff, trippers::FailureStreak};
    ///
    /// let breaker = CircuitBreaker::builder("search").tripper(FailureStreak(1)).retry(Backoff(10)).build()?;
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// assert!(breaker.info().retry_after > Some(Duration::from_secs(9)));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("wait_duration_in_open_state", "break_duration", "reset_timeout", "open_timeout"))]
    pub fn retry(self, retry: impl Into<Retry>) -> Self {
        self.changed(|policy| policy.retry(retry))
    }

    /// Which calls a half-open breaker admits: see [`permits`](crate::permits).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State, permits::All, retries::Always, trippers::FailureStreak};
    ///
    /// // The first probe that succeeds closes it.
    /// let breaker =
    ///     CircuitBreaker::builder("search").tripper(FailureStreak(1)).retry(Always()).permit(All()).build()?;
    /// let _ = breaker.call(|| Err::<(), _>("down"));
    /// let _ = breaker.call(|| Ok::<_, &str>(()));
    /// assert_eq!(breaker.info().state, State::Closed);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("recovery", "ramp_up", "half_open"))]
    pub fn permit(self, permit: impl Into<Permit>) -> Self {
        self.changed(|policy| policy.permit(permit))
    }

    /// How many calls may be in flight while half-open: from 1 to `u32::MAX`, 10 unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, permits::All, retries::Always, trippers::FailureStreak};
    ///
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(FailureStreak(1))
    ///     .retry(Always())
    ///     .permit(All())
    ///     .max_half_open_calls(1)
    ///     .build()?;
    /// breaker.try_acquire().unwrap().failure();
    ///
    /// let probe = breaker.try_acquire().unwrap();
    /// assert!(breaker.try_acquire().is_err());
    /// probe.success();
    /// assert!(breaker.try_acquire().is_ok());
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("permitted_number_of_calls_in_half_open_state", "max_requests", "half_open_max_calls"))]
    pub fn max_half_open_calls(self, calls: u32) -> Self {
        self.changed(|policy| policy.max_half_open_calls(calls))
    }

    /// After how long a probe in flight is given up and counts as failed, so that one that hangs does not keep the breaker
    /// half-open: seconds above 0, or [`MaxProbeTime::Off`]; 60 s unless set.
    ///
    /// The probe itself goes on: what it ends with counts no more. It is given up when the next call comes.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, State, permits::All, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(FailureStreak(1))
    ///     .retry(Cooldown(30))
    ///     .permit(All())
    ///     .max_probe_time(10)
    ///     .clock(clock.clone())
    ///     .build()?;
    /// breaker.try_acquire().unwrap().failure();
    /// clock.advance(Duration::from_secs(30));
    ///
    /// let hanging = breaker.try_acquire().unwrap();
    /// clock.advance(Duration::from_secs(10));
    /// assert!(breaker.try_acquire().is_err());
    /// assert_eq!(breaker.info().state, State::Open);
    /// # drop(hanging);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("max_wait_duration_in_half_open_state", "probe_timeout"))]
    pub fn max_probe_time(self, limit: impl Into<MaxProbeTime>) -> Self {
        self.changed(|policy| policy.max_probe_time(limit))
    }

    /// Limits the probes without a success, so that a half-open breaker always decides: from 1 to `u32::MAX`, or
    /// [`MaxFailedProbes::Off`]; 10 unless set. See [`MaxFailedProbes`] for what counts.
    ///
    /// # Examples
    ///
    /// A tripper that waits for 20 calls would keep a rarely called breaker half-open before a dead service:
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State, permits::All, retries::Always, trippers::{FailureRate, MinRequests}};
    ///
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(MinRequests(20) & FailureRate(0.5))
    ///     .retry(Always())
    ///     .permit(All())
    ///     .max_failed_probes(3)
    ///     .build()?;
    /// for _ in 0..20 {
    ///     let _ = breaker.call(|| Err::<(), _>("down"));
    /// }
    /// for _ in 0..3 {
    ///     let _ = breaker.call(|| Err::<(), _>("still down"));
    /// }
    /// assert_eq!((breaker.info().state, breaker.info().reopens), (State::Open, 1));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn max_failed_probes(self, limit: impl Into<MaxFailedProbes>) -> Self {
        self.changed(|policy| policy.max_failed_probes(limit))
    }

    /// After how long of waiting a call that is dropped in flight counts as failed: seconds above 0, or
    /// [`Cancelled::Failure`] (always) or [`Cancelled::Ignore`] (never). Unless set, the smallest threshold of the
    /// tripper's `SlowRate` and `AvgLatency` clauses, or 1 s if it has none.
    ///
    /// A caller's own time-out drops the call, and that is how a service shows that it hangs.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::builder("search").cancelled(0.2).clock(clock.clone()).build()?;
    /// for waited in [100, 200].map(Duration::from_millis) {
    ///     let call = breaker.try_acquire().unwrap();
    ///     clock.advance(waited);
    ///     drop(call);
    /// }
    /// // The first was ignored.
    /// assert_eq!((breaker.info().calls, breaker.info().failures), (1, 1));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("dropped", "aborted", "abandoned"))]
    pub fn cancelled(self, cancelled: impl Into<Cancelled>) -> Self {
        self.changed(|policy| policy.cancelled(cancelled))
    }

    /// For how long at most the service itself may keep the breaker open, by a `Retry-After`: seconds above 0, or
    /// [`HonourRetryAfter::Off`], which it is unless set. See [`Policy::honour_retry_after`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(FailureStreak(1))
    ///     .retry(Cooldown(10))
    ///     .honour_retry_after(60)
    ///     .clock(ManualClock::new())
    ///     .build()?;
    /// // No service keeps it open for an hour.
    /// breaker.try_acquire().unwrap().failure_with_retry_after(Duration::from_secs(3_600));
    /// assert_eq!(breaker.info().retry_after, Some(Duration::from_secs(60)));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn honour_retry_after(self, limit: impl Into<HonourRetryAfter>) -> Self {
        self.changed(|policy| policy.honour_retry_after(limit))
    }

    /// Reads from the error of a failed call how long the service asks to be left alone: see [`Policy::retry_after`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, trippers::FailureStreak};
    ///
    /// struct Busy { seconds: u64 }
    ///
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(FailureStreak(1))
    ///     .honour_retry_after(600)
    ///     .retry_after(|error: &Busy| Some(Duration::from_secs(error.seconds)))
    ///     .clock(ManualClock::new())
    ///     .build()?;
    /// let _ = breaker.call(|| Err::<(), _>(Busy { seconds: 300 }));
    /// assert_eq!(breaker.info().retry_after, Some(Duration::from_secs(300)));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
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

    /// What was said of the policy, and whether the breaker begins in shadow mode.
    #[cfg(any(feature = "keyed", feature = "serde"))]
    pub(crate) fn own(&self) -> (Policy, bool) {
        (self.policy.clone(), self.shadow)
    }

    fn changed(self, change: impl FnOnce(Policy) -> Policy) -> Self {
        Self { policy: change(self.policy), ..self }
    }

    /// Whether the breaker begins in shadow mode, in which it rejects nothing: see [`CircuitBreaker::set_shadow`]. It does
    /// not unless said.
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

    /// One more who hears of transitions: see [`listeners`](crate::listeners).
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

    /// Where the breaker takes its time from: a [`ManualClock`](crate::ManualClock) in tests, the
    /// [`SystemClock`](crate::SystemClock) unless said.
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

    /// Makes jitter and the choice of probes the same in every run, for tests. Unless set, every breaker has a chance of its own.
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

    /// Makes the breaker a member of a set.
    #[cfg(feature = "keyed")]
    pub(crate) fn member(self, membership: Arc<dyn Membership>) -> Self {
        Self { membership: Some(membership), ..self }
    }

    /// Whether healthy calls may be spared the lock. For tests that compare both ways.
    #[doc(hidden)]
    pub fn spares_the_lock(self, spares_the_lock: bool) -> Self {
        Self { spares_the_lock, ..self }
    }

    /// Checks the policy, makes the breaker, and enters it in the [registry](crate::registry()).
    ///
    /// # Errors
    ///
    /// Every mistake of the policy: a value out of its range, a tripper that can hold in no window while closed, a
    /// `MinRequests` that asks for more calls than the window can hold, a `retry_after` that nothing honours. Where it is
    /// [`configured`](Self::configured), the same of what comes out with the configuration.
    ///
    /// # Panics
    ///
    /// On `wasm32-unknown-unknown` without a [`clock`](Self::clock), for the system has none there.
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

    /// The same for a breaker that can't be found yet by all ways to it: its listeners are to be [told](CircuitBreaker::tell)
    /// afterwards of how it began.
    pub(crate) fn build_untold(self) -> Result<CircuitBreaker, PolicyError> {
        #[cfg(feature = "serde")]
        if self.configured {
            return self.build_configured();
        }
        self.build_as_it_is(true)
    }

    #[cfg(feature = "serde")]
    fn build_configured(mut self) -> Result<CircuitBreaker, PolicyError> {
        #[cfg(feature = "keyed")]
        if self.membership.is_some() {
            return self.build_as_it_is(true);
        }
        let (policy, shadow) = self.own();
        policy.check()?;
        // Already now, so that its listeners are not told of a change.
        if let Some(config) = configuration::said_of(self.name.as_str()) {
            self.policy = config.over(self.policy);
            self.shadow = config.shadow.unwrap_or(shadow);
        }
        configuration::check(self.name.as_str(), &self.policy)?;
        let breaker = self.build_as_it_is(true)?;
        configuration::begin(&breaker, policy, shadow)?;
        Ok(breaker)
    }

    /// `resumes` says whether it begins where a breaker of its name was before a restart, if that is known.
    fn build_as_it_is(self, resumes: bool) -> Result<CircuitBreaker, PolicyError> {
        if self.name.as_str().is_empty() {
            let others = self.policy.check().err();
            let others = others.iter().flat_map(PolicyError::mistakes).cloned();
            return Err(PolicyError::new(iter::once(EMPTY_NAME.to_owned()).chain(others).collect()));
        }
        let (rules, records) = self.policy.rules(self.spares_the_lock)?;
        let machine = Machine::new(records);
        let status =
            Status::new(machine.state, self.shadow, SuccessPath::Judged, machine.generation).with_policy(rules.flags);
        let [fast_below, cancelled] = [rules.quick, rules.cancelled].map(|time| AtomicU64::new(time.0));
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
            tapped: false,
            rejected: 0,
            would_have_been_rejected: 0,
            totals: outbox.counts_calls().then(Box::default),
            history: History::default(),
        };
        let shared = Arc::new(Shared {
            status: StatusWord::new(status),
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
        #[cfg(feature = "serde")]
        if let Some(saved) = resumes.then(|| waiting::take(&breaker)).flatten() {
            // Before anybody finds it. Its version was looked at.
            let _ = breaker.restore_silently(&saved);
        }
        let _ = resumes; // without the feature nothing is saved
        place::enter(&shared);
        Ok(breaker)
    }

    /// A breaker for those who use another one while it is being made. It is not listed.
    #[cfg(feature = "macros")]
    pub(crate) fn build_stand_in(self) -> Result<CircuitBreaker, PolicyError> {
        let breaker = self.build_as_it_is(false)?;
        place::forget(&breaker.shared);
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
