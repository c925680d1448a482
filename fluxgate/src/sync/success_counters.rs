//! Per-thread counters of successes, so that no two threads write to the same cache line.
//!
//! Only its own thread writes a counter, with a plain load and store; all others only read it. The count never
//! decreases: the part that has been taken into the window is stored beside it, under the breaker's lock. A counter is
//! enrolled, also under that lock, for one generation (and, under a time window, one second), which its thread compares
//! before it counts. So a count always belongs to the enrolment, however late it becomes visible, and a call from before
//! a transition is not counted.

#[cfg(all(test, loom))]
mod interleavings;

use std::sync::OnceLock;

use crate::sync::{
    AtomicU64, CachePadded, Ordering,
    thread_slot::{self, SLOTS},
};

/// The number of counters that are allocated at a time.
const CHUNK: usize = 4;

type Chunk = [CachePadded<Counter>; CHUNK];

/// All chunks but the first.
type Chunks = [OnceLock<Box<Chunk>>; SLOTS / CHUNK - 1];

/// One in this many successes of a thread takes the lock, to check whether successes have become redundant.
const RECHECK_INTERVAL: u64 = 1 << 10;

/// The number of successes, and of rejections, that a breaker records under its lock before it allocates counters: a
/// breaker that is seldom called does without their memory. Unit tests begin with counters.
const CALLS_WITHOUT_COUNTERS: u64 = if cfg!(test) { 0 } else { 64 };

/// The counters of all threads. They are allocated on demand: an idle breaker has none.
pub(crate) struct SuccessCounters(OnceLock<Box<Counters>>);

struct Counters {
    first: Chunk,
    others: OnceLock<Box<Chunks>>,
}

struct Counter {
    /// The generation and the second of the enrolment. Written only by its own thread, under the breaker's lock.
    generation: AtomicU64,
    second: AtomicU64,
    /// Written only by its own thread.
    successes: AtomicU64,
    rejections: AtomicU64,
    /// The number of successes that have been taken. Read and written under the breaker's lock. Stored here because a
    /// thread that takes from the counter has loaded its cache line anyway.
    taken: AtomicU64,
}

impl Default for Counter {
    /// Creates a counter that is enrolled for a generation that never comes.
    fn default() -> Self {
        let [generation, second] = [u64::MAX; 2].map(AtomicU64::new);
        let [successes, rejections, taken] = [0; 3].map(AtomicU64::new);
        Self { generation, second, successes, rejections, taken }
    }
}

/// The set of counters that are enrolled in this generation, kept under the breaker's lock.
#[derive(Default)]
pub(crate) struct Enrolled {
    /// One bit for each slot.
    slots: [u64; SLOTS / 64],
    /// The number of counts that were skipped for a success recorded under the lock. Kept across generations.
    skipped: u64,
    /// The number of successes that requested a counter. Kept across generations.
    requests: u64,
}

impl SuccessCounters {
    pub(crate) fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Counts a success of this thread. Returns `false` if that success has to take the lock: the thread's counter is not
    /// enrolled for this generation and second, or a recheck is due.
    #[inline]
    pub(crate) fn count(&self, generation: u64, second: u64) -> bool {
        thread_slot::slot().is_some_and(|slot| self.count_in(slot, generation, second))
    }

    #[inline]
    fn count_in(&self, slot: usize, generation: u64, second: u64) -> bool {
        let Some(counter) = self.counter(slot) else { return false };
        let enrolled = counter.generation.load(Ordering::Relaxed) == generation
            && counter.second.load(Ordering::Relaxed) == second;
        let sum = counter.successes.load(Ordering::Relaxed) + 1;
        if !enrolled || sum % RECHECK_INTERVAL == 0 {
            return false;
        }
        // Release: a thread that reads the count also sees what this thread did before it.
        counter.successes.store(sum, Ordering::Release);
        true
    }

    /// Counts a rejection of this thread. Returns `false` if it has no counter.
    #[inline]
    pub(crate) fn count_rejection(&self) -> bool {
        let Some(counter) = thread_slot::slot().and_then(|slot| self.counter(slot)) else { return false };
        let sum = counter.rejections.load(Ordering::Relaxed) + 1;
        counter.rejections.store(sum, Ordering::Release);
        true
    }

    /// Allocates a counter for further rejections of this thread, once the breaker has rejected enough under its lock.
    pub(crate) fn prepare_for_rejections(&self, rejected: u64) {
        if rejected > CALLS_WITHOUT_COUNTERS {
            if let Some(slot) = thread_slot::slot() {
                self.counter_or_init(slot);
            }
        }
    }

