//! The settings of a breaker that are a single value: their table, and how they are read.

use crate::error::{Error, ErrorKind};
use crate::lexer::Token;
use crate::model::Argument;
use crate::span::Span;

/// A setting of a breaker, or of a guarded function, that is a single value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Setting {
    /// How many calls may be in flight while half-open; from 1 to `u32::MAX`, 10 unless set.
    MaxHalfOpenCalls,
    /// After how long a probe in flight is given up, or `"off"`; 60 s unless set.
    MaxProbeTime,
    /// After how long a dropped future counts as a failure, or `"failure"` (always) or `"ignore"` (never); 1 s unless
    /// set or known better from the tripper.
    Cancelled,
    /// How long a call may take; no limit unless set.
    Timeout,
}

impl Setting {
    /// Its name as an argument of the macros: `max_probe_time`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxHalfOpenCalls => "max_half_open_calls",
            Self::MaxProbeTime => "max_probe_time",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
        }
    }
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

/// Reads a setting from text: `"60s"`, `"60"`, `"off"`.
///
/// # Errors
///
/// If the text is no value of this setting, or one out of range.
pub fn parse_setting(_setting: Setting, _text: &str) -> Result<SettingValue, Error> {
    Err(Error::new(ErrorKind::Unfinished, Span::default()))
}

/// Reads a setting from the tokens a macro was given: `60s`, `60.0`, `off`.
///
/// # Errors
///
/// If they are no value of this setting, or one out of range.
pub fn parse_setting_tokens(_setting: Setting, _tokens: &[Token]) -> Result<SettingValue, Error> {
    Err(Error::new(ErrorKind::Unfinished, Span::default()))
}

/// Checks the value of a setting that was given in Rust.
///
/// # Errors
///
/// If it is out of range.
pub fn check_setting(_setting: Setting, _value: Argument) -> Result<SettingValue, Error> {
    Err(Error::new(ErrorKind::Unfinished, Span::default()))
}
