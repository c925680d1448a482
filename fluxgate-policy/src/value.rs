//! A written value against what its parameter or setting takes.

use std::ops::Bound;

use crate::argument::Argument;
use crate::ast::{Literal, Sort};
use crate::duration::{self, NoDuration};
use crate::error::{Error, ErrorKind, quoted, shown};
use crate::foreign_duration;
use crate::model::Value;
use crate::number;
use crate::span::Span;
use crate::spec::{Parameter, Quantity, Spec};

/// A place for a value.
pub(crate) struct Slot {
    /// What a message has before the value: `FailureRate: `, `Backoff: multiplier = `.
    label: String,
    quantity: Quantity,
    example: &'static str,
    /// Words that may stand for the value, in quotes.
    words: &'static [&'static str],
}

impl Slot {
    pub(crate) fn of_parameter(spec: &Spec, parameter: &Parameter) -> Self {
        // The only parameter needs no name.
        let label = match spec.parameters {
            [_] => format!("{}: ", spec.name),
            _ => format!("{}: {} = ", spec.name, parameter.name),
        };
        Self { label, quantity: parameter.quantity, example: parameter.example, words: &[] }
    }

    pub(crate) fn of_setting(
        name: &str,
        quantity: Quantity,
        example: &'static str,
        words: &'static [&'static str],
    ) -> Self {
        Self { label: format!("{name}: "), quantity, example, words }
    }

    /// The checked value.
    pub(crate) fn read(&self, literal: &Literal) -> Result<Value, Error> {
        let fail = |kind, message| Err(Error::new(kind, literal.span, message));
        let (number, unit) = match &literal.sort {
            Sort::Number { number, unit } => (number.as_str(), unit.as_str()),
            Sort::Percent(number) => return fail(ErrorKind::WrongType, self.percent(number)),
            Sort::Text => return fail(ErrorKind::WrongType, self.wrong("a string")),
            Sort::Other(text) => {
                let message = self.foreign(text).unwrap_or_else(|| self.wrong(&quoted(text)));
                return fail(ErrorKind::WrongType, message);
            }
        };
        self.read_number(number, unit).or_else(|(kind, message)| fail(kind, message))
    }

    fn read_number(&self, number: &str, unit: &str) -> Result<Value, (ErrorKind, String)> {
        let written = shown(&format!("{number}{unit}"));
        let out_of_range = || (ErrorKind::OutOfRange, self.out_of_range(&written));
        if let Some((base, digits)) = other_base(number, unit) {
            let decimal = u64::from_str_radix(&digits.replace('_', ""), base);
            let write = decimal.map_or_else(|_| self.allowed(), |decimal| decimal.to_string());
            return Err((ErrorKind::WrongType, format!("{}{written} is not decimal; write {write}", self.label)));
        }
        let Some(approximate) = number::to_f64(number) else {
            return Err((ErrorKind::WrongType, self.wrong(&written)));
        };
        if !approximate.is_finite() {
            return Err(out_of_range());
        }
        if !unit.is_empty() && !matches!(self.quantity, Quantity::Duration { .. }) {
            return Err((ErrorKind::UnitNotMeant, self.unit_not_meant(number, &written)));
        }
        match self.quantity {
            Quantity::Count { .. } if !number::is_whole(number) => Err((
                ErrorKind::WrongType,
                format!("{}{written} is not written as a whole number; write {}", self.label, self.allowed()),
            )),
            Quantity::Count { min, max } => match number::to_u64(number) {
                Some(count) if (min..=max).contains(&count) => Ok(Value::Count(count)),
                // The end of all numbers is worth a word only to who is beyond it.
                None if !number.starts_with('-') => {
                    let label = &self.label;
                    Err((ErrorKind::OutOfRange, format!("{label}{written} is out of range; write at most {max}")))
                }
                _ => Err(out_of_range()),
            },
            Quantity::Number { low, high, .. } => {
                let inside = above(approximate, low) && below(approximate, high);
                if inside { Ok(Value::Number(approximate)) } else { Err(out_of_range()) }
            }
            Quantity::Duration { min, max, step } => match duration::nanos(number, unit) {
                Ok(nanos) if !(min..=max).contains(&nanos) => Err(out_of_range()),
                Ok(nanos) if nanos % step != 0 => Err((
                    ErrorKind::OutOfRange,
                    format!("{}{written} is not in whole seconds; write {}", self.label, self.allowed()),
                )),
                Ok(nanos) => Ok(Value::Duration(nanos)),
                Err(NoDuration::Negative | NoDuration::TooShort) => Err(out_of_range()),
                Err(NoDuration::UnknownUnit) => Err((ErrorKind::UnknownUnit, self.unknown_unit(number, unit))),
            },
            // The parser takes Rust for what it is before there is a literal.
            Quantity::Rust { .. } => Err((ErrorKind::WrongType, self.wrong(&written))),
        }
    }

    /// That there is no value at all.
    pub(crate) fn nothing(&self) -> String {
        format!("{}nothing is written; write {}", self.label, self.allowed())
    }

    fn wrong(&self, written: &str) -> String {
        format!("{}{written} is no {}; write {}", self.label, self.noun(), self.allowed())
    }

    fn out_of_range(&self, written: &str) -> String {
        format!("{}{written} is out of range; write {}", self.label, self.allowed())
    }

    fn percent(&self, number: &str) -> String {
        let ratio = number::to_f64(number).map(|percent| number::text(percent / 100.0));
        let ratio = ratio
            .filter(|ratio| matches!(self.quantity, Quantity::Number { .. }) && self.read_number(ratio, "").is_ok());
        let write = ratio.unwrap_or_else(|| self.allowed());
        format!("{}{} % is no {}; write {write}", self.label, shown(number), self.noun())
    }

    fn unit_not_meant(&self, number: &str, written: &str) -> String {
        let write = if self.read_number(number, "").is_ok() { shown(number) } else { self.allowed() };
        format!("{}{written} has a unit, but a {} has none; write {write}", self.label, self.noun())
    }

    /// What to write for a duration that is written as elsewhere.
    fn foreign(&self, text: &str) -> Option<String> {
        let Quantity::Duration { min, max, step } = self.quantity else { return None };
        let meant = foreign_duration::meant(text)?;
        let fits = (min..=max).contains(&meant) && meant % step == 0;
        fits.then(|| format!("{}{} is no duration here; write {}", self.label, quoted(text), duration::readable(meant)))
    }

    fn unknown_unit(&self, number: &str, unit: &str) -> String {
        let written = format!("{number}{unit}");
        let is_compound = unit.contains(|c: char| c.is_ascii_digit());
        if let Some(message) = self.foreign(&written).filter(|_| is_compound) {
            return message;
        }
        let write = match duration::unit_meant(unit) {
            Some(meant) => shown(&format!("{number}{meant}")),
            None => match foreign_duration::meant(&written) {
                Some(nanos) => duration::readable(nanos),
                None => format!("one of ns, us, ms, s, m and h, such as {}", self.example),
            },
        };
        format!("{}{} is no unit; write {write}", self.label, quoted(unit))
    }

    fn noun(&self) -> &'static str {
        match self.quantity {
            Quantity::Count { .. } => "whole number",
            Quantity::Number { noun, .. } => noun,
            Quantity::Duration { .. } => "duration",
            Quantity::Rust { .. } => "Rust",
        }
    }

    /// What may be written, in words.
    fn allowed(&self) -> String {
        let noun = self.noun();
        let range = match self.quantity {
            Quantity::Count { min, max: u64::MAX } => format!("a {noun} of at least {min}"),
            Quantity::Count { min, max } => format!("a {noun} from {min} to {max}"),
            Quantity::Number { low, high, .. } => range(noun, low, high),
            Quantity::Duration { max: u64::MAX, .. } => format!("a {noun} above 0"),
            Quantity::Duration { min, max, .. } => {
                format!("a {noun} in whole seconds from {} to {}", duration::text(min), duration::text(max))
            }
            Quantity::Rust { .. } => noun.to_owned(),
        };
        let such_as = format!("{range}, such as {}", self.example);
        let words = self.words.iter().map(|word| format!("\"{word}\""));
        std::iter::once(such_as).chain(words).collect::<Vec<_>>().join(", or ")
    }
}

