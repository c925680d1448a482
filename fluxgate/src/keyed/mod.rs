#![doc = include_str!("../keyed.md")]

mod builder;
mod common;
#[cfg(feature = "macros")]
mod declared;
mod entry;
mod eviction;
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
mod export;
#[cfg_attr(
    not(any(feature = "prometheus", feature = "opentelemetry")),
    allow(dead_code, reason = "what is counted is read by metrics alone")
)]
mod family;
mod governed;
mod governing;
mod keys;
mod stripes;

pub use builder::KeyedBuilder;
#[cfg(feature = "macros")]
pub use declared::DeclaredKeyedBreakers;
#[cfg(all(feature = "macros", feature = "serde"))]
pub(crate) use declared::make_declared;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub use declared::{KeyedDeclaration, OfFunction};

use std::{
    borrow::Borrow,
    fmt::{self, Display},
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use builder::Limits;
use common::Common;
use entry::{Found, Slot};
use eviction::{Evicted, Eviction};
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
pub(crate) use export::groups;
#[cfg(feature = "serde")]
pub(crate) use family::Family;
pub(crate) use family::Member;
pub(crate) use governing::{Aftermath, Governing, Said};
use keys::{ByKey, Entry, Exactly};
use papaya::HashMap;
pub(crate) use stripes::Stripe;

use crate::{breaker::CircuitBreaker, error::PolicyError, name::Name, nanos::Nanos, policy::Policy};

/// What stands for a key in the name of the breaker that new keys share where there is no room.
const OVERFLOW: &str = "*";

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
pub struct KeyedBreakers<K>(Arc<Inner<K>>);

struct Inner<K> {
    common: Common,
    entries: HashMap<Entry<K>, ()>,
    eviction: Eviction<K>,
    overflowed: AtomicBool,
}

impl<K> KeyedBreakers<K> {
    /// Begins a set. The name is how logs and metrics call it, and its breakers by it and their key.
    pub fn builder(name: impl Into<Name>) -> KeyedBuilder<K> {
        KeyedBuilder::new(name.into())
    }

    fn new(common: Common, limits: &Limits) -> Self {
        let eviction = Eviction::new(limits.max, limits.idle);
        Self(Arc::new(Inner { common, entries: HashMap::new(), eviction, overflowed: AtomicBool::new(false) }))
    }

    /// The name that the set was given.
    pub fn name(&self) -> &str {
        self.0.common.family.name()
    }

    /// The policy that the breakers of the set go by now, and those of new keys will.
    ///
    /// A single breaker may have been given another one since, by hand or by a file that names it.
    pub fn policy(&self) -> Policy {
        self.0.common.family.policy()
    }

    /// Lets all breakers of the set go by another policy from now on: those that there are, each as
    /// [`CircuitBreaker::set_policy`] says (state, `reopens` and calls in flight stay), those that are made later, and the
    /// one that new keys share where there is no room.
    ///
    /// When it returns, no breaker of the set goes by the policy before. The listeners, the clock and the shadow mode that
    /// the set was built with stay, and so does its shadow mode. A policy that a single breaker was given by hand gives way
    /// to this one, and what a file said of the set or of some of its breakers does until a file is read again.
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
        policy.check()?;
        let family = &self.0.common.family;
        family.govern(|now| Governing::of_all(Said { policy: Some(policy), shadow: now.all.shadow })).conclude();
        Ok(())
    }
}

impl<K: Hash + Eq + Display + Send + Sync + 'static> KeyedBreakers<K> {
    /// The breaker of a key, made if there is none.
    ///
    /// Of threads that ask for a new key at the same time one makes the breaker, and the others wait for it; nobody else
    /// does. A key that is there is found without a lock and without an allocation. While the handle is kept, the breaker
    /// is not evicted.
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
        let set = &*self.0;
        let now = set.now();
        let found = set.handle(key, now);
        if set.eviction.is_look_due(now) {
            set.evict_idle(now);
        }
        match found {
            Some(breaker) => breaker,
            None => set.find_or_make(key, now),
        }
    }

    /// The breaker of a key, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::KeyedBreakers;
    ///
    /// let per_tenant: KeyedBreakers<u64> = KeyedBreakers::builder("per_tenant").build()?;
    /// assert!(per_tenant.known(&7).is_none());
    /// per_tenant.get(&7).force_open();
    /// assert!(per_tenant.known(&7).is_some());
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn known<Q>(&self, key: &Q) -> Option<CircuitBreaker>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        // Looking is no use of it.
        self.0.handle(key, Nanos(0))
    }

    /// How many breakers there are.
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }
}

