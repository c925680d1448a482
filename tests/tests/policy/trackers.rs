//! Which errors of `CircuitBreaker::call` count as failures.

use std::{error::Error, fmt, io};

use fluxgate::{
    CallNotPermitted, CircuitBreaker, Tracker,
    trackers::{All, Custom, TypeOf},
};

/// Whether `call` counts this error as a failure.
fn tracks<E: 'static>(tracker: impl Into<Tracker>, error: E) -> bool {
    let breaker = CircuitBreaker::builder("trackers").tracker(tracker).build().unwrap();
    let _ = breaker.call(|| Err::<(), _>(error));
    breaker.info().failures == 1
}

#[derive(Debug)]
struct Wrapped(io::Error);

impl fmt::Display for Wrapped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("wrapped")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn io_error() -> io::Error {
    io::Error::from(io::ErrorKind::TimedOut)
}

#[test]
fn all_tracks_errors_of_any_type() {
    assert!(tracks(All(), ()) && tracks(All(), "text") && tracks(All(), io_error()));
    assert!(!tracks(!All(), ()));
}

#[test]
fn type_of_sees_the_type_itself() {
    assert!(tracks(TypeOf::<io::Error>(), io_error()));
    assert!(!tracks(TypeOf::<fmt::Error>(), io_error()));
    assert!(tracks(TypeOf::<fmt::Error>() | TypeOf::<io::Error>(), io_error()));
}

#[test]
fn type_of_looks_into_boxes_and_anyhow_and_along_their_sources() {
    let boxed: Box<dyn Error + Send + Sync> = Box::new(Wrapped(io_error()));
    assert!(tracks(TypeOf::<io::Error>(), boxed));
    let boxed: Box<dyn Error> = Box::new(Wrapped(io_error()));
    assert!(tracks(TypeOf::<Wrapped>(), boxed));
    assert!(tracks(TypeOf::<io::Error>(), anyhow::Error::new(Wrapped(io_error())).context("charging")));
    assert!(!tracks(TypeOf::<fmt::Error>(), anyhow::Error::new(io_error())));
}

#[test]
fn custom_sees_the_value_and_passes_over_other_types() {
    let timed_out = || Custom(|error: &io::Error| error.kind() == io::ErrorKind::TimedOut);
    assert!(tracks(timed_out(), io_error()));
    assert!(!tracks(timed_out(), io::Error::from(io::ErrorKind::NotFound)));
    assert!(!tracks(timed_out(), "timed out"));
    assert!(tracks(!timed_out(), "timed out"));
}

#[test]
fn the_rejection_of_an_inner_breaker_counts_unless_it_is_left_out() {
    let rejection = || {
        let inner = CircuitBreaker::new("inner");
        inner.force_open();
        inner.try_acquire().unwrap_err()
    };
    assert!(tracks(All(), rejection()));
    assert!(!tracks(!TypeOf::<CallNotPermitted>(), rejection()));
    let boxed: Box<dyn Error + Send + Sync> = rejection().into();
    assert!(!tracks(!TypeOf::<CallNotPermitted>(), boxed));
}

#[test]
fn an_outer_breaker_counts_the_rejections_of_an_inner_one_unless_they_are_left_out() {
    for (tracker, failures) in [(All(), 3), (!TypeOf::<CallNotPermitted>(), 0)] {
        let inner = CircuitBreaker::new("inner");
        inner.force_open();
        let outer = CircuitBreaker::builder("outer").tracker(tracker).build().unwrap();
        for _ in 0..3 {
            let work = || inner.call(|| Ok::<_, ()>(())).map_err(|error| error.not_permitted().cloned().unwrap());
            // Rejected by the inner one and not by the outer, which is what a caller that retries has to know.
            let error = outer.call(work).unwrap_err();
            assert!(
                error.not_permitted().is_none() && error.into_inner().is_some_and(|inner| inner.breaker() == "inner")
            );
        }
        assert_eq!((outer.info().failures, inner.info().rejected), (failures, 3));
    }
}
