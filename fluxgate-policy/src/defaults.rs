//! The default policy and settings.
//!
//! ```
//! use fluxgate_policy::{Setting, SettingValue, defaults};
//!
//! let (window, retry, permit) = (defaults::window(), defaults::retry(), defaults::permit());
//! assert_eq!(
//!     [window, retry, permit].map(|part| part.to_string()),
//!     ["CountWindow(100)", "Cooldown(60s)", "RampUp(0, 1, 60s)"],
//! );
//! assert_eq!(defaults::setting(Setting::MaxHalfOpenCalls), Some(SettingValue::Count(10)));
//! ```

use crate::catalog::find;
use crate::expr::Expr;
use crate::kind::Kind;
use crate::model::{Component, Value};
use crate::setting::{Setting, SettingValue};
use crate::span::Span;

const MINUTE: Value = Value::Duration(60_000_000_000);

/// Returns the default window, `CountWindow(100)`.
pub fn window() -> Component {
    built_in(Kind::Window, "CountWindow", vec![Value::Count(100)])
}

/// Returns the default tracker, `All()`.
pub fn tracker() -> Expr<Component> {
    Expr::Leaf(built_in(Kind::Tracker, "All", vec![]))
}

/// Returns the default tripper for a window.
///
/// It is `Closed() & MinRequests(100) & FailureRate(0.5) | HalfOpened() & FailureRate(0.5)`. For a window that holds
/// fewer than 100 calls, `MinRequests` is the window's size.
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
    let leaf = |name, values| Expr::Leaf(built_in(Kind::Tripper, name, values));
    let rate = || leaf("FailureRate", vec![Value::Number(0.5)]);
    let requests = crate::whole_policy::capacity(window).map_or(100, |calls| calls.min(100));
    let closed = Expr::and(leaf("Closed", vec![]), leaf("MinRequests", vec![Value::Count(requests)]));
    Expr::or(Expr::and(closed, rate()), Expr::and(leaf("HalfOpened", vec![]), rate()))
}

/// Returns the default retry, `Cooldown(60s)`.
pub fn retry() -> Component {
    built_in(Kind::Retry, "Cooldown", vec![MINUTE, Value::Number(0.0)])
}

/// Returns the default permit, `RampUp(0, 1, 60s)`.
pub fn permit() -> Component {
    built_in(Kind::Permit, "RampUp", vec![Value::Number(0.0), Value::Number(1.0), MINUTE])
}

/// Returns the default of a setting, or `None` for [`Setting::Timeout`] and [`Setting::HonourRetryAfter`], which are off.
///
/// [`Setting::Cancelled`] has this default only if the tripper has no threshold.
pub fn setting(setting: Setting) -> Option<SettingValue> {
    crate::catalog::setting(setting).default.and_then(SettingValue::from_argument)
}

fn built_in(kind: Kind, name: &str, values: Vec<Value>) -> Component {
    // The names above are rows of the catalog; tests call every function.
    let spec = find(kind, name).expect("every default is in the catalog");
    Component::new(spec, values, Span::default())
}
