//! Checks of a component against its row of the catalog.

use std::cmp::Ordering;

use crate::argument::Argument;
use crate::ast::{Call, Content, Literal, LiteralKind, WrittenArgument};
use crate::catalog;
use crate::error::{Error, ErrorKind, quoted, shown};
use crate::expected_value::{self, ExpectedValue};
use crate::kind::Kind;
use crate::model::{Component, Value};
use crate::span::Span;
use crate::spec::Spec;
use crate::suggest::nearest;

/// Creates a component from arguments given in Rust, with the checks and messages of [`parse`](crate::parse).
///
/// A parameter with a default may be omitted. [`Argument::Number`] for a duration is in seconds.
///
/// # Errors
///
/// Returns the first mistake, with an empty span.
///
/// ```
/// use fluxgate_policy::{Argument, Kind, component};
///
/// let error = component(Kind::Tripper, "FailureRate", &[("ratio", Argument::Number(60.0))]).unwrap_err();
/// assert_eq!(error.to_string(), "FailureRate: 60 is out of range; write a ratio above 0, at most 1, such as 0.6");
/// ```
pub fn component(kind: Kind, name: &str, arguments: &[(&str, Argument)]) -> Result<Component, Error> {
    let nowhere = Span::default();
    let spec = catalog::find(kind, name).ok_or_else(|| unknown_component(kind, name, nowhere))?;
    let arguments = arguments.iter().map(|(name, argument)| WrittenArgument {
        name: Some(((*name).to_owned(), nowhere)),
        value: Some(expected_value::literal(*argument)),
        span: nowhere,
    });
    let mut errors = Vec::new();
    match values(spec, nowhere, arguments.collect(), &mut errors) {
        Some(values) => Ok(Component::new(spec, values, nowhere)),
        None => Err(errors.swap_remove(0)),
    }
}

/// Builds the error for a name that no component of this kind has.
pub(crate) fn unknown_component(kind: Kind, name: &str, span: Span) -> Error {
    let kinds: Vec<_> = catalog::kinds_of(name).map(Kind::word).collect();
    if !kinds.is_empty() {
        let example = kind.example();
        let message = format!("`{name}` is a {}; write a {kind} here, such as {example}", kinds.join(" or a "));
        return Error::new(ErrorKind::WrongKind, span, message);
    }
    let write = match nearest(name, catalog::names(kind)) {
        Some(meant) => format!("write {meant}"),
        None => format!("write one of {}", list(catalog::names(kind))),
    };
    let message = format!("there is no {kind} {}{}; {write}", quoted(name), foreign_letter(name));
    Error::new(ErrorKind::UnknownComponent, span, message)
}

/// Names the first letter outside ASCII, because it may look like an ASCII letter.
fn foreign_letter(name: &str) -> String {
    match name.chars().find(|c| !c.is_ascii()) {
        Some(letter) => format!(" (with the letter U+{:04X})", u32::from(letter)),
        None => String::new(),
    }
}

/// Joins names as `a, b and c`.
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Checks a parsed component. Returns `None` after a mistake, which is in `errors` unless the parser has reported it.
pub(crate) fn call(call: Call, errors: &mut Vec<Error>) -> Option<Component> {
    let Call { spec, content, span } = call;
    let values = match content {
        Content::Arguments(arguments) => values(spec, span, arguments, errors)?,
        Content::Rust(rust) => vec![Value::Rust(rust)],
        Content::Invalid => return None,
    };
    Some(Component::new(spec, values, span))
}

/// Returns one value for each parameter, or `None` after a mistake.
fn values(
    spec: &'static Spec,
    span: Span,
    arguments: Vec<WrittenArgument>,
    errors: &mut Vec<Error>,
) -> Option<Vec<Value>> {
    let errors_before = errors.len();
    let assigned = assign(spec, span, arguments, errors);
    let mut values = Vec::with_capacity(assigned.len());
    for (parameter, argument) in spec.parameters.iter().zip(&assigned) {
        values.push(match argument {
            Some(WrittenArgument { value: Some(literal), .. }) => {
                ExpectedValue::of_parameter(spec, parameter).read(literal).map_err(|error| errors.push(error)).ok()
            }
            Some(WrittenArgument { value: None, .. }) => None,
            None => parameter.default.map(Value::from),
        });
    }
    for (low, high) in spec.ordered {
        errors.extend(wrong_order(spec, &assigned, &values, low, high));
    }
    if errors.len() > errors_before { None } else { values.into_iter().collect() }
}

