//! The settings of a breaker that are a single value, and how they are read.

use crate::argument::Argument;
use crate::ast::{Literal, Sort};
use crate::catalog;
use crate::error::{Error, ErrorKind};
use crate::model::Value;
use crate::parser;
use crate::setting::{Setting, SettingValue};
use crate::span::Span;
use crate::token::Token;
use crate::value::{self, Slot};

/// What is said of a way to read `Retry-After` from errors where nothing is done about it.
pub const RETRY_AFTER_FOR_NOTHING: &str =
    "retry_after: nothing honours it; write for how long at most besides, such as honour_retry_after = 10m";

/// The message for a breaker without a name.
pub const EMPTY_NAME: &str = "`name` is empty; write what logs and metrics shall call the breaker";

/// Reads a setting from text, its quotes taken off: `60s`, `60`, `off`.
///
/// # Errors
///
/// If the text is no value of this setting, or one out of range.
///
/// ```
/// use fluxgate_policy::{Setting, SettingValue, parse_setting};
///
/// assert_eq!(parse_setting(Setting::MaxProbeTime, "1.5m"), Ok(SettingValue::Duration(90_000_000_000)));
/// assert_eq!(parse_setting(Setting::Cancelled, "ignore"), Ok(SettingValue::Word("ignore")));
/// assert_eq!(
///     parse_setting(Setting::MaxProbeTime, "0").unwrap_err().to_string(),
///     "max_probe_time: 0 is out of range; write a duration above 0, such as 60s, or \"off\"",
/// );
/// ```
pub fn parse_setting(setting: Setting, text: &str) -> Result<SettingValue, Error> {
    match parser::single_value(text) {
        Some(literal) => read(setting, &literal),
        None => Err(empty(setting)),
    }
}

/// Reads a setting from the tokens a macro was given: `60s`, `60.0`, `off`. The span of an error is in indices.
///
/// # Errors
///
/// If they are no value of this setting, or one out of range.
pub fn parse_setting_tokens(setting: Setting, tokens: &[Token]) -> Result<SettingValue, Error> {
    match parser::single_value_of_tokens(tokens) {
        Some(literal) => read(setting, &literal),
        None => Err(empty(setting)),
    }
}

/// Checks the value of a setting that was given in Rust.
///
/// # Errors
///
/// If it is out of range; the error has no place.
///
/// ```
/// use fluxgate_policy::{Argument, Setting, SettingValue, check_setting};
///
/// let half_a_minute = check_setting(Setting::MaxProbeTime, Argument::Number(30.0));
/// assert_eq!(half_a_minute, Ok(SettingValue::Duration(30_000_000_000)));
/// assert!(check_setting(Setting::MaxHalfOpenCalls, Argument::Count(0)).is_err());
/// ```
pub fn check_setting(setting: Setting, value: Argument) -> Result<SettingValue, Error> {
    read(setting, &value::written(value))
}

fn slot(setting: Setting) -> Slot {
    let spec = catalog::setting(setting);
    Slot::of_setting(spec.name, spec.quantity, spec.example, spec.words)
}

fn read(setting: Setting, literal: &Literal) -> Result<SettingValue, Error> {
    if let Sort::Other(text) = &literal.sort {
        if let Some(word) = catalog::setting(setting).words.iter().find(|word| *word == text) {
            return Ok(SettingValue::Word(word));
        }
    }
    match slot(setting).read(literal)? {
        Value::Count(count) => Ok(SettingValue::Count(count)),
        Value::Duration(nanos) => Ok(SettingValue::Duration(nanos)),
        // No row of a setting takes another quantity.
        Value::Number(_) | Value::Rust(_) => Err(empty(setting)),
    }
}

fn empty(setting: Setting) -> Error {
    Error::new(ErrorKind::Empty, Span::default(), slot(setting).nothing())
}
