//! Reading and checking the value of a setting.

use crate::argument::Argument;
use crate::ast::{Literal, LiteralKind};
use crate::catalog;
use crate::error::{Error, ErrorKind};
use crate::expected_value::{self, ExpectedValue};
use crate::model::Value;
use crate::parser;
use crate::setting::{Setting, SettingValue};
use crate::span::Span;
use crate::token::Token;

/// The message for a `retry_after` function without `honour_retry_after`.
pub const RETRY_AFTER_HAS_NO_EFFECT: &str = "`retry_after` has no effect unless `honour_retry_after` sets a maximum \
                                             wait; add `honour_retry_after = 10m`";

/// The message for a breaker without a name.
pub const EMPTY_NAME: &str = "`name` is empty; write the name that logs and metrics should show";

/// Reads a setting from text without quotes: `60s`, `60`, `off`.
///
/// # Errors
///
/// If the text is not a value of this setting, or is out of range. The span is in bytes of the text.
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
    read(setting, parser::single_value(text))
}

/// Reads a setting from tokens, as a macro receives them: `60s`, `60.0`, `off`.
///
/// # Errors
///
/// If the tokens are not a value of this setting, or are out of range. The span is in indices of the slice.
///
/// ```
/// use fluxgate_policy::{Setting, SettingValue, lex, parse_setting_tokens};
///
/// let value = parse_setting_tokens(Setting::Timeout, &lex("50 ms"));
/// assert_eq!(value, Ok(SettingValue::Duration(50_000_000)));
/// ```
pub fn parse_setting_tokens(setting: Setting, tokens: &[Token]) -> Result<SettingValue, Error> {
    read(setting, parser::single_value_of_tokens(tokens))
}

/// Checks the value of a setting that is given in Rust. [`Argument::Number`] for a duration is in seconds.
///
/// # Errors
///
/// If the value is out of range. The span is empty.
///
/// ```
/// use fluxgate_policy::{Argument, Setting, SettingValue, check_setting};
///
/// let half_a_minute = check_setting(Setting::MaxProbeTime, Argument::Number(30.0));
/// assert_eq!(half_a_minute, Ok(SettingValue::Duration(30_000_000_000)));
/// assert!(check_setting(Setting::MaxHalfOpenCalls, Argument::Count(0)).is_err());
/// ```
pub fn check_setting(setting: Setting, value: Argument) -> Result<SettingValue, Error> {
    read(setting, Some(expected_value::literal(value)))
}

fn read(setting: Setting, literal: Option<Literal>) -> Result<SettingValue, Error> {
    let spec = catalog::setting(setting);
    let expected = ExpectedValue::of_setting(spec.name, spec.quantity, spec.example, spec.words);
    let missing = || Error::new(ErrorKind::Empty, Span::default(), expected.missing());
    let literal = literal.ok_or_else(missing)?;
    if let LiteralKind::Other(text) = &literal.kind {
        if let Some(word) = spec.words.iter().find(|word| *word == text) {
            return Ok(SettingValue::Word(word));
        }
    }
    match expected.read(&literal)? {
        Value::Count(count) => Ok(SettingValue::Count(count)),
        Value::Duration(nanos) => Ok(SettingValue::Duration(nanos)),
        // No row of a setting has another quantity.
        Value::Number(_) | Value::Rust(_) => Err(missing()),
    }
}
