#![doc = include_str!("../keyed.md")]

mod builder;
#[cfg(feature = "macros")]
mod declared;
mod evictability;
mod eviction;
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
mod export;
mod factory;
#[cfg(all(test, loom))]
mod interleavings;
mod map;
mod overrides;
mod set;
#[cfg_attr(
    not(any(feature = "prometheus", feature = "opentelemetry")),
    allow(dead_code, reason = "what is counted is read by metrics alone")
)]
mod set_core;
mod slot;
mod slots;
mod stripes;
mod thread_end;

pub use builder::KeyedBuilder;
#[cfg(feature = "macros")]
pub use declared::DeclaredKeyedBreakers;
#[cfg(feature = "macros")]
pub(crate) use declared::make_declared;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub use declared::{DeclaredSet, KeyedDeclaration, OfFunction};
pub use set::{Set, sets};

use std::{
    borrow::Borrow,
    fmt::{self, Display},
    hash::Hash,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
};

use builder::Limits;
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
pub(crate) use export::groups;
use factory::Factory;
use map::BreakerMap;
#[cfg(feature = "config")]
pub(crate) use overrides::Aftermath;
#[cfg(feature = "config")]
pub(crate) use set_core::SetCore;

use crate::{
    breaker::CircuitBreaker,
    name::Name,
    policy::{Policy, error::PolicyError},
    time::nanos::Nanos,
};

/// One policy and a breaker for each key: each host, tenant, shard or region.
///
/// Clones share the set. What is evicted and when, names and metrics, says the [module](crate::keyed).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{KeyedBreakers, trippers::FailureStreak};
///
/// let per_host: KeyedBreakers<String> = KeyedBreakers::builder("per_host")
///     .max(10_000)
///     .idle(Duration::from_secs(600))
///     .policy(|breaker| breaker.tripper(FailureStreak(5)))
///     .build()?;
///
/// let answer = per_host.get("api.example.com").call(|| "42".parse::<u32>());
/// assert_eq!(answer, Ok(42));
/// assert_eq!(per_host.get("api.example.com").name(), "per_host{api.example.com}");
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("pool", "per_host", "per_key", "CircuitBreakerRegistry", "partition"))]
pub struct KeyedBreakers<K>(Arc<BreakerMap<K>>);

/// As of a breaker: no panic leaves anything half-changed. Keys are compared where nothing is locked.
impl<K> UnwindSafe for KeyedBreakers<K> {}
impl<K> RefUnwindSafe for KeyedBreakers<K> {}

impl<K> KeyedBreakers<K> {
    /// Begins a set. Logs and metrics call it by this name, and its breakers by it and their keys.
    pub fn builder(name: impl Into<Name>) -> KeyedBuilder<K> {
        KeyedBuilder::new(name.into())
    }

    /// Returns the name that the set was given.
    pub fn name(&self) -> &str {
        self.0.factory.core.name().as_str()
    }

    /// Returns the policy of the breakers of the set, and of those that are made later.
    ///
    /// A single breaker may have been given another one since, by hand or by a file that names it.
    pub fn policy(&self) -> Policy {
        self.0.factory.core.policy()
    }

    /// Replaces the policy of all breakers of the set: those that there are, each as
    /// [`CircuitBreaker::set_policy`] says (state, `reopens` and calls in flight stay), those that are made later, and the
    /// one that new keys share where there is no room.
    ///
    /// When it returns, nobody finds a breaker of the set that goes by the policy before. Listeners, the clock and shadow
    /// mode stay. A policy that a single breaker was given by hand gives way to this one, and so does what a file said of
    /// the set or of some of its breakers, until a file is read again.
    ///
    /// It takes as long as to change each breaker by itself, some microseconds. Nobody who looks a breaker up waits
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// Every mistake of the policy, as [`Builder::build`](crate::Builder::build) tells them. Then nothing has changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{KeyedBreakers, State, trippers::FailureStreak};
    ///
    /// let per_host: KeyedBreakers<String> =
    ///     KeyedBreakers::builder("per_host").policy(|breaker| breaker.tripper(FailureStreak(20))).build()?;
    /// let known = per_host.get("a.example.com");
    /// per_host.set_policy(per_host.policy().tripper(FailureStreak(1)))?;
    ///
    /// for breaker in [known, per_host.get("b.example.com")] {
    ///     let _ = breaker.call(|| Err::<(), _>("down"));
    ///     assert_eq!(breaker.info().state, State::Open);
    /// }
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn set_policy(&self, policy: Policy) -> Result<(), PolicyError> {
        self.0.factory.core.set_policy(policy)
    }
}

