//! What a row of the catalog says.

use std::ops::Bound;

use crate::argument::Argument;
use crate::kind::Kind;

/// What a parameter takes, and in which range.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Quantity {
    /// A whole number, both ends allowed.
    Count {
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// A finite number.
    Number {
        /// What messages call it: `ratio` or `number`.
        noun: &'static str,
        /// The lower end.
        low: Bound<f64>,
        /// The upper end.
        high: Bound<f64>,
    },
    /// A duration in nanoseconds, both ends allowed.
    Duration {
        /// The least allowed, in nanoseconds.
        min: u64,
        /// The most allowed, in nanoseconds.
        max: u64,
        /// What it must be a multiple of, in nanoseconds.
        step: u64,
    },
    /// Rust that stands in the parentheses as it is, not read by this crate.
    Rust {
        /// What messages call it, with its article: `a function`.
        noun: &'static str,
    },
}

/// A parameter of a component.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Parameter {
    /// Its name, as in `name = value`.
    pub name: &'static str,
    /// What it takes.
    pub quantity: Quantity,
    /// What it is when left out; without a default it must be given.
    pub default: Option<Argument>,
    /// A value to show in a message.
    pub example: &'static str,
}

impl Parameter {
    /// The same parameter, but it may be left out.
    pub(crate) const fn or(self, default: Argument) -> Self {
        Self { default: Some(default), ..self }
    }
}

/// What a component means for the checks that look at a whole policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Role {
    /// Nothing to check beyond its own arguments.
    Plain,
    /// A window of as many calls as this parameter says.
    HoldsCalls(&'static str),
    /// A tripper that waits for as many calls in the window as this parameter says.
    NeedsCalls(&'static str),
    /// A tripper that never holds while the breaker is closed.
    NeverWhileClosed,
}

/// The row of a component in the catalog, for whoever makes documentation, a schema or a form of it.
///
/// ```
/// use fluxgate_policy::{Argument, Kind, find};
///
/// let spec = find(Kind::Retry, "Cooldown").unwrap();
/// assert_eq!((spec.meaning, spec.example), ("after this time", "Cooldown(60s)"));
/// let [duration, jitter_ratio] = spec.parameters else { unreachable!() };
/// assert_eq!((duration.name, duration.default), ("duration", None)); // it must be given
/// assert_eq!((jitter_ratio.name, jitter_ratio.default), ("jitter_ratio", Some(Argument::Number(0.0))));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spec {
    /// What it is for.
    pub kind: Kind,
    /// Its name; unique among those of its kind.
    pub name: &'static str,
    /// The component as one would write it, for messages.
    pub example: &'static str,
    /// What it does, in a few words: what it judges, counts, waits or admits.
    pub meaning: &'static str,
    /// Its parameters in positional order, required ones first. One that takes Rust is the only one.
    pub parameters: &'static [Parameter],
    /// Pairs of parameters of which the first may not be greater than the second.
    pub ordered: &'static [(&'static str, &'static str)],
    /// Its part in the checks of a whole policy.
    pub role: Role,
}

impl Spec {
    /// The position of a parameter, by its name.
    pub fn position(&self, parameter: &str) -> Option<usize> {
        self.parameters.iter().position(|known| known.name == parameter)
    }

    /// The parameter that takes the parentheses' whole content as Rust, if this component is of that sort.
    pub fn rust_parameter(&self) -> Option<&'static Parameter> {
        self.parameters.first().filter(|first| matches!(first.quantity, Quantity::Rust { .. }))
    }
}
