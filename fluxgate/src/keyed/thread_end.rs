//! Threads that are about to end.
//!
//! The map's guards go by a thread-local of `seize`. When a thread ends, the destructors of its thread-locals run one
//! after the other, and one of the user's own may look a breaker up when that of `seize` is gone already: to mark_used it
//! then panics, which aborts the process. So this module has a thread-local of its own, made after the other and
//! therefore destroyed before it, which tells when to go without.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No set was used on this thread.
    New,
    Running,
    Ending,
}

thread_local! {
    /// Without a destructor, so that reading it is no more than a load, and possible to the very end.
    static PHASE: Cell<Phase> = const { Cell::new(Phase::New) };
    static END: End = const { End };
}

struct End;

impl Drop for End {
    fn drop(&mut self) {
        PHASE.set(Phase::Ending);
    }
}

/// Tells whether this thread's guards are gone, or will be at any moment. `guard` takes one.
#[inline]
pub(super) fn is_ending(guard: impl FnOnce()) -> bool {
    PHASE.get() != Phase::Running && !begin(guard)
}

/// Tells whether the thread has begun to use sets and is not ending.
#[cold]
fn begin(guard: impl FnOnce()) -> bool {
    if PHASE.get() == Phase::Ending {
        return false;
    }
    // Its thread-local first. It panics if the thread is at its end and somebody else has used it here before.
    let is_there = catch_unwind(AssertUnwindSafe(guard)).is_ok() && END.try_with(|_| ()).is_ok();
    PHASE.set(if is_there { Phase::Running } else { Phase::Ending });
    is_there
}
