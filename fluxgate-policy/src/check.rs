//! Arguments against the catalog.

use crate::catalog::{Kind, Role};
use crate::error::{Error, ErrorKind};
use crate::expr::Expr;
use crate::model::{Argument, Component, Value};
use crate::span::Span;

/// The component of this kind and name with these arguments: what the parser does, for constructors in Rust.
///
/// # Errors
///
/// Those of [`parse`](crate::parse), in the same words.
pub fn component(_kind: Kind, _name: &str, _arguments: &[(&str, Argument)]) -> Result<Component, Error> {
    Err(Error::new(ErrorKind::Unfinished, Span::default()))
}

/// How many calls a window can hold, if it is one that counts them.
pub(crate) fn capacity(window: &Component) -> Option<u64> {
    let Role::HoldsCalls(parameter) = window.spec().role else { return None };
    match window.value(parameter) {
        Some(Value::Count(calls)) => Some(*calls),
        _ => None,
    }
}

/// The mistakes that only the whole policy shows: a tripper that waits for more calls than the window can hold, and one
/// that can hold in no window while the breaker is closed.
///
/// `component_of` gives the component that a leaf is; nothing for one of the user's own, which may hold at any time.
/// All spans are places in the tripper.
pub fn check_policy<L>(
    _window: &Component,
    _tripper: &Expr<L>,
    _component_of: impl Fn(&L) -> Option<&Component>,
) -> Vec<Error> {
    Vec::new()
}
