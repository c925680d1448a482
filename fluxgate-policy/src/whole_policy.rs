//! The checks that involve more than one component.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind};
use crate::expr::Expr;
use crate::model::{Component, Value};
use crate::span::Span;
use crate::spec::Role;

/// Checks a window and a tripper against each other. Returns the mistakes, with spans in the tripper.
///
/// It is a mistake if
///
/// - the tripper needs more calls than the window can hold,
/// - the tripper has so many thresholds that the window would take too much memory,
/// - the tripper never holds while the breaker is closed, so that the breaker would never open.
///
/// `component_of` returns the component of a leaf, or `None` for a user's own leaf, which may hold at any time.
///
/// ```
/// use fluxgate_policy::{Kind, check_policy, defaults, parse};
///
/// let tripper = parse(Kind::Tripper, "HalfOpened() & FailureRate(0.5)").unwrap();
/// let errors = check_policy(&defaults::window(), &tripper, |component| Some(component));
/// assert_eq!(
///     errors[0].to_string(),
///     "this tripper never holds while the breaker is closed, so the breaker would never open; \
///      add a clause that can hold, such as `| FailureStreak(5)`",
/// );
/// ```
pub fn check_policy<L>(
    window: &Component,
    tripper: &Expr<L>,
    component_of: impl Fn(&L) -> Option<&Component>,
) -> Vec<Error> {
    let mut errors = Vec::new();
    if let Some(capacity) = capacity(window) {
        let components = tripper.leaves().filter_map(&component_of);
        errors.extend(components.filter_map(|component| needs_more_than_window(component, window, capacity)));
    }
    errors.extend(too_many_thresholds(window, tripper, &component_of));
    errors.extend(check_tripper(tripper, component_of));
    errors.truncate(crate::parser::MAX_ERRORS);
    errors
}

/// Checks the tripper alone: returns an error if it never holds while the breaker is closed. See [`check_policy`].
///
/// ```
/// use fluxgate_policy::{ErrorKind, Kind, check_tripper, parse};
///
/// let mistake = |text| check_tripper(&parse(Kind::Tripper, text).unwrap(), |component| Some(component));
/// assert_eq!(mistake("FailureStreak(5) | HalfOpened()"), None);
/// assert_eq!(mistake("HalfOpened()").unwrap().kind(), &ErrorKind::NeverHolds);
/// ```
pub fn check_tripper<L>(tripper: &Expr<L>, component_of: impl Fn(&L) -> Option<&Component>) -> Option<Error> {
    let holds = tripper.holds(|leaf| component_of(leaf).is_none_or(may_hold_while_closed));
    (!holds).then(|| never_holds(tripper, component_of))
}

/// A `TimeWindow` keeps 8 bytes for each second and threshold: at most 80 megabytes.
const MAX_SECONDS_TIMES_THRESHOLDS: u64 = 10_000_000;
/// A `CountWindow` keeps 1 bit for each call and threshold: at most 125 megabytes.
const MAX_CALLS_TIMES_THRESHOLDS: u64 = 1_000_000_000;

fn too_many_thresholds<L>(
    window: &Component,
    tripper: &Expr<L>,
    component_of: impl Fn(&L) -> Option<&Component>,
) -> Option<Error> {
    let slow_rates = || tripper.leaves().filter_map(&component_of).filter(|component| component.name() == "SlowRate");
    let thresholds: BTreeSet<u64> = slow_rates().filter_map(|component| nanos(component, "threshold")).collect();
    let (size, max) = match (capacity(window), nanos(window, "size")) {
        (Some(calls), _) => (calls, MAX_CALLS_TIMES_THRESHOLDS),
        (None, Some(nanos)) => (nanos / 1_000_000_000, MAX_SECONDS_TIMES_THRESHOLDS),
        (None, None) => return None,
    };
    let (count, max_count) = (thresholds.len() as u64, max / size.max(1));
    (count > max_count).then(|| {
        let span = slow_rates().next().map(Component::span).unwrap_or_default();
        let message = format!(
            "SlowRate: {count} different thresholds take too much memory over {window}; write at most {max_count}, or a \
             smaller window"
        );
        Error::new(ErrorKind::TooManyThresholds, span, message)
    })
}

/// Returns the number of calls that a window can hold, if its size is a number of calls.
pub(crate) fn capacity(window: &Component) -> Option<u64> {
    match window.spec().role {
        Role::HoldsCalls(parameter) => count(window, parameter),
        _ => None,
    }
}

fn count(component: &Component, parameter: &str) -> Option<u64> {
    match component.value(parameter) {
        Some(Value::Count(count)) => Some(*count),
        _ => None,
    }
}

fn nanos(component: &Component, parameter: &str) -> Option<u64> {
    match component.value(parameter) {
        Some(Value::Duration(nanos)) => Some(*nanos),
        _ => None,
    }
}

fn needs_more_than_window(component: &Component, window: &Component, capacity: u64) -> Option<Error> {
    let Role::NeedsCalls(parameter) = component.spec().role else { return None };
    let needed = count(component, parameter).filter(|needed| *needed > capacity)?;
    let message = format!("{}: {needed} is more than {window} can hold; write at most {capacity}", component.name());
    Some(Error::new(ErrorKind::MoreThanWindow, component.span(), message))
}

fn may_hold_while_closed(component: &Component) -> bool {
    component.spec().role != Role::NeverWhileClosed
}

fn never_holds<L>(tripper: &Expr<L>, component_of: impl Fn(&L) -> Option<&Component>) -> Error {
    let spans = tripper.leaves().filter_map(component_of).map(Component::span);
    let span = spans.filter(|span| *span != Span::default()).reduce(Span::to).unwrap_or_default();
    let message = "this tripper never holds while the breaker is closed, so the breaker would never open; \
                   add a clause that can hold, such as `| FailureStreak(5)`";
    Error::new(ErrorKind::NeverHolds, span, message.to_owned())
}
