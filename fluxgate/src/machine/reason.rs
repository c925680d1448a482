//! Reasons of transitions.

use std::{fmt, sync::Arc};

use crate::policy::trippers::evidence::Tripped;

/// The reason of a transition. Its `Display` form is a short text for logs and messages.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use fluxgate::{CircuitBreaker, Reason, Signal, trippers::FailureStreak};
///
/// // Page somebody only if the service is the cause.
/// let (pager, pages) = mpsc::channel();
/// let page = move |signal: &Signal| {
///     if let Reason::Tripped(tripped) = signal.reason() {
///         let _ = pager.send(tripped.to_string());
///     }
/// };
/// let builder = CircuitBreaker::builder("search").tripper(FailureStreak(2));
/// let breaker = builder.listener(page).build()?;
/// breaker.force_open();
/// breaker.reset();
/// for _ in 0..2 {
///     let _ = breaker.call(|| Err::<(), _>("down"));
/// }
/// assert_eq!(pages.recv().unwrap(), "FailureStreak(2): 2 failures in a row");
/// assert!(pages.try_recv().is_err());
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The condition of the tripper held. Leads to `open`.
    Tripped(Tripped),
    /// The retry was due. Leads from `open` to `half_open`.
    RetryDue,
    /// A probe succeeded while the permit was at its final ratio. Leads from `half_open` to `closed`.
    Recovered,
    /// The failed probes since the last success reached [`MaxFailedProbes`](crate::MaxFailedProbes), though the tripper did
    /// not hold. Leads from `half_open` to `open`.
    ProbesFailed {
        /// The limit that was reached.
        limit: u32,
    },
    /// Consecutive probes with an ignored error reached [`MaxFailedProbes`](crate::MaxFailedProbes): the service answers.
    /// Leads from `half_open` to `closed`.
    ProbesIgnored {
        /// The limit that was reached.
        limit: u32,
    },
    /// A call of `reset`, `disable`, `metrics_only` or `force_open`.
    Command {
        /// The author of the command, if known.
        by: Option<Arc<str>>,
        /// A note of the author.
        note: Option<Arc<str>>,
    },
    /// A policy file sets the state, or has stopped setting it.
    Configured,
    /// The state was restored after a restart.
    Restored,
    /// The instances of a fleet agreed to open the breaker.
    Fleet {
        /// The number of instances that voted to open.
        votes: u32,
        /// The number of instances in the fleet.
        instances: u32,
    },
}

impl Reason {
    /// Returns the name of the kind, such as `retry_due`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Tripped(_) => "tripped",
            Self::RetryDue => "retry_due",
            Self::Recovered => "recovered",
            Self::ProbesFailed { .. } => "probes_failed",
            Self::ProbesIgnored { .. } => "probes_ignored",
            Self::Command { .. } => "command",
            Self::Configured => "configured",
            Self::Restored => "restored",
            Self::Fleet { .. } => "fleet",
        }
    }

    /// Returns the evidence of the tripper. `None` for every other reason.
    pub fn tripped(&self) -> Option<&Tripped> {
        match self {
            Self::Tripped(tripped) => Some(tripped),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tripped(tripped) => tripped.fmt(formatter),
            Self::RetryDue => formatter.write_str("the retry is due"),
            Self::Recovered => formatter.write_str("recovered: a probe succeeded and the ramp is complete"),
            Self::ProbesFailed { limit } => {
                write!(formatter, "max_failed_probes({limit}): {limit} probes without a success")
            }
            Self::ProbesIgnored { limit } => {
                write!(formatter, "max_failed_probes({limit}): {limit} ignored errors in a row, so the service answers")
            }
            Self::Command { by, note } => {
                formatter.write_str("by command")?;
                if let Some(by) = by {
                    write!(formatter, " of {by}")?;
                }
                note.as_ref().map_or(Ok(()), |note| write!(formatter, ": {note}"))
            }
            Self::Configured => formatter.write_str("configured: a policy file sets the state"),
            Self::Restored => formatter.write_str("restored after a restart"),
            Self::Fleet { votes, instances } => {
                write!(formatter, "fleet: {votes} of {instances} instances voted to open")
            }
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Reason {
    /// Serializes a map of `kind`, `text` and the fields of the kind.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", self.kind())?;
        map.serialize_entry("text", &self.to_string())?;
        match self {
            Self::Tripped(tripped) => map.serialize_entry("clauses", tripped.clauses())?,
            Self::ProbesFailed { limit } | Self::ProbesIgnored { limit } => map.serialize_entry("limit", limit)?,
            Self::Command { by, note } => {
                map.serialize_entry("by", &by.as_deref())?;
                map.serialize_entry("note", &note.as_deref())?;
            }
            Self::Fleet { votes, instances } => {
                map.serialize_entry("votes", votes)?;
                map.serialize_entry("instances", instances)?;
            }
            Self::RetryDue | Self::Recovered | Self::Configured | Self::Restored => {}
        }
        map.end()
    }
}
