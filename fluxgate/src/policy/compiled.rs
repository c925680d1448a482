//! A checked policy in the form in which breakers use it.

use std::{sync::Arc, time::Duration};

use fluxgate_policy::{Component, ErrorKind, RETRY_AFTER_HAS_NO_EFFECT};

use crate::{
    policy::{
        component::AnyComponent,
        error::{Mistake, PolicyError},
        permits::CompiledPermit,
        retries::CompiledRetry,
        retry_after::{Honoured, ReadRetryAfter},
        settings::{self, default_cancelled},
        table::Settings,
        trackers::{CompiledTracker, ErrorView},
        trippers::CompiledTripper,
        windows::Records,
    },
    sync::status_word::PolicyFlags,
    time::nanos::Nanos,
    user_code,
};

/// A checked policy in the form in which breakers use it. All breakers of the policy share it.
pub(crate) struct CompiledPolicy {
    /// The settings that it was compiled from.
    pub(crate) settings: Arc<Settings>,
    window: Component,
    pub(crate) tracker: CompiledTracker,
    pub(crate) tripper: CompiledTripper,
    pub(crate) retry: CompiledRetry,
    pub(crate) permit: CompiledPermit,
    pub(crate) max_half_open_calls: u32,
    /// [`Nanos::NEVER`] if it is off.
    pub(crate) max_probe_time: Nanos,
    /// `None` if it is off.
    pub(crate) max_failed_probes: Option<u32>,
    /// The waiting time after which a dropped call is a failure: [`Nanos::NEVER`] if it never is.
    pub(crate) cancelled: Nanos,
    /// `None` if a `Retry-After` has no effect.
    pub(crate) honoured: Option<Box<Honoured>>,
    /// The tripper needs the durations of calls.
    pub(crate) measures: bool,
    /// The window counts by the second.
    pub(crate) by_the_second: bool,
    /// A success that took this long or longer must be judged.
    pub(crate) fast_below: Nanos,
    /// The part that calls need without the lock.
    pub(crate) flags: PolicyFlags,
}

/// The limits on probes that do not succeed.
#[derive(Clone, Copy)]
pub(crate) struct ProbeLimits {
    /// `None` if it is off.
    pub(crate) max_failed_probes: Option<u32>,
    /// [`Nanos::NEVER`] if it is off.
    pub(crate) max_probe_time: Nanos,
    /// The waiting time of dropped calls that counts as one failed probe.
    pub(crate) waiting_unit: Nanos,
}

impl CompiledPolicy {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// Every mistake in them.
    pub(crate) fn new(settings: &Arc<Settings>) -> Result<Self, PolicyError> {
        let Settings {
            window: Some(window),
            tracker: Some(tracker),
            tripper: Some(tripper),
            retry: Some(retry),
            permit: Some(permit),
            ..
        } = settings.with_default_components()
        else {
            unreachable!("each component has a default");
        };
        let mut mistakes = Mistakes::default();
        mistakes.component(&window.0);
        tracker.0.leaves().for_each(|component| mistakes.component(component));
        tripper.0.leaves().for_each(|component| mistakes.component(component));
        mistakes.component(&retry.0);
        mistakes.component(&permit.0);
        if let Some(window) = window.0.as_built_in() {
            mistakes.0.extend(
                fluxgate_policy::check_policy(window, &tripper.0, AnyComponent::as_built_in).iter().map(Mistake::from),
            );
        }
        if settings.retry_after.is_some() && settings.honour_retry_after.is_none() {
            mistakes.0.push(Mistake::new(ErrorKind::NoEffect, RETRY_AFTER_HAS_NO_EFFECT));
        }
        let checked = (
            mistakes.setting(settings::max_half_open_calls(settings.max_half_open_calls)),
            mistakes.setting(settings::max_probe_time(settings.max_probe_time)),
            mistakes.setting(settings::max_failed_probes(settings.max_failed_probes)),
            mistakes.setting(settings.cancelled.map(settings::cancelled).transpose()),
            mistakes.setting(settings::honour_retry_after(settings.honour_retry_after)),
        );
        let (
            AnyComponent::BuiltIn(window),
            (Some(max_half_open_calls), Some(max_probe_time), Some(max_failed_probes), Some(cancelled), Some(honoured)),
            true,
        ) = (window.0, checked, mistakes.0.is_empty())
        else {
            return Err(PolicyError::new(mistakes.0));
        };
        let tripper = CompiledTripper::new(&tripper.0);
        let shortest_threshold = tripper.shortest_threshold();
        let compiled = Self {
            settings: Arc::clone(settings),
            by_the_second: window.name() == "TimeWindow",
            window,
            tracker: CompiledTracker::new(&tracker.0),
            retry: CompiledRetry::new(&retry.0),
            permit: CompiledPermit::new(&permit.0),
            max_half_open_calls,
            max_probe_time,
            max_failed_probes,
            cancelled: cancelled.unwrap_or_else(|| default_cancelled(shortest_threshold)),
            honoured: honoured.map(|limit| Box::new(Honoured { limit, of_error: settings.retry_after.clone() })),
            measures: tripper.measures().is_some(),
            fast_below: shortest_threshold.unwrap_or(Nanos::NEVER),
            flags: PolicyFlags::default(),
            tripper,
        };
        Ok(compiled.with_flags())
    }

