//! The map that the clones of a set share: it finds, makes and releases breakers.

use std::{
    borrow::Borrow,
    fmt::Display,
    hash::Hash,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{
    builder::Limits,
    evictability::Seen,
    eviction::{Evict, Evicted, Eviction},
    factory::Factory,
    overrides::Aftermath,
    set::ErasedMap,
    set_core::Member,
    slot::{EvictOutcome, Found, Slot, Vacancy},
    slots::Slots,
};
use crate::{
    breaker::{CircuitBreaker, Shared},
    registry::making,
    time::nanos::Nanos,
    user_code,
};

pub(super) struct BreakerMap<K> {
    pub(super) factory: Factory,
    slots: Slots<K>,
    eviction: Eviction<K>,
    overflowed: AtomicBool,
}

impl<K: Hash + Eq + Display + Send + Sync + 'static> BreakerMap<K> {
    pub(super) fn new(factory: Factory, limits: &Limits) -> Arc<Self> {
        let eviction = Eviction::new(limits.max, limits.idle);
        let this = Arc::new(Self { factory, slots: Slots::new(), eviction, overflowed: AtomicBool::new(false) });
        this.factory.core.hold(Arc::new(Arc::downgrade(&this)));
        this
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub(super) fn get<Q>(self: &Arc<Self>, key: &Q) -> CircuitBreaker
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
            None => self.get_new(key, now),
        }
    }

    #[inline]
    fn now(&self) -> Nanos {
        self.factory.overflow.shared.clock.coarse_now()
    }

    #[inline]
    pub(super) fn handle<Q>(&self, key: &Q, now: Nanos) -> Option<CircuitBreaker>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if self.slots.thread_is_ending() {
            return self.slots.get_without_thread_local(key)?.breaker();
        }
        self.slots.find(key, |slot| slot.handle(now))
    }

    #[cold]
    fn get_new<Q>(self: &Arc<Self>, key: &Q, now: Nanos) -> CircuitBreaker
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if self.slots.thread_is_ending() {
            return self.get_elsewhere(key.to_owned()).unwrap_or_else(|| self.shared_by_new_keys());
        }
        self.find_or_make(key, now, || Some(Arc::new(Slot::new(key.to_owned()))))
    }

    /// Finds or makes a breaker on a thread that is not about to end. `None` where that can't be.
    #[cold]
    fn get_elsewhere(self: &Arc<Self>, key: K) -> Option<CircuitBreaker> {
        // There a thread that ends holds a lock which a new one needs.
        if cfg!(windows) {
            return None;
        }
        let (set, slot) = (Arc::clone(self), Arc::new(Slot::new(key)));
        let get = move || {
            let mut fresh = Some(Arc::clone(&slot));
            set.find_or_make(slot.key(), set.now(), || fresh.take())
        };
        thread::Builder::new().spawn(get).ok()?.join().ok()
    }

    /// `fresh` makes a slot for the key.
    fn find_or_make<Q>(
        self: &Arc<Self>,
        key: &Q,
        now: Nanos,
        mut fresh: impl FnMut() -> Option<Arc<Slot<K>>>,
    ) -> CircuitBreaker
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if making::is_within(self.factory.address()) {
            // The policy itself asks, or what it is made of.
            let found = self.slots.get(key).and_then(|slot| slot.breaker());
            return found.unwrap_or_else(|| self.shared_by_new_keys());
        }
        loop {
            let found = self.slots.get(key).or_else(|| self.enter(now, &mut fresh));
            let Some(slot) = found else { return self.overflow() };
            match slot.find(now, self.factory.address()) {
                Found::Breaker(breaker) => return breaker,
                Found::Vacant(making) => {
                    return self.make(&slot, now, making).unwrap_or_else(|| {
                        // Without a breaker it keeps no place, and the next who asks tries again.
                        self.forget(&slot);
                        self.shared_by_new_keys()
                    });
                }
                Found::MadeElsewhere if slot.wait() => {}
                Found::MadeElsewhere | Found::MadeHere => return self.shared_by_new_keys(),
                // Whoever made it so has not come to this yet. Its place in the queue is theirs to pass on.
                Found::Gone => self.take_out(&slot),
            }
        }
    }

    /// Makes the breaker of a key. `None` if the user's code panics, or its policy is refused.
    fn make(&self, slot: &Slot<K>, now: Nanos, making: Vacancy<'_, K>) -> Option<CircuitBreaker> {
        let mut aftermath = Aftermath::default();
        let made = user_code::run("policy of a set", self.factory.core.name().as_str(), || {
            self.factory.make(slot.key(), now, &mut aftermath)
        });
        let made = match made? {
            Ok(breaker) => {
                making.done(&breaker);
                Some(breaker)
            }
            Err(error) => {
                drop(making);
                user_code::log(|| {
                    #[cfg(feature = "tracing")]
                    tracing::error!(
                        target: "fluxgate",
                        set = self.factory.core.label().as_str(),
                        %error,
                        "the policy of a set of circuit breakers is no longer valid; its new keys share one breaker"
                    );
                });
                let _ = error; // told in the log alone
                None
            }
        };
        aftermath.conclude();
        made
    }

    /// Enters a slot for a new key, or finds that of whoever was faster. `None` if there is no room.
    fn enter(self: &Arc<Self>, now: Nanos, fresh: &mut impl FnMut() -> Option<Arc<Slot<K>>>) -> Option<Arc<Slot<K>>> {
        let (mut room, evicted) = self.eviction.room(now, &Evictor(self))?;
        if let Some(evicted) = evicted {
            self.bury(evicted);
        }
        let slot = fresh()?;
        // First, so that the slot has a place to give up as soon as anybody can find it.
        room.fill(&slot, now);
        match self.slots.insert(&slot) {
            Ok(()) => {
                room.keep();
                Some(slot)
            }
            Err(faster) => Some(faster),
        }
    }

    #[cold]
    fn evict_idle(self: &Arc<Self>, now: Nanos) {
        if !self.slots.thread_is_ending() {
            self.eviction.look(now, &Evictor(self)).into_iter().for_each(|evicted| self.bury(evicted));
        }
    }

    fn bury(self: &Arc<Self>, evicted: Evicted<K>) {
        let Evicted { slot, breaker } = evicted;
        self.take_out(&slot);
        drop(breaker);
    }

    /// Forgets a slot that the caller has made gone.
    fn forget(self: &Arc<Self>, slot: &Arc<Slot<K>>) {
        self.eviction.leave(slot);
        self.take_out(slot);
    }

    fn take_out(self: &Arc<Self>, slot: &Arc<Slot<K>>) {
        if !self.slots.thread_is_ending() {
            return self.slots.remove(slot);
        }
        // Where that can't be, it is found to be gone when somebody asks for its key.
        let (set, slot) = (Arc::clone(self), Arc::clone(slot));
        let _ = thread::Builder::new().spawn(move || set.slots.remove(&slot));
    }

    pub(super) fn remove<Q>(self: &Arc<Self>, key: &Q) -> Option<CircuitBreaker>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.remove_slot(&self.slots.get(key)?)
    }

    fn remove_slot(self: &Arc<Self>, slot: &Arc<Slot<K>>) -> Option<CircuitBreaker> {
        let breaker = slot.remove()?;
        self.forget(slot);
        Some(breaker)
    }

    pub(super) fn breakers(&self) -> Vec<CircuitBreaker> {
        let slots = self.eviction.slots();
        let mut breakers: Vec<CircuitBreaker> = slots.iter().filter_map(|slot| slot.breaker()).collect();
        breakers.sort_by_key(|breaker| breaker.shared.place.id);
        breakers.dedup_by_key(|breaker| breaker.shared.place.id);
        breakers
    }

    #[cold]
    fn overflow(&self) -> CircuitBreaker {
        if !self.overflowed.swap(true, Ordering::Relaxed) {
            user_code::log(|| {
                #[cfg(feature = "tracing")]
                tracing::warn!(
                    target: "fluxgate",
                    set = self.factory.core.label().as_str(),
                    breaker = self.factory.overflow.name(),
                    "a set of circuit breakers is full, and none of them may be evicted: new keys share one breaker"
                );
            });
        }
        self.shared_by_new_keys()
    }

    fn shared_by_new_keys(&self) -> CircuitBreaker {
        if let Some(member) = Member::of(&self.factory.overflow.shared) {
            member.show();
        }
        self.factory.overflow.clone()
    }
}

