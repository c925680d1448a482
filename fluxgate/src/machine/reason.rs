use std::{fmt, sync::Arc};

/// Why a breaker changed its state. Prints as a sentence for logs and messages.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use fluxgate::{CircuitBreaker, Reason, Signal, trippers::FailureStreak};
///
/// // Wake somebody only where the service is the reason.
/// let (pager, pages) = mpsc::channel();
/// let page = move |signal: &Signal| {
///     if let Reason::Tripped(tripped) = signal.reason() {
///         let _ = pager.send(tripped.to_string());
///     }
/// };
/// let breaker = CircuitBreaker::builder("search").tripper(FailureStreak(2)).listener(page).build()?;
/// breaker.force_open();
/// breaker.reset();
/// for _ in 0..2 {
///     let _ = breaker.call(|| Err::<(), _>("down"));
/// }
/// assert_eq!(pages.try_iter().collect::<Vec<_>>(), ["FailureStreak(2): 2 failures in a row"]);
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The tripper held, to `open`.
    Tripped(Tripped),
    /// The retry was due, from `open` to `half_open`.
    RetryDue,
    /// A probe succeeded with the permit at its final ratio, from `half_open` to `closed`.
    Recovered,
    /// As many probes as [`MaxFailedProbes`](crate::MaxFailedProbes) allows went by without a success, from `half_open` to
    /// `open`. The tripper did not hold.
    ProbesFailed {
        /// The limit that was reached.
        limit: u32,
    },
    /// As many ignored errors in a row as [`MaxFailedProbes`](crate::MaxFailedProbes) allows, from `half_open` to `closed`:
    /// the service answers.
    ProbesIgnored {
        /// The limit that was reached.
        limit: u32,
    },
    /// Somebody called `reset`, `disable`, `metrics_only` or `force_open`.
    Command {
        /// Who gave the command, where that is known.
        by: Option<Arc<str>>,
        /// A note of whoever gave the command.
        note: Option<Arc<str>>,
    },
    /// A policy file sets the state, or no longer does.
    Configured,
    /// The state was restored after a restart.
    Restored,
    /// The instances of a fleet agreed to open the breaker.
    Fleet {
        /// The instances that voted for it.
        votes: u32,
        /// The instances of the fleet.
        instances: u32,
    },
}

impl Reason {
    /// What held, if the tripper did: `None` for every other reason.
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

/// The clauses that made a tripper hold, and by what figures.
///
/// Prints as `FailureRate(0.6): 13 of the last 20 calls failed`; several clauses are joined by `; `. Clauses that only
/// say when the others count (`Closed()`, `HalfOpened()`, `MinRequests(n)`) are printed if there are no others.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use fluxgate::{CircuitBreaker, Evidence, Signal, trippers::{FailureRate, FailureStreak, MinRequests}};
///
/// let (sender, signals) = mpsc::channel();
/// let breaker = CircuitBreaker::builder("search")
///     .tripper(FailureStreak(5) | MinRequests(2) & FailureRate(0.5))
///     .listener(move |signal: &Signal| drop(sender.send(signal.clone())))
///     .build()?;
/// for _ in 0..2 {
///     let _ = breaker.call(|| Err::<(), _>("down"));
/// }
///
/// let signal = signals.recv().unwrap();
/// let tripped = signal.reason().tripped().expect("no command has opened it");
/// let clauses: Vec<_> = tripped.clauses().iter().map(Evidence::clause).collect();
/// assert_eq!(clauses, ["MinRequests(2)", "FailureRate(0.5)"]); // not the streak
/// assert_eq!(tripped.to_string(), "FailureRate(0.5): 2 of the last 2 calls failed");
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tripped {
    pub(crate) clauses: Vec<Evidence>,
}

impl Tripped {
    /// Every clause that made the tripper hold, in the order of the policy. Before them stands `max_probe_time`, if probes
    /// of the half-open state were abandoned: the tripper counts them as failed calls.
    pub fn clauses(&self) -> &[Evidence] {
        &self.clauses
    }
}

impl fmt::Display for Tripped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let only_conditions = self.clauses.iter().all(|evidence| evidence.condition);
        let told = self.clauses.iter().filter(|evidence| only_conditions || !evidence.condition);
        for (index, evidence) in told.enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{evidence}")?;
        }
        Ok(())
    }
}

/// One clause that held, such as `FailureStreak(5)`, and its figures, such as `5 failures in a row`.
///
/// # Examples
///
/// ```
/// use fluxgate::Signal;
///
/// /// Fields of a log, one for each clause.
/// fn fields(signal: &Signal) -> Vec<(&str, &str)> {
///     let clauses = signal.reason().tripped().map(|tripped| tripped.clauses()).unwrap_or_default();
///     clauses.iter().map(|evidence| (evidence.clause(), evidence.figures())).collect()
/// }
/// # let _ = fields;
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    pub(crate) clause: Arc<str>,
    pub(crate) figures: String,
    pub(crate) condition: bool,
}

impl Evidence {
    /// The clause, as the policy language writes it.
    pub fn clause(&self) -> &str {
        &self.clause
    }

    /// The figures by which it held.
    pub fn figures(&self) -> &str {
        &self.figures
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.clause, self.figures)
    }
}
