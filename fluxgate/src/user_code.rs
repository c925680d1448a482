use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a part of the policy, or a listener, that the user wrote. `None` if it panicked.
///
/// A panic there is no reason to lose the outcome of somebody's call, so it ends here, told of by the panic hook and in
/// the log. What the user's code leaves behind is its own affair: the breaker holds no lock and lends it nothing that
/// it could leave half-changed, hence the assertion.
pub(crate) fn run<R>(part: &str, code: impl FnOnce() -> R) -> Option<R> {
    let result = catch_unwind(AssertUnwindSafe(code));
    if result.is_err() {
        #[cfg(feature = "tracing")]
        tracing::error!(target: "fluxgate", part, "a part of a circuit breaker that the application supplied panicked");
        let _ = part; // named in the log alone
    }
    result.ok()
}

/// Tells of transitions that a listener never heard of, for it was at work on another all the while.
pub(crate) fn log_lost_signals(breaker: &str, lost: u64) {
    #[cfg(feature = "tracing")]
    tracing::error!(target: "fluxgate", breaker, lost, "a listener takes too long: transitions were dropped untold");
    let _ = (breaker, lost); // named in the log alone
}
