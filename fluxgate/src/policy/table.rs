//! The table of a policy's settings. A new setting is a row here, a row in the policy crate's catalog, and its effect in
//! `compiled.rs`.

use fluxgate_policy::defaults;
#[cfg(feature = "serde")]
use fluxgate_policy::{Kind, Setting};

use crate::policy::{
    component::AnyComponent,
    permits::Permit,
    retries::Retry,
    retry_after::ReadRetryAfter,
    settings::{Cancelled, HonourRetryAfter, MaxFailedProbes, MaxProbeTime},
    trackers::Tracker,
    trippers::Tripper,
    windows::Window,
};

/// Passes the rows to a macro, in the order in which a policy prints. A row is the documentation of the setter, its name,
/// its argument, the name of the getter, the type of the value, and what the policy language calls it.
macro_rules! with_settings {
    ($with:ident) => {
        $with! {
            /// Sets the window: the calls that the breaker judges by. See [`windows`](crate::windows).
            ///
            /// # Examples
            ///
            /// ```
            /// use std::time::Duration;
            /// use fluxgate::{CircuitBreaker, ManualClock, Policy, windows::{CountWindow, TimeWindow}};
            ///
            /// let clock = ManualClock::new();
            /// let breaker = CircuitBreaker::builder("search").window(TimeWindow(30)).clock(clock.clone()).build()?;
            /// let _ = breaker.call(|| Err::<(), _>("down"));
            /// clock.advance(Duration::from_secs(30));
            /// assert_eq!(breaker.info().calls, 0);
            ///
            /// // The default tripper depends on the window.
            /// let policy = Policy::new().window(CountWindow(10)).to_string();
            /// assert!(policy.starts_with("window = CountWindow(10)") && policy.contains("MinRequests(10)"));
            /// # Ok::<(), fluxgate::PolicyError>(())
            /// ```
            #[doc(alias("sliding_window", "sampling_duration", "rolling_window"))]
            window(impl Into<Window>), get_window: Window, Kind::Window;

            /// Sets the tracker: the errors that count as failures. See [`trackers`](crate::trackers). Other errors are
            /// ignored.
            ///
            /// # Examples
            ///
            /// ```
            /// use std::num::ParseIntError;
            /// use fluxgate::{CircuitBreaker, trackers::TypeOf};
            ///
            /// // Invalid input of a caller says nothing about the service.
            /// let breaker = CircuitBreaker::builder("search").tracker(!TypeOf::<ParseIntError>()).build()?;
            /// let _ = breaker.call(|| "many".parse::<u32>());
            /// assert_eq!(breaker.info().calls, 0);
            /// assert!(breaker.policy().to_string().contains("tracker = !TypeOf(core::num::error::ParseIntError)"));
            /// # Ok::<(), fluxgate::PolicyError>(())
            /// ```
            #[doc(alias("record_exceptions", "ignore_exceptions", "should_handle", "error_filter", "is_failure"))]
            tracker(impl Into<Tracker>), get_tracker: Tracker, Kind::Tracker;

            /// Sets the tripper: the condition that opens the breaker. See [`trippers`](crate::trippers).
            ///
            /// # Examples
            ///
            /// ```
            /// use fluxgate::{CircuitBreaker, Policy, State, trippers::{FailureRate, FailureStreak, MinRequests, Tripper}};
            ///
            /// let breaker = CircuitBreaker::builder("search")
            ///     .tripper(FailureStreak(3) | MinRequests(20) & FailureRate(0.5))
            ///     .build()?;
            /// for _ in 0..3 {
            ///     let _ = breaker.call(|| Err::<(), _>("down"));
            /// }
            /// assert_eq!(breaker.info().state, State::Open);
            ///
            /// let text = "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)";
            /// assert!(Policy::new().tripper(text.parse::<Tripper>()?).check().is_ok());
            /// # Ok::<(), fluxgate::PolicyError>(())
            /// ```
            #[doc(alias("threshold", "ready_to_trip", "failure_policy", "failure_threshold"))]
            tripper(impl Into<Tripper>), get_tripper: Tripper, Kind::Tripper;

            /// Sets the retry: the time at which an open breaker probes the service. See [`retries`](crate::retries).
            ///
            /// # Examples
            ///
            /// ```
            /// use std::time::Duration;
            /// use fluxgate::{CircuitBreaker, Policy, retries::Backoff, trippers::FailureStreak};
            ///
            /// let policy = Policy::new().tripper(FailureStreak(1)).retry(Backoff::new(10).max_duration(120));
            /// assert!(policy.to_string().contains("retry = Backoff(10s, max_duration = 120s)"));
            ///
            /// let breaker = CircuitBreaker::builder("search").policy(policy).build()?;
            /// let _ = breaker.call(|| Err::<(), _>("down"));
            /// assert!(breaker.info().retry_after > Some(Duration::from_secs(9)));
            /// # Ok::<(), fluxgate::PolicyError>(())
            /// ```
            #[doc(alias("wait_duration_in_open_state", "break_duration", "reset_timeout", "open_timeout"))]
            retry(impl Into<Retry>), get_retry: Retry, Kind::Retry;

            /// Sets the permit: the calls that a half-open breaker admits. See [`permits`](crate::permits).
            ///
            /// # Examples
            ///
            /// ```
            /// use fluxgate::{CircuitBreaker, Policy, State, permits::{All, RampUp}};
            /// use fluxgate::{retries::Always, trippers::FailureStreak};
            ///
            /// // The first probe that succeeds closes it.
            /// let breaker =
            ///     CircuitBreaker::builder("search").tripper(FailureStreak(1)).retry(Always()).permit(All()).build()?;
            /// let _ = breaker.call(|| Err::<(), _>("down"));
            /// let _ = breaker.call(|| Ok::<_, &str>(()));
            /// assert_eq!(breaker.info().state, State::Closed);
            ///
            /// // Half of the calls are enough to close it.
            /// assert!(Policy::new().permit(RampUp(0.1, 0.5, 30)).check().is_ok());
            /// # Ok::<(), fluxgate::PolicyError>(())
            /// ```
            #[doc(alias("recovery", "ramp_up", "half_open"))]
            permit(impl Into<Permit>), get_permit: Permit, Kind::Permit;

            /// Limits the calls in flight while the breaker is half-open: from 1 to `u32::MAX`, 10 by default.
            ///
            /// # Examples
            ///
            /// ```
            /// use fluxgate::{CircuitBreaker, Policy, permits::All, retries::Always, trippers::FailureStreak};
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
            ///
            /// assert!(Policy::new().max_half_open_calls(0).check().is_err());
            /// # Ok::<(), fluxgate::PolicyError>(())
            /// ```
            #[doc(alias("permitted_number_of_calls_in_half_open_state", "max_requests", "half_open_max_calls"))]
            max_half_open_calls(u32), get_max_half_open_calls: u32, Setting::MaxHalfOpenCalls;

            /// Sets the time after which a probe in flight is abandoned and counts as failed, so that a probe that hangs
            /// does not keep the breaker half-open: seconds above 0, or [`MaxProbeTime::Off`]; 60 s by default.
            ///
            /// The call itself continues, but its outcome no longer counts. It is abandoned when the next call arrives.
            ///
            /// # Examples
            ///
            /// ```
            /// use std::time::Duration;
            /// use fluxgate::{CircuitBreaker, ManualClock, MaxProbeTime, Policy, State};
            /// use fluxgate::{permits::All, retries::Cooldown, trippers::FailureStreak};
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
            ///
            /// let patient = Policy::new().max_probe_time(MaxProbeTime::Off);
            /// assert!(patient.to_string().ends_with("max_probe_time = off"));
            /// # Ok::<(), fluxgate::PolicyError>(())
            /// ```
            #[doc(alias("max_wait_duration_in_half_open_state", "probe_timeout"))]
            max_probe_time(impl Into<MaxProbeTime>), get_max_probe_time: MaxProbeTime, Setting::MaxProbeTime;

            /// Limits the probes without a success, so that a half-open breaker always decides: from 1 to `u32::MAX`, or
            /// [`MaxFailedProbes::Off`]; 10 by default. [`MaxFailedProbes`] explains what counts.
            ///
            /// # Examples
            ///
            /// A tripper that waits for 20 calls would keep a rarely called breaker half-open in front of a dead service:
            ///
            /// ```
            /// use fluxgate::{CircuitBreaker, Policy, State, permits::All, retries::Always};
            /// use fluxgate::trippers::{FailureRate, MinRequests};
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
            ///
            /// assert!(breaker.policy().to_string().ends_with("max_failed_probes = 3"));
            /// assert!(Policy::new().max_failed_probes(0).check().is_err());
            /// # Ok::<(), fluxgate::PolicyError>(())
            /// ```
            max_failed_probes(impl Into<MaxFailedProbes>), get_max_failed_probes: MaxFailedProbes, Setting::MaxFailedProbes;

            /// Sets the waiting time after which a call that is dropped in flight counts as failed: seconds above 0, or
            /// [`Cancelled::Failure`] (always) or [`Cancelled::Ignore`] (never). The default is the smallest threshold of
            /// the tripper's `SlowRate` and `AvgLatency` clauses, or 1 s if it has none.
            ///
            /// A time-out of the caller drops the call, so this is how a service that hangs trips the breaker.
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
            /// assert!(breaker.policy().to_string().ends_with("cancelled = 0.2s"));
            /// # Ok::<(), fluxgate::PolicyError>(())
            /// ```
            #[doc(alias("dropped", "aborted", "abandoned"))]
            cancelled(impl Into<Cancelled>), get_cancelled: Cancelled, Setting::Cancelled;

            /// Sets the longest time that the service itself may keep the breaker open: seconds above 0, or
            /// [`HonourRetryAfter::Off`], the default.
            ///
            /// A failed call may say how long the service asks not to be called: in the `Retry-After` of its response, in
            /// its error (see [`retry_after`](Self::retry_after)), or by hand
            /// ([`Call::failure_with_retry_after`](crate::Call::failure_with_retry_after)). That time starts when the call
            /// ends. If the breaker opens by that failure or by a later one of the same state, it stays open until the
            /// latest such time, but for no longer than this limit after the call that set it. The retry is due when both
            /// that time and its own have passed. A custom retry is not asked earlier; `Never` stays never.
            ///
            /// Ignored, rejected and stale calls have no effect, and the time is forgotten when the state changes.
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
            ///     .honour_retry_after(Duration::from_secs(600))
            ///     .clock(ManualClock::new())
            ///     .build()?;
            /// breaker.try_acquire().unwrap().failure_with_retry_after(Duration::from_secs(120));
            /// assert_eq!(breaker.info().retry_after, Some(Duration::from_secs(120)));
            ///
            /// // No service keeps it open for an hour.
            /// breaker.reset();
            /// breaker.try_acquire().unwrap().failure_with_retry_after(Duration::from_secs(3_600));
            /// assert_eq!(breaker.info().retry_after, Some(Duration::from_secs(600)));
            /// # Ok::<(), fluxgate::PolicyError>(())
            /// ```
            honour_retry_after(impl Into<HonourRetryAfter>), get_honour_retry_after: HonourRetryAfter, Setting::HonourRetryAfter;
        }
    };
}
pub(crate) use with_settings;

