//! Trackers: which errors count as failures.
//!
//! | tracker | tracks |
//! |---|---|
//! | [`All()`](All) | every error |
//! | [`TypeOf::<T>()`](TypeOf) | an error of this type, itself or among its sources |
//! | [`Custom(f)`](Custom) | an error `e` for which `f(&e)` is true |
//!
//! They compose with `&`, `|` and `!`. The macros have `Matches(PATTERN)` besides. An error that is not tracked is
//! ignored: neither recorded nor evaluated, and no failure streak ends by it.
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
//! What counts is discussed by the [guide](crate::guide::errors).

mod custom;
mod error_view;
mod rule;
mod type_of;

pub use custom::{Custom, CustomTracker};
pub use error_view::ErrorView;
pub(crate) use rule::Rule;
pub use type_of::TypeOf;
#[cfg(feature = "macros")]
pub(crate) use type_of::type_of_any;

use fluxgate_policy::{Expr, Kind};

use crate::policy::component::{Leaf, operators, parse, text_form};

/// Which errors count as failures: made by the functions of this module and composed with `&`, `|` and `!`.
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
pub struct Tracker(pub(crate) Expr<Leaf<dyn CustomTracker>>);

text_form!(Tracker, Kind::Tracker, parse);
operators!(Tracker);

impl std::ops::Not for Tracker {
    type Output = Self;

    fn not(self) -> Self {
        Self(Expr::Not(Box::new(self.0)))
    }
}

/// Tracks every error.
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
    Tracker(Expr::Leaf(Leaf::built_in(Kind::Tracker, "All", &[])))
}
