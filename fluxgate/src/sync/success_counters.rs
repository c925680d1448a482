//! Successes that each thread counts for itself, so that no two threads write to one cache line.
//!
//! A thread's count is written by that thread alone, with a plain load and store; everybody else only reads it. It
//! grows for ever: how much of it has been taken is remembered beside it, under the breaker's lock. A counter is
//! enrolled, under that lock too, for one generation (and, under a time window, one second), which its thread compares
//! before it counts. So a count always belongs to what the counter was enrolled for, whenever it becomes visible, and a
//! call from before a transition counts for nothing.

use std::sync::OnceLock;

use crate::sync::{
    AtomicU64, CachePadded, Ordering,
    thread_slot::{self, SLOTS},
};

/// How many threads' counters are made at a time.
const CHUNK: usize = 4;

type Chunk = [CachePadded<Counter>; CHUNK];

/// All but the first.
type Chunks = [OnceLock<Box<Chunk>>; SLOTS / CHUNK - 1];

/// After how many counts of a thread its next success takes the lock, to see whether the window has become one in
/// which successes need not even be counted.
const LOOK_AGAIN: u64 = 1 << 10;

/// A breaker has so many successes recorded under its lock, and as many calls rejected there, before it makes counters:
/// one that is seldom called does without their memory. The tests that look inside begin with counters.
const CALLS_WITHOUT_COUNTERS: u64 = if cfg!(test) { 0 } else { 64 };

/// The counters of all threads, made when a thread is first enrolled: an idle breaker has none.
pub(crate) struct Successes(OnceLock<Box<Slots>>);

struct Slots {
    first: Chunk,
    others: OnceLock<Box<Chunks>>,
}

struct Counter {
    /// What it is enrolled for. Written by its own thread alone, under the breaker's lock.
    generation: AtomicU64,
    second: AtomicU64,
    /// Written by its own thread alone.
    successes: AtomicU64,
    rejections: AtomicU64,
    /// How many of the successes have been taken. Read and written under the breaker's lock. Here, for whoever takes
    /// from the counter has its line at hand.
    taken: AtomicU64,
}

impl Default for Counter {
    /// Enrolled for a generation that never comes.
    fn default() -> Self {
        let [generation, second] = [u64::MAX; 2].map(AtomicU64::new);
        let [successes, rejections, taken] = [0; 3].map(AtomicU64::new);
        Self { generation, second, successes, rejections, taken }
    }
}

/// The counters that are enrolled in this generation, kept under the breaker's lock.
#[derive(Default)]
pub(crate) struct Enrolled {
    /// A bit for each slot.
    slots: [u64; SLOTS / 64],
    /// How many of the counts stand for successes that were recorded under the lock. Kept over generations.
    stepped_over: u64,
    /// How many successes asked for a counter. Kept over generations.
    asked: u64,
}

impl Successes {
    pub(crate) fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Counts a success of this thread. `false` if its counter is not enrolled for that, or is to be looked at again.
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
        if !enrolled || sum % LOOK_AGAIN == 0 {
            return false;
        }
        // Release: whoever reads the count also sees what this thread did before it.
        counter.successes.store(sum, Ordering::Release);
        true
    }

    /// Counts a rejection of this thread. `false` if it has no counter.
    #[inline]
    pub(crate) fn count_rejection(&self) -> bool {
        let Some(counter) = thread_slot::slot().and_then(|slot| self.counter(slot)) else { return false };
        let sum = counter.rejections.load(Ordering::Relaxed) + 1;
        counter.rejections.store(sum, Ordering::Release);
        true
    }

    /// Gives this thread a counter for its next rejection, of a breaker that has rejected so many under its lock.
    pub(crate) fn prepare(&self, rejected: u64) {
        if rejected > CALLS_WITHOUT_COUNTERS {
            if let Some(slot) = thread_slot::slot() {
                self.made_counter(slot);
            }
        }
    }

    /// The counter of a slot, if it is made.
    #[inline]
    fn counter(&self, slot: usize) -> Option<&Counter> {
        let slots = self.0.get()?;
        let chunk = match slot / CHUNK {
            0 => &slots.first,
            other => slots.others.get()?.get(other - 1)?.get()?,
        };
        Some(&chunk[slot % CHUNK])
    }

    /// The counter of a slot, made if need be.
    fn made_counter(&self, slot: usize) -> &Counter {
        let new_chunk = || std::array::from_fn(|_| CachePadded(Counter::default()));
        let slots = self.0.get_or_init(|| Box::new(Slots { first: new_chunk(), others: OnceLock::new() }));
        let others = || slots.others.get_or_init(|| Box::new(std::array::from_fn(|_| OnceLock::new())));
        let chunk = match slot / CHUNK {
            0 => &slots.first,
            other => others()[other - 1].get_or_init(|| Box::new(new_chunk())),
        };
        &chunk[slot % CHUNK]
    }

    /// Makes the counters of the first slots.
    #[cfg(all(test, loom))]
    pub(crate) fn make_counters(&self, slots: usize) {
        for slot in 0..slots {
            self.made_counter(slot);
        }
    }

    fn counters(&self) -> impl Iterator<Item = &Counter> {
        (0..SLOTS).filter_map(|slot| self.counter(slot))
    }

    /// The rejections that all threads have counted.
    pub(crate) fn rejections(&self) -> u64 {
        self.counters().map(|counter| counter.rejections.load(Ordering::Acquire)).sum()
    }

    /// The successes that were ever counted here and not recorded under the lock, those of former generations too.
    /// Called under the breaker's lock.
    pub(crate) fn counted(&self, enrolled: &Enrolled) -> u64 {
        self.counters().map(|counter| counter.successes.load(Ordering::Acquire)).sum::<u64>() - enrolled.stepped_over
    }

    /// Lets this thread count from now on, for this generation and second. Called under the breaker's lock, with all
    /// that the thread has counted before taken.
    pub(crate) fn enroll(&self, enrolled: &mut Enrolled, generation: u64, second: u64) {
        enrolled.asked += 1;
        if enrolled.asked > CALLS_WITHOUT_COUNTERS {
            if let Some(slot) = thread_slot::slot() {
                self.enroll_in(slot, enrolled, generation, second);
            }
        }
    }

    fn enroll_in(&self, slot: usize, enrolled: &mut Enrolled, generation: u64, second: u64) {
        let counter = self.made_counter(slot);
        // Nobody but this thread writes it, so what is there is what was counted.
        let mut taken = counter.successes.load(Ordering::Relaxed);
        if (taken + 1) % LOOK_AGAIN == 0 {
            // The success that looked again was recorded under the lock; this steps over its number.
            taken += 1;
            counter.successes.store(taken, Ordering::Relaxed);
            enrolled.stepped_over += 1;
        }
        counter.generation.store(generation, Ordering::Relaxed);
        counter.second.store(second, Ordering::Relaxed);
        counter.taken.store(taken, Ordering::Relaxed);
        enrolled.slots[slot / 64] |= 1 << (slot % 64);
    }

    /// Takes what has been counted since the last time: calls `take` with how many successes, and in which second.
    pub(crate) fn take(&self, enrolled: &Enrolled, mut take: impl FnMut(u64, u64)) {
        for counter in enrolled.slots().filter_map(|slot| self.counter(slot)) {
            let sum = counter.successes.load(Ordering::Acquire);
            let taken = counter.taken.load(Ordering::Relaxed);
            if sum != taken {
                take(sum - taken, counter.second.load(Ordering::Relaxed));
                counter.taken.store(sum, Ordering::Relaxed);
            }
        }
    }
}