macro_rules! define {
    ($($(#[$doc:meta])* $name:ident($argument:ty), $get:ident: $type:ty, $key:expr;)+) => {
        /// The settings of a policy. `None` is the default.
        #[derive(Clone, Default, PartialEq)]
        pub(crate) struct Settings {
            $(pub(crate) $name: Option<$type>,)+
            /// Set in code only.
            pub(crate) retry_after: Option<ReadRetryAfter>,
        }

        impl Settings {
            /// Takes the settings that are missing here from `others`.
            pub(crate) fn or(&self, others: &Self) -> Self {
                Self {
                    $($name: self.$name.as_ref().or(others.$name.as_ref()).cloned(),)+
                    retry_after: self.retry_after.as_ref().or(others.retry_after.as_ref()).cloned(),
                }
            }

            /// Calls `each` with the name and the text of each setting that is set.
            pub(crate) fn for_each(&self, mut each: impl FnMut(&'static str, &dyn std::fmt::Display)) {
                $(if let Some(value) = &self.$name {
                    each(stringify!($name), value);
                })+
            }
        }

        #[cfg(feature = "serde")]
        impl Settings {
            /// The names of the settings, which are the keys of a policy file.
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// The keys of a policy file's entry.
            pub(crate) const NAMES_OF_AN_ENTRY: &'static [&'static str] = &[$(stringify!($name),)+ "shadow", "state"];

            /// Writes the settings that are set.
            pub(crate) fn serialize<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                $(if let Some(value) = &self.$name {
                    map.serialize_entry(stringify!($name), value)?;
                })+
                Ok(())
            }

            /// Reads the value of the setting `name`. `false` if there is no such setting.
            pub(crate) fn read<'de, M: serde::de::MapAccess<'de>>(
                &mut self,
                name: &str,
                place: crate::policy::serde::Place<'_>,
                map: &mut M,
            ) -> Result<bool, M::Error> {
                use crate::policy::serde::{Optional, Read};
                match name {
                    $(stringify!($name) => self.$name = map.next_value_seed(Optional(Read::new(place, $key)))?,)+
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }

        impl crate::policy::Policy {
            $($(#[$doc])*
            pub fn $name(self, $name: $argument) -> Self {
                self.with(|settings| settings.$name = Some($name.into()))
            })+
        }

        /// The settings that were set. `None` is the default.
        impl crate::policy::Policy {
            $(#[doc = concat!("Returns the value of [`", stringify!($name), "`](Self::", stringify!($name), "), if it is set.")]
            pub fn $get(&self) -> Option<$type> {
                self.settings.$name.clone()
            })+
        }
    };
}
with_settings!(define);

impl Settings {
    /// Fills in the default components.
    pub(crate) fn with_default_components(&self) -> Self {
        let default_window = || Window(AnyComponent::BuiltIn(defaults::window()));
        let window = self.window.clone().unwrap_or_else(default_window);
        let default_tripper = || {
            let window = window.0.as_built_in().cloned().unwrap_or_else(defaults::window);
            Tripper(defaults::tripper(&window).map(AnyComponent::BuiltIn))
        };
        let tripper = self.tripper.clone().unwrap_or_else(default_tripper);
        let default = Self {
            window: Some(window),
            tracker: Some(Tracker(defaults::tracker().map(AnyComponent::BuiltIn))),
            tripper: Some(tripper),
            retry: Some(Retry(AnyComponent::BuiltIn(defaults::retry()))),
            permit: Some(Permit(AnyComponent::BuiltIn(defaults::permit()))),
            ..Self::default()
        };
        self.or(&default)
    }
}
