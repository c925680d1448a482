use std::{fmt, sync::Arc};

/// The clauses that made a tripper hold, with their figures.
///
/// Prints as `FailureRate(0.6): 13 of the last 20 calls failed`; several clauses are joined by `; `. Clauses that only
/// restrict the others (`Closed()`, `HalfOpened()`, `MinRequests(n)`) are printed if there are no others.
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
    /// Creates the reason from the clauses that held, for tests of a custom listener.
    ///
    /// # Examples
    ///
    /// See [`Signal::new`](crate::Signal::new).
    pub fn new(clauses: impl IntoIterator<Item = Evidence>) -> Self {
        Self { clauses: clauses.into_iter().collect() }
    }

    /// Returns every clause that made the tripper hold, in the order of the policy. `max_probe_time` precedes them if probes of
    /// the half-open state were abandoned, because the tripper counts these as failed calls.
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

/// A clause that held, such as `FailureStreak(5)`, and its figures, such as `5 failures in a row`.
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
    /// Creates the evidence of a clause, such as `FailureStreak(5)`, with its figures, for tests of a custom listener.
    ///
    /// # Examples
    ///
    /// See [`Signal::new`](crate::Signal::new).
    pub fn new(clause: &str, figures: impl Into<String>) -> Self {
        Self { clause: clause.into(), figures: figures.into(), condition: false }
    }

    /// Returns the clause in the policy language.
    pub fn clause(&self) -> &str {
        &self.clause
    }

    /// Returns the figures by which it held.
    pub fn figures(&self) -> &str {
        &self.figures
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.clause, self.figures)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Evidence {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let mut fields = serializer.serialize_struct("Evidence", 2)?;
        fields.serialize_field("clause", self.clause())?;
        fields.serialize_field("figures", self.figures())?;
        fields.end()
    }
}
