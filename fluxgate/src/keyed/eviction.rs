//! The order in which the breakers of a set are evicted.
//!
//! The slots of a set wait in a queue. For a new key in a full set, some at the front are looked at: of those that may go,
//! the least recently used one does, and those that were asked for since the last look wait at the back. So a look-up
//! that hits writes to nothing but a time of its own, and the one that is evicted is roughly the least recently used.
//!
//! The queue's lock is held to take slots out of it and to put them back, never while they are looked at: their clocks
//! and what they drop are the user's own.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use super::{
    evictability::{Evictability, Seen},
    slot::Slot,
};
use crate::{breaker::Shared, time::nanos::Nanos};

/// The minimum number of breakers compared before one is evicted.
const COMPARED: usize = 32;

/// The time for which a set whose breakers are all pinned is not searched again. A search takes time for each of them.
const FULL_FOR: Nanos = Nanos(100_000_000);

/// The minimum number of steps into which a search for idle breakers is divided.
const LOOKS: u128 = 8;

/// The maximum number of breakers that one call examines in its search for idle ones.
const LOOKED_AT: u128 = 256;

pub(super) struct Eviction<K> {
    max: usize,
    idle: Nanos,
    queue: Mutex<Queue<K>>,
    /// The time of the next search for idle breakers.
    next_look: AtomicU64,
}

struct Queue<K> {
    /// By their place, the first to be looked at first.
    waiting: BTreeMap<u64, Waiting<K>>,
    next_place: u64,
    /// The number of places in use: by slots that wait, and by those that will.
    taken: usize,
    /// Until then the set is taken for full.
    full_until: Nanos,
    /// The time of the last search for idle breakers.
    last_look: Nanos,
}

struct Waiting<K> {
    slot: Arc<Slot<K>>,
    /// The time of its last look-up, as of the last search.
    seen: Nanos,
}

/// Takes a breaker from its slot, if that is still possible.
pub(super) trait Evict<K> {
    fn evict(&self, slot: &Arc<Slot<K>>, seen: Seen) -> Option<Box<Shared>>;
}

/// A slot without its breaker, both to be dropped where no lock is held.
pub(super) struct Evicted<K> {
    pub(super) slot: Arc<Slot<K>>,
    pub(super) breaker: Box<Shared>,
}

/// Room for one more. Dropped, it is free again, unless a slot [keeps](Self::keep) it.
pub(super) struct Room<'e, K> {
    eviction: &'e Eviction<K>,
    slot: Option<Arc<Slot<K>>>,
    is_kept: bool,
}

impl<K> Eviction<K> {
    pub(super) fn new(max: usize, idle: Nanos) -> Self {
        let queue =
            Queue { waiting: BTreeMap::new(), next_place: 0, taken: 0, full_until: Nanos(0), last_look: Nanos(0) };
        Self { max, idle, queue: Mutex::new(queue), next_look: AtomicU64::new(0) }
    }

    /// Makes room for a new key, and tells who had to go for it. `None` if all are needed.
    pub(super) fn room(&self, now: Nanos, by: &impl Evict<K>) -> Option<(Room<'_, K>, Option<Evicted<K>>)> {
        let mut queue = self.queue.lock();
        if queue.taken < self.max {
            queue.taken += 1;
            return Some((self.free(), None));
        }
        if now < queue.full_until {
            return None;
        }
        drop(queue);
        let evicted = self.least_recently_used(now, by);
        if evicted.is_none() {
            let mut queue = self.queue.lock();
            // A short search is no trouble, and a look at a breaker may have made it seem needed.
            if queue.waiting.len() > COMPARED {
                queue.full_until = now.plus(FULL_FOR);
            }
        }
        evicted.map(|evicted| (self.free(), Some(evicted)))
    }

