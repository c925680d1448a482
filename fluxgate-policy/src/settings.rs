//! The settings of a breaker that are a single value, and how they are read.

use std::fmt::{self, Display, Formatter};

use crate::argument::Argument;
use crate::ast::{Literal, Sort};
use crate::catalog;
use crate::duration;
use crate::error::{Error, ErrorKind};
use crate::model::Value;
use crate::parser;
use crate::span::Span;
use crate::spec::Quantity;
use crate::token::Token;
use crate::value::{self, Slot};

/// A setting of a breaker, of a set of them, or of a guarded function, that is a single value.
///
/// ```
/// use fluxgate_policy::{Quantity, Setting};
///
/// let setting = Setting::MaxHalfOpenCalls;
/// assert_eq!((setting.name(), setting.example()), ("max_half_open_calls", "10"));
/// assert_eq!(setting.quantity(), Quantity::Count { min: 1, max: u32::MAX.into() });
/// assert_eq!(Setting::Cancelled.words(), ["failure", "ignore"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Setting {
    /// How many calls may be in flight while half-open; from 1 to `u32::MAX`, 10 unless set.
    MaxHalfOpenCalls,
    /// After how long a probe in flight is given up, or `"off"`; 60 s unless set.
    MaxProbeTime,
    /// How many probes may fail since the last success, or go by with an ignored error in a row, before a half-open breaker
    /// decides by that alone, or `"off"`; from 1 to `u32::MAX`, 10 unless set.
    MaxFailedProbes,
    /// After how long a dropped future counts as a failure, or `"failure"` (always) or `"ignore"` (never); unless set
    /// the smallest threshold of the tripper, 1 s if it has none.
    Cancelled,
    /// For how long at most the service itself may keep the breaker open, by a `Retry-After`, or `"off"`; off unless
    /// set.
    HonourRetryAfter,
    /// How long a call may take; no limit unless set.
    Timeout,
    /// How many breakers a set with keys may hold at a time; from 1 to `u32::MAX`, 10,000 unless set.
    Max,
    /// After how long without a call a breaker of such a set is idle; 10 min unless set.
    Idle,
    /// How many keys of such a set have series of their own in metrics; from 1 to `u32::MAX`, 100 unless set.
    ExportedKeys,
}

/// What is said of a way to read `Retry-After` from errors where nothing is done about it.
pub const RETRY_AFTER_FOR_NOTHING: &str =
    "retry_after: nothing honours it; write for how long at most besides, such as honour_retry_after = 10m";

/// The message for a breaker without a name.
pub const EMPTY_NAME: &str = "`name` is empty; write what logs and metrics shall call the breaker";

impl Setting {
    /// Its name as an argument of the macros: `max_probe_time`.
    pub fn name(self) -> &'static str {
        catalog::setting(self).name
    }

    /// What it is for, in a sentence or two.
    pub fn meaning(self) -> &'static str {
        catalog::setting(self).meaning
    }

    /// What it takes, and in which range.
    pub fn quantity(self) -> Quantity {
        catalog::setting(self).quantity
    }

    /// What may be said instead of a value: `off`, `failure`, `ignore`.
    pub fn words(self) -> &'static [&'static str] {
        catalog::setting(self).words
    }

    /// A value to show.
    pub fn example(self) -> &'static str {
        catalog::setting(self).example
    }
}

/// The row of a setting in the catalog.
pub(crate) struct SettingSpec {
    pub(crate) name: &'static str,
    pub(crate) quantity: Quantity,
    /// What may be said instead of a value.
    pub(crate) words: &'static [&'static str],
    pub(crate) default: Option<Argument>,
    pub(crate) example: &'static str,
    pub(crate) meaning: &'static str,
}

/// The value of a setting, checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettingValue {
    /// A whole number.
    Count(u64),
    /// Nanoseconds. What was longer than `u64::MAX` of them is `u64::MAX`.
    Duration(u64),
    /// One of the words of the setting: `off`, `failure`, `ignore`.
    Word(&'static str),
}

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

/// Prints so that [`parse_setting`] reads it as the same value: `10`, `60s`, `off`.
impl Display for SettingValue {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(formatter),
            Self::Duration(nanos) => formatter.write_str(&duration::text(*nanos)),
            Self::Word(word) => formatter.write_str(word),
        }
    }
}

impl SettingValue {
    pub(crate) fn from_argument(argument: Argument) -> Option<Self> {
        match argument {
            Argument::Count(count) => Some(Self::Count(count)),
            Argument::Duration(nanos) => Some(Self::Duration(nanos)),
            Argument::Number(_) => None,
        }
    }
}