fn range(noun: &str, low: Bound<f64>, high: Bound<f64>) -> String {
    let low = match low {
        Bound::Included(low) => format!("a {noun} of at least {}", number::text(low)),
        Bound::Excluded(low) => format!("a {noun} above {}", number::text(low)),
        Bound::Unbounded => format!("a {noun}"),
    };
    match high {
        Bound::Included(high) => format!("{low}, at most {}", number::text(high)),
        Bound::Excluded(high) => format!("{low}, below {}", number::text(high)),
        Bound::Unbounded => low,
    }
}

fn above(number: f64, low: Bound<f64>) -> bool {
    match low {
        Bound::Included(low) => number >= low,
        Bound::Excluded(low) => number > low,
        Bound::Unbounded => true,
    }
}

fn below(number: f64, high: Bound<f64>) -> bool {
    match high {
        Bound::Included(high) => number <= high,
        Bound::Excluded(high) => number < high,
        Bound::Unbounded => true,
    }
}

/// The base and the digits of `0x…`, `0o…` or `0b…`.
fn other_base<'u>(number: &str, unit: &'u str) -> Option<(u32, &'u str)> {
    let base = match unit.chars().next().filter(|_| number == "0")? {
        'x' => 16,
        'o' => 8,
        'b' => 2,
        _ => return None,
    };
    Some((base, &unit[1..]))
}

/// A value given in Rust as it would be written, so that there is one way to check it.
pub(crate) fn written(argument: Argument) -> Literal {
    let text = match argument {
        Argument::Count(count) => count.to_string(),
        Argument::Number(number) => number::text(number),
        Argument::Duration(nanos) => duration::text(nanos),
    };
    let (number, unit) = match argument {
        Argument::Duration(_) => number::split(&text),
        _ => (text.as_str(), ""),
    };
    Literal { sort: Sort::Number { number: number.to_owned(), unit: unit.to_owned() }, span: Span::default() }
}
