//! What is made at its first use.

use std::sync::OnceLock;

use super::making::{self, Begun};

/// A value that is made when it is first needed, by code that may ask for it.
pub(crate) struct Lazy<T>(OnceLock<T>);

impl<T> Lazy<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// Returns the value, made by `make` if nobody has yet. `None` if this thread is making it, or another takes too long
    /// or is not waited for.
    pub(crate) fn get_or_make(&self, waits: bool, make: impl FnOnce() -> T) -> Option<&T> {
        let what = making::address(self);
        loop {
            match making::begin(what, what) {
                Begun::Turn(_turn) => {
                    if self.0.get().is_none() {
                        // Nobody else has the turn.
                        let _ = self.0.set(make());
                    }
                    return self.0.get();
                }
                Begun::ByThisThread => return None,
                Begun::ByAnother if waits && making::wait(what) => {
                    if let Some(value) = self.0.get() {
                        return Some(value);
                    }
                    // Its maker panicked.
                }
                Begun::ByAnother => return self.0.get(),
            }
        }
    }
}
