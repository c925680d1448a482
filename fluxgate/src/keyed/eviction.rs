//! Which breakers of a set have to go.
//!
//! The slots of a set wait in a queue. For a new key in a full set, those at the front are looked at: one that was asked
//! for since the last look goes to the back, one that was not is evicted. So a look-up that hits writes to nothing but a
//! time of its own, and the one that is evicted is roughly the least recently used.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use super::entry::{Slot, Standing};
use crate::{breaker::Shared, time::nanos::Nanos};

/// How many breakers are compared, at least, before one goes that was in use since the last look.
const COMPARED: usize = 32;

/// For how long a set in which all breakers are needed is not looked through again: that takes time for each of them.
const FULL_FOR: Nanos = Nanos(100_000_000);

/// Into how many looks a search for idle breakers is divided, at least.
const LOOKS: u128 = 8;

/// How many breakers a call looks at, at most, when it searches for idle ones.
const LOOKED_AT: u128 = 256;

pub(super) struct Eviction<K> {
    max: usize,
    idle: Nanos,
    queue: Mutex<Queue<K>>,
    /// When idle ones are to be looked for again.
    next_look: AtomicU64,
}

struct Queue<K> {
    waiting: VecDeque<Waiting<K>>,
    /// How many have a place: those who wait and those who are about to.
    taken: usize,
    /// Until then the set is taken for full.
    full_until: Nanos,
    /// When idle ones were looked for.
    last_look: Nanos,
}

struct Waiting<K> {
    slot: Arc<Slot<K>>,
    /// When it was last asked for, as of the last look.
    seen: Nanos,
}

/// A slot without its breaker, which is to be dropped where no lock is held.
pub(super) struct Evicted<K> {
    pub(super) slot: Arc<Slot<K>>,
    pub(super) breaker: Shared,
}

/// Room for one more. Dropped without [`Self::fill`], it is free again.
pub(super) struct Room<'e, K> {
    eviction: &'e Eviction<K>,
    filled: bool,
}

impl<K> Eviction<K> {
    pub(super) fn new(max: usize, idle: Nanos) -> Self {
        let queue = Queue { waiting: VecDeque::new(), taken: 0, full_until: Nanos(0), last_look: Nanos(0) };
        Self { max, idle, queue: Mutex::new(queue), next_look: AtomicU64::new(0) }
    }

    /// Room for a new key, and who had to go for it. `None` if all are needed.
    pub(super) fn room(&self, now: Nanos) -> Option<(Room<'_, K>, Option<Evicted<K>>)> {
        let mut queue = self.queue.lock();
        let evicted = if queue.taken < self.max {
            queue.taken += 1;
            None
        } else if now < queue.full_until {
            return None;
        } else {
            let Some(evicted) = queue.least_recently_used(now, self.idle) else {
                queue.full_until = now.plus(FULL_FOR);
                return None;
            };
            Some(evicted)
        };
        drop(queue);
        Some((Room { eviction: self, filled: false }, evicted))
    }

    #[inline]
    pub(super) fn is_look_due(&self, now: Nanos) -> bool {
        now.0 >= self.next_look.load(Ordering::Relaxed)
    }

    /// Takes out some of those that are idle: within the time after which one is, all are looked at once. Nobody waits
    /// for anybody here.
    pub(super) fn look(&self, now: Nanos) -> Vec<Evicted<K>> {
        let Some(mut queue) = self.queue.try_lock() else { return Vec::new() };
        if !self.is_look_due(now) {
            return Vec::new();
        }
        let all = queue.waiting.len() as u128;
        let idle = u128::from(self.idle.0);
        let passed = now.since(queue.last_look).0;
        let looked_at = (all * u128::from(passed)).div_ceil(idle).min(LOOKED_AT);
        let pause = (idle / LOOKS).min(idle * LOOKED_AT / all.max(1));
        queue.last_look = now;
        self.next_look.store(now.plus(Nanos(u64::try_from(pause).unwrap_or(u64::MAX))).0, Ordering::Relaxed);
        (0..looked_at.min(all)).filter_map(|_| queue.take_if_idle(now, self.idle)).collect()
    }
}

impl<K> Queue<K> {
    /// Evicts the one at the front if it is idle, or else lets it wait at the back.
    fn take_if_idle(&mut self, now: Nanos, idle: Nanos) -> Option<Evicted<K>> {
        let next = self.waiting.pop_front()?;
        let is_idle = matches!(next.slot.standing(), Standing::Idle { since } if now.since(since) >= idle);
        if let Some(breaker) = is_idle.then(|| next.slot.evict()).flatten() {
            self.taken -= 1;
            return Some(Evicted { slot: next.slot, breaker });
        }
        self.waiting.push_back(next);
        None
    }

    /// Evicts one, whose place is then the caller's. `None` if all are needed.
    fn least_recently_used(&mut self, now: Nanos, idle: Nanos) -> Option<Evicted<K>> {
        let mut in_use: Vec<(Nanos, Arc<Slot<K>>)> = Vec::new();
        for looked_at in 0..self.waiting.len() {
            if looked_at >= COMPARED && !in_use.is_empty() {
                break;
            }
            let next = self.waiting.pop_front()?;
            let Standing::Idle { since } = next.slot.standing() else {
                self.waiting.push_back(next);
                continue;
            };
            let is_unused = since <= next.seen || now.since(since) >= idle;
            if let Some(breaker) = is_unused.then(|| next.slot.evict()).flatten() {
                return Some(Evicted { slot: next.slot, breaker });
            }
            in_use.push((since, Arc::clone(&next.slot)));
            self.waiting.push_back(Waiting { slot: next.slot, seen: since });
        }
        in_use.sort_by_key(|(since, _)| *since);
        in_use.into_iter().find_map(|(_, slot)| {
            let breaker = slot.evict()?;
            // It was put at the back just now.
            let place = self.waiting.iter().rposition(|waiting| Arc::ptr_eq(&waiting.slot, &slot))?;
            self.waiting.remove(place);
            Some(Evicted { slot, breaker })
        })
    }
}

impl<K> Room<'_, K> {
    pub(super) fn fill(mut self, slot: Arc<Slot<K>>, now: Nanos) {
        self.filled = true;
        self.eviction.queue.lock().waiting.push_back(Waiting { slot, seen: now });
    }
}

impl<K> Drop for Room<'_, K> {
    fn drop(&mut self) {
        if !self.filled {
            self.eviction.queue.lock().taken -= 1;
        }
    }
}
