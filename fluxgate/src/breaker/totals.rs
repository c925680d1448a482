//! What has come of all calls of a breaker, for those with a listener that asks for it.

use crate::{
    breaker::{CircuitBreaker, Shared},
    machine::{Change, Ticket, probes::Ended},
    outcome::Outcome,
    state::State,
};

/// How the calls of a breaker have ended since it was made, from [`CircuitBreaker::totals`].
///
/// Every call is in one of them, once it has ended. The calls of a disabled breaker are in none: it looks at nothing.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Listener, Signal};
///
/// struct Exporter;
/// impl Listener for Exporter {
///     fn on_transition(&self, _: &Signal) {}
///     fn counts_calls(&self) -> bool {
///         true
///     }
/// }
///
/// let breaker = CircuitBreaker::builder("search").listener(Exporter).build()?;
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// breaker.force_open();
/// let _ = breaker.call(|| Ok::<_, &str>(()));
/// for (outcome, calls) in breaker.totals().unwrap().by_outcome() {
///     assert_eq!(calls > 0, ["failure", "rejected"].contains(&outcome));
/// }
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct CallTotals {
    /// Calls that succeeded.
    pub successes: u64,
    /// Calls that failed, those that the breaker abandoned among them.
    pub failures: u64,
    /// Calls with an error that the tracker does not track, and those cancelled early.
    pub ignored: u64,
    /// Calls that were rejected.
    pub rejected: u64,
    /// Calls that shadow mode let run. How they ended is not counted.
    pub would_have_been_rejected: u64,
}

/// How often a breaker has gone from one state to another since it was made, from [`CircuitBreaker::transitions`].
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, Transitions};
///
/// /// How often the service has recovered.
/// fn recoveries(breaker: &CircuitBreaker) -> Option<u64> {
///     breaker.transitions().map(|transitions: Transitions| transitions.count(State::HalfOpen, State::Closed))
/// }
/// # assert_eq!(recoveries(&CircuitBreaker::new("search")), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Transitions([[u64; 6]; 6]);

/// Kept under the breaker's lock. Successes that were spared the lock are counted by their threads.
#[derive(Default)]
pub(crate) struct Totals {
    successes: u64,
    failures: u64,
    ignored: u64,
    /// The ids of probes that were counted as failures while still in flight.
    abandoned: Vec<u64>,
    transitions: Transitions,
}

impl Totals {
    /// Counts a call once, however often it ends. A call from before a transition is a call all the same.
    pub(crate) fn count(&mut self, ticket: Ticket, outcome: Outcome, ended: Ended, change: Change) {
        // By its id alone: a new policy gives the same probe another generation.
        let probe = ticket.probe_id();
        if ended == Ended::Abandoned {
            // Not recorded: it had ended, or somebody else abandoned it, just before.
            if change == Change::Recorded {
                self.abandoned.extend(probe);
                self.failures += 1;
            }
            return;
        }
        if let Some(place) = self.abandoned.iter().position(|abandoned| Some(*abandoned) == probe) {
            self.abandoned.swap_remove(place);
            return;
        }
        match outcome {
            Outcome::Success => self.successes += 1,
            Outcome::Failure => self.failures += 1,
            Outcome::Ignored => self.ignored += 1,
        }
    }

    pub(crate) fn count_transition(&mut self, from: State, to: State) {
        self.transitions.0[from as usize][to as usize] += 1;
    }
}

impl CallTotals {
    /// Each outcome with its total, named as in the metrics: `success`, `failure`, `ignored`, `rejected` and
    /// `would_reject`.
    pub fn by_outcome(&self) -> [(&'static str, u64); 5] {
        [
            ("success", self.successes),
            ("failure", self.failures),
            ("ignored", self.ignored),
            ("rejected", self.rejected),
            ("would_reject", self.would_have_been_rejected),
        ]
    }

    /// Sums and differences, for breakers that are counted together.
    #[cfg(feature = "keyed")]
    pub(crate) fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        self.successes = with(self.successes, other.successes);
        self.failures = with(self.failures, other.failures);
        self.ignored = with(self.ignored, other.ignored);
        self.rejected = with(self.rejected, other.rejected);
        self.would_have_been_rejected = with(self.would_have_been_rejected, other.would_have_been_rejected);
    }
}

impl Transitions {
    /// How often it went from `old` to `new`.
    pub fn count(&self, old: State, new: State) -> u64 {
        self.0[old as usize][new as usize]
    }

    /// The old state, the new one, and how often it went that way, for each way that it ever went.
    pub fn iter(&self) -> impl Iterator<Item = (State, State, u64)> + '_ {
        let pairs = State::ALL.iter().copied().flat_map(|old| State::ALL.iter().copied().map(move |new| (old, new)));
        pairs.map(|(old, new)| (old, new, self.count(old, new))).filter(|(_, _, count)| *count > 0)
    }

    #[cfg(feature = "keyed")]
    pub(crate) fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        let ways = self.0.as_flattened_mut().iter_mut().zip(other.0.as_flattened());
        ways.for_each(|(count, other)| *count = with(*count, *other));
    }
}

impl CircuitBreaker {
    /// How its calls have ended since it was made. `None` for a breaker without a listener that
    /// [counts calls](crate::Listener::counts_calls), which is spared the counting.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, Listener, Signal};
    ///
    /// struct Counting;
    /// impl Listener for Counting {
    ///     fn on_transition(&self, _: &Signal) {}
    ///     fn counts_calls(&self) -> bool {
    ///         true
    ///     }
    /// }
    ///
    /// let breaker = CircuitBreaker::builder("search").listener(Counting).build()?;
    /// let _ = breaker.call(|| "42".parse::<u32>());
    /// assert_eq!(breaker.totals().unwrap().successes, 1);
    /// assert!(CircuitBreaker::new("other").totals().is_none());
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[doc(alias("metrics", "counters"))]
    pub fn totals(&self) -> Option<CallTotals> {
        self.shared.counts().map(|(calls, _)| calls)
    }

    /// How often it went from one state to another since it was made. `None` for a breaker without a listener that
    /// [counts calls](crate::Listener::counts_calls).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, Listener, Signal, State};
    ///
    /// struct Counting;
    /// impl Listener for Counting {
    ///     fn on_transition(&self, _: &Signal) {}
    ///     fn counts_calls(&self) -> bool {
    ///         true
    ///     }
    /// }
    ///
    /// let breaker = CircuitBreaker::builder("search").listener(Counting).build()?;
    /// breaker.disable();
    /// breaker.reset();
    /// let transitions: Vec<_> = breaker.transitions().unwrap().iter().collect();
    /// assert_eq!(transitions, [(State::Closed, State::Disabled, 1), (State::Disabled, State::Closed, 1)]);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn transitions(&self) -> Option<Transitions> {
        self.shared.counts().map(|(_, transitions)| transitions)
    }
}

impl Shared {
    /// Both at one moment.
    pub(crate) fn counts(&self) -> Option<(CallTotals, Transitions)> {
        let core = self.core.lock();
        let totals = core.totals.as_ref()?;
        let calls = CallTotals {
            successes: totals.successes + self.successes.counted(&core.enrolled),
            failures: totals.failures,
            ignored: totals.ignored,
            rejected: core.rejected + self.successes.rejections(),
            would_have_been_rejected: core.would_have_been_rejected,
        };
        Some((calls, totals.transitions))
    }
}