    /// Creates an empty window.
    pub(crate) fn records(&self) -> Records {
        Records::new(&self.window, self.tripper.measures())
    }

    /// Returns `true` if every error is a failure, and no code examines it.
    pub(crate) fn any_error_fails(&self) -> bool {
        let reads_errors = self.honoured.as_ref().is_some_and(|honoured| honoured.of_error.is_some());
        self.tracker.tracks_all() && !reads_errors
    }

    /// Returns the limits on probes that do not succeed.
    pub(crate) fn probe_limits(&self) -> ProbeLimits {
        let waiting_unit = match self.cancelled {
            // Every drop is a failure, or none is.
            Nanos(0) | Nanos::NEVER => Nanos(Nanos::PER_SECOND),
            threshold => threshold,
        };
        let Self { max_failed_probes, max_probe_time, .. } = *self;
        ProbeLimits { max_failed_probes, max_probe_time, waiting_unit }
    }

    /// Checks whether there is no room for one more probe.
    pub(crate) fn is_full(&self, in_flight: usize) -> bool {
        usize::try_from(self.max_half_open_calls).is_ok_and(|most| in_flight >= most)
    }

    /// Returns a number that differs between seconds whose counts the window keeps apart.
    pub(crate) fn second(&self, at: Nanos) -> u64 {
        if self.by_the_second { at.whole_seconds() } else { 0 }
    }

    /// Reads from the error of a failed call how long the service asks not to be called. `view` is called only if there is a
    /// function that reads it.
    pub(crate) fn retry_after_of<'a>(&self, breaker: &str, view: impl FnOnce() -> ErrorView<'a>) -> Option<Duration> {
        let ReadRetryAfter(read) = self.honoured.as_ref()?.of_error.as_ref()?;
        user_code::run("retry_after", breaker, || read(view())).flatten()
    }

    fn with_flags(mut self) -> Self {
        let (due_is_known, never_due) = match self.retry {
            CompiledRetry::After(_) => (true, false),
            CompiledRetry::Never => (false, true),
            CompiledRetry::Custom(_) => (false, false),
        };
        self.flags = PolicyFlags::default()
            .with(PolicyFlags::MEASURES, self.measures)
            .with(PolicyFlags::BY_THE_SECOND, self.by_the_second)
            .with(PolicyFlags::DUE_IS_KNOWN, due_is_known)
            .with(PolicyFlags::NEVER_DUE, never_due)
            .with(PolicyFlags::HONOURS_RETRY_AFTER, self.honoured.is_some())
            .with(PolicyFlags::SPARES_THE_LOCK, true)
            .with(PolicyFlags::ANY_ERROR_FAILS, self.any_error_fails());
        self
    }
}

#[derive(Default)]
struct Mistakes(Vec<Mistake>);

impl Mistakes {
    fn component<C: ?Sized>(&mut self, component: &AnyComponent<C>) {
        self.0.extend(component.mistake().map(Mistake::from));
    }

    fn setting<T>(&mut self, checked: Result<T, fluxgate_policy::Error>) -> Option<T> {
        checked.map_err(|error| self.0.push(Mistake::from(&error))).ok()
    }
}
