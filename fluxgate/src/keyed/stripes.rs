//! Handles of one breaker, counted by several threads without disturbing each other.
//!
//! Every look-up hands out a handle, which is given back a moment later. Where two threads do so for one key, the cache line
//! of its count goes to and fro between them, which costs more than all the rest of the call. So such a thread gets a
//! stripe: a reference of its own, on which its handles are counted instead.
//!
//! That a breaker is in use is then seen by any of its counts. It is evicted by all of them going from 1 to 0, one after
//! the other, its own at last, and no handle is made of a count of 0: whoever gets a handle has it before the eviction
//! comes to that count, and the eviction then ends there. Stripes are made under the key's lock, as breakers are evicted,
//! so none comes up behind. And a stripe is a reference itself: the breaker's own count is above 1 while there is any, so
//! that a breaker in use is kept even by a look at that alone.

use std::sync::{
    Arc, OnceLock, Weak,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    breaker::{
        CircuitBreaker, Shared,
        handle::{Handle, Stripe},
    },
    sync::thread_slot,
};

/// The maximum number of stripes of a breaker. Further threads share them.
const STRIPES: usize = 16;

const NOBODY: usize = usize::MAX;

/// The stripes of a breaker, by thread. They are dead once the breaker is evicted, or was about to be.
pub(super) struct Stripes {
    /// Empty until two threads meet at this key.
    table: OnceLock<Box<[OnceLock<Weak<Stripe>>; STRIPES]>>,
    /// The thread that has looked here last, as far as that is written.
    last: AtomicUsize,
}

impl Stripes {
    pub(super) fn new() -> Self {
        Self { table: OnceLock::new(), last: AtomicUsize::new(NOBODY) }
    }

    /// A handle that is counted in this thread's stripe, if it has one.
    #[inline]
    pub(super) fn handle(&self) -> Option<CircuitBreaker> {
        let table = self.table.get()?;
        let stripe = table[thread_slot::slot()? % STRIPES].get()?.upgrade()?;
        Some(CircuitBreaker { shared: Handle::Striped(stripe) })
    }

    /// Returns whether another thread used the key before this one, which has no stripe yet. It writes, so call it rarely.
    pub(super) fn detect_sharing(&self) -> bool {
        let Some(slot) = thread_slot::slot() else { return false };
        let last = self.last.swap(slot, Ordering::Relaxed);
        let has_one = || self.table.get().is_some_and(|table| table[slot % STRIPES].get().is_some());
        last != NOBODY && last != slot && !has_one()
    }

    /// A stripe for this thread, which whoever owns the breaker has to keep. Called under the key's lock.
    pub(super) fn make(&self, shared: &Arc<Shared>) -> Option<Arc<Stripe>> {
        let slot = thread_slot::slot()?;
        let table = self.table.get_or_init(|| Box::new(std::array::from_fn(|_| OnceLock::new())));
        let stripe = Stripe::new(shared);
        table[slot % STRIPES].set(Arc::downgrade(&stripe)).is_ok().then_some(stripe)
    }
}

/// Returns whether any handle is counted in these stripes.
pub(super) fn are_in_use(stripes: &[Arc<Stripe>]) -> bool {
    stripes.iter().any(|stripe| Arc::strong_count(stripe) > 1)
}

/// Makes an end of all stripes, or of those before the first that is in use. Whether it is all.
pub(super) fn end(stripes: &mut Vec<Arc<Stripe>>) -> bool {
    while let Some(stripe) = stripes.pop() {
        if let Err(stripe) = Arc::try_unwrap(stripe) {
            stripes.push(stripe);
            return false;
        }
    }
    true
}
