//! The types of settings that are a single value, and their checks.

use std::fmt;

use fluxgate_policy::{Argument, Error, Setting, SettingValue, defaults};

use crate::{
    policy::seconds::{Seconds, from_seconds},
    time::nanos::Nanos,
};

/// The time after which a probe in flight is abandoned and counts as failed: 60 s by default. A number of seconds or a
/// [`Duration`](std::time::Duration) converts into it.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, MaxProbeTime};
///
/// let ten_seconds = CircuitBreaker::builder("search").max_probe_time(10.0).build()?;
/// let never = CircuitBreaker::builder("archive").max_probe_time(MaxProbeTime::Off).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum MaxProbeTime {
    /// Probes are never abandoned: one that hangs keeps its slot.
    Off,
    /// Probes are abandoned after this time: seconds, above 0.
    After(Seconds),
}

/// A limit on probes without a success: 10 by default. A number converts into it.
///
/// It ends a half-open state that the tripper does not end. Two counts are compared with it whenever a probe ends or is
/// abandoned:
///
/// - **Failed probes since the last success.** Failures and abandoned probes count one each. A call that its caller drops
///   before the policy's [`Cancelled`] time adds the time it waited; each full `Cancelled` time (1 s for
///   [`Cancelled::Ignore`]) since the last success or ignored error counts one. At the limit the breaker opens, whatever
///   the tripper says.
/// - **Ignored errors in a row.** The service answers, so at the limit the breaker closes as soon as its permit is at its
///   final ratio.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, MaxFailedProbes};
///
/// let three = CircuitBreaker::builder("search").max_failed_probes(3).build()?;
/// let no_limit = CircuitBreaker::builder("archive").max_failed_probes(MaxFailedProbes::Off).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MaxFailedProbes {
    /// No limit: only the tripper, the permit and commands end the half-open state.
    Off,
    /// This many: from 1 to `u32::MAX`.
    AtMost(u32),
}

/// The longest time that the service itself may keep the breaker open, by the `Retry-After` of a failed response: off by
/// default. A number of seconds or a [`Duration`](std::time::Duration) converts into it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, HonourRetryAfter};
///
/// let ten_minutes = CircuitBreaker::builder("search").honour_retry_after(Duration::from_secs(600)).build()?;
/// let off = CircuitBreaker::builder("archive").honour_retry_after(HonourRetryAfter::Off).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum HonourRetryAfter {
    /// A `Retry-After` has no effect.
    Off,
    /// At most this time: seconds, above 0.
    AtMost(Seconds),
}

/// The treatment of a call whose future or [`Call`](crate::Call) is dropped in flight, for example by a time-out of the
/// caller.
///
/// The default is [`After`](Self::After) the smallest threshold of the tripper's `SlowRate` and `AvgLatency` clauses, or
/// after 1 s if it has none. A number of seconds or a [`Duration`](std::time::Duration) converts into it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{Cancelled, CircuitBreaker};
///
/// let slow_ones_fail = CircuitBreaker::builder("search").cancelled(Duration::from_millis(200)).build()?;
/// let never_fails = CircuitBreaker::builder("archive").cancelled(Cancelled::Ignore).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Cancelled {
    /// It is recorded as a failure.
    Failure,
    /// It is ignored.
    Ignore,
    /// It is recorded as a failure if it had waited for at least this time (seconds, above 0), otherwise ignored.
    After(Seconds),
}

from_seconds!(MaxProbeTime::After);
from_seconds!(Cancelled::After);
from_seconds!(HonourRetryAfter::AtMost);

impl From<u32> for MaxFailedProbes {
    fn from(limit: u32) -> Self {
        Self::AtMost(limit)
    }
}

impl fmt::Display for MaxProbeTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => formatter.write_str("off"),
            Self::After(limit) => limit.fmt(formatter),
        }
    }
}

impl fmt::Display for MaxFailedProbes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => formatter.write_str("off"),
            Self::AtMost(limit) => limit.fmt(formatter),
        }
    }
}

