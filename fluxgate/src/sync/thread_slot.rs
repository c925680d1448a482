//! A small number for each living thread, unique while the thread lives.

use std::cell::Cell;

use parking_lot::Mutex;

/// The number of threads that have a number at a time. All others take the lock.
pub(crate) const SLOTS: usize = 256;

const UNASSIGNED: usize = usize::MAX;
const NONE: usize = usize::MAX - 1;

thread_local! {
    /// Without a destructor, so that reading it is a single load.
    static SLOT: Cell<usize> = const { Cell::new(UNASSIGNED) };
    /// Returns the number when the thread ends.
    static LEASE: Cell<Option<Lease>> = const { Cell::new(None) };
}

/// The free numbers. The lowest is assigned first, so that few are ever used.
static FREE: Mutex<Free> = Mutex::new(Free { returned: Vec::new(), never_used: 0 });

struct Free {
    returned: Vec<usize>,
    never_used: usize,
}

struct Lease(usize);

impl Drop for Lease {
    fn drop(&mut self) {
        // The destructors of the thread's other locals may still run calls: those do without a number.
        let _ = SLOT.try_with(|slot| slot.set(NONE));
        FREE.lock().returned.push(self.0);
    }
}

/// Returns this thread's number, which is below [`SLOTS`], if it has one.
///
/// A number passes from an ended thread to a new one through a lock, so that the writes of the first are visible to the
/// second.
#[inline]
pub(crate) fn slot() -> Option<usize> {
    match SLOT.get() {
        slot if slot < SLOTS => Some(slot),
        UNASSIGNED => assign(),
        _ => None,
    }
}

#[cold]
fn assign() -> Option<usize> {
    let slot = lowest_free();
    let kept = match slot {
        // Fails while the thread is being torn down: then nothing would return the number.
        Some(slot) => LEASE.try_with(|lease| lease.set(Some(Lease(slot)))).is_ok(),
        None => false,
    };
    SLOT.set(slot.filter(|_| kept).unwrap_or(NONE));
    slot.filter(|_| kept)
}

fn lowest_free() -> Option<usize> {
    let mut free = FREE.lock();
    let lowest = free.returned.iter().enumerate().min_by_key(|(_, slot)| **slot).map(|(index, _)| index);
    if let Some(index) = lowest {
        return Some(free.returned.swap_remove(index));
    }
    let slot = free.never_used;
    (slot < SLOTS).then(|| {
        free.never_used += 1;
        slot
    })
}

/// Locked for writing by the test that uses up all numbers, and for reading by tests whose thread needs one.
#[cfg(test)]
pub(crate) static AVAILABLE: parking_lot::RwLock<()> = parking_lot::RwLock::new(());

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Barrier, thread};

    use super::*;

    #[test]
    fn the_number_of_an_ended_thread_is_assigned_again() {
        let _available = AVAILABLE.read();
        let numbered = (0..4 * SLOTS).filter_map(|_| thread::spawn(slot).join().unwrap());
        assert_eq!(numbered.take(2 * SLOTS).count(), 2 * SLOTS);
    }

    #[test]
    fn concurrent_threads_have_different_numbers_or_none() {
        let _all = AVAILABLE.write();
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
