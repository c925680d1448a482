//! The schema, of the draft that most editors know.

use fluxgate_policy::{Expr, Kind, Quantity, Setting, Spec, defaults};
use serde_json::{Map, Value, json};

use crate::pattern;

/// Returns the schema of policy files.
pub(crate) fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Policies of circuit breakers",
        "description": "Settings that the file omits stay as in the program.",
        "type": ["object", "null"],
        "properties": {
            "$schema": { "type": "string" },
            "default": {
                "description": "The settings of every breaker. Those in `breakers` take precedence.",
                "allOf": [{ "$ref": "#/definitions/policy" }],
            },
            "breakers": {
                "description": "A table for each breaker, set of breakers, or key of a set, by name.",
                "type": ["object", "null"],
                "additionalProperties": { "$ref": "#/definitions/policy" },
            },
        },
        "additionalProperties": false,
        "definitions": {
            "policy": {
                "description": "The settings of a breaker, or of all breakers of a set.",
                "type": ["object", "null"],
                "properties": policy(),
                "additionalProperties": false,
            },
        },
    })
}

fn policy() -> Map<String, Value> {
    let parts = Kind::ALL.into_iter().map(|kind| (kind.word(), part(kind)));
    let settings = [
        Setting::MaxHalfOpenCalls,
        Setting::MaxProbeTime,
        Setting::MaxFailedProbes,
        Setting::Cancelled,
        Setting::HonourRetryAfter,
    ];
    let settings = settings.into_iter().map(|it| (it.name(), setting(it)));
    let shadow = json!({
        "description": "Shadow mode: the breaker rejects nothing, and only counts the calls that it would reject.",
        "type": "boolean",
        "default": false,
    });
    let state = json!({
        "description": "A kill switch: the state that each reading of the file sets.\n\n\
            - `disabled`: every call is admitted, and none is recorded.\n\
            - `forced_open`: every call is rejected.\n\
            - `metrics_only`: every call is admitted and recorded, but the breaker never trips.",
        "enum": ["disabled", "forced_open", "metrics_only"],
    });
    let others = [("shadow", shadow), ("state", state)];
    parts.chain(settings).chain(others).map(|(key, value)| (key.to_owned(), value)).collect()
}

fn part(kind: Kind) -> Value {
    let components = pattern::written(kind).map(|spec| format!("- `{}`: {}", signature(spec), spec.meaning));
    let components = components.collect::<Vec<_>>().join("\n");
    let operators = match (kind.composes(), kind.negates()) {
        (true, true) => "\n\nThey compose with `&`, `|`, `!` and parentheses.",
        (true, false) => "\n\nThey compose with `&`, `|` and parentheses.",
        _ => "",
    };
    let meaning = kind.meaning();
    let description = format!("{}{}:\n\n{components}{operators}", meaning[..1].to_uppercase(), &meaning[1..]);
    let default = default(kind);
    let mut examples: Vec<_> = pattern::written(kind).map(|spec| spec.example.to_owned()).collect();
    if kind == Kind::Tripper {
        // A tripper that never holds while closed is a mistake.
        examples.retain(|example| example != "HalfOpened()");
        examples.push("FailureStreak(5) | MinRequests(20) & FailureRate(0.6)".to_owned());
    }
    json!({
        "description": description,
        "type": "string",
        "pattern": pattern::part(kind),
        "default": default,
        "examples": examples,
    })
}

fn default(kind: Kind) -> String {
    let part = match kind {
        Kind::Window => Expr::Leaf(defaults::window()),
        Kind::Tracker => defaults::tracker(),
        Kind::Tripper => defaults::tripper(&defaults::window()),
        Kind::Retry => Expr::Leaf(defaults::retry()),
        Kind::Permit => Expr::Leaf(defaults::permit()),
    };
    part.to_string()
}

/// Returns ``Backoff(initial, multiplier = 2, max_duration = 300s, jitter_ratio = 0)``.
fn signature(spec: &Spec) -> String {
    let parameters = spec.parameters.iter().map(|parameter| match parameter.default {
        Some(default) => format!("{} = {}", parameter.name, fluxgate_policy::Value::from(default)),
        None => parameter.name.to_owned(),
    });
    format!("{}({})", spec.name, parameters.collect::<Vec<_>>().join(", "))
}

fn setting(setting: Setting) -> Value {
    let text = json!({ "type": "string", "pattern": format!(r"^\s*{}\s*$", pattern::value(setting.quantity())) });
    let (number, form) = match setting.quantity() {
        Quantity::Count { min, max } => {
            (json!({ "type": "integer", "minimum": min, "maximum": max }), "A whole number")
        }
        _ => (
            json!({ "type": "number", "exclusiveMinimum": 0 }),
            "Seconds, or text with a unit (`ns`, `us`, `ms`, `s`, `m`, `h`)",
        ),
    };
    let words = setting.words().iter().map(|word| format!("`\"{word}\"`"));
    let forms = std::iter::once(form.to_owned()).chain(words).collect::<Vec<_>>().join(", or ");
    let mut schema = json!({
        "description": format!("{} {forms}.", setting.meaning()),
        "anyOf": [number, text, { "enum": setting.words() }],
        "examples": [setting.example()],
    });
    // The draft forbids an empty `enum`.
    if setting.words().is_empty()
        && let Some(forms) = schema["anyOf"].as_array_mut()
    {
        forms.pop();
    }
    if let Some(default) = defaults::setting(setting) {
        schema["default"] = match default {
            fluxgate_policy::SettingValue::Count(count) => count.into(),
            value => value.to_string().into(),
        };
    }
    schema
}
