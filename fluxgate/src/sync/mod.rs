//! The primitives that a breaker is made of, exchanged for those of `loom` where it explores them.

pub(crate) mod status_word;
pub(crate) mod success_counters;
#[cfg_attr(loom, path = "loom_thread_slot.rs")]
pub(crate) mod thread_slot;
#[cfg(any(feature = "config", feature = "keyed"))]
pub(crate) mod versioned;

#[cfg(not(loom))]
pub(crate) use {
    parking_lot::{Mutex, MutexGuard},
    std::{
        sync::atomic::{AtomicU64, Ordering},
        thread_local,
    },
};

#[cfg(loom)]
pub(crate) use {
    exchanged::Mutex,
    loom::sync::{
        MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    loom::thread_local,
};

#[cfg(loom)]
mod exchanged {
    use loom::sync::MutexGuard;

    /// The lock of `loom`, with the methods of the one that it stands for.
    #[derive(Default)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }

        pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok()
        }
    }
}

/// Keeps what is written often off the cache lines of what is read often. 128 bytes, for processors fetch lines in
/// pairs.
#[repr(align(128))]
pub(crate) struct CachePadded<T>(pub(crate) T);

impl<T> std::ops::Deref for CachePadded<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

/// A cache line between two fields, for less memory than a line of its own for each.
#[derive(Default)]
pub(crate) struct Padding {
    _unused: [u64; 8],
}
