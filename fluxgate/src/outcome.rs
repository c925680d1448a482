/// The outcome of a call, as its breaker records it.
///
/// Classifiers of responses return it: those of the modules `tower` and `http` (features of the same names) and custom ones.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Outcome};
///
/// // For the status codes of a custom protocol.
/// let classify = |code: u8| match code {
///     0 => Outcome::Success,
///     1 => Outcome::Ignored, // our mistake, not the service's
///     _ => Outcome::Failure,
/// };
///
/// let breaker = CircuitBreaker::new("search");
/// for code in [0, 1, 7] {
///     let call = breaker.try_acquire()?;
///     match classify(code) {
///         Outcome::Success => call.success(),
///         Outcome::Failure => call.failure(),
///         Outcome::Ignored => call.ignored(),
///     }
/// }
/// assert_eq!((breaker.info().calls, breaker.info().failures), (2, 1));
/// # Ok::<(), fluxgate::CallNotPermitted>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// The service did what the call asked for.
    Success,
    /// A failure of the service: an error that the tracker tracks, an `Ok` value that `failed_if` classifies as a failure, a
    /// time-out, a panic, or a call that was dropped after a long wait.
    Failure,
    /// Neither recorded nor judged: an error that the tracker ignores, or a call that was dropped early.
    Ignored,
}