impl<K: Hash + Eq + Display + Send + Sync + 'static> Inner<K> {
    #[inline]
    fn now(&self) -> Nanos {
        self.common.overflow.shared.clock.roughly_now()
    }

    #[inline]
    fn handle<Q>(&self, key: &Q, now: Nanos) -> Option<CircuitBreaker>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let entries = self.entries.pin();
        let (entry, ()) = entries.get_key_value(&ByKey(key))?;
        entry.0.handle(now)
    }

    #[cold]
    fn find_or_make<Q>(&self, key: &Q, now: Nanos) -> CircuitBreaker
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        loop {
            let Some(slot) = self.slot(key).or_else(|| self.enter(key, now)) else { return self.overflow() };
            let mut aftermath = Aftermath::default();
            let found = slot.find_or_make(now, |key| self.common.make(key, now, &mut aftermath));
            aftermath.conclude();
            match found {
                Ok(Found::Breaker(breaker)) => return breaker,
                // Whoever evicts it has not come to this yet.
                Ok(Found::Evicted) => self.remove(&slot),
                Err(error) => {
                    #[cfg(feature = "tracing")]
                    tracing::error!(
                        target: "fluxgate",
                        set = self.common.family.label().as_str(),
                        %error,
                        "the policy of a set of circuit breakers is no longer valid; its new keys share one breaker"
                    );
                    let _ = error; // told in the log alone
                    return self.shared_by_new_keys();
                }
            }
        }
    }

    fn slot<Q>(&self, key: &Q) -> Option<Arc<Slot<K>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let entries = self.entries.pin();
        entries.get_key_value(&ByKey(key)).map(|(entry, ())| Arc::clone(&entry.0))
    }

    /// A slot for a new key, whoever enters it. `None` if there is no room.
    fn enter<Q>(&self, key: &Q, now: Nanos) -> Option<Arc<Slot<K>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let (room, evicted) = self.eviction.room(now)?;
        if let Some(evicted) = evicted {
            self.bury(evicted);
        }
        let slot = Arc::new(Slot::new(key.to_owned()));
        let entered = self.entries.pin().try_insert(Entry(Arc::clone(&slot)), ()).is_ok();
        if entered {
            room.fill(Arc::clone(&slot), now);
            return Some(slot);
        }
        // Somebody else was faster.
        drop(room);
        self.slot(key).or_else(|| self.enter(key, now))
    }

    #[cold]
    fn evict_idle(&self, now: Nanos) {
        self.eviction.look(now).into_iter().for_each(|evicted| self.bury(evicted));
    }

    fn bury(&self, evicted: Evicted<K>) {
        let Evicted { slot, breaker } = evicted;
        self.remove(&slot);
        drop(breaker);
    }

    fn remove(&self, slot: &Arc<Slot<K>>) {
        self.entries.pin().remove(&Exactly(slot));
    }

    #[cold]
    fn overflow(&self) -> CircuitBreaker {
        if !self.overflowed.swap(true, Ordering::Relaxed) {
            #[cfg(feature = "tracing")]
            tracing::warn!(
                target: "fluxgate",
                set = self.common.family.label().as_str(),
                breaker = self.common.overflow.name(),
                "a set of circuit breakers is full, and none of them is closed without calls in flight: new keys share \
                 one breaker"
            );
        }
        self.shared_by_new_keys()
    }

    fn shared_by_new_keys(&self) -> CircuitBreaker {
        if let Some(member) = self.common.overflow.shared.name.member() {
            member.show();
        }
        self.common.overflow.clone()
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
