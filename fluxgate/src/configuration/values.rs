//! Settings from values that were read and checked, and back.

use fluxgate_policy::{Argument, Error, Setting, SettingValue, check_setting};

use crate::{
    policy::seconds::Seconds,
    policy::settings::{Cancelled, HonourRetryAfter, MaxProbeTime},
};

/// A value with no other word than `off`; anything but a duration is that word.
fn after(value: SettingValue) -> Option<Seconds> {
    match value {
        SettingValue::Duration(nanos) => Some(Seconds(Argument::Duration(nanos))),
        SettingValue::Count(_) | SettingValue::Word(_) => None,
    }
}

impl MaxProbeTime {
    pub(crate) fn of_value(value: SettingValue) -> Self {
        after(value).map_or(Self::Off, Self::After)
    }

    pub(crate) fn value(self) -> Result<SettingValue, Error> {
        match self {
            Self::Off => Ok(SettingValue::Word("off")),
            Self::After(seconds) => check_setting(Setting::MaxProbeTime, seconds.0),
        }
    }
}

impl HonourRetryAfter {
    pub(crate) fn of_value(value: SettingValue) -> Self {
        after(value).map_or(Self::Off, Self::AtMost)
    }

    pub(crate) fn value(self) -> Result<SettingValue, Error> {
        match self {
            Self::Off => Ok(SettingValue::Word("off")),
            Self::AtMost(seconds) => check_setting(Setting::HonourRetryAfter, seconds.0),
        }
    }
}

impl Cancelled {
    pub(crate) fn of_value(value: SettingValue) -> Self {
        match value {
            SettingValue::Word("ignore") => Self::Ignore,
            value => after(value).map_or(Self::Failure, Self::After),
        }
    }

    pub(crate) fn value(self) -> Result<SettingValue, Error> {
        match self {
            Self::Failure => Ok(SettingValue::Word("failure")),
            Self::Ignore => Ok(SettingValue::Word("ignore")),
            Self::After(seconds) => check_setting(Setting::Cancelled, seconds.0),
        }
    }
}
