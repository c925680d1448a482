//! Synchronization: locks, atomics and what is built on them. Under `cfg(loom)` the primitives are those of loom.

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
    loom::sync::{
        MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    loom::thread_local,
    loom_mutex::Mutex,
};

#[cfg(loom)]
mod loom_mutex {
    use loom::sync::MutexGuard;

    /// Loom's lock with the methods of `parking_lot::Mutex`.
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

/// A value in cache lines of its own, so that writes to it do not slow down reads of its neighbours.
///
/// 128 bytes, because processors fetch lines in pairs.
#[repr(align(128))]
pub(crate) struct CachePadded<T>(pub(crate) T);

impl<T> std::ops::Deref for CachePadded<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

/// A cache line of padding between two fields. It takes less memory than [`CachePadded`] for each.
#[derive(Default)]
pub(crate) struct Padding {
    _unused: [u64; 8],
}
