//! The table of components, with their parameters, ranges and defaults.
//!
//! The parser, the checks, the messages and `Display` read this table and know no component by name: adding a component
//! takes a row here.

mod settings;

use std::ops::Bound::{self, Excluded, Included, Unbounded};

use crate::argument::Argument;
use crate::kind::Kind;
use crate::spec::{Parameter, Quantity, Role, Spec};

pub(crate) use settings::setting;

/// Returns every component, in the order of the documentation.
///
/// ```
/// let names: Vec<_> = fluxgate_policy::components().iter().map(|spec| spec.name).collect();
/// assert!(names.contains(&"FailureRate"));
/// ```
pub const fn components() -> &'static [Spec] {
    COMPONENTS
}

/// Returns the component with this kind and name.
///
/// ```
/// use fluxgate_policy::{Kind, find};
///
/// assert_eq!(find(Kind::Retry, "Backoff").map(|spec| spec.parameters.len()), Some(4));
/// assert!(find(Kind::Permit, "Backoff").is_none());
/// ```
pub fn find(kind: Kind, name: &str) -> Option<&'static Spec> {
    COMPONENTS.iter().find(|spec| spec.kind == kind && spec.name == name)
}

/// Returns the names of all components of a kind, in the order of the documentation.
///
/// ```
/// use fluxgate_policy::{Kind, names};
///
/// assert!(names(Kind::Permit).eq(["All", "Random", "RampUp"]));
/// ```
pub fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
    COMPONENTS.iter().filter(move |spec| spec.kind == kind).map(|spec| spec.name)
}

/// Returns the kinds that have a component with this name.
pub(crate) fn kinds_of(name: &str) -> impl Iterator<Item = Kind> {
    COMPONENTS.iter().filter(move |spec| spec.name == name).map(|spec| spec.kind)
}

const SECOND: u64 = 1_000_000_000;

/// The fields that most rows share.
const ROW: Spec =
    Spec { kind: Kind::Window, name: "", example: "", meaning: "", parameters: &[], ordered: &[], role: Role::Plain };

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

/// A ratio above 0, because a threshold of 0 would always hold.
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

/// The largest count window: memory for each of its calls is allocated up front.
const MAX_CALLS: u64 = 10_000_000;
/// The longest time window: memory for each of its seconds is allocated up front.
const MAX_SECONDS: u64 = 1_000_000;

