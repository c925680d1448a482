//! Trackers: the errors that count as failures.
//!
//! | tracker | tracks |
//! |---|---|
//! | [`All()`](All) | every error |
//! | [`TypeOf::<T>()`](TypeOf) | an error of this type, itself or among its sources |
//! | [`Custom(f)`](Custom) | an error `e` for which `f(&e)` is true |
//!
//! They compose with `&`, `|` and `!`. The macros also have `Matches(PATTERN)`. An error that is not tracked is ignored: it
//! is neither recorded nor judged, and does not end a failure streak.
//!
//! ```
//! use fluxgate::{CircuitBreaker, trackers::{Custom, TypeOf}};
//!
//! #[derive(Debug)]
//! struct HttpError { status: u16 }
//!
//! // Errors of the connection, and of the server.
//! let breaker = CircuitBreaker::builder("search")
//!     .tracker(TypeOf::<std::io::Error>() | Custom(|error: &HttpError| error.status >= 500))
//!     .build()?;
//! for status in [404, 503] {
//!     let _ = breaker.call(|| Err::<(), _>(HttpError { status }));
//! }
//! assert_eq!(breaker.info().failures, 1);
//! # Ok::<(), fluxgate::PolicyError>(())
//! ```
//!
//! The [guide](crate::guide::errors) discusses which errors should count.

mod compiled;
mod custom;
mod error_view;
mod type_of;

pub(crate) use compiled::CompiledTracker;
pub use custom::{Custom, CustomTracker};
pub use error_view::ErrorView;
pub use type_of::TypeOf;
#[cfg(feature = "macros")]
pub(crate) use type_of::type_of_any;

use fluxgate_policy::{Expr, Kind};

use crate::policy::component::{AnyComponent, operators, parse, text_form};

/// The errors that count as failures: composed of the components of this module with `&`, `|` and `!`, or parsed from text.
///
/// # Examples
///
/// ```
/// use std::io::{self, ErrorKind};
/// use fluxgate::{CircuitBreaker, trackers::{Custom, TypeOf}};
///
/// let tracker = TypeOf::<io::Error>() & !Custom(|error: &io::Error| error.kind() == ErrorKind::NotFound);
/// let breaker = CircuitBreaker::builder("search").tracker(tracker).build()?;
/// for kind in [ErrorKind::NotFound, ErrorKind::ConnectionReset] {
///     let _ = breaker.call(|| Err::<(), _>(io::Error::from(kind)));
/// }
/// assert_eq!(breaker.info().failures, 1);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("filter", "classifier", "record_exceptions", "ignore_exceptions", "should_handle"))]
#[derive(Clone)]
pub struct Tracker(pub(crate) Expr<AnyComponent<dyn CustomTracker>>);

text_form!(Tracker, Kind::Tracker, parse);
operators!(Tracker: Tracker);

impl std::ops::Not for Tracker {
    type Output = Self;

    fn not(self) -> Self {
        Self(Expr::Not(Box::new(self.0)))
    }
}

/// Returns a tracker that tracks every error.
///
/// # Examples
///
/// ```
/// use std::num::ParseIntError;
/// use fluxgate::{CircuitBreaker, trackers::{All, TypeOf}};
///
/// let all_but_bad_input = All() & !TypeOf::<ParseIntError>();
/// let breaker = CircuitBreaker::builder("search").tracker(all_but_bad_input).build()?;
/// let _ = breaker.call(|| "many".parse::<u32>());
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// assert_eq!((breaker.info().calls, breaker.info().failures), (1, 1));
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[allow(non_snake_case, reason = "components are named as in the policy language")]
pub fn All() -> Tracker {
    Tracker(Expr::Leaf(AnyComponent::built_in(Kind::Tracker, "All", &[])))
}
