//! The types that a row of the catalog consists of.

use std::ops::Bound;

use crate::argument::Argument;
use crate::kind::Kind;

/// The type and range of a parameter's value.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Quantity {
    /// A whole number, bounds included.
    Count {
        /// The smallest allowed value.
        min: u64,
        /// The largest allowed value.
        max: u64,
    },
    /// A finite number.
    Number {
        /// The noun for the value in messages: `ratio` or `number`.
        noun: &'static str,
        /// The lower bound.
        low: Bound<f64>,
        /// The upper bound.
        high: Bound<f64>,
    },
    /// A duration in nanoseconds, bounds included.
    Duration {
        /// The shortest allowed duration, in nanoseconds.
        min: u64,
        /// The longest allowed duration, in nanoseconds.
        max: u64,
        /// The unit, in nanoseconds, that the duration must be a multiple of.
        step: u64,
    },
    /// Rust source in the parentheses, not parsed by this crate.
    Rust {
        /// The noun for the value in messages, with its article: `a function`.
        noun: &'static str,
    },
}

/// A parameter of a component.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Parameter {
    /// The name, as in `name = value`.
    pub name: &'static str,
    /// The type and range of the value.
    pub quantity: Quantity,
    /// The value of an omitted argument; `None` for a required parameter.
    pub default: Option<Argument>,
    /// An example value for messages.
    pub example: &'static str,
}

impl Parameter {
    /// Makes the parameter optional.
    pub(crate) const fn or(self, default: Argument) -> Self {
        Self { default: Some(default), ..self }
    }
}

/// The part that a component plays in the checks of a whole policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Role {
    /// A component with no checks beyond its own arguments.
    Plain,
    /// A window whose capacity in calls is this parameter.
    HoldsCalls(&'static str),
    /// A tripper that needs as many calls in the window as this parameter.
    NeedsCalls(&'static str),
    /// A tripper that never holds while the breaker is closed.
    NeverWhileClosed,
}

/// The row of a component in the catalog, from which documentation, schemas and forms can be generated.
///
/// ```
/// use fluxgate_policy::{Argument, Kind, find};
///
/// let spec = find(Kind::Retry, "Cooldown").unwrap();
/// assert_eq!((spec.meaning, spec.example), ("after `duration`", "Cooldown(60s)"));
/// let [duration, jitter_ratio] = spec.parameters else { unreachable!() };
/// assert_eq!((duration.name, duration.default), ("duration", None)); // required
/// assert_eq!((jitter_ratio.name, jitter_ratio.default), ("jitter_ratio", Some(Argument::Number(0.0))));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spec {
    /// The part of a policy that the component is for.
    pub kind: Kind,
    /// The name, unique among the components of its kind.
    pub name: &'static str,
    /// An example of the whole component for messages.
    pub example: &'static str,
    /// A short description of what the component judges, counts, waits for or admits.
    pub meaning: &'static str,
    /// The parameters in positional order, required ones first. A parameter that takes Rust is the only one.
    pub parameters: &'static [Parameter],
    /// Pairs of parameters; the first must not be greater than the second.
    pub ordered: &'static [(&'static str, &'static str)],
    /// The part that the component plays in the checks of a whole policy.
    pub role: Role,
}

impl Spec {
    /// Returns the position of the parameter with this name.
    pub fn position(&self, parameter: &str) -> Option<usize> {
        self.parameters.iter().position(|known| known.name == parameter)
    }

    /// Returns the parameter that takes the whole content of the parentheses as Rust, if the component has one.
    pub fn rust_parameter(&self) -> Option<&'static Parameter> {
        self.parameters.first().filter(|first| matches!(first.quantity, Quantity::Rust { .. }))
    }
}
