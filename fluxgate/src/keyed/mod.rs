#![doc = include_str!("../keyed.md")]

mod builder;
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

pub use builder::KeyedBuilder;
#[cfg(feature = "macros")]
pub use declared::DeclaredKeyedBreakers;
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

use builder::Policy;
use entry::{ByKey, Entry, Exactly, Found, Slot};
use eviction::{Evicted, Eviction};
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
pub(crate) use export::groups;
use family::Family;
pub(crate) use family::Member;
use papaya::HashMap;

use crate::{breaker::CircuitBreaker, name::Name, nanos::Nanos};

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
    family: Arc<Family>,
    policy: Policy,
    entries: HashMap<Entry<K>, ()>,
    eviction: Eviction<K>,
    /// For new keys where there is no room. Its clock is the set's.
    overflow: CircuitBreaker,
    overflowed: AtomicBool,
}

impl<K> KeyedBreakers<K> {
    /// Begins a set. The name is how logs and metrics call it, and its breakers by it and their key.
    pub fn builder(name: impl Into<Name>) -> KeyedBuilder<K> {
        KeyedBuilder::new(name.into())
    }

    fn new(family: Arc<Family>, policy: Policy, overflow: CircuitBreaker, max: usize, idle: Nanos) -> Self {
        let eviction = Eviction::new(max, idle);
        let overflowed = AtomicBool::new(false);
        Self(Arc::new(Inner { family, policy, entries: HashMap::new(), eviction, overflow, overflowed }))
    }

    /// The name that the set was given.
    pub fn name(&self) -> &str {
        self.0.family.name()
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
        self.overflow.shared.clock.roughly_now()
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
            let make = |key: &K| {
                let member = Member::new(&self.family, key, now);
                Ok((builder::breaker(&self.policy, Arc::clone(&member).into())?, member))
            };
            match slot.find_or_make(now, make) {
                Ok(Found::Breaker(breaker)) => return breaker,
                // Whoever evicts it has not come to this yet.
                Ok(Found::Evicted) => self.remove(&slot),
                Err(error) => {
                    #[cfg(feature = "tracing")]
                    tracing::error!(
                        target: "fluxgate",
                        set = self.family.label().as_str(),
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
                set = self.family.label().as_str(),
                breaker = self.overflow.name(),
                "a set of circuit breakers is full, and none of them is closed without calls in flight: new keys share \
                 one breaker"
            );
        }
        self.shared_by_new_keys()
    }

    fn shared_by_new_keys(&self) -> CircuitBreaker {
        if let Some(member) = self.overflow.shared.name.member() {
            member.show();
        }
        self.overflow.clone()
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
