//! `thread_slot` for loom, whose threads are not threads of the system: each test assigns the numbers itself.

use std::cell::Cell;

pub(crate) const SLOTS: usize = 64;

loom::thread_local! {
    static SLOT: Cell<Option<usize>> = Cell::new(None);
}

pub(crate) fn slot() -> Option<usize> {
    SLOT.with(Cell::get)
}

#[cfg(test)]
pub(crate) fn set_slot(slot: usize) {
    SLOT.with(|own| own.set(Some(slot)));
}
