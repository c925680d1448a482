//! The policy of a breaker of which nothing is said.
//!
//! ```
//! use fluxgate_policy::{Setting, SettingValue, defaults};
//!
//! let (window, retry, permit) = (defaults::window(), defaults::retry(), defaults::permit());
//! assert_eq!([window, retry, permit].map(|part| part.to_string()), ["CountWindow(100)", "Cooldown(60s)", "RampUp(0, 1, 60s)"]);
//! assert_eq!(defaults::setting(Setting::MaxHalfOpenCalls), Some(SettingValue::Count(10)));
//! ```

use crate::catalog::find;
use crate::expr::Expr;
use crate::kind::Kind;
use crate::model::{Component, Value};
use crate::setting::{Setting, SettingValue};
use crate::span::Span;

const MINUTE: Value = Value::Duration(60_000_000_000);

/// `CountWindow(100)`
pub fn window() -> Component {
    make(Kind::Window, "CountWindow", vec![Value::Count(100)])
}

/// `All()`
pub fn tracker() -> Expr<Component> {
    Expr::Leaf(make(Kind::Tracker, "All", vec![]))
}

/// `(Closed() & MinRequests(100) & FailureRate(0.5)) | (HalfOpened() & FailureRate(0.5))`, with fewer requests over a
/// window that can't hold 100.
///
/// ```
/// use fluxgate_policy::{Argument, Kind, component, defaults};
///
/// let window = component(Kind::Window, "CountWindow", &[("size", Argument::Count(10))])?;
/// assert_eq!(
///     defaults::tripper(&window).to_string(),
///     "Closed() & MinRequests(10) & FailureRate(0.5) | HalfOpened() & FailureRate(0.5)",
/// );
/// # Ok::<_, fluxgate_policy::Error>(())
/// ```
pub fn tripper(window: &Component) -> Expr<Component> {
    let leaf = |name, values| Expr::Leaf(make(Kind::Tripper, name, values));
    let rate = || leaf("FailureRate", vec![Value::Number(0.5)]);
    let requests = crate::cross::capacity(window).map_or(100, |calls| calls.min(100));
    let closed = Expr::and(leaf("Closed", vec![]), leaf("MinRequests", vec![Value::Count(requests)]));
    Expr::or(Expr::and(closed, rate()), Expr::and(leaf("HalfOpened", vec![]), rate()))
}

/// `Cooldown(60s)`
pub fn retry() -> Component {
    make(Kind::Retry, "Cooldown", vec![MINUTE, Value::Number(0.0)])
}

/// `RampUp(0, 1, 60s)`
pub fn permit() -> Component {
    make(Kind::Permit, "RampUp", vec![Value::Number(0.0), Value::Number(1.0), MINUTE])
}

/// What a setting is when nothing is said; nothing for [`Setting::Timeout`] and [`Setting::HonourRetryAfter`].
pub fn setting(setting: Setting) -> Option<SettingValue> {
    crate::catalog::setting(setting).default.and_then(SettingValue::from_argument)
}

fn make(kind: Kind, name: &str, values: Vec<Value>) -> Component {
    // Each name above is a row of the catalog; a test makes them all.
    let spec = find(kind, name).expect("the catalog has every default");
    Component::new(spec, values, Span::default())
}
