//! Checks of a written value against the type and range that a parameter or setting expects.

use std::ops::Bound;

use crate::argument::Argument;
use crate::ast::{Literal, LiteralKind};
use crate::duration::{self, DurationError};
use crate::error::{Error, ErrorKind, quoted, shown};
use crate::foreign_duration;
use crate::model::Value;
use crate::number;
use crate::span::Span;
use crate::spec::{Parameter, Quantity, Spec};

/// The value that a parameter or setting expects.
pub(crate) struct ExpectedValue {
    /// The start of a message, before the value: `FailureRate: `, `Backoff: multiplier = `.
    label: String,
    quantity: Quantity,
    example: &'static str,
    /// Words that can be written in quotes instead of a value.
    words: &'static [&'static str],
}

type Mistake = (ErrorKind, String);

impl ExpectedValue {
    pub(crate) fn of_parameter(spec: &Spec, parameter: &Parameter) -> Self {
        // An only parameter needs no name.
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

    /// Checks a literal and returns its value.
    pub(crate) fn read(&self, literal: &Literal) -> Result<Value, Error> {
        let value = match &literal.kind {
            LiteralKind::Number { number, unit } => self.read_number(number, unit),
            LiteralKind::Percent(number) => Err((ErrorKind::WrongType, self.percent(number))),
            LiteralKind::Text => Err((ErrorKind::WrongType, self.wrong_type("a string"))),
            LiteralKind::Other(text) => {
                let message = self.foreign_duration(text).unwrap_or_else(|| self.wrong_type(&quoted(text)));
                Err((ErrorKind::WrongType, message))
            }
        };
        value.map_err(|(kind, message)| Error::new(kind, literal.span, message))
    }

    fn read_number(&self, number: &str, unit: &str) -> Result<Value, Mistake> {
        let written = shown(&format!("{number}{unit}"));
        if let Some((base, digits)) = other_base(number, unit) {
            let decimal = u64::from_str_radix(&digits.replace('_', ""), base);
            let write = decimal.map_or_else(|_| self.allowed(), |decimal| decimal.to_string());
            return Err((ErrorKind::WrongType, format!("{}{written} is not decimal; write {write}", self.label)));
        }
        let Some(approximate) = number::to_f64(number) else {
            return Err((ErrorKind::WrongType, self.wrong_type(&written)));
        };
        if !approximate.is_finite() {
            return Err(self.out_of_range(&written));
        }
        if !unit.is_empty() && !matches!(self.quantity, Quantity::Duration { .. }) {
            return Err((ErrorKind::UnexpectedUnit, self.unexpected_unit(number, &written)));
        }
        match self.quantity {
            Quantity::Count { min, max } => self.read_count(number, min, max, &written),
            Quantity::Number { low, high, .. } => {
                let is_inside = is_above(approximate, low) && is_below(approximate, high);
                if is_inside { Ok(Value::Number(approximate)) } else { Err(self.out_of_range(&written)) }
            }
            Quantity::Duration { min, max, step } => match duration::nanos(number, unit) {
                Ok(nanos) if !(min..=max).contains(&nanos) => Err(self.out_of_range(&written)),
                Ok(nanos) if nanos % step != 0 => Err((
                    ErrorKind::OutOfRange,
                    format!("{}{written} is not in whole seconds; write {}", self.label, self.allowed()),
                )),
                Ok(nanos) => Ok(Value::Duration(nanos)),
                Err(DurationError::Negative | DurationError::TooShort) => Err(self.out_of_range(&written)),
                Err(DurationError::UnknownUnit) => Err((ErrorKind::UnknownUnit, self.unknown_unit(number, unit))),
            },
            // The parser reads the content of such a component as Rust, never as a literal.
            Quantity::Rust { .. } => Err((ErrorKind::WrongType, self.wrong_type(&written))),
        }
    }

    fn read_count(&self, number: &str, min: u64, max: u64, written: &str) -> Result<Value, Mistake> {
        let label = &self.label;
        if !number::is_whole(number) {
            let message = format!("{label}{written} is not written as a whole number; write {}", self.allowed());
            return Err((ErrorKind::WrongType, message));
        }
        match number::to_u64(number) {
            Some(count) if (min..=max).contains(&count) => Ok(Value::Count(count)),
            // The largest `u64` is worth mentioning only to those who exceed it.
            None if !number.starts_with('-') => {
                Err((ErrorKind::OutOfRange, format!("{label}{written} is out of range; write at most {max}")))
            }
            _ => Err(self.out_of_range(written)),
        }
    }

    /// Returns the message for a value that is missing.
    pub(crate) fn missing(&self) -> String {
        format!("{}the value is missing; write {}", self.label, self.allowed())
    }

    fn wrong_type(&self, written: &str) -> String {
        format!("{}{written} is not {}; write {}", self.label, self.noun(), self.allowed())
    }

    fn out_of_range(&self, written: &str) -> Mistake {
        let message = format!("{}{written} is out of range; write {}", self.label, self.allowed());
        (ErrorKind::OutOfRange, message)
    }

    fn percent(&self, number: &str) -> String {
        let ratio = number::to_f64(number).map(|percent| number::text(percent / 100.0));
        let ratio = ratio
            .filter(|ratio| matches!(self.quantity, Quantity::Number { .. }) && self.read_number(ratio, "").is_ok());
        let write = ratio.unwrap_or_else(|| self.allowed());
        format!("{}{} % is not {}; write {write}", self.label, shown(number), self.noun())
    }

    fn unexpected_unit(&self, number: &str, written: &str) -> String {
        let write = if self.read_number(number, "").is_ok() { shown(number) } else { self.allowed() };
        format!("{}{written} has a unit, but {} has none; write {write}", self.label, self.noun())
    }

    /// Returns the message for a duration in the notation of another tool.
    fn foreign_duration(&self, text: &str) -> Option<String> {
        let Quantity::Duration { min, max, step } = self.quantity else { return None };
        let nanos = foreign_duration::parse(text)?;
        let fits = (min..=max).contains(&nanos) && nanos % step == 0;
        let write = || duration::readable(nanos);
        fits.then(|| format!("{}{} is not a duration here; write {}", self.label, quoted(text), write()))
    }

    fn unknown_unit(&self, number: &str, unit: &str) -> String {
        let written = format!("{number}{unit}");
        let is_compound = unit.contains(|c: char| c.is_ascii_digit());
        if let Some(message) = self.foreign_duration(&written).filter(|_| is_compound) {
            return message;
        }
        let write = match duration::unit_of_alias(unit) {
            Some(unit) => shown(&format!("{number}{unit}")),
            None => match foreign_duration::parse(&written) {
                Some(nanos) => duration::readable(nanos),
                None => format!("one of ns, us, ms, s, m and h, such as {}", self.example),
            },
        };
        format!("{}{} is not a unit; write {write}", self.label, quoted(unit))
    }

    /// Returns the noun for the value, with its article.
    fn noun(&self) -> String {
        match self.quantity {
            Quantity::Count { .. } => "a whole number".to_owned(),
            Quantity::Number { noun, .. } => format!("a {noun}"),
            Quantity::Duration { .. } => "a duration".to_owned(),
            Quantity::Rust { noun } => noun.to_owned(),
        }
    }

    /// Describes the allowed values.
    fn allowed(&self) -> String {
        let noun = self.noun();
        let range = match self.quantity {
            Quantity::Count { min, max: u64::MAX } => format!("{noun} of at least {min}"),
            Quantity::Count { min, max } => format!("{noun} from {min} to {max}"),
            Quantity::Number { low, high, .. } => range(&noun, low, high),
            Quantity::Duration { max: u64::MAX, .. } => format!("{noun} above 0"),
            Quantity::Duration { min, max, .. } => {
                format!("{noun} in whole seconds from {} to {}", duration::text(min), duration::text(max))
            }
            Quantity::Rust { .. } => noun,
        };
        let such_as = format!("{range}, such as {}", self.example);
        let words = self.words.iter().map(|word| format!("\"{word}\""));
        std::iter::once(such_as).chain(words).collect::<Vec<_>>().join(", or ")
    }
}

fn range(noun: &str, low: Bound<f64>, high: Bound<f64>) -> String {
    let low = match low {
        Bound::Included(low) => format!("{noun} of at least {}", number::text(low)),
        Bound::Excluded(low) => format!("{noun} above {}", number::text(low)),
        Bound::Unbounded => noun.to_owned(),
    };
    match high {
        Bound::Included(high) => format!("{low}, at most {}", number::text(high)),
        Bound::Excluded(high) => format!("{low}, below {}", number::text(high)),
        Bound::Unbounded => low,
    }
}

fn is_above(number: f64, low: Bound<f64>) -> bool {
    match low {
        Bound::Included(low) => number >= low,
        Bound::Excluded(low) => number > low,
        Bound::Unbounded => true,
    }
}

fn is_below(number: f64, high: Bound<f64>) -> bool {
    match high {
        Bound::Included(high) => number <= high,
        Bound::Excluded(high) => number < high,
        Bound::Unbounded => true,
    }
}

/// Returns the base and the digits of `0x…`, `0o…` or `0b…`.
fn other_base<'u>(number: &str, unit: &'u str) -> Option<(u32, &'u str)> {
    let base = match unit.chars().next().filter(|_| number == "0")? {
        'x' => 16,
        'o' => 8,
        'b' => 2,
        _ => return None,
    };
    Some((base, &unit[1..]))
}

/// Returns an argument given in Rust as a literal, so that both pass the same checks.
pub(crate) fn literal(argument: Argument) -> Literal {
    let text = match argument {
        Argument::Count(count) => count.to_string(),
        Argument::Number(number) => number::text(number),
        Argument::Duration(nanos) => duration::text(nanos),
    };
    let (number, unit) = match argument {
        Argument::Duration(_) => number::split(&text),
        _ => (text.as_str(), ""),
    };
    Literal { kind: LiteralKind::Number { number: number.to_owned(), unit: unit.to_owned() }, span: Span::default() }
}
