//! Who is making which breaker at the moment.
//!
//! What a declaration or the policy of a set is made of is the user's own code. It may look breakers up, on this thread
//! or on one that it waits for, and so ask for what is being made just now. So nobody waits here without end: the
//! thread that makes something is told so at once, others after [`PATIENCE`].

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// How long a thread waits for another to make what both need. To make a breaker takes microseconds, unless a listener
/// connects to something first.
const PATIENCE: Duration = Duration::from_secs(1);

static MAKING: Mutex<Vec<Making>> = Mutex::new(Vec::new());
static MADE: Condvar = Condvar::new();

struct Making {
    what: usize,
    #[cfg_attr(not(feature = "keyed"), allow(dead_code, reason = "only the keys of sets are within anything"))]
    within: usize,
    thread: usize,
}

/// The right to make something. Dropped when it is made, or will not be.
pub(crate) struct Turn {
    what: usize,
}

pub(crate) enum Begun {
    Turn(Turn),
    ByThisThread,
    ByAnother,
}

/// Identifies the thread, even while it ends, where the standard library no longer does.
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

/// Identifies what is made by where it stands.
pub(crate) fn address<T: ?Sized>(of: &T) -> usize {
    std::ptr::from_ref(of).cast::<()>().addr()
}

/// Begins to make `what`, which is part of `within`: the breaker of a key, of its set.
pub(crate) fn begin(what: usize, within: usize) -> Begun {
    let thread = this_thread();
    let mut making = MAKING.lock();
    match making.iter().find(|making| making.what == what) {
        Some(making) if making.thread == thread => Begun::ByThisThread,
        Some(_) => Begun::ByAnother,
        None => {
            making.push(Making { what, within, thread });
            Begun::Turn(Turn { what })
        }
    }
}

/// Checks whether this thread is making something that is part of `within`.
#[cfg(feature = "keyed")]
pub(crate) fn is_within(within: usize) -> bool {
    let thread = this_thread();
    MAKING.lock().iter().any(|making| making.thread == thread && making.within == within)
}

/// Counts what this thread is making: one for the sake of another.
#[cfg(feature = "macros")]
pub(crate) fn depth() -> usize {
    let thread = this_thread();
    MAKING.lock().iter().filter(|making| making.thread == thread).count()
}

/// Waits until nobody is making `what`. `false` if that takes too long.
pub(crate) fn wait(what: usize) -> bool {
    let mut making = MAKING.lock();
    let mut is_made = |making: &mut Vec<Making>| making.iter().any(|making| making.what == what);
    !MADE.wait_while_for(&mut making, &mut is_made, PATIENCE).timed_out()
}

impl Drop for Turn {
    fn drop(&mut self) {
        MAKING.lock().retain(|making| making.what != self.what);
        MADE.notify_all();
    }
}
