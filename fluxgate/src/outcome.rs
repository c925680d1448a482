/// How a call ended, as far as its breaker is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// The call did what it was called for.
    Success,
    /// An error that the tracker tracks, an `Ok` value that `failed_if` holds, a time-out, or a panic.
    Failure,
    /// An error that the tracker does not track: neither recorded nor evaluated.
    Ignored,
}
