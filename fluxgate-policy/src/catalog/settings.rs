//! The table of settings, with their ranges and defaults.

use super::{POSITIVE_DURATION, SECOND};
use crate::argument::Argument;
use crate::setting::{Setting, SettingSpec};
use crate::spec::Quantity;

/// Returns the row of a setting.
pub(crate) fn setting(setting: Setting) -> &'static SettingSpec {
    match setting {
        Setting::MaxHalfOpenCalls => &MAX_HALF_OPEN_CALLS,
        Setting::MaxProbeTime => &MAX_PROBE_TIME,
        Setting::MaxFailedProbes => &MAX_FAILED_PROBES,
        Setting::Cancelled => &CANCELLED,
        Setting::HonourRetryAfter => &HONOUR_RETRY_AFTER,
        Setting::Timeout => &TIMEOUT,
        Setting::Max => &MAX,
        Setting::Idle => &IDLE,
        Setting::ExportedKeys => &EXPORTED_KEYS,
    }
}

impl Setting {
    /// Returns the name of the setting as an argument of the macros, such as `max_probe_time`.
    pub fn name(self) -> &'static str {
        setting(self).name
    }

    /// Returns a description of the setting in a sentence or two.
    pub fn meaning(self) -> &'static str {
        setting(self).meaning
    }

    /// Returns the type and range of the value.
    pub fn quantity(self) -> Quantity {
        setting(self).quantity
    }

    /// Returns the words that can be given instead of a value: `off`, `failure`, `ignore`.
    pub fn words(self) -> &'static [&'static str] {
        setting(self).words
    }

    /// Returns an example value for messages.
    pub fn example(self) -> &'static str {
        setting(self).example
    }
}

static MAX_HALF_OPEN_CALLS: SettingSpec = SettingSpec {
    name: "max_half_open_calls",
    quantity: Quantity::Count { min: 1, max: u32::MAX as u64 },
    words: &[],
    default: Some(Argument::Count(10)),
    example: "10",
    meaning: "Maximum number of calls in flight while the breaker is half-open.",
};

static MAX_PROBE_TIME: SettingSpec = SettingSpec {
    name: "max_probe_time",
    quantity: POSITIVE_DURATION,
    words: &["off"],
    default: Some(Argument::Duration(60 * SECOND)),
    example: "60s",
    meaning: "Time after which a probe in flight is given up and counts as failed.",
};

static MAX_FAILED_PROBES: SettingSpec = SettingSpec {
    name: "max_failed_probes",
    quantity: Quantity::Count { min: 1, max: u32::MAX as u64 },
    words: &["off"],
    default: Some(Argument::Count(10)),
    example: "10",
    meaning: "Number of failed probes without a success that reopens a half-open breaker, regardless of the tripper. As \
              many ignored errors in a row close it.",
};

static CANCELLED: SettingSpec = SettingSpec {
    name: "cancelled",
    quantity: POSITIVE_DURATION,
    words: &["failure", "ignore"],
    default: Some(Argument::Duration(SECOND)),
    example: "1s",
    meaning: "Waiting time after which a call dropped in flight counts as failed. Defaults to the smallest threshold of \
              the tripper, or to 1 s if it has none.",
};

static HONOUR_RETRY_AFTER: SettingSpec = SettingSpec {
    name: "honour_retry_after",
    quantity: POSITIVE_DURATION,
    words: &["off"],
    default: None,
    example: "10m",
    meaning: "Maximum time for which the service can keep the breaker open by a `Retry-After`.",
};

static TIMEOUT: SettingSpec = SettingSpec {
    name: "timeout",
    quantity: POSITIVE_DURATION,
    words: &[],
    default: None,
    example: "2s",
    meaning: "Time limit of a call.",
};

static MAX: SettingSpec = SettingSpec {
    name: "max",
    quantity: Quantity::Count { min: 1, max: u32::MAX as u64 },
    words: &[],
    default: Some(Argument::Count(10_000)),
    example: "10_000",
    meaning: "Maximum number of breakers in a set.",
};

static IDLE: SettingSpec = SettingSpec {
    name: "idle",
    quantity: POSITIVE_DURATION,
    words: &[],
    default: Some(Argument::Duration(600 * SECOND)),
    example: "10m",
    meaning: "Time without a call after which a breaker of a set is evicted.",
};

static EXPORTED_KEYS: SettingSpec = SettingSpec {
    name: "exported_keys",
    quantity: Quantity::Count { min: 1, max: u32::MAX as u64 },
    words: &[],
    default: Some(Argument::Count(100)),
    example: "100",
    meaning: "Number of keys of a set that have their own series in metrics; the other keys are summed up.",
};
