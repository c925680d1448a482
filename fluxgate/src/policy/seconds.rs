use std::{fmt, time::Duration};

use fluxgate_policy::{Argument, Setting, SettingValue};

use crate::time::nanos::Nanos;

/// A length of time in a policy, made of a [`Duration`] or a number of seconds.
///
/// Any number is accepted. [`Builder::build`](crate::Builder::build) checks that the component or setting allows it, like
/// every other value.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::Seconds;
///
/// let half_a_minute = [Seconds::from(30), Seconds::from(30.0), Duration::from_secs(30).into()];
/// assert!(half_a_minute.iter().all(|seconds| seconds.as_duration() == Some(Duration::from_secs(30))));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Seconds(pub(crate) Argument);

impl Seconds {
    /// Returns the length of time in whole nanoseconds. `None` if it is 0, negative or not a number, which no policy allows.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{MaxProbeTime, Seconds};
    ///
    /// let MaxProbeTime::After(limit) = MaxProbeTime::from(2.5) else { unreachable!() };
    /// assert_eq!(limit.as_duration(), Some(Duration::from_millis(2_500)));
    /// assert_eq!(Seconds::from(-3).as_duration(), None);
    /// ```
    pub fn as_duration(self) -> Option<Duration> {
        self.nanos().map(|nanos| Nanos(nanos).into())
    }

    fn nanos(self) -> Option<u64> {
        match fluxgate_policy::check_setting(Setting::Timeout, self.0) {
            Ok(SettingValue::Duration(nanos)) => Some(nanos),
            Ok(_) | Err(_) => None,
        }
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Argument::Number(seconds) => write!(formatter, "{seconds}s"),
            Argument::Count(seconds) => write!(formatter, "{seconds}s"),
            Argument::Duration(nanos) => write!(formatter, "{}s", Duration::from(Nanos(nanos)).as_secs_f64()),
        }
    }
}

/// Two are equal if they are the same time, made of a number or of a [`Duration`].
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

/// Implements the conversions of a setting that is a length of time, or a word.
macro_rules! from_seconds {
    ($($from:ty),+ => $setting:ident::$variant:ident) => {$(
        impl From<$from> for $setting {
            fn from(seconds: $from) -> Self {
                Self::$variant(seconds.into())
            }
        }
    )+};
    ($setting:ident::$variant:ident) => {
        from_seconds!($crate::policy::seconds::Seconds, std::time::Duration, f64, u64, u32, i32 => $setting::$variant);
    };
}
pub(crate) use from_seconds;
