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

/// So many different breakers may probe within each other. A call of one further in is one like any other.
const DEEPEST: usize = 16;

/// In a place without a destructor, so that it is there until the thread has ended.
#[derive(Default)]
struct RunningProbes {
    /// Innermost last.
    list: [Option<RunningProbe>; DEEPEST],
    len: usize,
}

#[derive(Clone, Copy, PartialEq)]
struct RunningProbe {
    /// Compared and never followed. The breaker lives for as long as its probe runs.
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
        if let Some(place) = self.list.get_mut(self.len) {
            *place = Some(probe);
            self.len += 1;
        }
    }

    fn remove(&mut self, probe: RunningProbe) {
        if let Some(place) = self.list.iter().rposition(|known| *known == Some(probe)) {
            self.list[place..].rotate_left(1);
            self.list[DEEPEST - 1] = None;
            self.len -= 1;
        }
    }
}

/// Gives up where a platform has no such place any more: then every call is one like any other.
fn with_running<R>(work: impl FnOnce(&mut RunningProbes) -> R) -> Option<R> {
    RUNNING.try_with(|running| work(&mut running.borrow_mut())).ok()
}

/// Begins to run the code of a probe on this thread.
#[cold]
pub(super) fn enter(breaker: &CircuitBreaker, ticket: Ticket) {
    with_running(|running| running.push(RunningProbe::new(breaker, ticket)));
}

/// Ends it, if it was begun on this thread.
#[cold]
pub(super) fn leave(breaker: &CircuitBreaker, ticket: Ticket) {
    let probe = RunningProbe::new(breaker, ticket);
    with_running(|running| running.remove(probe));
}

/// Returns whether a call that begins on this thread is part of a probe of the breaker's present state.
pub(super) fn is_inside(breaker: &CircuitBreaker, core: &Core) -> bool {
    let address = address(breaker);
    let inside = |running: &mut RunningProbes| {
        running.list.iter().flatten().any(|probe| probe.breaker == address && core.machine.is_probing(probe.ticket))
    };
    with_running(inside).unwrap_or(false)
}