impl<K: Hash + Eq + Display + Send + Sync + 'static> ErasedMap for Weak<BreakerMap<K>> {
    fn is_there(&self) -> bool {
        self.strong_count() > 0
    }

    fn len(&self) -> usize {
        self.upgrade().map_or(0, |set| set.len())
    }

    fn breakers(&self) -> Vec<CircuitBreaker> {
        self.upgrade().map_or_else(Vec::new, |set| set.breakers())
    }

    fn remove_by_text(&self, key: &str) -> Option<CircuitBreaker> {
        let set = self.upgrade()?;
        let slots = set.eviction.slots();
        let is_it = |slot: &&Arc<Slot<K>>| {
            slot.breaker().is_some_and(|breaker| Member::of(&breaker.shared).is_some_and(|member| member.key() == key))
        };
        set.remove_slot(slots.iter().find(is_it)?)
    }
}

struct Evictor<'i, K>(&'i Arc<BreakerMap<K>>);

impl<K: Hash + Eq + Display + Send + Sync + 'static> Evict<K> for Evictor<'_, K> {
    fn evict(&self, slot: &Arc<Slot<K>>, seen: Seen) -> Option<Box<Shared>> {
        let factory = &self.0.factory;
        let had = factory.core.overrides.now();
        match slot.evict(seen, factory.address()) {
            EvictOutcome::Evicted(breaker) => Some(breaker),
            EvictOutcome::Pinned => None,
            EvictOutcome::Changed(breaker, making) => {
                let mut aftermath = Aftermath::default();
                // A change of the set's policy meanwhile may not have found it.
                factory.core.settle(had, &breaker, &mut aftermath);
                making.done(&breaker);
                aftermath.conclude();
                None
            }
        }
    }
}
