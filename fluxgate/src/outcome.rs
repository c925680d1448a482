/// How a call ended, as far as its breaker is concerned.
///
/// It is what classifiers say of responses: those of the modules `tower` and `http` (features of the same names), and your
/// own.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Outcome};
///
/// // Of a protocol of one's own, where a call is driven by hand.
/// let outcome_of = |code: u8| match code {
///     0 => Outcome::Success,
///     1 => Outcome::Ignored, // our mistake, not the service's
///     _ => Outcome::Failure,
/// };
///
/// let breaker = CircuitBreaker::new("search");
/// for code in [0, 1, 7] {
///     let call = breaker.try_acquire()?;
///     match outcome_of(code) {
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
    /// The call did what it was called for.
    Success,
    /// An error that the tracker tracks, an `Ok` value that `failed_if` calls a failure, a time-out, a panic, or a future
    /// dropped after its caller had waited for long.
    Failure,
    /// An error that the tracker does not track, or a future dropped early: neither recorded nor evaluated.
    Ignored,
}
