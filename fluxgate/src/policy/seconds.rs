use std::{fmt, time::Duration};

use fluxgate_policy::{Argument, Setting, SettingValue};

use crate::time::nanos::Nanos;

/// A length of time as a policy takes it: a [`Duration`], or a number of seconds. It is kept in whole nanoseconds.
///
/// Any number is accepted here; whether it is one that the component allows is checked by
/// [`Builder::build`](crate::Builder::build), like every other value.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::retries::Cooldown;
///
/// let half_a_minute = [Cooldown(30), Cooldown(30.0), Cooldown(Duration::from_secs(30))];
/// assert!(half_a_minute.iter().all(|cooldown| cooldown.to_string() == "Cooldown(30s)"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Seconds(pub(crate) Argument);

impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Argument::Number(seconds) => write!(formatter, "{seconds}s"),
            Argument::Count(seconds) => write!(formatter, "{seconds}s"),
            Argument::Duration(nanos) => write!(formatter, "{}s", Duration::from(Nanos(nanos)).as_secs_f64()),
        }
    }
}

impl Seconds {
    /// As nanoseconds; nothing if no policy would allow it.
    fn nanos(self) -> Option<u64> {
        match fluxgate_policy::check_setting(Setting::Timeout, self.0) {
            Ok(SettingValue::Duration(nanos)) => Some(nanos),
            Ok(_) | Err(_) => None,
        }
    }
}

/// Two are equal if they are the same time: 30 seconds are, whether they were said as a number or as a [`Duration`].
impl PartialEq for Seconds {
    fn eq(&self, other: &Self) -> bool {
        match (self.nanos(), other.nanos()) {
            (None, None) => self.0 == other.0,
            (one, other) => one == other,
        }
    }
}

impl From<Duration> for Seconds {
    fn from(duration: Duration) -> Self {
        Self(Argument::Duration(Nanos::from(duration).0))
    }
}

impl From<f64> for Seconds {
    fn from(seconds: f64) -> Self {
        Self(Argument::Number(seconds))
    }
}

impl From<u64> for Seconds {
    fn from(seconds: u64) -> Self {
        Self::from(Duration::from_secs(seconds))
    }
}

impl From<u32> for Seconds {
    fn from(seconds: u32) -> Self {
        Self::from(Duration::from_secs(seconds.into()))
    }
}

impl From<i32> for Seconds {
    fn from(seconds: i32) -> Self {
        Self::from(f64::from(seconds))
    }
}