static COMPONENTS: &[Spec] = &[
    Spec {
        kind: Kind::Window,
        name: "CountWindow",
        example: "CountWindow(100)",
        meaning: "the last `size` calls",
        parameters: &[count("size", MAX_CALLS, "100")],
        role: Role::HoldsCalls("size"),
        ..ROW
    },
    Spec {
        kind: Kind::Window,
        name: "TimeWindow",
        example: "TimeWindow(60s)",
        meaning: "the calls of the last `size`, in whole seconds",
        parameters: &[Parameter {
            name: "size",
            quantity: Quantity::Duration { min: SECOND, max: MAX_SECONDS * SECOND, step: SECOND },
            default: None,
            example: "60s",
        }],
        ..ROW
    },
    Spec { kind: Kind::Tracker, name: "All", example: "All()", meaning: "every error", ..ROW },
    Spec {
        kind: Kind::Tracker,
        name: "TypeOf",
        example: "TypeOf(std::io::Error)",
        meaning: "errors of one of these types, or with one among their sources",
        parameters: &[rust("types", "error types", "std::io::Error")],
        ..ROW
    },
    Spec {
        kind: Kind::Tracker,
        name: "Custom",
        example: "Custom(is_server_error)",
        meaning: "errors for which this function returns `true`",
        parameters: &[rust("function", "a function", "is_server_error")],
        ..ROW
    },
    Spec {
        kind: Kind::Tracker,
        name: "Matches",
        example: "Matches(ApiError::Server { .. })",
        meaning: "errors that match this pattern",
        parameters: &[rust("pattern", "a pattern", "ApiError::Server { .. }")],
        ..ROW
    },
    Spec { kind: Kind::Tripper, name: "Closed", example: "Closed()", meaning: "the breaker is closed", ..ROW },
    Spec {
        kind: Kind::Tripper,
        name: "HalfOpened",
        example: "HalfOpened()",
        meaning: "the breaker is half-open",
        role: Role::NeverWhileClosed,
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "MinRequests",
        example: "MinRequests(20)",
        meaning: "the window holds at least `count` calls",
        parameters: &[count("count", u64::MAX, "20")],
        role: Role::NeedsCalls("count"),
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "FailureRate",
        example: "FailureRate(0.5)",
        meaning: "at least `ratio` of the calls failed",
        parameters: &[share("ratio", "0.6")],
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "FailureStreak",
        example: "FailureStreak(5)",
        meaning: "the last `count` calls failed",
        parameters: &[count("count", u64::MAX, "5")],
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "AvgLatency",
        example: "AvgLatency(2s)",
        meaning: "the calls took at least `threshold` on average",
        parameters: &[duration("threshold", "2s")],
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "SlowRate",
        example: "SlowRate(0.5, 2s)",
        meaning: "at least `ratio` of the calls took at least `threshold`",
        parameters: &[share("ratio", "0.5"), duration("threshold", "2s")],
        ..ROW
    },
    Spec {
        kind: Kind::Tripper,
        name: "Custom",
        example: "Custom(too_many_failures)",
        meaning: "this function returns `true`",
        parameters: &[rust("function", "a function", "too_many_failures")],
        ..ROW
    },
    Spec { kind: Kind::Retry, name: "Always", example: "Always()", meaning: "at the next call", ..ROW },
    Spec { kind: Kind::Retry, name: "Never", example: "Never()", meaning: "only after a manual reset", ..ROW },
    Spec {
        kind: Kind::Retry,
        name: "Cooldown",
        example: "Cooldown(60s)",
        meaning: "after `duration`",
        parameters: &[duration("duration", "60s"), jitter()],
        ..ROW
    },
    Spec {
        kind: Kind::Retry,
        name: "Backoff",
        example: "Backoff(10s)",
        meaning: "after a time that grows with each failed recovery",
        parameters: &[
            duration("initial", "10s"),
            number("multiplier", "number", Excluded(1.0), Unbounded, "2").or(Argument::Number(2.0)),
            duration("max_duration", "300s").or(Argument::Duration(300 * SECOND)),
            jitter(),
        ],
        ordered: &[("initial", "max_duration")],
        ..ROW
    },
    Spec { kind: Kind::Permit, name: "All", example: "All()", meaning: "every call", ..ROW },
    Spec {
        kind: Kind::Permit,
        name: "Random",
        example: "Random(0.5)",
        meaning: "each call with probability `ratio`",
        parameters: &[probability("ratio", "0.5")],
        ..ROW
    },
    Spec {
        kind: Kind::Permit,
        name: "RampUp",
        example: "RampUp(0.1, 0.5, 60s)",
        meaning: "each call with a probability that grows from `initial` to `final` over `duration`",
        parameters: &[probability("initial", "0.1"), share("final", "0.5"), duration("duration", "60s")],
        ordered: &[("initial", "final")],
        ..ROW
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;
    use crate::setting::Setting;

    #[test]
    fn names_are_unique_among_their_kind() {
        for (position, spec) in COMPONENTS.iter().enumerate() {
            assert!(COMPONENTS[..position].iter().all(|other| (other.kind, other.name) != (spec.kind, spec.name)));
            let mut parameters: Vec<_> = spec.parameters.iter().map(|parameter| parameter.name).collect();
            parameters.sort_unstable();
            parameters.dedup();
            assert_eq!(parameters.len(), spec.parameters.len(), "{}", spec.name);
        }
    }

    #[test]
    fn required_parameters_come_first_and_rust_alone() {
        for spec in COMPONENTS {
            assert!(spec.parameters.is_sorted_by_key(|parameter| parameter.default.is_some()), "{}", spec.name);
            let rust = spec.parameters.iter().any(|parameter| matches!(parameter.quantity, Quantity::Rust { .. }));
            assert!(!rust || spec.parameters.len() == 1, "{}", spec.name);
        }
    }

    #[test]
    fn every_row_has_a_meaning_and_an_example_of_itself() {
        for spec in COMPONENTS {
            assert!(!spec.name.is_empty() && !spec.meaning.is_empty(), "{}", spec.example);
            assert_eq!(find(spec.kind, spec.name), Some(spec));
            let shown = crate::parse(spec.kind, spec.example).unwrap();
            assert!(shown.to_string().starts_with(&format!("{}(", spec.name)), "{}", spec.example);
        }
    }

    #[test]
    fn rows_refer_only_to_parameters_that_they_have() {
        for spec in COMPONENTS {
            for (low, high) in spec.ordered {
                assert!(spec.position(low).is_some() && spec.position(high).is_some(), "{}", spec.name);
            }
            if let Role::HoldsCalls(parameter) | Role::NeedsCalls(parameter) = spec.role {
                assert!(spec.position(parameter).is_some(), "{}", spec.name);
            }
        }
    }

    #[test]
    fn settings_have_the_defaults_that_are_documented() {
        let defaults = [
            (Setting::MaxHalfOpenCalls, Some(Argument::Count(10))),
            (Setting::MaxProbeTime, Some(Argument::Duration(60_000_000_000))),
            (Setting::MaxFailedProbes, Some(Argument::Count(10))),
            (Setting::Cancelled, Some(Argument::Duration(1_000_000_000))),
            (Setting::HonourRetryAfter, None),
            (Setting::Timeout, None),
            (Setting::Max, Some(Argument::Count(10_000))),
            (Setting::Idle, Some(Argument::Duration(600_000_000_000))),
            (Setting::ExportedKeys, Some(Argument::Count(100))),
        ];
        for (of, default) in defaults {
            assert_eq!(setting(of).default, default, "{}", setting(of).name);
        }
    }

    #[test]
    fn defaults_are_in_range() {
        for spec in COMPONENTS {
            let defaults = spec.parameters.iter().filter_map(|it| it.default.map(|default| (it.name, default)));
            for (name, default) in defaults {
                let written = format!("{}, {name} = {})", spec.example.trim_end_matches(')'), Value::from(default));
                assert!(crate::parse(spec.kind, &written).is_ok(), "{written}");
            }
        }
    }
}
