//! The process that runs this code, which is another one after a `fork`.

/// Returns a number that a forked child does not share with its parent.
pub(crate) fn id() -> u32 {
    // Elsewhere processes do not fork, and some targets have no id to ask for.
    if cfg!(unix) { std::process::id() } else { 0 }
}
