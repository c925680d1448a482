//! Checked components as plain values.

use crate::argument::Argument;
use crate::kind::Kind;
use crate::span::Span;
use crate::spec::{Parameter, Spec};

/// The checked value of a parameter.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// A finite number.
    Number(f64),
    /// A duration in nanoseconds. A longer duration than `u64::MAX` nanoseconds is stored as `u64::MAX`.
    Duration(u64),
    /// Rust source, not parsed by this crate.
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

/// The Rust source in the parentheses of `Custom(…)`, `TypeOf(…)` or `Matches(…)`.
///
/// Two values are equal if their texts are equal; spans are not compared.
#[derive(Clone, Debug)]
pub struct RustText {
    /// The source without surrounding whitespace, comments and trailing comma. Never empty.
    pub text: String,
    /// The place of the source in the input.
    pub span: Span,
}

impl PartialEq for RustText {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for RustText {}

/// A component of a policy whose arguments are complete and in range.
///
/// It prints in the policy language. Two components are equal if they have the same name, kind and values; spans are
/// not compared.
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
    /// One value for each parameter of `spec`, of its type and in its order.
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

    /// Returns the name in the policy language, such as `FailureRate`.
    pub fn name(&self) -> &'static str {
        self.spec.name
    }

    /// Returns the part of a policy that the component is for.
    pub fn kind(&self) -> Kind {
        self.spec.kind
    }

    /// Returns the component's row in the catalog.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// Returns the span from the name to the closing parenthesis; the empty span if the component was not parsed.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Returns every parameter with its value, in positional order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = (&'static Parameter, &Value)> {
        self.spec.parameters.iter().zip(&self.values)
    }

    /// Returns the value of the parameter with this name, or `None` if the component has no such parameter.
    pub fn value(&self, parameter: &str) -> Option<&Value> {
        self.spec.position(parameter).map(|position| &self.values[position])
    }

    /// Returns the value of a parameter that takes a whole number.
    ///
    /// # Panics
    ///
    /// If the component has no such parameter.
    pub fn count(&self, parameter: &str) -> u64 {
        match self.value(parameter) {
            Some(Value::Count(count)) => *count,
            _ => self.no_such_parameter("count", parameter),
        }
    }

    /// Returns the value of a parameter that takes a ratio or another number.
    ///
    /// # Panics
    ///
    /// If the component has no such parameter.
    pub fn number(&self, parameter: &str) -> f64 {
        match self.value(parameter) {
            Some(Value::Number(number)) => *number,
            _ => self.no_such_parameter("number", parameter),
        }
    }

    /// Returns the value of a parameter that takes a duration, in nanoseconds.
    ///
    /// # Panics
    ///
    /// If the component has no such parameter.
    pub fn nanos(&self, parameter: &str) -> u64 {
        match self.value(parameter) {
            Some(Value::Duration(nanos)) => *nanos,
            _ => self.no_such_parameter("duration", parameter),
        }
    }

    /// Returns the value of a parameter that takes Rust: a function, types or a pattern.
    ///
    /// # Panics
    ///
    /// If the component has no such parameter.
    pub fn rust(&self, parameter: &str) -> &RustText {
        match self.value(parameter) {
            Some(Value::Rust(rust)) => rust,
            _ => self.no_such_parameter("Rust", parameter),
        }
    }

    /// Returns `true` if the parameter has its default value.
    ///
    /// Returns `false` for a required parameter and for one that the component does not have.
    pub fn is_default(&self, parameter: &str) -> bool {
        self.spec.position(parameter).is_some_and(|position| {
            self.spec.parameters[position].default.map(Value::from).as_ref() == Some(&self.values[position])
        })
    }

    // The caller's code names the parameter, never the text of a policy, so a wrong name is a bug.
    fn no_such_parameter(&self, value_type: &str, parameter: &str) -> ! {
        panic!("{} has no {value_type} parameter `{parameter}`", self.spec.name)
    }
}
