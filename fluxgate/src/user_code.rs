//! The one way into code that the application supplied, and into the log.
//!
//! A panic there is no reason to lose the outcome of somebody's call, so it ends here. No lock is held meanwhile, and the
//! code is lent nothing that it could leave half-changed: hence `AssertUnwindSafe`.

use std::{
    any::Any,
    fmt, mem,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// Runs a part of a policy, or a listener. Returns `None` if it panicked, which the log tells.
pub(crate) fn run<R>(part: &str, breaker: &str, code: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(result) => Some(result),
        Err(payload) => {
            log_panic(part, Some(breaker), payload);
            None
        }
    }
}

/// Runs what may be asked while the breaker is locked. Returns `None` if it panicked, of which only the panic hook tells:
/// the log is the application's too.
pub(crate) fn run_unlogged<R>(code: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(code)).map_err(discard).ok()
}

/// Writes to the log, whose subscriber is the application's too: a panic in it is caught.
pub(crate) fn log(write: impl FnOnce()) {
    let _ = run_unlogged(write);
}

fn log_panic(part: &str, breaker: Option<&str>, payload: Box<dyn Any + Send>) {
    log(|| {
        let panic = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("its payload is no text");
        #[cfg(feature = "tracing")]
        tracing::error!(target: "fluxgate", part, breaker, panic, "code that the application supplied panicked");
        let _ = (part, breaker, panic); // named in the log alone
    });
    discard(payload);
}

/// Drops the payload of a panic, which may panic itself.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // Payloads whose `Drop` panics with their like would go on for ever.
        mem::forget(another);
    }
}

/// Drops what the application supplied. Returns normally if that panics, which the log tells.
pub(crate) fn drop_caught<T>(part: &str, value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        log_panic(part, None, payload);
    }
}

/// A value that the application supplied. Whoever drops it is spared a panic of its `Drop`.
pub(crate) struct Caught<T>(Option<T>);

impl<T> Caught<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> Deref for Caught<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // `drop` alone takes it.
        self.0.as_ref().unwrap_or_else(|| unreachable!("the value is there until it is dropped"))
    }
}

impl<T> Drop for Caught<T> {
    fn drop(&mut self) {
        drop_caught("drop", self.0.take());
    }
}

/// A shared part that the application supplied: a component of a policy, a listener, a clock.
///
/// Whoever drops the last handle, a call among others, is spared a panic of its `Drop`.
pub(crate) struct Supplied<T: ?Sized>(Caught<Arc<T>>);

impl<T: ?Sized> Supplied<T> {
    pub(crate) fn new(part: Arc<T>) -> Self {
        Self(Caught::new(part))
    }

    /// Returns whether both are handles of one part.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.address() == other.address()
    }

    /// Returns what tells the part from others while it lives.
    pub(crate) fn address(&self) -> *const () {
        Arc::as_ptr(&self.0).cast()
    }
}

impl<T: ?Sized> Clone for Supplied<T> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> Deref for Supplied<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> fmt::Debug for Supplied<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Supplied").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    /// Panics when it is dropped, with another of its kind.
    struct Explosive;

    impl Drop for Explosive {
        fn drop(&mut self) {
            panic_any(Self);
        }
    }

    #[test]
    fn a_panic_whose_payload_panics_when_it_is_dropped_ends_here() {
        assert!(run("listener", "search", || panic_any(Explosive)).is_none());
        log(|| panic_any(Explosive));
    }

    #[test]
    fn the_last_handle_of_a_part_that_panics_when_it_is_dropped_drops_quietly() {
        let part = Supplied::new(Arc::new(Explosive));
        let other = part.clone();
        assert!(part.is_same(&other));
        drop(part);
        drop(other);
    }
}
