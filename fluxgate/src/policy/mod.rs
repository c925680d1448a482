//! Policies: the user's settings, and their compiled form. No clock, lock or breaker.

pub(crate) mod compiled;
pub(crate) mod component;
pub(crate) mod error;
pub mod permits;
pub mod retries;
pub(crate) mod retry_after;
pub(crate) mod seconds;
#[cfg(feature = "serde")]
pub(crate) mod serde;
pub(crate) mod settings;
pub(crate) mod table;
pub mod trackers;
pub mod trippers;
pub mod windows;

use std::{
    fmt,
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};

use crate::policy::{compiled::CompiledPolicy, error::PolicyError, retry_after::ReadRetryAfter, table::Settings};

/// The settings of a breaker: which calls it judges, which errors count, when it opens, and how it recovers.
///
/// Settings you omit take these defaults:
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
/// The default tripper needs no more calls than the window can hold. The default of `cancelled` is the smallest threshold of
/// the tripper's `SlowRate` and `AvgLatency` clauses, if it has any.
///
/// Give a policy to [`Builder::policy`](crate::Builder::policy) for breakers that have much in common, or to
/// [`CircuitBreaker::set_policy`](crate::CircuitBreaker::set_policy) while a breaker runs. Breakers that are built from clones
/// of one policy share its compiled form.
///
/// A policy prints in the policy language. With the feature `serde` it is a table with the keys of a policy file, and only
/// the settings that are set are written.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Policy, retries::Cooldown, windows::CountWindow};
///
/// let strict = Policy::new().window(CountWindow(20)).retry(Cooldown(10));
/// assert_eq!(strict.get_window(), Some(CountWindow(20).into()));
///
/// let near = CircuitBreaker::builder("near").policy(strict.clone()).build()?;
/// let far = CircuitBreaker::builder("far").policy(strict.retry(Cooldown(30))).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone)]
#[must_use = "a policy has no effect until a breaker has it"]
pub struct Policy {
    settings: Arc<Settings>,
    /// Compiled when a breaker first needs it. Clones share it, and a setter starts a new one.
    compiled: Arc<OnceLock<Arc<CompiledPolicy>>>,
}

impl Policy {
    /// Creates the default policy.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, Policy};
    ///
    /// assert!(CircuitBreaker::new("search").policy() == Policy::new());
    /// ```
    pub fn new() -> Self {
        /// Breakers with the default policy share its compiled form.
        static DEFAULT: LazyLock<Policy> =
            LazyLock::new(|| Policy { settings: Arc::default(), compiled: Arc::default() });

        DEFAULT.clone()
    }

    /// Sets a function that reads from the error of a failed call how long the service asks not to be called, for
    /// [`honour_retry_after`](Self::honour_retry_after).
    ///
    /// `read` is called with errors that are an `E` and that the tracker counts as failures. It runs outside every lock. If
    /// it panics, the error says nothing.
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
        self.with(|settings| settings.retry_after = Some(ReadRetryAfter::new(read)))
    }

    /// Returns this policy with its missing settings taken from `others`.
    ///
    /// The result may be invalid even if both are valid: see [`check`](Self::check).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Policy, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let general = Policy::new().tripper(FailureStreak(5)).retry(Cooldown(60));
    /// let special = Policy::new().retry(Cooldown(10));
    /// assert!(special.or(&general) == general.retry(Cooldown(10)));
    /// ```
    #[doc(alias("merge", "overlay"))]
    pub fn or(&self, others: &Self) -> Self {
        Self { settings: Arc::new(self.settings.or(&others.settings)), compiled: Arc::default() }
    }

    /// Checks the policy like [`Builder::build`](crate::Builder::build).
    ///
    /// # Errors
    ///
    /// Every mistake in the policy.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Policy, trippers::{FailureRate, HalfOpened}};
    ///
    /// // It cannot hold while the breaker is closed.
    /// let policy = Policy::new().tripper(HalfOpened() & FailureRate(0.5));
    /// assert_eq!(policy.check().unwrap_err().mistakes().len(), 1);
    /// ```
    #[doc(alias = "validate")]
    pub fn check(&self) -> Result<(), PolicyError> {
        self.compiled().map(drop)
    }

    /// Returns the compiled form, which clones share.
    pub(crate) fn compiled(&self) -> Result<Arc<CompiledPolicy>, PolicyError> {
        if let Some(compiled) = self.compiled.get() {
            return Ok(Arc::clone(compiled));
        }
        let compiled = Arc::new(CompiledPolicy::new(&self.settings)?);
        Ok(Arc::clone(self.compiled.get_or_init(|| compiled)))
    }

    /// Returns `true` if no setting is set.
    #[cfg(feature = "config")]
    pub(crate) fn is_empty(&self) -> bool {
        *self.settings == Settings::default()
    }

    #[cfg(feature = "config")]
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        self.compiled = Arc::default();
        Arc::make_mut(&mut self.settings)
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(self.settings_mut());
        self
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

impl From<&Arc<CompiledPolicy>> for Policy {
    fn from(compiled: &Arc<CompiledPolicy>) -> Self {
        let settings = Arc::clone(&compiled.settings);
        Self { settings, compiled: Arc::new(OnceLock::from(Arc::clone(compiled))) }
    }
}

/// Two are equal if the same settings have equal values. A `retry_after` and a custom component are equal only to their
/// clones.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.compiled, &other.compiled) || self.settings == other.settings
    }
}

/// Prints as in `breakers!`: all components, and the other settings that are set.
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
        let mut settings = Vec::new();
        self.settings.with_default_components().for_each(|name, value| settings.push(format!("{name} = {value}")));
        formatter.write_str(&settings.join(", "))
    }
}

/// Prints the settings that are set.
impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Policy");
        self.settings.for_each(|name, value| {
            debug.field(name, &format_args!("{value}"));
        });
        debug.finish_non_exhaustive()
    }
}
