//! What callers get: errors that tell their cause once, and that trackers see through.

use std::{error::Error as StdError, fmt, io};

use fluxgate::{CallNotPermitted, CallTimedOut, CircuitBreaker, Error, State, trackers::TypeOf};

#[derive(Debug)]
struct SearchFailed(io::Error);

impl fmt::Display for SearchFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the search failed")
    }
}

impl StdError for SearchFailed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

fn guarded() -> Error<SearchFailed> {
    let work = || Err::<(), _>(SearchFailed(io::Error::other("the index is gone")));
    CircuitBreaker::new("search").call(work).unwrap_err()
}

fn rejected<E: 'static>() -> Error<E> {
    let breaker = CircuitBreaker::new("search");
    breaker.force_open();
    breaker.call(|| Ok::<(), E>(())).unwrap_err()
}

#[test]
fn a_report_of_the_chain_tells_each_cause_once() {
    let report = format!("{:#}", anyhow::Error::new(guarded()));
    assert_eq!(report, "the search failed: the index is gone");
    let report = format!("{:#}", anyhow::Error::new(rejected::<SearchFailed>()));
    assert_eq!(report, "call not permitted: circuit breaker `search` is forced_open");
}

/// An error that holds one of an inner breaker, as `#[from]` makes it.
#[derive(Debug)]
struct PageFailed(Error<SearchFailed>);

impl fmt::Display for PageFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no page")
    }
}

impl StdError for PageFailed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

type Boxed = Box<dyn StdError + Send + Sync>;

#[test]
fn trackers_see_what_is_in_the_error_of_an_inner_breaker_boxed_or_as_a_source() {
    let breaker = |tracker| CircuitBreaker::builder("page").tracker(tracker).build().unwrap();
    let errors: [fn() -> Boxed; 3] =
        [|| guarded().into(), || PageFailed(guarded()).into(), || PageFailed(rejected()).into()];
    for (tracker, expected) in [
        (TypeOf::<SearchFailed>(), [1, 1, 0]),
        (TypeOf::<io::Error>(), [1, 1, 0]),
        (TypeOf::<CallNotPermitted>(), [0, 0, 1]),
        (TypeOf::<Error<SearchFailed>>(), [1, 1, 1]),
    ] {
        let failures = errors.map(|error| {
            let breaker = breaker(tracker.clone());
            let _ = breaker.call(|| Err::<(), _>(error()));
            breaker.info().failures
        });
        assert_eq!(failures, expected, "{tracker}");
    }
}

#[derive(Debug, PartialEq)]
enum OwnError {
    Declined,
    Unavailable(String),
}

impl From<CallNotPermitted> for OwnError {
    fn from(rejection: CallNotPermitted) -> Self {
        Self::Unavailable(rejection.breaker().to_owned())
    }
}

impl From<CallTimedOut> for OwnError {
    fn from(time_out: CallTimedOut) -> Self {
        Self::Unavailable(time_out.breaker().to_owned())
    }
}

#[test]
fn an_error_is_handed_on_from_a_fallback_as_the_callers_own() {
    let breaker = CircuitBreaker::new("payments");
    let charge = || breaker.call_with_fallback(|| Err::<(), _>(OwnError::Declined), |error| Err(error.into_own()));
    assert_eq!(charge(), Err(OwnError::Declined));
    breaker.force_open();
    assert_eq!(breaker.state(), State::ForcedOpen);
    assert_eq!(charge(), Err(OwnError::Unavailable("payments".to_owned())));
}