/// Assigns the arguments to the parameters.
fn assign(
    spec: &'static Spec,
    span: Span,
    arguments: Vec<WrittenArgument>,
    errors: &mut Vec<Error>,
) -> Vec<Option<WrittenArgument>> {
    let count = spec.parameters.len();
    let mut assigned = vec![None; count];
    let mut positional = 0;
    let mut has_named = false;
    let mut surplus: Option<Span> = None;
    // An argument without a parameter may be the one that is missing.
    let mut has_unassigned = false;
    for argument in arguments {
        let position = match &argument.name {
            Some((name, name_span)) => {
                has_named = true;
                let Some(position) = spec.position(name) else {
                    has_unassigned = true;
                    errors.push(unknown_argument(spec, name, *name_span));
                    continue;
                };
                if assigned[position].is_some() {
                    let message = format!("{}: `{name}` is given twice; write it once", spec.name);
                    errors.push(Error::new(ErrorKind::DuplicateArgument, argument.span, message));
                    continue;
                }
                position
            }
            None if has_named => {
                has_unassigned = true;
                errors.push(positional_after_named(spec, &assigned, &argument));
                continue;
            }
            None if positional == count => {
                surplus = Some(surplus.map_or(argument.span, |span| span.to(argument.span)));
                continue;
            }
            None => {
                positional += 1;
                positional - 1
            }
        };
        assigned[position] = Some(argument);
    }
    errors.extend(surplus.map(|surplus| too_many_arguments(spec, surplus)));
    if !has_unassigned {
        errors.extend(missing_arguments(spec, &assigned, span));
    }
    assigned
}

fn too_many_arguments(spec: &Spec, surplus: Span) -> Error {
    let takes = match spec.parameters.len() {
        0 => "no argument".to_owned(),
        1 => "only one argument".to_owned(),
        most => format!("at most {most} arguments"),
    };
    let message = format!("{} takes {takes}; write {}", spec.name, spec.example);
    Error::new(ErrorKind::TooManyArguments, surplus, message)
}

fn missing_arguments(spec: &Spec, assigned: &[Option<WrittenArgument>], span: Span) -> Option<Error> {
    let parameters = spec.parameters.iter().zip(assigned);
    let missing = parameters.filter(|(parameter, argument)| argument.is_none() && parameter.default.is_none());
    let missing: Vec<_> = missing.map(|(parameter, _)| parameter.name).collect();
    let are = match missing.len() {
        0 => return None,
        1 => "is",
        _ => "are",
    };
    let message = format!("{}: {} {are} missing; write {}", spec.name, list(missing), spec.example);
    Some(Error::new(ErrorKind::MissingArgument, span, message))
}

pub(crate) fn unknown_argument(spec: &Spec, name: &str, span: Span) -> Error {
    let known = || spec.parameters.iter().map(|parameter| parameter.name);
    let write = match nearest(name, known()) {
        Some(meant) => meant.to_owned(),
        None if spec.parameters.is_empty() => spec.example.to_owned(),
        None if spec.parameters.len() == 1 => list(known()),
        None => format!("one of {}", list(known())),
    };
    let message = format!("{} has no argument {}; write {write}", spec.name, quoted(name));
    Error::new(ErrorKind::UnknownArgument, span, message)
}

fn positional_after_named(spec: &Spec, assigned: &[Option<WrittenArgument>], argument: &WrittenArgument) -> Error {
    let value = argument.value.as_ref().map_or_else(|| "a value".to_owned(), text);
    let unassigned = spec.parameters.iter().zip(assigned).find(|(_, argument)| argument.is_none());
    let write = match unassigned {
        Some((parameter, _)) => format!("its name too, such as {} = {value}", parameter.name),
        None => spec.example.to_owned(),
    };
    let message = format!("{}: {value} has no name but follows a named argument; write {write}", spec.name);
    Error::new(ErrorKind::PositionalAfterNamed, argument.span, message)
}

/// Returns a value as it is written, for a message.
fn text(literal: &Literal) -> String {
    match &literal.kind {
        LiteralKind::Number { number, unit } => shown(&format!("{number}{unit}")),
        LiteralKind::Percent(number) => shown(&format!("{number} %")),
        LiteralKind::Text => "a string".to_owned(),
        LiteralKind::Other(text) => shown(text),
    }
}

/// Returns an error if the value of `low` is greater than that of `high`.
fn wrong_order(
    spec: &Spec,
    assigned: &[Option<WrittenArgument>],
    values: &[Option<Value>],
    low: &str,
    high: &str,
) -> Option<Error> {
    let (low_position, high_position) = (spec.position(low)?, spec.position(high)?);
    let (least, most) = (values[low_position].as_ref()?, values[high_position].as_ref()?);
    if compare(least, most) != Some(Ordering::Greater) {
        return None;
    }
    let component = spec.name;
    let written = assigned[high_position].as_ref().or(assigned[low_position].as_ref());
    let message = if assigned[high_position].is_some() {
        format!("{component}: {low} = {least} is above {high} = {most}; write a {high} of at least {least}")
    } else {
        format!("{component}: {low} = {least} is above {high}, which defaults to {most}; write {high} = {least}")
    };
    Some(Error::new(ErrorKind::Order, written.map(|argument| argument.span).unwrap_or_default(), message))
}

fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Count(one), Value::Count(other)) | (Value::Duration(one), Value::Duration(other)) => {
            Some(one.cmp(other))
        }
        (Value::Number(one), Value::Number(other)) => one.partial_cmp(other),
        _ => None,
    }
}
