//! A component as it is written against its row of the catalog.

use std::cmp::Ordering;

use crate::argument::Argument;
use crate::ast::{Call, Content, Literal, Sort, Written};
use crate::catalog;
use crate::error::{Error, ErrorKind, quoted, shown};
use crate::kind::Kind;
use crate::model::{Component, Value};
use crate::span::Span;
use crate::spec::Spec;
use crate::suggest::nearest;
use crate::value::{self, Slot};

/// The component of this kind and name with these arguments: the checks of [`parse`](crate::parse), in the same words,
/// for constructors in Rust.
///
/// A parameter with a default may be left out. [`Argument::Number`] for a duration is seconds.
///
/// # Errors
///
/// The first mistake; it has no place.
///
/// ```
/// use fluxgate_policy::{Argument, Kind, component};
///
/// let error = component(Kind::Tripper, "FailureRate", &[("ratio", Argument::Number(60.0))]).unwrap_err();
/// assert_eq!(error.to_string(), "FailureRate: 60 is out of range; write a ratio above 0, at most 1, such as 0.6");
/// ```
pub fn component(kind: Kind, name: &str, arguments: &[(&str, Argument)]) -> Result<Component, Error> {
    let nowhere = Span::default();
    let spec = catalog::find(kind, name).ok_or_else(|| unknown(kind, name, nowhere))?;
    let arguments = arguments.iter().map(|(name, argument)| Written {
        name: Some(((*name).to_owned(), nowhere)),
        value: Some(value::written(*argument)),
        span: nowhere,
    });
    let mut errors = Vec::new();
    match values(spec, nowhere, arguments.collect(), &mut errors) {
        Some(values) => Ok(Component::new(spec, values, nowhere)),
        None => Err(errors.swap_remove(0)),
    }
}

/// That no component of this kind has this name, and which is meant.
pub(crate) fn unknown(kind: Kind, name: &str, span: Span) -> Error {
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

/// Names the first letter that is not of the language: it may look like one that is.
fn foreign_letter(name: &str) -> String {
    match name.chars().find(|c| !c.is_ascii()) {
        Some(letter) => format!(" (with the letter U+{:04X})", u32::from(letter)),
        None => String::new(),
    }
}

/// `a, b and c`
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The component, if nothing is wrong with its arguments.
pub(crate) fn call(call: Call, errors: &mut Vec<Error>) -> Option<Component> {
    let Call { spec, content, span } = call;
    let values = match content {
        Content::Arguments(arguments) => values(spec, span, arguments, errors)?,
        Content::Rust(rust) => vec![Value::Rust(rust)],
        Content::Wrong => return None,
    };
    Some(Component::new(spec, values, span))
}

/// One value for each parameter; nothing if there is a mistake, of which this tells unless the parser already has.
fn values(spec: &'static Spec, span: Span, arguments: Vec<Written>, errors: &mut Vec<Error>) -> Option<Vec<Value>> {
    let before = errors.len();
    let slots = assign(spec, span, arguments, errors);
    let mut values = Vec::with_capacity(slots.len());
    for (parameter, slot) in spec.parameters.iter().zip(&slots) {
        values.push(match slot {
            Some(Written { value: Some(literal), .. }) => match Slot::of_parameter(spec, parameter).read(literal) {
                Ok(value) => Some(value),
                Err(error) => {
                    errors.push(error);
                    None
                }
            },
            Some(Written { value: None, .. }) => None,
            None => parameter.default.map(Value::from),
        });
    }
    for (low, high) in spec.ordered {
        errors.extend(order(spec, &slots, &values, low, high));
    }
    if errors.len() > before { None } else { values.into_iter().collect() }
}

/// The argument for each parameter.
fn assign(spec: &'static Spec, span: Span, arguments: Vec<Written>, errors: &mut Vec<Error>) -> Vec<Option<Written>> {
    let Spec { name: component, parameters, example, .. } = *spec;
    let mut slots = vec![None; parameters.len()];
    let mut positional = 0;
    let mut named = false;
    let mut extra: Option<Span> = None;
    // An argument that found no parameter may be the one that is missing.
    let mut stray = false;
    for argument in arguments {
        let position = match &argument.name {
            Some((name, name_span)) => {
                named = true;
                let Some(position) = spec.position(name) else {
                    stray = true;
                    errors.push(unknown_argument(spec, name, *name_span));
                    continue;
                };
                if slots[position].is_some() {
                    let message = format!("{component}: `{name}` is given twice; write it once");
                    errors.push(Error::new(ErrorKind::DoubledArgument, argument.span, message));
                    continue;
                }
                position
            }
            None if named => {
                stray = true;
                errors.push(positional_after_named(spec, &slots, &argument));
                continue;
            }
            None if positional == parameters.len() => {
                extra = Some(extra.map_or(argument.span, |span| span.to(argument.span)));
                continue;
            }
            None => {
                positional += 1;
                positional - 1
            }
        };
        slots[position] = Some(argument);
    }
    if let Some(extra) = extra {
        let takes = match parameters.len() {
            0 => "no argument".to_owned(),
            1 => "only one argument".to_owned(),
            most => format!("at most {most} arguments"),
        };
        let message = format!("{component} takes {takes}; write {example}");
        errors.push(Error::new(ErrorKind::TooManyArguments, extra, message));
    }
    let missing =
        parameters.iter().zip(&slots).filter(|(parameter, slot)| slot.is_none() && parameter.default.is_none());
    let missing: Vec<_> = missing.map(|(parameter, _)| parameter.name).collect();
    if !missing.is_empty() && !stray {
        let are = if missing.len() == 1 { "is" } else { "are" };
        let message = format!("{component}: {} {are} missing; write {example}", list(missing));
        errors.push(Error::new(ErrorKind::MissingArgument, span, message));
    }
    slots
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

fn positional_after_named(spec: &Spec, slots: &[Option<Written>], argument: &Written) -> Error {
    let value = argument.value.as_ref().map_or_else(|| "a value".to_owned(), text);
    let free = spec.parameters.iter().zip(slots).find(|(_, slot)| slot.is_none());
    let write = match free {
        Some((parameter, _)) => format!("its name too, such as {} = {value}", parameter.name),
        None => spec.example.to_owned(),
    };
    let message = format!("{}: {value} has no name but stands after an argument that has; write {write}", spec.name);
    Error::new(ErrorKind::PositionalAfterNamed, argument.span, message)
}

/// A value as it is written, for a message.
fn text(literal: &Literal) -> String {
    match &literal.sort {
        Sort::Number { number, unit } => shown(&format!("{number}{unit}")),
        Sort::Percent(number) => shown(&format!("{number} %")),
        Sort::Text => "a string".to_owned(),
        Sort::Other(text) => shown(text),
    }
}

/// That the value of `low` is above that of `high`, if it is.
fn order(spec: &Spec, slots: &[Option<Written>], values: &[Option<Value>], low: &str, high: &str) -> Option<Error> {
    let (low_at, high_at) = (spec.position(low)?, spec.position(high)?);
    let (least, most) = (values[low_at].as_ref()?, values[high_at].as_ref()?);
    if compare(least, most) != Some(Ordering::Greater) {
        return None;
    }
    let component = spec.name;
    let at = slots[high_at].as_ref().or(slots[low_at].as_ref());
    let message = if slots[high_at].is_some() {
        format!("{component}: {low} = {least} is above {high} = {most}; write a {high} of at least {least}")
    } else {
        format!("{component}: {low} = {least} is above {high}, which is {most} unless given; write {high} = {least}")
    };
    Some(Error::new(ErrorKind::Order, at.map(|written| written.span).unwrap_or_default(), message))
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
