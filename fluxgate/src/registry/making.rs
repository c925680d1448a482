//! The breakers that are being made, and the threads that make them.
//!
//! Declarations and policies of sets run user code. It may look up breakers, on this thread or on one that it waits for,
//! and so request the breaker that is just being made. To avoid a deadlock, the thread that makes a breaker gets an answer
//! at once if it requests it again, and other threads wait for at most [`MAX_WAIT`].

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// The time that a thread waits for another one to make what both need. Making a breaker takes microseconds, unless user
/// code is slow, such as a listener that connects to a server.
const MAX_WAIT: Duration = Duration::from_secs(1);

static MAKING: Mutex<Vec<Making>> = Mutex::new(Vec::new());
static MADE: Condvar = Condvar::new();

struct Making {
    what: usize,
    #[cfg_attr(not(feature = "keyed"), allow(dead_code, reason = "only read for sets"))]
    within: usize,
    thread: usize,
}

/// The right to make something. Drop it when that is done or has failed.
pub(crate) struct Turn {
    what: usize,
}

pub(crate) enum Begun {
    Turn(Turn),
    ByThisThread,
    ByAnother,
}

/// Returns an id of this thread. Unlike `std::thread::current`, it works while the thread ends.
fn this_thread() -> usize {
    thread_local!(static ANCHOR: u8 = const { 0 });
    ANCHOR.with(|anchor| std::ptr::from_ref(anchor).addr())
}

/// Returns the address of a value, which identifies it while it is being made.
pub(crate) fn address<T: ?Sized>(value: &T) -> usize {
    std::ptr::from_ref(value).cast::<()>().addr()
}

/// Begins to make `what` as a part of `within`, such as the breaker of a key as a part of its set.
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

/// Returns whether this thread is making a part of `within`.
#[cfg(feature = "keyed")]
pub(crate) fn is_within(within: usize) -> bool {
    let thread = this_thread();
    MAKING.lock().iter().any(|making| making.thread == thread && making.within == within)
}

/// Returns the number of nested things that this thread is making.
#[cfg(feature = "macros")]
pub(crate) fn depth() -> usize {
    let thread = this_thread();
    MAKING.lock().iter().filter(|making| making.thread == thread).count()
}

/// Waits until no thread is making `what`. Returns `false` if that takes too long.
pub(crate) fn wait(what: usize) -> bool {
    let mut making = MAKING.lock();
    let mut is_being_made = |making: &mut Vec<Making>| making.iter().any(|making| making.what == what);
    !MADE.wait_while_for(&mut making, &mut is_being_made, MAX_WAIT).timed_out()
}

impl Drop for Turn {
    fn drop(&mut self) {
        MAKING.lock().retain(|making| making.what != self.what);
        MADE.notify_all();
    }
}
