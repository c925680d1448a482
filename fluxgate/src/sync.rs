//! The primitives that the lock-free parts are made of, exchanged for those of `loom` where it explores them.

#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};

/// Keeps what is written often off the cache lines of what is read often. 128 bytes, for processors fetch lines in
/// pairs.
#[repr(align(128))]
pub(crate) struct OwnLine<T>(pub(crate) T);

impl<T> std::ops::Deref for OwnLine<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

/// A cache line between two fields, for less memory than a line of its own for each.
#[derive(Default)]
pub(crate) struct Gap {
    _unused: [u64; 8],
}
