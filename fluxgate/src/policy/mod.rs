pub(crate) mod compiled;
pub(crate) mod component;
pub mod permits;
pub mod retries;
pub(crate) mod retry_after;
pub(crate) mod seconds;
pub(crate) mod settings;
pub mod trackers;
pub mod trippers;
pub mod windows;

use std::{fmt, sync::Arc, time::Duration};

use fluxgate_policy::{RETRY_AFTER_HAS_NO_EFFECT, defaults};

use crate::{
    error::PolicyError,
    policy::{
        compiled::Rules,
        component::Leaf,
        permits::Permit,
        retries::Retry,
        retry_after::{Honoured, ReadRetryAfter},
        settings::{Cancelled, HonourRetryAfter, MaxFailedProbes, MaxProbeTime},
        trackers::Tracker,
        trippers::Tripper,
        windows::{Records, Window},
    },
    sync::status_word::PolicyFlags,
    time::nanos::Nanos,
};

/// What a breaker goes by: which calls it judges, which errors count, when it opens, and how it recovers.
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
/// It is for [`Builder::policy`](crate::Builder::policy), where breakers have much in common, and for
/// [`CircuitBreaker::set_policy`](crate::CircuitBreaker::set_policy), while they run. It prints in the policy language.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Policy, retries::Cooldown, windows::CountWindow};
///
/// let strict = Policy::new().window(CountWindow(20)).retry(Cooldown(10));
/// let near = CircuitBreaker::builder("near").policy(strict.clone()).build()?;
/// let far = CircuitBreaker::builder("far").policy(strict.retry(Cooldown(30))).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "a policy does nothing until a breaker has it"]
pub struct Policy {
    window: Option<Window>,
    tracker: Option<Tracker>,
    tripper: Option<Tripper>,
    retry: Option<Retry>,
    permit: Option<Permit>,
    max_half_open_calls: Option<u32>,
    max_probe_time: Option<MaxProbeTime>,
    max_failed_probes: Option<MaxFailedProbes>,
    cancelled: Option<Cancelled>,
    honour_retry_after: Option<HonourRetryAfter>,
    retry_after: Option<ReadRetryAfter>,
}

impl Policy {
    /// The default policy, to be changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, Policy};
    ///
    /// assert!(CircuitBreaker::new("search").policy() == Policy::new());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Which calls the breaker judges by: see [`windows`](crate::windows).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Policy, windows::CountWindow};
    ///
    /// // The default tripper goes with the window.
    /// let policy = Policy::new().window(CountWindow(10)).to_string();
    /// assert!(policy.starts_with("window = CountWindow(10)") && policy.contains("MinRequests(10)"));
    /// ```
    #[doc(alias("sliding_window", "sampling_duration", "rolling_window"))]
    pub fn window(self, window: impl Into<Window>) -> Self {
        Self { window: Some(window.into()), ..self }
    }

    /// Which errors count as failures: see [`trackers`](crate::trackers). The others are ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use fluxgate::{Policy, trackers::TypeOf};
    ///
    /// let policy = Policy::new().tracker(TypeOf::<io::Error>());
    /// assert!(policy.to_string().contains("tracker = TypeOf(std::io::error::Error)"));
    /// ```
    #[doc(alias("record_exceptions", "ignore_exceptions", "should_handle", "error_filter", "is_failure"))]
    pub fn tracker(self, tracker: impl Into<Tracker>) -> Self {
        Self { tracker: Some(tracker.into()), ..self }
    }