impl Enrolled {
    /// Begins a generation, in which nobody is enrolled yet.
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
    fn each_slot_has_a_counter_of_its_own_once_it_is_made() {
        let successes = Successes::new();
        let mut made: Vec<*const Counter> = Vec::new();
        for slot in (0..SLOTS).step_by(CHUNK) {
            assert!(successes.counter(slot).is_none());
            for slot in slot..slot + CHUNK {
                let counter = successes.made_counter(slot);
                assert!(successes.counter(slot).is_some_and(|found| std::ptr::eq(found, counter)));
                made.push(counter);
            }
        }
        made.sort();
        made.dedup();
        assert_eq!(made.len(), SLOTS);
    }
}

#[cfg(all(test, loom))]
mod interleavings {
    use loom::{sync::Arc, sync::Mutex, thread};

    use super::*;
    use crate::{
        state::State,
        sync::status_word::{Status, StatusWord, SuccessPath},
    };

    /// A breaker reduced to what the counters meet: a generation, and how many successes its window holds.
    struct Model {
        status: StatusWord,
        successes: Successes,
        core: Mutex<Core>,
    }

    #[derive(Default)]
    struct Core {
        generation: u64,
        window: u64,
        enrolled: Enrolled,
    }

    fn counted(generation: u64) -> Status {
        Status::new(State::Closed, false, SuccessPath::Counted, generation)
    }

    impl Model {
        fn new() -> Arc<Self> {
            let successes = Successes::new();
            // Made before the threads begin: how they are made is the standard library's affair.
            for slot in 0..2 {
                successes.made_counter(slot);
            }
            Arc::new(Self { status: StatusWord::new(counted(0)), successes, core: Mutex::default() })
        }

        fn admit(&self) -> u64 {
            self.status.read().generation()
        }

        /// As `CircuitBreaker::end` does it.
        fn succeed(&self, slot: usize, ticket: u64) {
            if self.status.read().generation() == ticket && self.successes.count_in(slot, ticket, 0) {
                return;
            }
            let mut core = self.core.lock().unwrap();
            self.take(&mut core);
            if core.generation == ticket {
                core.window += 1;
                let core = &mut *core;
                self.successes.enroll_in(slot, &mut core.enrolled, core.generation, 0);
            }
        }

        fn take(&self, core: &mut Core) {
            let Core { window, enrolled, .. } = core;
            self.successes.take(enrolled, |count, _| *window += count);
        }

        fn transition(&self) {
            let mut core = self.core.lock().unwrap();
            self.take(&mut core);
            core.generation += 1;
            core.window = 0;
            core.enrolled.clear();
            self.status.write(counted(core.generation));
        }

        fn window(&self) -> (u64, u64) {
            let mut core = self.core.lock().unwrap();
            self.take(&mut core);
            (core.generation, core.window)
        }
    }

    #[test]
    fn no_success_is_lost_or_counted_twice() {
        loom::model(|| {
            let model = Model::new();
            let other = {
                let model = Arc::clone(&model);
                thread::spawn(move || (0..2).for_each(|_| model.succeed(1, model.admit())))
            };
            (0..2).for_each(|_| model.succeed(0, model.admit()));
            model.window();
            other.join().unwrap();
            assert_eq!(model.window(), (0, 4));
        });
    }

    #[test]
    fn a_success_counts_in_the_generation_that_admitted_it_or_not_at_all() {
        loom::model(|| {
            let model = Model::new();
            let other = {
                let model = Arc::clone(&model);
                thread::spawn(move || {
                    let tickets = [model.admit(), model.admit(), model.admit()];
                    tickets.into_iter().for_each(|ticket| model.succeed(1, ticket));
                    tickets.into_iter().filter(|ticket| *ticket == 1).count() as u64
                })
            };
            model.transition();
            let of_the_new_generation = other.join().unwrap();
            assert_eq!(model.window(), (1, of_the_new_generation));
        });
    }
}