    /// Returns the counter of a slot, if it is allocated.
    #[inline]
    fn counter(&self, slot: usize) -> Option<&Counter> {
        let counters = self.0.get()?;
        let chunk = match slot / CHUNK {
            0 => &counters.first,
            other => counters.others.get()?.get(other - 1)?.get()?,
        };
        Some(&chunk[slot % CHUNK])
    }

    /// Returns the counter of a slot, and allocates it if necessary.
    fn counter_or_init(&self, slot: usize) -> &Counter {
        let new_chunk = || std::array::from_fn(|_| CachePadded(Counter::default()));
        let counters = self.0.get_or_init(|| Box::new(Counters { first: new_chunk(), others: OnceLock::new() }));
        let others = || counters.others.get_or_init(|| Box::new(std::array::from_fn(|_| OnceLock::new())));
        let chunk = match slot / CHUNK {
            0 => &counters.first,
            other => others()[other - 1].get_or_init(|| Box::new(new_chunk())),
        };
        &chunk[slot % CHUNK]
    }

    /// Allocates the counters of the first slots.
    #[cfg(all(test, loom))]
    pub(crate) fn init_counters(&self, slots: usize) {
        for slot in 0..slots {
            self.counter_or_init(slot);
        }
    }

    fn counters(&self) -> impl Iterator<Item = &Counter> {
        (0..SLOTS).filter_map(|slot| self.counter(slot))
    }

    /// Returns the number of rejections that threads have counted.
    pub(crate) fn rejections(&self) -> u64 {
        self.counters().map(|counter| counter.rejections.load(Ordering::Acquire)).sum()
    }

    /// Returns the number of successes that threads have counted, in all generations. The breaker's lock must be held.
    pub(crate) fn counted(&self, enrolled: &Enrolled) -> u64 {
        self.counters().map(|counter| counter.successes.load(Ordering::Acquire)).sum::<u64>() - enrolled.skipped
    }

    /// Lets this thread count its successes of this generation and second.
    ///
    /// The breaker's lock must be held, and all that the thread has counted before must have been taken.
    pub(crate) fn enroll(&self, enrolled: &mut Enrolled, generation: u64, second: u64) {
        enrolled.requests += 1;
        if enrolled.requests > CALLS_WITHOUT_COUNTERS {
            if let Some(slot) = thread_slot::slot() {
                self.enroll_in(slot, enrolled, generation, second);
            }
        }
    }

    fn enroll_in(&self, slot: usize, enrolled: &mut Enrolled, generation: u64, second: u64) {
        let counter = self.counter_or_init(slot);
        // Relaxed: only this thread writes the count.
        let mut taken = counter.successes.load(Ordering::Relaxed);
        if (taken + 1) % RECHECK_INTERVAL == 0 {
            // The success that made the recheck was recorded under the lock: skip its number.
            taken += 1;
            counter.successes.store(taken, Ordering::Relaxed);
            enrolled.skipped += 1;
        }
        counter.generation.store(generation, Ordering::Relaxed);
        counter.second.store(second, Ordering::Relaxed);
        counter.taken.store(taken, Ordering::Relaxed);
        enrolled.slots[slot / 64] |= 1 << (slot % 64);
    }

    /// Passes the successes counted since the last call to `record`, with their number and their second.
    pub(crate) fn take(&self, enrolled: &Enrolled, mut record: impl FnMut(u64, u64)) {
        for counter in enrolled.slots().filter_map(|slot| self.counter(slot)) {
            let sum = counter.successes.load(Ordering::Acquire);
            let taken = counter.taken.load(Ordering::Relaxed);
            if sum != taken {
                record(sum - taken, counter.second.load(Ordering::Relaxed));
                counter.taken.store(sum, Ordering::Relaxed);
            }
        }
    }
}

impl Enrolled {
    /// Ends all enrolments.
    pub(crate) fn clear(&mut self) {
        self.slots = Default::default();
    }

    fn slots(&self) -> impl Iterator<Item = usize> {
        let (mut words, mut word) = (self.slots, 0);
        std::iter::from_fn(move || {
            loop {
                let set = words.get_mut(word)?;
                if *set == 0 {
                    word += 1;
                    continue;
                }
                let bit = set.trailing_zeros() as usize;
                *set &= *set - 1;
                return Some(word * 64 + bit);
            }
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn each_slot_has_its_own_counter_once_allocated() {
        let successes = SuccessCounters::new();
        let mut counters: Vec<*const Counter> = Vec::new();
        for slot in (0..SLOTS).step_by(CHUNK) {
            assert!(successes.counter(slot).is_none());
            for slot in slot..slot + CHUNK {
                let counter = successes.counter_or_init(slot);
                assert!(successes.counter(slot).is_some_and(|found| std::ptr::eq(found, counter)));
                counters.push(counter);
            }
        }
        counters.sort();
        counters.dedup();
        assert_eq!(counters.len(), SLOTS);
    }
}
