//! Trackers of guarded functions: what counts as a failure.

use std::{error::Error as StdError, fmt, io};

use fluxgate::{CallNotPermitted, breakers, circuit_breaker};
use fluxgate_tests::fixture::{ApiError, counts};

/// An error with a source.
#[derive(Debug)]
struct Outer(Box<dyn StdError + Send + Sync>);

impl fmt::Display for Outer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("outer")
    }
}

impl StdError for Outer {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

impl From<CallNotPermitted> for Outer {
    fn from(rejection: CallNotPermitted) -> Self {
        Self(Box::new(rejection))
    }
}

type Boxed = Box<dyn StdError + Send + Sync>;

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

breakers! {
    SHARED { name = "shared tracker", tracker = TypeOf(io::Error, fmt::Error) & !Matches(io::ErrorKind::NotFound) }
    BY_PATTERN { tracker = Matches(ApiError::Status(500..=599 | 429)) | Custom(is_rejection) }
    BY_GUARD { tracker = "Matches(ApiError::Status(status) if *status >= 500)" }
    STRINGS { tracker = TypeOf(String) | Matches(&"down" | &"slow") }
}

fn is_rejection(error: &ApiError) -> bool {
    matches!(error, ApiError::Rejected(_))
}

macro_rules! of_shared {
    ($($name:ident: $error:ty;)*) => {$(
        #[circuit_breaker(SHARED)]
        fn $name(error: $error) -> Result<(), $error> {
            Err(error)
        }
    )*};
}

of_shared! {
    outer: Outer;
    boxed: Boxed;
    by_anyhow: anyhow::Error;
    by_eyre: eyre::Report;
    local: Box<dyn StdError>;
}

#[circuit_breaker(SHARED, fallback = |_| Ok(()))]
fn by_io(error: io::Error) -> io::Result<()> {
    Err(error)
}

#[test]
fn types_are_looked_for_in_the_whole_chain_of_every_kind_of_error() {
    let mut failures = 0;
    let mut tracked = |what: &str, expected: bool| {
        failures += u64::from(expected);
        assert_eq!(counts("shared tracker").1, failures, "{what}");
    };
    let _ = by_io(timed_out());
    tracked("itself", true);
    let _ = outer(Outer(Box::new(timed_out())));
    tracked("a source", true);
    let _ = outer(Outer("nothing".into()));
    tracked("another source", false);
    let _ = boxed(Box::new(timed_out()));
    tracked("boxed itself", true);
    let _ = boxed(Box::new(Outer(Box::new(fmt::Error))));
    tracked("a source of a boxed one", true);
    let _ = by_anyhow(anyhow::Error::new(timed_out()).context("while charging"));
    tracked("in anyhow", true);
    let _ = by_anyhow(anyhow::anyhow!("down"));
    tracked("not in anyhow", false);
    let _ = by_eyre(eyre::Report::new(Outer(Box::new(timed_out()))));
    tracked("in eyre", true);
    let _ = local(Box::new(timed_out()));
    tracked("in a box that stays on its thread", true);
}

#[circuit_breaker(BY_PATTERN)]
fn by_pattern(status: u16) -> Result<(), ApiError> {
    Err(ApiError::Status(status))
}

#[circuit_breaker(BY_GUARD)]
fn by_guard(status: u16) -> Result<(), ApiError> {
    Err(ApiError::Status(status))
}

#[test]
fn patterns_have_ranges_alternatives_and_guards() {
    for status in [500, 599, 429, 404, 600] {
        by_pattern(status).unwrap_err();
        by_guard(status).unwrap_err();
    }
    assert_eq!((counts("by_pattern"), counts("by_guard")), ((3, 3), (3, 3)));
}

#[test]
fn a_declared_breaker_called_by_hand_uses_its_tracker() {
    breakers! {
        BY_HAND { name = "by hand", tracker = Matches(ApiError::Status(500..)) | TypeOf(io::Error) }
    }
    let _ = BY_HAND.call(|| Err::<(), _>(ApiError::Status(500)));
    let _ = BY_HAND.call(|| Err::<(), _>(ApiError::Status(404)));
    let _ = BY_HAND.call(|| Err::<(), _>(timed_out()));
    assert_eq!(counts("by hand"), (2, 2));
}

#[circuit_breaker(STRINGS, fallback = |_| Ok(()))]
fn string() -> Result<(), String> {
    Err("down".to_owned())
}

#[circuit_breaker(STRINGS, fallback = |_| Ok(()))]
fn text(error: &'static str) -> Result<(), &'static str> {
    Err(error)
}

#[circuit_breaker(STRINGS, fallback = |_| Ok(()))]
fn nothing() -> Result<(), ()> {
    Err(())
}

#[test]
fn what_is_no_error_is_tracked_by_its_type_or_value() {
    let _ = string();
    assert_eq!(counts("strings"), (1, 1));
    let _ = (text("fine"), text("down"), nothing());
    assert_eq!(counts("strings"), (2, 2));
}

#[circuit_breaker(name = "composed", tracker = TypeOf(io::Error) & !Custom(|error| error.kind() == allowed) | !All(), fallback = |_| Ok(()))]
fn composed(kind: io::ErrorKind, allowed: io::ErrorKind) -> io::Result<()> {
    Err(kind.into())
}

#[circuit_breaker(name = "types alone", tracker = TypeOf(io::Error, fmt::Error))]
fn types_alone(error: Boxed) -> Result<(), Boxed> {
    Err(error)
}

#[circuit_breaker(name = "not of an inner breaker", tracker = !TypeOf(CallNotPermitted))]
fn around_another(rejected: bool) -> Result<(), Boxed> {
    let inner = fluxgate::CircuitBreaker::new("inner");
    if rejected {
        inner.force_open();
    }
    inner.call(|| Err::<(), _>(timed_out()))?;
    Ok(())
}

#[test]
fn an_attribute_has_a_tracker_of_its_own() {
    let _ = composed(io::ErrorKind::NotFound, io::ErrorKind::NotFound);
    let _ = composed(io::ErrorKind::NotFound, io::ErrorKind::TimedOut);
    assert_eq!(counts("composed"), (1, 1));
    types_alone(Box::new(timed_out())).unwrap_err();
    types_alone("else".into()).unwrap_err();
    assert_eq!(counts("types alone"), (1, 1));
    around_another(true).unwrap_err();
    assert_eq!(counts("not of an inner breaker"), (0, 0));
    around_another(false).unwrap_err();
    assert_eq!(counts("not of an inner breaker"), (1, 1));
}

struct Client<E>(E);

impl<E: Clone + PartialEq + From<CallNotPermitted>> Client<E> {
    #[circuit_breaker(name = "generic tracker", tracker = Custom(|error| *error != self.0 && Self::counts(error)))]
    fn call(&self, error: E) -> Result<(), E> {
        Err(error)
    }

    fn counts(_: &E) -> bool {
        true
    }
}

#[test]
fn a_tracker_of_an_attribute_may_use_the_arguments_and_self() {
    let client = Client(ApiError::Status(404));
    client.call(ApiError::Status(404)).unwrap_err();
    client.call(ApiError::Status(500)).unwrap_err();
    assert_eq!(counts("generic tracker"), (1, 1));
}

#[circuit_breaker(name = "panicking tracker", tracker = Custom(|_| panic!("of the tracker")))]
fn panicking_tracker() -> Result<(), ApiError> {
    Err(ApiError::Status(1))
}

#[test]
fn a_tracker_that_panics_tracks_the_error() {
    assert_eq!(panicking_tracker(), Err(ApiError::Status(1)));
    assert_eq!(counts("panicking tracker"), (1, 1));
}

#[circuit_breaker(name = "long strings", tracker = TypeOf(String) & Custom(|error| error.len() >= least), fallback = |_| Ok(()))]
fn long_string(error: &str, least: usize) -> Result<(), String> {
    Err(error.to_owned())
}

#[circuit_breaker(name = "long numbers", tracker = TypeOf(u32, Vec<u8>) & Custom(|error| error.len() >= least), fallback = |_| Ok(()))]
fn long_number(error: &str, least: usize) -> Result<(), String> {
    Err(error.to_owned())
}

#[test]
fn the_type_of_what_is_no_error_is_looked_at_beside_a_condition_on_the_arguments() {
    let _ = (long_string("down", 4), long_string("down", 5));
    assert_eq!(counts("long strings"), (1, 1));
    let _ = long_number("down", 4);
    assert_eq!(counts("long numbers"), (0, 0));
}