impl fmt::Display for HonourRetryAfter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => formatter.write_str("off"),
            Self::AtMost(limit) => limit.fmt(formatter),
        }
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failure => formatter.write_str("failure"),
            Self::Ignore => formatter.write_str("ignore"),
            Self::After(threshold) => threshold.fmt(formatter),
        }
    }
}

/// Returns [`Nanos::NEVER`] if it is off.
pub(crate) fn max_probe_time(setting: Option<MaxProbeTime>) -> Result<Nanos, Error> {
    match setting {
        None => Ok(default_duration(Setting::MaxProbeTime)),
        Some(MaxProbeTime::Off) => Ok(Nanos::NEVER),
        Some(MaxProbeTime::After(seconds)) => duration(Setting::MaxProbeTime, seconds),
    }
}

pub(crate) fn honour_retry_after(setting: Option<HonourRetryAfter>) -> Result<Option<Nanos>, Error> {
    match setting {
        None | Some(HonourRetryAfter::Off) => Ok(None),
        Some(HonourRetryAfter::AtMost(seconds)) => duration(Setting::HonourRetryAfter, seconds).map(Some),
    }
}

/// Returns the waiting time after which a dropped call fails: 0 for always, [`Nanos::NEVER`] for never.
pub(crate) fn cancelled(setting: Cancelled) -> Result<Nanos, Error> {
    match setting {
        Cancelled::Failure => Ok(Nanos(0)),
        Cancelled::Ignore => Ok(Nanos::NEVER),
        Cancelled::After(seconds) => duration(Setting::Cancelled, seconds),
    }
}

/// Returns the smallest threshold of the tripper, if it has one.
pub(crate) fn default_cancelled(shortest_threshold: Option<Nanos>) -> Nanos {
    shortest_threshold.unwrap_or_else(|| default_duration(Setting::Cancelled))
}

pub(crate) fn max_half_open_calls(calls: Option<u32>) -> Result<u32, Error> {
    count(Setting::MaxHalfOpenCalls, calls.map(u64::from)).map(|calls| u32::try_from(calls).unwrap_or(u32::MAX))
}

/// Returns `None` if it is off.
pub(crate) fn max_failed_probes(setting: Option<MaxFailedProbes>) -> Result<Option<u32>, Error> {
    let given = match setting {
        Some(MaxFailedProbes::Off) => return Ok(None),
        Some(MaxFailedProbes::AtMost(limit)) => Some(u64::from(limit)),
        None => None,
    };
    count(Setting::MaxFailedProbes, given).map(|limit| Some(u32::try_from(limit).unwrap_or(u32::MAX)))
}

pub(crate) fn count(setting: Setting, given: Option<u64>) -> Result<usize, Error> {
    let count = match given {
        Some(given) => fluxgate_policy::check_setting(setting, Argument::Count(given))?,
        None => default(setting),
    };
    match count {
        SettingValue::Count(count) => Ok(usize::try_from(count).unwrap_or(usize::MAX)),
        value => unreachable!("a count was checked, not {value:?}"),
    }
}

/// Returns the time after which a breaker of a set is idle.
#[cfg(feature = "keyed")]
pub(crate) fn idle(given: Option<Seconds>) -> Result<Nanos, Error> {
    given.map_or_else(|| Ok(default_duration(Setting::Idle)), |seconds| duration(Setting::Idle, seconds))
}

fn duration(setting: Setting, seconds: Seconds) -> Result<Nanos, Error> {
    fluxgate_policy::check_setting(setting, seconds.0).map(nanos)
}

fn default_duration(setting: Setting) -> Nanos {
    nanos(default(setting))
}

fn nanos(value: SettingValue) -> Nanos {
    match value {
        SettingValue::Duration(nanos) => Nanos(nanos),
        value => unreachable!("a duration was checked, not {value:?}"),
    }
}

fn default(setting: Setting) -> SettingValue {
    // The catalog has a default for each setting of a breaker; every breaker that a test builds uses them.
    defaults::setting(setting).unwrap_or_else(|| unreachable!("{setting:?} has a default"))
}