    /// When the breaker opens: see [`trippers`](crate::trippers).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Policy, trippers::Tripper};
    ///
    /// let written = "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)";
    /// let policy = Policy::new().tripper(written.parse::<Tripper>()?);
    /// assert!(policy.check().is_ok());
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("threshold", "ready_to_trip", "failure_policy", "failure_threshold"))]
    pub fn tripper(self, tripper: impl Into<Tripper>) -> Self {
        Self { tripper: Some(tripper.into()), ..self }
    }

    /// When an open breaker probes the service: see [`retries`](crate::retries).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Policy, retries::Backoff};
    ///
    /// let policy = Policy::new().retry(Backoff(10).max_duration(120));
    /// assert!(policy.to_string().contains("retry = Backoff(10s, max_duration = 120s)"));
    /// ```
    #[doc(alias("wait_duration_in_open_state", "break_duration", "reset_timeout", "open_timeout"))]
    pub fn retry(self, retry: impl Into<Retry>) -> Self {
        Self { retry: Some(retry.into()), ..self }
    }

    /// Which calls a half-open breaker admits: see [`permits`](crate::permits).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Policy, permits::RampUp};
    ///
    /// // Half of the calls are enough to close it.
    /// let policy = Policy::new().permit(RampUp(0.1, 0.5, 30));
    /// assert!(policy.check().is_ok());
    /// ```
    #[doc(alias("recovery", "ramp_up", "half_open"))]
    pub fn permit(self, permit: impl Into<Permit>) -> Self {
        Self { permit: Some(permit.into()), ..self }
    }

    /// How many calls may be in flight while half-open: from 1 to `u32::MAX`, 10 unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::Policy;
    ///
    /// assert!(Policy::new().max_half_open_calls(1).check().is_ok());
    /// assert!(Policy::new().max_half_open_calls(0).check().is_err());
    /// ```
    #[doc(alias("permitted_number_of_calls_in_half_open_state", "max_requests", "half_open_max_calls"))]
    pub fn max_half_open_calls(self, calls: u32) -> Self {
        Self { max_half_open_calls: Some(calls), ..self }
    }

    /// After how long a probe in flight is given up and counts as failed: seconds above 0, or [`MaxProbeTime::Off`]; 60 s
    /// unless set. See [`Builder::max_probe_time`](crate::Builder::max_probe_time).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{MaxProbeTime, Policy};
    ///
    /// let [quick, patient] = [Policy::new().max_probe_time(5), Policy::new().max_probe_time(MaxProbeTime::Off)];
    /// assert!(quick.to_string().ends_with("max_probe_time = 5s"));
    /// assert!(patient.to_string().ends_with("max_probe_time = off"));
    /// ```
    #[doc(alias("max_wait_duration_in_half_open_state", "probe_timeout"))]
    pub fn max_probe_time(self, limit: impl Into<MaxProbeTime>) -> Self {
        Self { max_probe_time: Some(limit.into()), ..self }
    }

    /// Limits the probes without a success, so that a half-open breaker always decides: from 1 to `u32::MAX`, or
    /// [`MaxFailedProbes::Off`]; 10 unless set. See [`MaxFailedProbes`] for what counts.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::Policy;
    ///
    /// let policy = Policy::new().max_failed_probes(3);
    /// assert!(policy.to_string().ends_with("max_failed_probes = 3"));
    /// assert!(Policy::new().max_failed_probes(0).check().is_err());
    /// ```
    pub fn max_failed_probes(self, limit: impl Into<MaxFailedProbes>) -> Self {
        Self { max_failed_probes: Some(limit.into()), ..self }
    }

    /// After how long of waiting a call that is dropped in flight counts as failed: seconds above 0, or
    /// [`Cancelled::Failure`] (always) or [`Cancelled::Ignore`] (never). Unless set, the smallest threshold of the
    /// tripper's `SlowRate` and `AvgLatency` clauses, or 1 s if it has none.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::Policy;
    ///
    /// let policy = Policy::new().cancelled(Duration::from_millis(200));
    /// assert!(policy.to_string().ends_with("cancelled = 0.2s"));
    /// ```
    #[doc(alias("dropped", "aborted", "abandoned"))]
    pub fn cancelled(self, cancelled: impl Into<Cancelled>) -> Self {
        Self { cancelled: Some(cancelled.into()), ..self }
    }

    /// For how long at most the service itself may keep the breaker open: seconds above 0, or
    /// [`HonourRetryAfter::Off`], which it is unless set.
    ///
    /// A failed call may tell how long the service asks to be left alone: in the `Retry-After` of its response, in its
    /// error (see [`retry_after`](Self::retry_after)), or by hand
    /// ([`Call::failure_with_retry_after`](crate::Call::failure_with_retry_after)). The time is counted from the end of
    /// that call. If the breaker opens by that failure or by a later one of the same state, it stays open until the
    /// latest such time at least, but no longer than this limit after the call that told it: its retry is due when both
    /// that time and the retry's own have come. A custom retry is not asked before; `Never` stays never.
    ///
    /// Calls that are ignored, rejected or stale tell nothing, and what was told is forgotten when the state changes.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let breaker = CircuitBreaker::builder("search")
    ///     .tripper(FailureStreak(1))
    ///     .retry(Cooldown(10))
    ///     .honour_retry_after(Duration::from_secs(600))
    ///     .build()?;
    /// breaker.try_acquire().unwrap().failure_with_retry_after(Duration::from_secs(120));
    /// assert!(breaker.info().retry_after > Some(Duration::from_secs(100)));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn honour_retry_after(self, limit: impl Into<HonourRetryAfter>) -> Self {
        Self { honour_retry_after: Some(limit.into()), ..self }
    }

    /// Reads from the error of a failed call how long the service asks to be left alone, for
    /// [`honour_retry_after`](Self::honour_retry_after).
    ///
    /// `read` is asked of errors that are an `E`, once the tracker has called them a failure. It runs outside every
    /// lock; one that panics has read nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::CircuitBreaker;
    ///
    /// struct Busy { retry_after: Option<Duration> }
    ///
    /// let breaker = CircuitBreaker::builder("search")
    ///     .honour_retry_after(600)
    ///     .retry_after(|error: &Busy| error.retry_after)
    ///     .build()?;
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn retry_after<E, F>(self, read: F) -> Self
    where
        E: 'static,
        F: Fn(&E) -> Option<Duration> + Send + Sync + 'static,
    {
        Self { retry_after: Some(ReadRetryAfter::new(read)), ..self }
    }

    /// Whether nothing is wrong with it, as [`Builder::build`](crate::Builder::build) checks it.
    ///
    /// # Errors
    ///
    /// Every mistake of the policy.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Policy, trippers::{FailureRate, HalfOpened}};
    ///
    /// // It can't hold while the breaker is closed.
    /// let policy = Policy::new().tripper(HalfOpened() & FailureRate(0.5));
    /// assert_eq!(policy.check().unwrap_err().mistakes().len(), 1);
    /// ```
    #[doc(alias = "validate")]
    pub fn check(&self) -> Result<(), PolicyError> {
        self.clone().rules(true).map(drop)
    }

    /// The rules of a policy without mistakes, and an empty window.
    pub(crate) fn rules(self, spares_the_lock: bool) -> Result<(Arc<Rules>, Records), PolicyError> {
        let window = self.window.clone().map_or_else(|| Leaf::BuiltIn(defaults::window()), |window| window.0);
        let retry = self.retry.clone().map_or_else(|| Leaf::BuiltIn(defaults::retry()), |retry| retry.0);
        let permit = self.permit.clone().map_or_else(|| Leaf::BuiltIn(defaults::permit()), |permit| permit.0);
        let tracker = self.tracker.clone().map_or_else(|| defaults::tracker().map(Leaf::BuiltIn), |tracker| tracker.0);
        let default_tripper = || {
            let window = window.as_built_in().cloned().unwrap_or_else(defaults::window);
            defaults::tripper(&window).map(Leaf::BuiltIn)
        };
        let tripper = self.tripper.clone().map_or_else(default_tripper, |tripper| tripper.0);

        let mut mistakes = Mistakes::default();
        mistakes.leaf(&window);
        tracker.leaves().for_each(|leaf| mistakes.leaf(leaf));
        tripper.leaves().for_each(|leaf| mistakes.leaf(leaf));
        mistakes.leaf(&retry);
        mistakes.leaf(&permit);
        if let Some(window) = window.as_built_in() {
            for error in fluxgate_policy::check_policy(window, &tripper, Leaf::as_built_in) {
                mistakes.0.push(error.to_string());
            }
        }
        if self.retry_after.is_some() && self.honour_retry_after.is_none() {
            mistakes.0.push(RETRY_AFTER_HAS_NO_EFFECT.to_owned());
        }
        let settings = (
            mistakes.setting(settings::max_half_open_calls(self.max_half_open_calls)),
            mistakes.setting(settings::max_probe_time(self.max_probe_time)),
            mistakes.setting(settings::max_failed_probes(self.max_failed_probes)),
            mistakes.setting(self.cancelled.map(settings::cancelled).transpose()),
            mistakes.setting(settings::honour_retry_after(self.honour_retry_after)),
        );
        let (
            Leaf::BuiltIn(window),
            (Some(max_half_open_calls), Some(max_probe_time), Some(max_failed_probes), Some(cancelled), Some(honoured)),
            true,
        ) = (&window, settings, mistakes.0.is_empty())
        else {
            return Err(PolicyError::new(mistakes.0));
        };
        let tripper = trippers::Rule::new(&tripper);
        let quickest = tripper.shortest_threshold();
        let records = Records::new(window, tripper.measures());
        let measures = tripper.measures().is_some();
        let rules = Rules {
            tracker: trackers::Rule::new(&tracker),
            retry: retries::Rule::new(&retry),
            permit: permits::Rule::new(&permit),
            max_half_open_calls,
            max_probe_time,
            max_failed_probes,
            cancelled: cancelled.unwrap_or_else(|| settings::default_cancelled(quickest)),
            honoured: honoured.map(|limit| Box::new(Honoured { limit, classify_error: self.retry_after.clone() })),
            measures,
            by_the_second: records.needs_time(),
            quick: quickest.unwrap_or(Nanos::NEVER),
            spares_the_lock,
            policy: self,
            flags: PolicyFlags::default(),
            tripper,
        };
        Ok((rules.with_glance().shared(), records))
    }
}

