//! The settings of a breaker that are a single value.

use std::fmt::{self, Display, Formatter};

use crate::argument::Argument;
use crate::duration;
use crate::spec::Quantity;

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
