//! The settings of a breaker and their values.

use std::fmt::{self, Display, Formatter};

use crate::argument::Argument;
use crate::duration;
use crate::spec::Quantity;

/// A setting of a breaker, of a set of breakers or of a guarded function that takes a single value.
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
    /// Maximum number of calls in flight while half-open: 1 to `u32::MAX`, 10 by default.
    MaxHalfOpenCalls,
    /// Time after which a probe in flight is given up, or `"off"`; 60 s by default.
    MaxProbeTime,
    /// Number of failed probes since the last success that reopens a half-open breaker, and of ignored errors in a row
    /// that closes it, both regardless of the tripper; or `"off"`. From 1 to `u32::MAX`, 10 by default.
    MaxFailedProbes,
    /// Waiting time after which a dropped future counts as a failure, or `"failure"` (always) or `"ignore"` (never). By
    /// default the smallest threshold of the tripper, or 1 s if it has none.
    Cancelled,
    /// Maximum time for which the service can keep the breaker open by a `Retry-After`, or `"off"`; off by default.
    HonourRetryAfter,
    /// Time limit of a call; no limit by default.
    Timeout,
    /// Maximum number of breakers in a keyed set at a time: 1 to `u32::MAX`, 10,000 by default.
    Max,
    /// Time without a call after which a breaker of a keyed set is idle; 10 min by default.
    Idle,
    /// Number of keys of a keyed set that have their own series in metrics: 1 to `u32::MAX`, 100 by default.
    ExportedKeys,
}

/// The row of a setting in the catalog.
pub(crate) struct SettingSpec {
    pub(crate) name: &'static str,
    pub(crate) quantity: Quantity,
    /// The words that can be given instead of a value.
    pub(crate) words: &'static [&'static str],
    pub(crate) default: Option<Argument>,
    pub(crate) example: &'static str,
    pub(crate) meaning: &'static str,
}

/// The checked value of a setting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettingValue {
    /// A whole number.
    Count(u64),
    /// A duration in nanoseconds. A longer duration than `u64::MAX` nanoseconds is stored as `u64::MAX`.
    Duration(u64),
    /// A word of the setting: `off`, `failure` or `ignore`.
    Word(&'static str),
}

/// Prints the text that [`parse_setting`](crate::parse_setting) reads as the same value: `10`, `60s`, `off`.
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
