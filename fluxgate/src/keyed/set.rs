//! The sets of a process, whatever their keys are.

use std::{fmt, sync::Arc};

use super::set_core::SetCore;
use crate::{
    breaker::CircuitBreaker,
    policy::{Policy, error::PolicyError},
};

/// A set of breakers whose type of keys is not known: for an admin page, say. From [`sets`].
///
/// # Examples
///
/// ```
/// use fluxgate::KeyedBreakers;
///
/// let per_host: KeyedBreakers<String> = KeyedBreakers::builder("per_host").build()?;
/// per_host.get("api.example.com").force_open();
///
/// let set = fluxgate::sets().into_iter().find(|set| set.name() == "per_host").unwrap();
/// assert_eq!(set.breakers()[0].name(), "per_host{api.example.com}");
/// assert!(set.remove("api.example.com").is_some() && per_host.is_empty());
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct Set(Arc<SetCore>);

/// The part of a set that knows the type of its keys.
pub(super) trait ErasedMap: Send + Sync {
    fn is_there(&self) -> bool;
    fn len(&self) -> usize;
    fn breakers(&self) -> Vec<CircuitBreaker>;
    fn remove_by_text(&self, key: &str) -> Option<CircuitBreaker>;
}

/// Lists the sets of keyed breakers of the process that are still in use, declared ones included that no call has reached
/// yet.
///
/// Like [`registry`](crate::registry()), it may be called anywhere: a set that is being made is not listed yet.
///
/// # Examples
///
/// See [`Set`].
pub fn sets() -> Vec<Set> {
    #[cfg(feature = "macros")]
    super::make_declared();
    SetCore::all().into_iter().filter(|core| core.is_in_use()).map(Set).collect()
}

impl Set {
    /// Returns the name that the set was given. Others may have the same.
    pub fn name(&self) -> &str {
        self.0.name().as_str()
    }

    /// Returns what tells the set from others of its name: see [`CircuitBreaker::label`].
    pub fn label(&self) -> &str {
        self.0.label().as_str()
    }

    /// Returns the number of keys, as [`KeyedBreakers::len`](crate::KeyedBreakers::len) does.
    pub fn len(&self) -> usize {
        self.0.holders().iter().map(|holder| holder.len()).sum()
    }

    /// Checks whether the set has no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lists the breakers of all keys in the order in which they were made.
    ///
    /// None of them is evicted while its handle is kept.
    pub fn breakers(&self) -> Vec<CircuitBreaker> {
        let mut breakers: Vec<_> = self.0.holders().iter().flat_map(|holder| holder.breakers()).collect();
        breakers.sort_by_key(|breaker| breaker.shared.place.id);
        breakers
    }

    /// Takes the breaker of a key from the set, as [`KeyedBreakers::remove`](crate::KeyedBreakers::remove) does. The key
    /// is as it is displayed; it is searched for among all.
    pub fn remove(&self, key: &str) -> Option<CircuitBreaker> {
        self.0.holders().iter().find_map(|holder| holder.remove_by_text(key))
    }

    /// Returns the policy of the breakers of the set: see [`KeyedBreakers::policy`](crate::KeyedBreakers::policy).
    pub fn policy(&self) -> Policy {
        self.0.policy()
    }

    /// Replaces the policy of the set: see [`KeyedBreakers::set_policy`](crate::KeyedBreakers::set_policy).
    ///
    /// # Errors
    ///
    /// Every mistake of the policy. Then nothing has changed.
    pub fn set_policy(&self, policy: Policy) -> Result<(), PolicyError> {
        self.0.set_policy(policy)
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Set").field("name", &self.name()).finish_non_exhaustive()
    }
}
