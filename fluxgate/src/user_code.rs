//! The only way into code of the application, including the subscriber of its log.
//!
//! A panic in such code must not lose the outcome of a call, so it is caught here. `AssertUnwindSafe` is right because the
//! code gets no references to data that a panic could leave in an inconsistent state. No lock is held, except for a clock.

use std::{
    any::Any,
    fmt, mem,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// Runs a component of a policy or a listener. Returns `None` after a panic, which is logged.
pub(crate) fn run<R>(part: &str, breaker: &str, code: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(result) => Some(result),
        Err(payload) => {
            log_panic(part, Some(breaker), payload);
            None
        }
    }
}

/// Runs code that may be called while the breaker is locked. Returns `None` after a panic.
///
/// Only the panic hook reports the panic: logging it would run more user code under the lock.
pub(crate) fn run_unlogged<R>(code: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(code)).map_err(discard).ok()
}

/// Writes to the log. Catches a panic of its subscriber, which is user code too.
pub(crate) fn log(write: impl FnOnce()) {
    let _ = run_unlogged(write);
}

fn log_panic(part: &str, breaker: Option<&str>, payload: Box<dyn Any + Send>) {
    log(|| {
        let panic = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("payload is not text");
        #[cfg(feature = "tracing")]
        tracing::error!(target: "fluxgate", part, breaker, panic, "code of the application panicked");
        let _ = (part, breaker, panic); // used only by the log
    });
    discard(payload);
}

/// Drops the payload of a panic, whose `Drop` may panic too.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // Leaked: a payload whose `Drop` panics with another of its kind would never end.
        mem::forget(second);
    }
}

/// Drops a value of the application. Catches a panic of its `Drop`, which is logged.
pub(crate) fn drop_caught<T>(part: &str, value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        log_panic(part, None, payload);
    }
}

/// A value of the application, whose `Drop` may panic without harm.
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
        // Only `drop` takes it.
        self.0.as_ref().unwrap_or_else(|| unreachable!("the value is taken only when dropped"))
    }
}

impl<T> Drop for Caught<T> {
    fn drop(&mut self) {
        drop_caught("drop", self.0.take());
    }
}

/// A shared value of the application: a component of a policy, a listener or a clock.
///
/// Any call may drop the last handle, so a panic of its `Drop` is caught.
pub(crate) struct Supplied<T: ?Sized>(Caught<Arc<T>>);

impl<T: ?Sized> Supplied<T> {
    pub(crate) fn new(part: Arc<T>) -> Self {
        Self(Caught::new(part))
    }

    /// Returns whether both are handles of the same value.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.address() == other.address()
    }

    /// Returns an address that identifies the value while it is alive.
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

    /// Panics when dropped, with another of its kind as the payload.
    struct Explosive;

    impl Drop for Explosive {
        fn drop(&mut self) {
            panic_any(Self);
        }
    }

    #[test]
    fn a_panic_whose_payload_panics_when_dropped_is_caught() {
        assert!(run("listener", "search", || panic_any(Explosive)).is_none());
        log(|| panic_any(Explosive));
    }

    #[test]
    fn dropping_the_last_handle_of_a_value_that_panics_when_dropped_is_silent() {
        let part = Supplied::new(Arc::new(Explosive));
        let other = part.clone();
        assert!(part.is_same(&other));
        drop(part);
        drop(other);
    }
}
