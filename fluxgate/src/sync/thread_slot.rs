//! A small number for each thread, its own for as long as it lives.

use std::cell::Cell;

use parking_lot::Mutex;

/// How many threads have a number at a time. The others take the lock.
pub(crate) const SLOTS: usize = 256;

const UNASKED: usize = usize::MAX;
const NONE: usize = usize::MAX - 1;

thread_local! {
    /// Without a destructor, so that reading it is no more than a load.
    static SLOT: Cell<usize> = const { Cell::new(UNASKED) };
    /// Returns the number when the thread ends.
    static RETURN: Cell<Option<Lease>> = const { Cell::new(None) };
}

/// The numbers that are free. Lowest first, so that few are ever used.
static FREE: Mutex<Free> = Mutex::new(Free { returned: Vec::new(), never_used: 0 });

struct Free {
    returned: Vec<usize>,
    never_used: usize,
}

struct Lease(usize);

impl Drop for Lease {
    fn drop(&mut self) {
        // What this thread may still run, the destructors of its other locals, goes without a number.
        let _ = SLOT.try_with(|slot| slot.set(NONE));
        FREE.lock().returned.push(self.0);
    }
}

/// This thread's number, below [`SLOTS`], if it has one.
///
/// A number passes from a thread that has ended to one that begins through a lock, so that what the first wrote is
/// visible to the second.
#[inline]
pub(crate) fn slot() -> Option<usize> {
    match SLOT.get() {
        slot if slot < SLOTS => Some(slot),
        UNASKED => ask(),
        _ => None,
    }
}

#[cold]
fn ask() -> Option<usize> {
    let slot = take();
    let kept = match slot {
        // Fails while the thread is being torn down: then nobody would return the number.
        Some(slot) => RETURN.try_with(|lease| lease.set(Some(Lease(slot)))).is_ok(),
        None => false,
    };
    SLOT.set(slot.filter(|_| kept).unwrap_or(NONE));
    slot.filter(|_| kept)
}

fn take() -> Option<usize> {
    let mut free = FREE.lock();
    let lowest = free.returned.iter().enumerate().min_by_key(|(_, slot)| **slot).map(|(place, _)| place);
    if let Some(place) = lowest {
        return Some(free.returned.swap_remove(place));
    }
    let slot = free.never_used;
    (slot < SLOTS).then(|| {
        free.never_used += 1;
        slot
    })
}

/// Written by the test that takes all numbers for a moment, read by those that need one.
#[cfg(test)]
pub(crate) static ENOUGH: parking_lot::RwLock<()> = parking_lot::RwLock::new(());

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Barrier, thread};

    use super::*;

    #[test]
    fn a_thread_that_ends_leaves_its_number_to_another() {
        let _enough = ENOUGH.read();
        let numbered = (0..4 * SLOTS).filter_map(|_| thread::spawn(slot).join().unwrap());
        assert_eq!(numbered.take(2 * SLOTS).count(), 2 * SLOTS);
    }

    #[test]
    fn threads_that_live_at_the_same_time_have_different_numbers_or_none() {
        let _all = ENOUGH.write();
        let together = Barrier::new(SLOTS + 40);
        let slots: Vec<_> = thread::scope(|scope| {
            let thread = || {
                let slot = slot();
                assert_eq!(slot, super::slot());
                together.wait();
                slot
            };
            let threads: Vec<_> = (0..SLOTS + 40).map(|_| scope.spawn(thread)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let numbered: Vec<_> = slots.iter().flatten().collect();
        assert_eq!(numbered.iter().collect::<HashSet<_>>().len(), numbered.len());
        assert!(numbered.iter().all(|slot| **slot < SLOTS));
        assert!(slots.contains(&None));
    }
}