impl<K: Hash + Eq + Display + Send + Sync + 'static> KeyedBreakers<K> {
    fn new(factory: Factory, limits: &Limits) -> Self {
        Self(BreakerMap::new(factory, limits))
    }

    /// Returns the breaker of a key, and makes it if there is none.
    ///
    /// Of threads that ask for a new key at the same time one makes the breaker, and the others wait for it, for a second
    /// at most; nobody else does. A key that is there is found without a lock and without an allocation. While the handle
    /// is kept, the breaker is not evicted.
    ///
    /// The breaker that new keys share, `per_host{*}`, is returned where there is no room, where the key's `Display` or the
    /// policy panics or the policy is invalid, and where the policy itself asks the set for a key that has no breaker yet.
    /// The log tells of the first three (feature `tracing`).
    ///
    /// # Examples
    ///
    /// See [`KeyedBreakers`].
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> CircuitBreaker
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.0.get(key)
    }

    /// Returns the breaker of a key, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::KeyedBreakers;
    ///
    /// let per_tenant: KeyedBreakers<u64> = KeyedBreakers::builder("per_tenant").build()?;
    /// assert!(per_tenant.get_if_present(&7).is_none());
    /// per_tenant.get(&7).force_open();
    /// assert!(per_tenant.get_if_present(&7).is_some());
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn get_if_present<Q>(&self, key: &Q) -> Option<CircuitBreaker>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        // Looking is no use of it.
        self.0.handle(key, Nanos(0))
    }

    /// Takes the breaker of a key from the set, in whatever state it is. `None` if the key has none.
    ///
    /// Handles of it that others have stay usable, and what they call is still counted in the metrics of the set. But it
    /// is listed no more, a change of the set's policy does not reach it, and whoever asks for the key gets a new breaker.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::KeyedBreakers;
    ///
    /// let per_host: KeyedBreakers<String> = KeyedBreakers::builder("per_host").build()?;
    /// per_host.get("dead.example.com").force_open();
    /// assert!(per_host.remove("dead.example.com").is_some());
    /// assert!(per_host.get("dead.example.com").call(|| Ok::<_, ()>(())).is_ok());
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("evict", "forget", "delete"))]
    pub fn remove<Q>(&self, key: &Q) -> Option<CircuitBreaker>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.remove(key)
    }

    /// Lists the breakers of all keys in the order in which they were made.
    ///
    /// None of them is evicted while its handle is kept. The one that new keys share where there is no room is not among
    /// them: it is the breaker of no key.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{KeyedBreakers, State};
    ///
    /// let per_tenant: KeyedBreakers<u64> = KeyedBreakers::builder("per_tenant").build()?;
    /// per_tenant.get(&7).force_open();
    /// per_tenant.get(&8);
    /// let states: Vec<State> = per_tenant.breakers().iter().map(|breaker| breaker.info().state).collect();
    /// assert_eq!(states, [State::ForcedOpen, State::Closed]);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("iter", "values", "list"))]
    pub fn breakers(&self) -> Vec<CircuitBreaker> {
        self.0.breakers()
    }

    /// Returns the number of keys that have a breaker.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Checks whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.len() == 0
    }
}

impl<K> Clone for KeyedBreakers<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> fmt::Debug for KeyedBreakers<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyedBreakers").field("name", &self.name()).finish_non_exhaustive()
    }
}
