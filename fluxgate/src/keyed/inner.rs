//! What the clones of a set share: how a breaker is found, made and let go.

use std::{
    borrow::Borrow,
    fmt::Display,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use papaya::HashMap;

use super::{
    builder::Limits,
    common::Common,
    entry::{Found, Slot},
    eviction::{Evicted, Eviction},
    governing::Aftermath,
    keys::{ByKey, Entry, Exactly},
};
use crate::{breaker::CircuitBreaker, time::nanos::Nanos};

pub(super) struct Inner<K> {
    pub(super) common: Common,
    entries: HashMap<Entry<K>, ()>,
    eviction: Eviction<K>,
    overflowed: AtomicBool,
}

impl<K> Inner<K> {
    pub(super) fn new(common: Common, limits: &Limits) -> Self {
        let eviction = Eviction::new(limits.max, limits.idle);
        Self { common, entries: HashMap::new(), eviction, overflowed: AtomicBool::new(false) }
    }
}

impl<K: Hash + Eq + Display + Send + Sync + 'static> Inner<K> {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn get<Q>(&self, key: &Q) -> CircuitBreaker
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let now = self.now();
        let found = self.handle(key, now);
        if self.eviction.is_look_due(now) {
            self.evict_idle(now);
        }
        match found {
            Some(breaker) => breaker,
            None => self.find_or_make(key, now),
        }
    }

    #[inline]
    fn now(&self) -> Nanos {
        self.common.overflow.shared.clock.roughly_now()
    }

    #[inline]
    pub(super) fn handle<Q>(&self, key: &Q, now: Nanos) -> Option<CircuitBreaker>
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
