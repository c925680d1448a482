use std::{
    fmt::{self, Display},
    hash::Hash,
    marker::PhantomData,
    sync::Arc,
};

use fluxgate_policy::{ErrorKind, Setting};

use super::{
    KeyedBreakers,
    factory::{Configure, Factory},
    set_core::SetCore,
};
use crate::{
    breaker::builder::Builder,
    name::Name,
    policy::{
        error::{Mistake, PolicyError},
        seconds::Seconds,
        settings,
    },
    time::nanos::Nanos,
};

/// Builds a set of breakers, from [`KeyedBreakers::builder`].
///
/// Settings you omit take these defaults: at most 10,000 breakers, idle after 10 minutes, 100 keys in metrics, and the
/// default policy of [`Builder`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{KeyedBreakers, retries::Backoff, trippers::FailureStreak};
///
/// let per_tenant: KeyedBreakers<u64> = KeyedBreakers::builder("per_tenant")
///     .max(1_000) // the least recently used makes room for a new one
///     .idle(Duration::from_secs(60))
///     .exported_keys(20) // in metrics; the others are summed up
///     .policy(|breaker| breaker.tripper(FailureStreak(5)).retry(Backoff::new(1.0).jitter_ratio(0.1)))
///     .build()?;
/// assert!(per_tenant.is_empty());
/// per_tenant.get(&7);
/// assert_eq!(per_tenant.len(), 1);
///
/// let error = KeyedBreakers::<u64>::builder("nobody").max(0).build().unwrap_err();
/// assert!(error.to_string().contains("max"));
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct KeyedBuilder<K> {
    name: Name,
    max: Option<u64>,
    idle: Option<Seconds>,
    exported_keys: Option<u64>,
    policy: Option<Configure>,
    key: PhantomData<fn() -> K>,
}

impl<K> KeyedBuilder<K> {
    pub(super) fn new(name: Name) -> Self {
        Self { name, max: None, idle: None, exported_keys: None, policy: None, key: PhantomData }
    }

    /// Limits the number of breakers: at least 1.
    pub fn max(self, breakers: u64) -> Self {
        Self { max: Some(breakers), ..self }
    }

    /// Sets the time without a look-up after which a breaker is idle, by the clock of the policy: seconds above 0.
    pub fn idle(self, idle: impl Into<Seconds>) -> Self {
        Self { idle: Some(idle.into()), ..self }
    }

    /// Limits the number of keys with series of their own in metrics: at least 1.
    pub fn exported_keys(self, keys: u64) -> Self {
        Self { exported_keys: Some(keys), ..self }
    }

    /// Sets the policy of every breaker. `policy` is called for each, and once by [`build`](Self::build). It should always
    /// return the same policy, so that all breakers share its compiled form.
    ///
    /// If `policy` asks the set for a key without a breaker, it gets the breaker that new keys share if there is no room,
    /// `per_tenant{*}`. So do calls with a key for which it panics or returns an invalid policy.
    pub fn policy(self, policy: impl Fn(Builder) -> Builder + Send + Sync + 'static) -> Self {
        Self { policy: Some(Arc::new(policy)), ..self }
    }

    /// Checks everything and creates the set, without a breaker in it.
    ///
    /// # Errors
    ///
    /// An empty name, every mistake of the policy, as from [`Builder::build`], and a limit out of its range.
    pub fn build(self) -> Result<KeyedBreakers<K>, PolicyError>
    where
        K: Hash + Eq + Display + Send + Sync + 'static,
    {
        let limits = Limits::check(self.max, self.idle, self.exported_keys);
        if self.name.as_str().is_empty() {
            let mistakes = limits.err().map(|error| error.mistakes().to_vec()).unwrap_or_default();
            let empty = Mistake::new(ErrorKind::EmptyName, EMPTY_NAME);
            return Err(PolicyError::new(std::iter::once(empty).chain(mistakes).collect()));
        }
        let limits = limits?;
        let policy = self.policy.unwrap_or_else(|| Arc::new(|builder| builder));
        let factory = Factory::new(SetCore::new(self.name, limits.exported_keys), policy)?;
        Ok(KeyedBreakers::new(factory, &limits))
    }
}

const EMPTY_NAME: &str = "name: the name of a set of breakers is empty; write what logs and metrics are to call it";

/// The checked settings of a set.
pub(super) struct Limits {
    pub(super) max: usize,
    pub(super) idle: Nanos,
    pub(super) exported_keys: usize,
}

impl Limits {
    pub(super) fn check(
        max: Option<u64>,
        idle: Option<Seconds>,
        exported_keys: Option<u64>,
    ) -> Result<Self, PolicyError> {
        let checked = (
            settings::count(Setting::Max, max),
            settings::idle(idle),
            settings::count(Setting::ExportedKeys, exported_keys),
        );
        match checked {
            (Ok(max), Ok(idle), Ok(exported_keys)) => Ok(Self { max, idle, exported_keys }),
            (max, idle, exported_keys) => {
                let errors = [max.err(), idle.err(), exported_keys.err()];
                Err(PolicyError::new(errors.iter().flatten().map(Mistake::from).collect()))
            }
        }
    }
}

impl<K> fmt::Debug for KeyedBuilder<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyedBuilder")
            .field("name", &self.name)
            .field("max", &self.max)
            .field("idle", &self.idle)
            .field("exported_keys", &self.exported_keys)
            .finish_non_exhaustive()
    }
}
