//! Conversions between the settings and their checked values.

use fluxgate_policy::{Argument, Error, Setting, SettingValue, check_setting};

use crate::policy::{
    seconds::Seconds,
    settings::{Cancelled, HonourRetryAfter, MaxFailedProbes, MaxProbeTime},
};

/// The type of a setting that is not a component.
pub(crate) trait FromValue {
    fn from_value(value: SettingValue) -> Self;
}

impl FromValue for u32 {
    fn from_value(value: SettingValue) -> Self {
        match value {
            // The catalog allows no count above `u32::MAX`.
            SettingValue::Count(count) => Self::try_from(count).unwrap_or(Self::MAX),
            value => unreachable!("a count was checked, not {value:?}"),
        }
    }
}

/// Returns the time, or `None` for the word.
fn after(value: SettingValue) -> Option<Seconds> {
    match value {
        SettingValue::Duration(nanos) => Some(Seconds(Argument::Duration(nanos))),
        SettingValue::Count(_) | SettingValue::Word(_) => None,
    }
}

impl FromValue for MaxProbeTime {
    fn from_value(value: SettingValue) -> Self {
        after(value).map_or(Self::Off, Self::After)
    }
}

impl MaxProbeTime {
    pub(super) fn value(self) -> Result<SettingValue, Error> {
        match self {
            Self::Off => Ok(SettingValue::Word("off")),
            Self::After(seconds) => check_setting(Setting::MaxProbeTime, seconds.0),
        }
    }
}

impl FromValue for MaxFailedProbes {
    fn from_value(value: SettingValue) -> Self {
        match value {
            // The catalog allows no count above `u32::MAX`.
            SettingValue::Count(probes) => Self::AtMost(u32::try_from(probes).unwrap_or(u32::MAX)),
            SettingValue::Duration(_) | SettingValue::Word(_) => Self::Off,
        }
    }
}

impl MaxFailedProbes {
    pub(super) fn value(self) -> Result<SettingValue, Error> {
        match self {
            Self::Off => Ok(SettingValue::Word("off")),
            Self::AtMost(probes) => check_setting(Setting::MaxFailedProbes, Argument::Count(probes.into())),
        }
    }
}

impl FromValue for HonourRetryAfter {
    fn from_value(value: SettingValue) -> Self {
        after(value).map_or(Self::Off, Self::AtMost)
    }
}

impl HonourRetryAfter {
    pub(super) fn value(self) -> Result<SettingValue, Error> {
        match self {
            Self::Off => Ok(SettingValue::Word("off")),
            Self::AtMost(seconds) => check_setting(Setting::HonourRetryAfter, seconds.0),
        }
    }
}

impl FromValue for Cancelled {
    fn from_value(value: SettingValue) -> Self {
        match value {
            SettingValue::Word("ignore") => Self::Ignore,
            value => after(value).map_or(Self::Failure, Self::After),
        }
    }
}

impl Cancelled {
    pub(super) fn value(self) -> Result<SettingValue, Error> {
        match self {
            Self::Failure => Ok(SettingValue::Word("failure")),
            Self::Ignore => Ok(SettingValue::Word("ignore")),
            Self::After(seconds) => check_setting(Setting::Cancelled, seconds.0),
        }
    }
}
