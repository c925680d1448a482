//! The table of everything a policy may name: components and settings, with their parameters, ranges and defaults.
//!
//! Parser, checks, messages and `Display` read this table and know no component by name: a component is added by a row.

use std::ops::Bound::{self, Excluded, Included, Unbounded};

use crate::model::Argument;

/// What a component is for: one part of a policy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Which recorded calls count.
    Window,
    /// Which errors count as failures.
    Tracker,
    /// When the breaker opens.
    Tripper,
    /// When an open breaker lets calls try again.
    Retry,
    /// Which calls may try while half-open.
    Permit,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Window, Self::Tracker, Self::Tripper, Self::Retry, Self::Permit];

    /// The kind in a word, as it is called in messages and as an argument of the macros: `tripper`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Tracker => "tracker",
            Self::Tripper => "tripper",
            Self::Retry => "retry",
            Self::Permit => "permit",
        }
    }

    /// A component of this kind to show in a message.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Window => "CountWindow(100)",
            Self::Tracker => "All()",
            Self::Tripper => "FailureRate(0.5)",
            Self::Retry => "Cooldown(60s)",
            Self::Permit => "RampUp(0, 1, 60s)",
        }
    }

    /// Whether components of this kind compose with `&` and `|`.
    pub const fn composes(self) -> bool {
        matches!(self, Self::Tracker | Self::Tripper)
    }

    /// Whether components of this kind may be negated with `!`.
    pub const fn negates(self) -> bool {
        matches!(self, Self::Tracker)
    }
}

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
    const fn or(self, default: Argument) -> Self {
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

/// The row of a component in the catalog.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spec {
    /// What it is for.
    pub kind: Kind,
    /// Its name; unique among those of its kind.
    pub name: &'static str,
    /// The component as one would write it, for messages.
    pub example: &'static str,
    /// Its parameters in positional order, required ones first.
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

/// Every component, in the order of the documentation.
///
/// ```
/// let names: Vec<_> = fluxgate_policy::components().iter().map(|spec| spec.name).collect();
/// assert!(names.contains(&"FailureRate"));
/// ```
pub const fn components() -> &'static [Spec] {
    COMPONENTS
}

/// The component of this kind and name.
pub fn find(kind: Kind, name: &str) -> Option<&'static Spec> {
    COMPONENTS.iter().find(|spec| spec.kind == kind && spec.name == name)
}

/// The names of all components of a kind.
pub fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
    COMPONENTS.iter().filter(move |spec| spec.kind == kind).map(|spec| spec.name)
}

/// The kinds that have a component of this name.
pub(crate) fn kinds_of(name: &str) -> impl Iterator<Item = Kind> {
    COMPONENTS.iter().filter(move |spec| spec.name == name).map(|spec| spec.kind)
}

const SECOND: u64 = 1_000_000_000;

/// What rows have in common, to be spread into them.
const ROW: Spec = Spec { kind: Kind::Window, name: "", example: "", parameters: &[], ordered: &[], role: Role::Plain };

const fn count(name: &'static str, max: u64, example: &'static str) -> Parameter {
    Parameter { name, quantity: Quantity::Count { min: 1, max }, default: None, example }
}

const fn number(
    name: &'static str,
    noun: &'static str,
    low: Bound<f64>,
    high: Bound<f64>,
    example: &'static str,
) -> Parameter {
    Parameter { name, quantity: Quantity::Number { noun, low, high }, default: None, example }
}

/// A share above 0: a threshold of 0 would hold always.
const fn share(name: &'static str, example: &'static str) -> Parameter {
    number(name, "ratio", Excluded(0.0), Included(1.0), example)
}

const fn probability(name: &'static str, example: &'static str) -> Parameter {
    number(name, "ratio", Included(0.0), Included(1.0), example)
}

const fn jitter() -> Parameter {
    number("jitter_ratio", "ratio", Included(0.0), Excluded(1.0), "0.1").or(Argument::Number(0.0))
}

const fn duration(name: &'static str, example: &'static str) -> Parameter {
    Parameter { name, quantity: POSITIVE_DURATION, default: None, example }
}

const fn rust(name: &'static str, noun: &'static str, example: &'static str) -> Parameter {
    Parameter { name, quantity: Quantity::Rust { noun }, default: None, example }
}

