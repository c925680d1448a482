//! The checks that need more than one component.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind};
use crate::expr::Expr;
use crate::model::{Component, Value};
use crate::span::Span;
use crate::spec::Role;

/// The mistakes that only window and tripper together show.
///
/// These are a tripper that waits for more calls than the window can hold, one with so many thresholds that the window would
/// take too much memory, and one that can hold in no window while the breaker is closed, so that the breaker would never
/// trip. `component_of` gives the component that a leaf is; nothing
/// for one of the user's own, which may hold at any time. All spans are places in the tripper.
///
/// ```
/// use fluxgate_policy::{Kind, check_policy, defaults, parse};
///
/// let tripper = parse(Kind::Tripper, "HalfOpened() & FailureRate(0.5)").unwrap();
/// let errors = check_policy(&defaults::window(), &tripper, |component| Some(component));
/// assert_eq!(
///     errors[0].to_string(),
///     "this tripper never holds while the breaker is closed, which then never opens; \
///      add a clause that may hold, such as | FailureStreak(5)",
/// );
/// ```
pub fn check_policy<L>(
    window: &Component,
    tripper: &Expr<L>,
    component_of: impl Fn(&L) -> Option<&Component>,
) -> Vec<Error> {
    let mut errors = Vec::new();
    if let Some(holds) = capacity(window) {
        let components = tripper.leaves().filter_map(&component_of);
        errors.extend(components.filter_map(|component| more_than_window(component, window, holds)));
    }
    errors.extend(too_many_figures(window, tripper, &component_of));
    errors.extend(check_tripper(tripper, component_of));
    errors.truncate(crate::parser::MAX_ERRORS);
    errors
}

/// The mistake that a tripper shows whatever the window is: see [`check_policy`].
///
/// ```
/// use fluxgate_policy::{ErrorKind, Kind, check_tripper, parse};
///
/// let mistake = |text| check_tripper(&parse(Kind::Tripper, text).unwrap(), |component| Some(component));
/// assert_eq!(mistake("FailureStreak(5) | HalfOpened()"), None);
/// assert_eq!(mistake("HalfOpened()").unwrap().kind(), &ErrorKind::NeverHolds);
/// ```
pub fn check_tripper<L>(tripper: &Expr<L>, component_of: impl Fn(&L) -> Option<&Component>) -> Option<Error> {
    let holds = tripper.holds(|leaf| component_of(leaf).is_none_or(may_hold_closed));
    (!holds).then(|| never_holds(tripper, component_of))
}

/// A `TimeWindow` keeps a number of eight bytes for each second and threshold: 80 megabytes at the most.
const MOST_OF_SECONDS: u64 = 10_000_000;
/// A `CountWindow` keeps a bit for each call and threshold: 125 megabytes at the most.
const MOST_OF_CALLS: u64 = 1_000_000_000;

fn too_many_figures<L>(
    window: &Component,
    tripper: &Expr<L>,
    component_of: impl Fn(&L) -> Option<&Component>,
) -> Option<Error> {
    let slow_rates = tripper.leaves().filter_map(&component_of).filter(|component| component.name() == "SlowRate");
    let thresholds: BTreeSet<u64> = slow_rates.filter_map(|component| nanos(component, "threshold")).collect();
    let (size, most) = match (capacity(window), nanos(window, "size")) {
        (Some(calls), _) => (calls, MOST_OF_CALLS),
        (None, Some(nanos)) => (nanos / 1_000_000_000, MOST_OF_SECONDS),
        (None, None) => return None,
    };
    let (kept, room) = (thresholds.len() as u64, most / size.max(1));
    (kept > room).then(|| {
        let span = tripper.leaves().filter_map(component_of).find(|component| component.name() == "SlowRate");
        let message = format!(
            "SlowRate: {kept} different thresholds are more than {window} keeps figures for; write at most {room}, or a \
             smaller window"
        );
        Error::new(ErrorKind::TooManyFigures, span.map(Component::span).unwrap_or_default(), message)
    })
}

fn nanos(component: &Component, parameter: &str) -> Option<u64> {
    match component.value(parameter) {
        Some(Value::Duration(nanos)) => Some(*nanos),
        _ => None,
    }
}

/// How many calls a window can hold, if it is one that counts them.
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

fn more_than_window(component: &Component, window: &Component, holds: u64) -> Option<Error> {
    let Role::NeedsCalls(parameter) = component.spec().role else { return None };
    let needs = count(component, parameter).filter(|needs| *needs > holds)?;
    let message = format!("{}: {needs} is more than {window} can hold; write at most {holds}", component.name());
    Some(Error::new(ErrorKind::MoreThanWindow, component.span(), message))
}

fn may_hold_closed(component: &Component) -> bool {
    component.spec().role != Role::NeverWhileClosed
}

fn never_holds<L>(tripper: &Expr<L>, component_of: impl Fn(&L) -> Option<&Component>) -> Error {
    let spans = tripper.leaves().filter_map(component_of).map(Component::span);
    let span = spans.filter(|span| *span != Span::default()).reduce(Span::to).unwrap_or_default();
    let message = "this tripper never holds while the breaker is closed, which then never opens; \
                   add a clause that may hold, such as | FailureStreak(5)";
    Error::new(ErrorKind::NeverHolds, span, message.to_owned())
}
