//! The id of the current process, which changes after a `fork`.

/// Returns an id that differs between a forked child and its parent.
pub(crate) fn id() -> u32 {
    // Other targets do not fork, and some have no process id.
    if cfg!(unix) { std::process::id() } else { 0 }
}
