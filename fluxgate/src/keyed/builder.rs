use std::{
    fmt::{self, Display},
    hash::Hash,
    marker::PhantomData,
};

use fluxgate_policy::Setting;

use super::{KeyedBreakers, OVERFLOW, family::Family, family::Member};
use crate::{breaker::CircuitBreaker, builder::Builder, error::PolicyError, name::Name, seconds::Seconds, settings};

pub(super) type Policy = Box<dyn Fn(Builder) -> Builder + Send + Sync>;

/// A set of breakers in the making, from [`KeyedBreakers::builder`].
///
/// What is not said is: at most 10,000 breakers, each idle after 10 minutes without a call, 100 keys in metrics, and the
/// default policy of [`Builder`].
#[must_use = "a builder does nothing until it is built"]
pub struct KeyedBuilder<K> {
    name: Name,
    max: Option<u64>,
    idle: Option<Seconds>,
    exported_keys: Option<u64>,
    policy: Option<Policy>,
    key: PhantomData<fn() -> K>,
}

impl<K> KeyedBuilder<K> {
    pub(super) fn new(name: Name) -> Self {
        Self { name, max: None, idle: None, exported_keys: None, policy: None, key: PhantomData }
    }

    /// How many breakers there may be at a time: at least 1.
    pub fn max(self, breakers: u64) -> Self {
        Self { max: Some(breakers), ..self }
    }

    /// After how long without a call a breaker is idle, by the clock of the policy: seconds above 0.
    pub fn idle(self, idle: impl Into<Seconds>) -> Self {
        Self { idle: Some(idle.into()), ..self }
    }

    /// How many keys have series of their own in metrics: at least 1.
    pub fn exported_keys(self, keys: u64) -> Self {
        Self { exported_keys: Some(keys), ..self }
    }

    /// The policy of every breaker. `policy` is called for each, and once by [`build`](Self::build); it should say the
    /// same every time, and not ask the set for a breaker.
    pub fn policy(self, policy: impl Fn(Builder) -> Builder + Send + Sync + 'static) -> Self {
        Self { policy: Some(Box::new(policy)), ..self }
    }

    /// Checks everything and makes the set, with no breaker in it.
    ///
    /// # Errors
    ///
    /// Every mistake of the policy, as [`Builder::build`] finds them, and a value above that is out of its range.
    pub fn build(self) -> Result<KeyedBreakers<K>, PolicyError>
    where
        K: Hash + Eq + Display + Send + Sync + 'static,
    {
        let checked = (
            settings::count(Setting::Max, self.max),
            settings::idle(self.idle),
            settings::count(Setting::ExportedKeys, self.exported_keys),
        );
        let policy: Policy = self.policy.unwrap_or_else(|| Box::new(|builder| builder));
        let (max, idle, exported_keys) = match checked {
            (Ok(max), Ok(idle), Ok(exported_keys)) => (max, idle, exported_keys),
            (max, idle, exported_keys) => {
                let errors = [max.err(), idle.err(), exported_keys.err()];
                return Err(PolicyError::new(errors.into_iter().flatten().map(|error| error.to_string()).collect()));
            }
        };
        let family = Family::new(self.name, exported_keys);
        let member = Member::in_reserve(&family, &OVERFLOW);
        let overflow = breaker(&policy, member.into())?;
        Ok(KeyedBreakers::new(family, policy, overflow, max, idle))
    }
}

pub(super) fn breaker(policy: &Policy, name: Name) -> Result<CircuitBreaker, PolicyError> {
    policy(CircuitBreaker::builder(name)).build()
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
