//! The probes whose code this thread is running.
//!
//! A call of the same breaker that begins inside one is part of it: it would otherwise need a slot of its own while the
//! outer call holds one, and a recursive function could never recover.

use std::{cell::RefCell, sync::Arc};

use crate::{
    breaker::{CircuitBreaker, Core, Shared},
    machine::Ticket,
    sync,
};

sync::thread_local! {
    #[allow(clippy::missing_const_for_thread_local, reason = "loom's thread locals have no such form")]
    static RUNNING: RefCell<RunningProbes> = RefCell::new(RunningProbes::default());
}

/// The number of nested probes that a thread keeps track of. Calls inside a deeper one are ordinary calls.
const MAX_DEPTH: usize = 16;

/// An array, not a `Vec`: a thread local without a destructor stays usable until the thread has ended.
#[derive(Default)]
struct RunningProbes {
    /// Innermost last.
    list: [Option<RunningProbe>; MAX_DEPTH],
    len: usize,
}

#[derive(Clone, Copy, PartialEq)]
struct RunningProbe {
    /// Only compared, never dereferenced. The breaker outlives its running probe.
    breaker: *const Shared,
    ticket: Ticket,
}

impl RunningProbe {
    fn new(breaker: &CircuitBreaker, ticket: Ticket) -> Self {
        Self { breaker: address(breaker), ticket }
    }
}

fn address(breaker: &CircuitBreaker) -> *const Shared {
    Arc::as_ptr(breaker.shared.direct())
}

impl RunningProbes {
    fn push(&mut self, probe: RunningProbe) {
        if let Some(entry) = self.list.get_mut(self.len) {
            *entry = Some(probe);
            self.len += 1;
        }
    }

    fn remove(&mut self, probe: RunningProbe) {
        if let Some(index) = self.list.iter().rposition(|running| *running == Some(probe)) {
            self.list[index..].rotate_left(1);
            self.list[MAX_DEPTH - 1] = None;
            self.len -= 1;
        }
    }
}

/// Returns `None` if the platform has already torn down the thread's locals: then every call is an ordinary one.
fn with_running<R>(work: impl FnOnce(&mut RunningProbes) -> R) -> Option<R> {
    RUNNING.try_with(|running| work(&mut running.borrow_mut())).ok()
}

/// Marks that this thread runs the code of a probe.
#[cold]
pub(super) fn enter(breaker: &CircuitBreaker, ticket: Ticket) {
    with_running(|running| running.push(RunningProbe::new(breaker, ticket)));
}

/// Removes the mark of a probe, if this thread has it.
#[cold]
pub(super) fn leave(breaker: &CircuitBreaker, ticket: Ticket) {
    let probe = RunningProbe::new(breaker, ticket);
    with_running(|running| running.remove(probe));
}

/// Returns whether a call that begins on this thread is part of a probe of the breaker's current state.
pub(super) fn is_inside(breaker: &CircuitBreaker, core: &Core) -> bool {
    let address = address(breaker);
    let inside = |running: &mut RunningProbes| {
        running.list.iter().flatten().any(|probe| probe.breaker == address && core.machine.is_probing(probe.ticket))
    };
    with_running(inside).unwrap_or(false)
}
