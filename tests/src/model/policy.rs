//! Policies as plain values, printed in the policy language.

use std::{fmt, time::Duration};

use fluxgate::{Builder, CircuitBreaker, MaxFailedProbes, MaxProbeTime, trippers};

use super::Nanos;

/// A policy.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "named as in the language")]
pub struct Policy {
    pub window: Window,
    pub tripper: Tripper,
    pub retry: Retry,
    pub permit: Permit,
    pub max_half_open_calls: u32,
    pub max_probe_time: Option<Nanos>,
    pub max_failed_probes: Option<u32>,
    pub cancelled: Cancelled,
    /// Whether the tripper has a part of the user's own, which always holds.
    pub asks_user_code: bool,
}

/// Which calls are judged.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named as in the language")]
pub enum Window {
    Count(u64),
    Time { seconds: u64 },
}

/// When the breaker opens.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "named as in the language")]
pub enum Tripper {
    Closed,
    HalfOpened,
    MinRequests(u64),
    FailureRate(f64),
    FailureStreak(u64),
    AvgLatency(Nanos),
    SlowRate(f64, Nanos),
    And(Vec<Tripper>),
    Or(Vec<Tripper>),
}

/// When an open breaker probes.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named as in the language")]
pub enum Retry {
    Always,
    Never,
    Cooldown { wait: Nanos, jitter_ratio: f64 },
    Backoff { initial: Nanos, multiplier: f64, max_duration: Nanos, jitter_ratio: f64 },
}

/// Which calls may probe.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named as in the language")]
pub enum Permit {
    All,
    Random(f64),
    RampUp { initial: f64, last: f64, duration: Nanos },
}

/// What a dropped call is.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named as in the language")]
pub enum Cancelled {
    Default,
    Failure,
    Ignore,
    After(Nanos),
}

impl Policy {
    /// A breaker with this policy.
    pub fn builder(&self) -> Builder {
        let mut tripper: fluxgate::Tripper = self.tripper.to_string().parse().expect("a valid tripper");
        if self.asks_user_code {
            tripper = tripper & trippers::Custom(|_: &trippers::CallContext| true);
        }
        let builder = CircuitBreaker::builder("model")
            .window(self.window.to_string().parse::<fluxgate::Window>().expect("a valid window"))
            .tripper(tripper)
            .retry(self.retry.to_string().parse::<fluxgate::Retry>().expect("a valid retry"))
            .permit(self.permit.to_string().parse::<fluxgate::Permit>().expect("a valid permit"))
            .max_half_open_calls(self.max_half_open_calls)
            .max_failed_probes(self.max_failed_probes.map_or(MaxFailedProbes::Off, MaxFailedProbes::AtMost))
            .max_probe_time(match self.max_probe_time {
                Some(limit) => Duration::from_nanos(limit).into(),
                None => MaxProbeTime::Off,
            });
        match self.cancelled {
            Cancelled::Default => builder,
            Cancelled::Failure => builder.cancelled(fluxgate::Cancelled::Failure),
            Cancelled::Ignore => builder.cancelled(fluxgate::Cancelled::Ignore),
            Cancelled::After(threshold) => builder.cancelled(Duration::from_nanos(threshold)),
        }
    }

    /// After how long a dropped call is a failure, if the policy's other parts say so.
    pub(super) fn cancelled_after(&self) -> Option<Nanos> {
        match self.cancelled {
            Cancelled::Failure => Some(0),
            Cancelled::Ignore => None,
            Cancelled::After(threshold) => Some(threshold),
            Cancelled::Default => {
                let threshold = |leaf: &Tripper| match leaf {
                    Tripper::AvgLatency(threshold) | Tripper::SlowRate(_, threshold) => Some(*threshold),
                    _ => None,
                };
                Some(self.tripper.leaves().into_iter().filter_map(threshold).min().unwrap_or(super::SECOND))
            }
        }
    }

    /// How much waiting of dropped probes counts as a failed one.
    pub(super) fn waiting_unit(&self) -> Nanos {
        self.cancelled_after().filter(|threshold| *threshold > 0).unwrap_or(super::SECOND)
    }

    /// The thresholds of the policy's slow rates, in ascending order.
    pub(super) fn slow_thresholds(&self) -> Vec<Nanos> {
        let threshold = |leaf: &Tripper| match leaf {
            Tripper::SlowRate(_, threshold) => Some(*threshold),
            _ => None,
        };
        let mut thresholds: Vec<_> = self.tripper.leaves().into_iter().filter_map(threshold).collect();
        thresholds.sort_unstable();
        thresholds.dedup();
        thresholds
    }

    /// Whether anything in the policy asks for the mean duration.
    pub(super) fn asks_for_the_mean(&self) -> bool {
        self.asks_user_code || self.tripper.leaves().iter().any(|leaf| matches!(leaf, Tripper::AvgLatency(_)))
    }
}

impl Tripper {
    fn leaves(&self) -> Vec<&Self> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::leaves).collect(),
            leaf => vec![leaf],
        }
    }
}

/// As `replay` takes it on its command line.
impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, tripper, retry, permit, max_half_open_calls, .. } = self;
        let max_failed_probes = self.max_failed_probes.map_or("off".to_owned(), |limit| limit.to_string());
        write!(
            formatter,
            "--window '{window}' --tripper '{tripper}' --retry '{retry}' --permit '{permit}' \
             --max-half-open-calls {max_half_open_calls} --max-failed-probes {max_failed_probes}"
        )
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(size) => write!(formatter, "CountWindow({size})"),
            Self::Time { seconds } => write!(formatter, "TimeWindow({seconds}s)"),
        }
    }
}

impl fmt::Display for Tripper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let composed = |parts: &[Self], operator: &str| {
            let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
            format!("({})", parts.join(operator))
        };
        match self {
            Self::Closed => formatter.write_str("Closed()"),
            Self::HalfOpened => formatter.write_str("HalfOpened()"),
            Self::MinRequests(count) => write!(formatter, "MinRequests({count})"),
            Self::FailureRate(ratio) => write!(formatter, "FailureRate({ratio})"),
            Self::FailureStreak(count) => write!(formatter, "FailureStreak({count})"),
            Self::AvgLatency(threshold) => write!(formatter, "AvgLatency({threshold}ns)"),
            Self::SlowRate(ratio, threshold) => write!(formatter, "SlowRate({ratio}, {threshold}ns)"),
            Self::And(parts) => formatter.write_str(&composed(parts, " & ")),
            Self::Or(parts) => formatter.write_str(&composed(parts, " | ")),
        }
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => formatter.write_str("Always()"),
            Self::Never => formatter.write_str("Never()"),
            Self::Cooldown { wait, jitter_ratio } => write!(formatter, "Cooldown({wait}ns, {jitter_ratio})"),
            Self::Backoff { initial, multiplier, max_duration, jitter_ratio } => {
                write!(formatter, "Backoff({initial}ns, {multiplier}, {max_duration}ns, {jitter_ratio})")
            }
        }
    }
}

impl fmt::Display for Permit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str("All()"),
            Self::Random(ratio) => write!(formatter, "Random({ratio})"),
            Self::RampUp { initial, last, duration } => write!(formatter, "RampUp({initial}, {last}, {duration}ns)"),
        }
    }
}