/// As `breakers!` has it: the components, those of the default policy included, and the settings that were made.
///
/// ```
/// use fluxgate::{Policy, retries::Cooldown, trippers::FailureStreak};
///
/// let policy = Policy::new().tripper(FailureStreak(5)).retry(Cooldown(10)).max_half_open_calls(2);
/// assert_eq!(
///     policy.to_string(),
///     "window = CountWindow(100), tracker = All(), tripper = FailureStreak(5), retry = Cooldown(10s), \
///      permit = RampUp(0, 1, 60s), max_half_open_calls = 2",
/// );
/// ```
impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn part(part: Option<&impl ToString>, default: impl FnOnce() -> String) -> String {
            part.map_or_else(default, ToString::to_string)
        }
        let default_tripper = || {
            let window = self.window.as_ref().and_then(|window| window.0.as_built_in().cloned());
            defaults::tripper(&window.unwrap_or_else(defaults::window)).to_string()
        };
        write!(formatter, "window = {}", part(self.window.as_ref(), || defaults::window().to_string()))?;
        write!(formatter, ", tracker = {}", part(self.tracker.as_ref(), || defaults::tracker().to_string()))?;
        write!(formatter, ", tripper = {}", part(self.tripper.as_ref(), default_tripper))?;
        write!(formatter, ", retry = {}", part(self.retry.as_ref(), || defaults::retry().to_string()))?;
        write!(formatter, ", permit = {}", part(self.permit.as_ref(), || defaults::permit().to_string()))?;
        if let Some(calls) = self.max_half_open_calls {
            write!(formatter, ", max_half_open_calls = {calls}")?;
        }
        if let Some(limit) = self.max_probe_time {
            write!(formatter, ", max_probe_time = {limit}")?;
        }
        if let Some(limit) = self.max_failed_probes {
            write!(formatter, ", max_failed_probes = {limit}")?;
        }
        if let Some(cancelled) = self.cancelled {
            write!(formatter, ", cancelled = {cancelled}")?;
        }
        if let Some(limit) = self.honour_retry_after {
            write!(formatter, ", honour_retry_after = {limit}")?;
        }
        Ok(())
    }
}

/// Two are equal if they say the same. A `retry_after`, like a component of your own, is equal to its clones.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        let Self { window, tracker, tripper, retry, permit, .. } = self;
        *window == other.window
            && *tracker == other.tracker
            && *tripper == other.tripper
            && *retry == other.retry
            && *permit == other.permit
            && self.max_half_open_calls == other.max_half_open_calls
            && self.max_probe_time == other.max_probe_time
            && self.max_failed_probes == other.max_failed_probes
            && self.cancelled == other.cancelled
            && self.honour_retry_after == other.honour_retry_after
            && self.retry_after == other.retry_after
    }
}

#[derive(Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    fn leaf<C: ?Sized>(&mut self, leaf: &Leaf<C>) {
        self.0.extend(leaf.mistake().map(ToString::to_string));
    }

    fn setting<T>(&mut self, checked: Result<T, fluxgate_policy::Error>) -> Option<T> {
        checked.map_err(|error| self.0.push(error.to_string())).ok()
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Policy")
            .field("window", &self.window)
            .field("tracker", &self.tracker)
            .field("tripper", &self.tripper)
            .field("retry", &self.retry)
            .field("permit", &self.permit)
            .finish_non_exhaustive()
    }
}