const POSITIVE_DURATION: Quantity = Quantity::Duration { min: 1, max: u64::MAX, step: 1 };

/// Each call in a count window costs memory from the start, so it has an end.
const MAX_CALLS: u64 = 10_000_000;
/// Each second of a time window does too.
const MAX_SECONDS: u64 = 1_000_000;

static COMPONENTS: &[Spec] = &[
    Spec {
        kind: Kind::Window,
        name: "CountWindow",
        example: "CountWindow(100)",
        parameters: &[count("size", MAX_CALLS, "100")],
        role: Role::HoldsCalls("size"),
        ..ROW
    },
    Spec {
        kind: Kind::Window,
        name: "TimeWindow",
        example: "TimeWindow(60s)",
        parameters: &[Parameter {
            name: "size",
            quantity: Quantity::Duration { min: SECOND, max: MAX_SECONDS * SECOND, step: SECOND },
            default: None,
            example: "60s",
        }],
        ..ROW
    },
    Spec { kind: Kind::Tracker, name: "All", example: "All()", ..ROW },
    Spec {
        kind: Kind::Tracker,
        name: "TypeOf",
        example: "TypeOf(std::io::Error)",
        parameters: &[rust("types", "error types", "std::io::Error")],
        ..ROW
    },
    Spec {
        kind: Kind::Tracker,
        name: "Custom",
        example: "Custom(is_server_error)",
        parameters: &[rust("function", "a function", "is_server_error")],
        ..ROW
    },
    Spec {
        kind: Kind::Tracker,
        name: "Matches",
        example: "Matches(ApiError::Server { .. })",
        parameters: &[rust("pattern", "a pattern", "ApiError::Server { .. }")],
        ..ROW
    },
    Spec { kind: Kind::Tripper, name: "Closed", example: "Closed()", ..ROW },
    Spec { kind: Kind::Tripper, name: "HalfOpened", example: "HalfOpened()", role: Role::NeverWhileClosed, ..ROW },
    Spec {
        kind: Kind::Tripper,
        name: "MinRequests",
        example: "MinRequests(20)",
        parameters: &[count("count", u64::MAX, "20")],
        role: Role::NeedsCalls("count"),
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "FailureRate",
        example: "FailureRate(0.5)",
        parameters: &[share("ratio", "0.6")],
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "FailureStreak",
        example: "FailureStreak(5)",
        parameters: &[count("count", u64::MAX, "5")],
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "AvgLatency",
        example: "AvgLatency(2s)",
        parameters: &[duration("threshold", "2s")],
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "SlowRate",
        example: "SlowRate(0.5, 2s)",
        parameters: &[share("ratio", "0.5"), duration("threshold", "2s")],
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "Custom",
        example: "Custom(too_many_failures)",
        parameters: &[rust("function", "a function", "too_many_failures")],
        ..ROW
    },
    Spec { kind: Kind::Retry, name: "Always", example: "Always()", ..ROW },
    Spec { kind: Kind::Retry, name: "Never", example: "Never()", ..ROW },
    Spec {
        kind: Kind::Retry,
        name: "Cooldown",
        example: "Cooldown(60s)",
        parameters: &[duration("duration", "60s"), jitter()],
        ..ROW
    },
    Spec {
        kind: Kind::Retry,
        name: "Backoff",
        example: "Backoff(10s)",
        parameters: &[
            duration("initial", "10s"),
            number("multiplier", "number", Excluded(1.0), Unbounded, "2").or(Argument::Number(2.0)),
            duration("max_duration", "300s").or(Argument::Duration(300 * SECOND)),
            jitter(),
        ],
        ordered: &[("initial", "max_duration")],
        ..ROW
    },
    Spec { kind: Kind::Permit, name: "All", example: "All()", ..ROW },
    Spec {
        kind: Kind::Permit,
        name: "Random",
        example: "Random(0.5)",
        parameters: &[probability("ratio", "0.5")],
        ..ROW
    },
    Spec {
        kind: Kind::Permit,
        name: "RampUp",
        example: "RampUp(0.1, 0.5, 60s)",
        parameters: &[probability("initial", "0.1"), share("final", "0.5"), duration("duration", "60s")],
        ordered: &[("initial", "final")],
        ..ROW
    },
];
