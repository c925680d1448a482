//! Values that are created on first use.

use std::sync::OnceLock;

use super::making::{self, Begun};

/// A value that is created on first use, by code that may itself use the value.
pub(crate) struct Lazy<T>(OnceLock<T>);

impl<T> Lazy<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// Returns the value, and creates it by `make` if necessary.
    ///
    /// Returns `None` if this thread is already creating it, or if another thread is and either takes too long or `waits`
    /// is `false`.
    pub(crate) fn get_or_make(&self, waits: bool, make: impl FnOnce() -> T) -> Option<&T> {
        let what = making::address(self);
        loop {
            match making::begin(what, what) {
                Begun::Turn(_turn) => {
                    if self.0.get().is_none() {
                        // Can't fail: only this thread has the turn.
                        let _ = self.0.set(make());
                    }
                    return self.0.get();
                }
                Begun::ByThisThread => return None,
                Begun::ByAnother if waits && making::wait(what) => {
                    if let Some(value) = self.0.get() {
                        return Some(value);
                    }
                    // The other thread panicked: try again.
                }
                Begun::ByAnother => return self.0.get(),
            }
        }
    }
}