    fn free(&self) -> Room<'_, K> {
        Room { eviction: self, slot: None, is_kept: false }
    }

    #[inline]
    pub(super) fn is_look_due(&self, now: Nanos) -> bool {
        now.0 >= self.next_look.load(Ordering::Relaxed)
    }

    /// Evicts some of those that are idle: within the time after which one is, all are looked at once. Nobody waits for
    /// anybody here.
    pub(super) fn look(&self, now: Nanos, by: &impl Evict<K>) -> Vec<Evicted<K>> {
        let Some(mut queue) = self.queue.try_lock() else { return Vec::new() };
        if !self.is_look_due(now) {
            return Vec::new();
        }
        let all = queue.waiting.len() as u128;
        let idle = u128::from(self.idle.0);
        let passed = now.since(queue.last_look).0;
        let looked_at = (all * u128::from(passed)).div_ceil(idle).min(LOOKED_AT).min(all);
        let pause = (idle / LOOKS).min(idle * LOOKED_AT / all.max(1));
        queue.last_look = now;
        self.next_look.store(now.plus(Nanos(u64::try_from(pause).unwrap_or(u64::MAX))).0, Ordering::Relaxed);
        let front = queue.from(0, usize::try_from(looked_at).unwrap_or(usize::MAX));
        drop(queue);

        let mut evicted = Vec::new();
        let mut kept = Vec::new();
        for (_, Waiting { slot, seen: before }) in front {
            match slot.evictability() {
                Evictability::Evictable(seen) if now.since(seen.since) >= self.idle => match try_evict(&slot, seen, by)
                {
                    Some(breaker) => evicted.push(Evicted { slot, breaker }),
                    None => kept.push((slot, seen.since)),
                },
                Evictability::Evictable(seen) => kept.push((slot, seen.since)),
                Evictability::Pinned => kept.push((slot, before)),
            }
        }
        let mut queue = self.queue.lock();
        for (slot, seen) in &kept {
            queue.move_back(slot, *seen);
        }
        queue.taken -= evicted.iter().filter(|evicted| queue.take_out(&evicted.slot)).count();
        drop(queue);
        evicted
    }

    /// Evicts one, whose place is then the caller's. `None` if all are needed.
    fn least_recently_used(&self, now: Nanos, by: &impl Evict<K>) -> Option<Evicted<K>> {
        let mut left = self.queue.lock().waiting.len();
        let mut from = 0;
        while left > 0 {
            let some = self.queue.lock().from(from, COMPARED.min(left));
            from = some.last()?.0 + 1;
            left -= some.len();
            let mut may_go = Vec::new();
            let mut kept = Vec::new();
            for (_, Waiting { slot, seen: before }) in some {
                match slot.evictability() {
                    Evictability::Evictable(seen) => {
                        if seen.since > before {
                            kept.push((Arc::clone(&slot), seen.since));
                        }
                        if !seen.if_idle || now.since(seen.since) >= self.idle {
                            may_go.push((slot, seen));
                        }
                    }
                    Evictability::Pinned => kept.push((slot, before)),
                }
            }
            let mut queue = self.queue.lock();
            for (slot, seen) in &kept {
                queue.move_back(slot, *seen);
            }
            drop(queue);
            may_go.sort_by_key(|(_, seen)| seen.since);
            for (slot, seen) in may_go {
                if let Some(breaker) = try_evict(&slot, seen, by) {
                    self.queue.lock().take_out(&slot);
                    return Some(Evicted { slot, breaker });
                }
            }
        }
        None
    }

    /// Frees the place of a slot that is gone, if it has one.
    pub(super) fn leave(&self, slot: &Slot<K>) {
        let mut queue = self.queue.lock();
        queue.taken -= usize::from(queue.take_out(slot));
    }

    /// Lists the slots, the first to be looked at first. A slot that moves meanwhile may be listed twice.
    pub(super) fn slots(&self) -> Vec<Arc<Slot<K>>> {
        let mut slots: Vec<Arc<Slot<K>>> = Vec::new();
        let (mut from, end) = (0, self.queue.lock().next_place);
        loop {
            let some = self.queue.lock().from(from, COMPARED);
            let Some((last, _)) = some.last() else { return slots };
            from = last + 1;
            slots.extend(some.into_iter().take_while(|(place, _)| *place < end).map(|(_, waiting)| waiting.slot));
            if from >= end {
                return slots;
            }
        }
    }
}

fn try_evict<K>(slot: &Arc<Slot<K>>, seen: Seen, by: &impl Evict<K>) -> Option<Box<Shared>> {
    if slot.is_due(seen) { by.evict(slot, seen) } else { None }
}

impl<K> Queue<K> {
    /// Returns so many, and their places, from that place on.
    fn from(&self, place: u64, count: usize) -> Vec<(u64, Waiting<K>)> {
        let some = self.waiting.range(place..).take(count);
        some.map(|(place, Waiting { slot, seen })| (*place, Waiting { slot: Arc::clone(slot), seen: *seen })).collect()
    }

    fn move_back(&mut self, slot: &Arc<Slot<K>>, seen: Nanos) {
        if self.take_out(slot) {
            self.put(Arc::clone(slot), seen);
        }
    }

    fn put(&mut self, slot: Arc<Slot<K>>, seen: Nanos) {
        let place = self.next_place;
        self.next_place += 1;
        slot.place.store(place, Ordering::Relaxed);
        self.waiting.insert(place, Waiting { slot, seen });
    }

    /// Checks that it was there. The caller has another reference of it, so that nothing is dropped here.
    fn take_out(&mut self, slot: &Slot<K>) -> bool {
        let place = slot.place.swap(Slot::<K>::NOWHERE, Ordering::Relaxed);
        self.waiting.remove(&place).is_some()
    }
}

impl<K> Room<'_, K> {
    /// Lets a slot wait in it.
    pub(super) fn fill(&mut self, slot: &Arc<Slot<K>>, now: Nanos) {
        self.slot = Some(Arc::clone(slot));
        self.eviction.queue.lock().put(Arc::clone(slot), now);
    }

    /// Leaves it to the slot.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl<K> Drop for Room<'_, K> {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        match &self.slot {
            Some(slot) => self.eviction.leave(slot),
            None => self.eviction.queue.lock().taken -= 1,
        }
    }
}
