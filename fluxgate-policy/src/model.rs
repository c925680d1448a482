//! A checked component as plain values.

use crate::argument::Argument;
use crate::kind::Kind;
use crate::span::Span;
use crate::spec::{Parameter, Spec};

/// The value of an argument, checked.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// A finite number.
    Number(f64),
    /// Nanoseconds. What was longer than `u64::MAX` of them is `u64::MAX`.
    Duration(u64),
    /// Rust, not read.
    Rust(RustText),
}

impl From<Argument> for Value {
    fn from(argument: Argument) -> Self {
        match argument {
            Argument::Count(count) => Self::Count(count),
            Argument::Number(number) => Self::Number(number),
            Argument::Duration(nanos) => Self::Duration(nanos),
        }
    }
}

/// The Rust that stands in the parentheses of `Custom(…)`, `TypeOf(…)` or `Matches(…)`.
///
/// Two are equal if their texts are; where they stand does not matter.
#[derive(Clone, Debug)]
pub struct RustText {
    /// As it was written, without the space, comments and comma around it; never empty.
    pub text: String,
    /// Where it stands in what was parsed.
    pub span: Span,
}

impl PartialEq for RustText {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for RustText {}

/// A component of a policy whose arguments are all known and in range.
///
/// It prints in the policy language. Two are equal if they are the same component with the same values.
///
/// ```
/// use fluxgate_policy::{Argument, Kind, component};
///
/// let backoff = component(Kind::Retry, "Backoff", &[("initial", Argument::Number(10.0))])?;
/// assert_eq!(backoff.nanos("initial"), 10_000_000_000);
/// assert_eq!(backoff.number("multiplier"), 2.0);
/// assert!(backoff.is_default("multiplier"));
/// assert_eq!(backoff.to_string(), "Backoff(10s)");
/// # Ok::<_, fluxgate_policy::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Component {
    spec: &'static Spec,
    /// One for each parameter of `spec`, of its sort, in its order.
    values: Vec<Value>,
    span: Span,
}

impl PartialEq for Component {
    fn eq(&self, other: &Self) -> bool {
        (self.spec.kind, self.spec.name) == (other.spec.kind, other.spec.name) && self.values == other.values
    }
}

impl Component {
    pub(crate) fn new(spec: &'static Spec, values: Vec<Value>, span: Span) -> Self {
        debug_assert_eq!(spec.parameters.len(), values.len());
        Self { spec, values, span }
    }

    /// Its name in the policy language: `FailureRate`.
    pub fn name(&self) -> &'static str {
        self.spec.name
    }

    /// What it is for.
    pub fn kind(&self) -> Kind {
        self.spec.kind
    }

    /// Its row in the catalog.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// From its name to its closing parenthesis; empty if it was not parsed.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Every parameter with its value, in positional order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = (&'static Parameter, &Value)> {
        self.spec.parameters.iter().zip(&self.values)
    }

    /// The value of a parameter, if there is one of this name.
    pub fn value(&self, parameter: &str) -> Option<&Value> {
        self.spec.position(parameter).map(|position| &self.values[position])
    }

    /// The value of a parameter that takes a whole number.
    ///
    /// # Panics
    ///
    /// If the component has no such parameter.
    pub fn count(&self, parameter: &str) -> u64 {
        match self.value(parameter) {
            Some(Value::Count(count)) => *count,
            _ => self.no_such("count", parameter),
        }
    }

    /// The value of a parameter that takes a ratio or another number.
    ///
    /// # Panics
    ///
    /// If the component has no such parameter.
    pub fn number(&self, parameter: &str) -> f64 {
        match self.value(parameter) {
            Some(Value::Number(number)) => *number,
            _ => self.no_such("number", parameter),
        }
    }

    /// The value, in nanoseconds, of a parameter that takes a duration.
    ///
    /// # Panics
    ///
    /// If the component has no such parameter.
    pub fn nanos(&self, parameter: &str) -> u64 {
        match self.value(parameter) {
            Some(Value::Duration(nanos)) => *nanos,
            _ => self.no_such("duration", parameter),
        }
    }

    /// The value of a parameter that takes Rust: a function, types or a pattern.
    ///
    /// # Panics
    ///
    /// If the component has no such parameter.
    pub fn rust(&self, parameter: &str) -> &RustText {
        match self.value(parameter) {
            Some(Value::Rust(rust)) => rust,
            _ => self.no_such("Rust", parameter),
        }
    }

    /// Whether a parameter has the value it would have if it were left out.
    ///
    /// `false` for one that can't be left out, or that the component doesn't have.
    pub fn is_default(&self, parameter: &str) -> bool {
        self.spec.position(parameter).is_some_and(|position| {
            self.spec.parameters[position].default.map(Value::from).as_ref() == Some(&self.values[position])
        })
    }

    /// Names of parameters are written by programmers, never read from a policy, so a wrong one is a bug.
    fn no_such(&self, sort: &str, parameter: &str) -> ! {
        panic!("{} has no {sort} parameter `{parameter}`", self.spec.name)
    }
}
