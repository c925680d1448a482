pub(crate) mod builder;
pub(crate) mod handle;
pub(crate) mod info;
#[cfg(feature = "serde")]
pub(crate) mod restore;
pub(crate) mod totals;

use std::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
};

#[cfg(feature = "recorder")]
use crate::recorder::Recording;
use crate::{
    breaker::{builder::Builder, handle::Handle, info::Info, totals::Totals},
    events::{outbox::Outbox, signal::Signal},
    listeners::Listener,
    machine::{Left, Machine, reason::Reason},
    name::Name,
    policy::compiled::Rules,
    random::Random,
    registry,
    state::State,
    sync::{
        AtomicU64, Gap, Mutex, MutexGuard, Ordering,
        status_word::{Glance, Published, SuccessIs, Summary},
        success_counters::{Enrolled, Successes},
    },
    time::{BreakerClock, nanos::Nanos},
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

/// What the clones of a breaker share.
///
/// In this order, so that what healthy calls read shares no cache line with what is written often: the reference count
/// before it all, and what is under the lock.
#[repr(C)]
pub(crate) struct Shared {
    pub(crate) outbox: Outbox,
    pub(crate) name: Name,
    pub(crate) place: registry::Place,
    pub(crate) clock: BreakerClock,
    pub(crate) successes: Successes,
    /// When the present opening ends by itself, as [`Machine::due`]. Written before the opening is published.
    pub(crate) due: AtomicU64,
    /// Of the policy, as [`Rules::quick`] and [`Rules::cancelled`].
    pub(crate) quick: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    /// What a healthy call reads: written only when there is something new to say.
    pub(crate) published: Published,
    pub(crate) gap: Gap,
    #[cfg(feature = "recorder")]
    pub(crate) recording: Mutex<Option<Box<Recording>>>,
    /// The same as under the lock, for what looks at errors before that is taken.
    pub(crate) rules: Mutex<Arc<Rules>>,
    pub(crate) core: Mutex<Core>,
}

/// What changes, all under one lock.
pub(crate) struct Core {
    pub(crate) rules: Arc<Rules>,
    pub(crate) machine: Machine,
    pub(crate) enrolled: Enrolled,
    pub(crate) random: Random,
    pub(crate) shadow: bool,
    /// Whether calls are recorded in a trace.
    pub(crate) recording: bool,
    pub(crate) rejected: u64,
    pub(crate) would_have_been_rejected: u64,
    /// Kept only for a listener that counts calls.
    pub(crate) totals: Option<Box<Totals>>,
}

impl Core {
    /// Returns what calls have to know of the policy now.
    fn glance(&self) -> Glance {
        let glance = self.rules.glance;
        if self.machine.retry_is_due { glance.without(Glance::NEVER_DUE) } else { glance }
    }
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
        &self.shared.name
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
        self.shared.place.label(&self.shared.name)
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

    /// What the breaker is at: its state, and the figures of its window.
    ///
    /// Asking changes nothing: an open breaker whose retry is due stays open until a call comes. It takes the breaker's
    /// lock for a moment.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State};
    ///
    /// let breaker = CircuitBreaker::new("inventory");
    /// assert_eq!(breaker.info().state, State::Closed);
    /// ```
    #[doc(alias("state", "status", "stats", "metrics", "counts", "is_open"))]
    pub fn info(&self) -> Info {
        let now = self.now();
        let mut core = self.shared.core.lock();
        self.take_successes(&mut core);
        core.machine.records.advance(now);
        let machine = &core.machine;
        let metrics = machine.records.metrics();
        Info {
            name: self.shared.name.clone(),
            state: machine.state,
            in_state_for: machine.lasted(now).into(),
            reopens: machine.reopens,
            consecutive_failures: machine.consecutive_failures,
            calls: metrics.calls(),
            failures: metrics.failures(),
            failure_rate: metrics.failure_rate(),
            slow_rates: metrics.slow_rates().collect(),
            mean_latency: metrics.mean_latency(),
            probes_in_flight: machine.probes.in_flight(),
            retry_after: core.retry_after(now),
            rejected: core.rejected + self.shared.successes.rejections(),
            would_have_been_rejected: core.would_have_been_rejected,
            shadow: core.shadow,
        }
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
        self.record_command(to);
        let now = self.now();
        let mut core = self.shared.core.lock();
        self.take_successes(&mut core);
        self.enter(&mut core, to, now, Reason::Command { by: None, note: None });
        drop(core);
        self.shared.outbox.deliver();
    }

    /// The time on the breaker's own clock, which stood at zero when it was made.
    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        self.shared.clock.now()
    }

    /// Brings the machine up to what the threads have counted.
    pub(crate) fn take_successes(&self, core: &mut MutexGuard<'_, Core>) {
        let core = &mut **core;
        self.shared.successes.take(&core.enrolled, |count, second| core.machine.record_successes(count, second));
    }

    /// Lets be seen what has changed. To be called before the lock is given up.
    pub(crate) fn publish(&self, core: &MutexGuard<'_, Core>) -> Summary {
        let machine = &core.machine;
        let rules = &core.rules;
        let success = match machine.success(&rules.tripper) {
            _ if !rules.spares_the_lock || core.recording => SuccessIs::Judged,
            // Of no consequence to the machine, but to the totals.
            SuccessIs::Known if core.totals.is_some() => SuccessIs::Counted,
            success => success,
        };
        self.publish_with(core, success)
    }

    /// The same where it is known what a success has to do.
    pub(crate) fn publish_with(&self, core: &MutexGuard<'_, Core>, success: SuccessIs) -> Summary {
        let machine = &core.machine;
        let summary = Summary::new(machine.state, core.shadow, success, machine.generation)
            .with_recording(core.recording)
            .with_policy(core.glance());
        self.shared.published.write(summary);
        summary
    }

    /// Begins the state `to` and leaves word of it for the listeners, who are to be served once the lock is free.
    pub(crate) fn enter(&self, core: &mut MutexGuard<'_, Core>, to: State, now: Nanos, reason: Reason) {
        self.change_state(core, now, reason, |machine, rules, random| machine.enter(to, now, &rules.retry, random));
    }

    /// The same, where the machine has more to do than to enter it.
    pub(crate) fn change_state(
        &self,
        core: &mut MutexGuard<'_, Core>,
        now: Nanos,
        reason: Reason,
        enter: impl FnOnce(&mut Machine, &Rules, &mut Random) -> Option<Left>,
    ) {
        let left = {
            let core = &mut **core;
            core.enrolled.clear();
            enter(&mut core.machine, &core.rules, &mut core.random)
        };
        let to = core.machine.state;
        self.shared.due.store(core.machine.due.0, Ordering::Release);
        self.publish(core);
        let Some(left) = left else { return };
        if let Some(totals) = &mut core.totals {
            totals.count_transition(left.state, to);
        }
        if self.shared.outbox.has_listeners() {
            self.shared.outbox.post(Signal {
                breaker: self.shared.name.clone(),
                label: self.shared.place.label(&self.shared.name).clone(),
                old_state: left.state,
                new_state: to,
                at: self.shared.clock.wall_time(),
                reopens: core.machine.reopens,
                metrics: left.metrics,
                reason,
                retry_after: core.machine.retry_after(now),
                shadow: core.shadow,
            });
        }
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
        formatter.debug_struct("CircuitBreaker").field("name", &self.shared.name).field("state", &state).finish()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        registry::forget(self);
    }
}
