//! Totals of calls and transitions, for breakers with a listener that counts calls.

use crate::{
    breaker::{CircuitBreaker, Shared},
    machine::{RecordEffect, Ticket, probes::Ended},
    outcome::Outcome,
    state::State,
};

/// The numbers of calls by outcome since a breaker was built, returned by [`CircuitBreaker::totals`].
///
/// Each call is counted once, when it has ended. Calls of a disabled breaker are not counted.
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
    /// Calls that failed, including probes that the breaker abandoned.
    pub failures: u64,
    /// Calls with an error that the tracker ignores, and calls that were cancelled early.
    pub ignored: u64,
    /// Calls that were rejected.
    pub rejected: u64,
    /// Calls that shadow mode let run instead of rejecting them, whatever their outcome.
    pub would_have_been_rejected: u64,
}

/// The numbers of transitions by old and new state since a breaker was built, returned by
/// [`CircuitBreaker::transitions`].
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, Transitions};
///
/// /// Returns the number of times that the service has recovered.
/// fn recoveries(breaker: &CircuitBreaker) -> Option<u64> {
///     let transitions: Transitions = breaker.transitions()?;
///     Some(transitions.count(State::HalfOpen, State::Closed))
/// }
/// # assert_eq!(recoveries(&CircuitBreaker::new("search")), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Transitions([[u64; 6]; 6]);

/// The totals under the breaker's lock. Successes that skipped the lock are in the counters of their threads.
#[derive(Default)]
pub(crate) struct Totals {
    successes: u64,
    failures: u64,
    ignored: u64,
    /// The ids of abandoned probes that are still in flight. They are already counted as failures.
    abandoned: Vec<u64>,
    transitions: Transitions,
}

impl Totals {
    /// Counts a call once, however often it ends. Calls from before a transition count too.
    pub(crate) fn count(&mut self, ticket: Ticket, outcome: Outcome, ended: Ended, effect: RecordEffect) {
        // By id alone: a new policy gives the ticket of the same probe another generation.
        let probe = ticket.probe_id();
        if ended == Ended::Abandoned {
            // Otherwise the probe ended, or another thread abandoned it, just before.
            if effect == RecordEffect::Recorded {
                self.abandoned.extend(probe);
                self.failures += 1;
            }
            return;
        }
        if let Some(index) = self.abandoned.iter().position(|abandoned| Some(*abandoned) == probe) {
            self.abandoned.swap_remove(index);
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
    /// Returns the total of each outcome, with its name in metrics: `success`, `failure`, `ignored`, `rejected` or
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

    /// Applies `with` to each pair of totals, to add or subtract them.
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
    /// Returns the number of transitions from `old` to `new`.
    pub fn count(&self, old: State, new: State) -> u64 {
        self.0[old as usize][new as usize]
    }

    /// Returns an iterator over the transitions that have occurred, as `(old, new, count)`.
    pub fn iter(&self) -> impl Iterator<Item = (State, State, u64)> + '_ {
        let pairs = State::ALL.iter().copied().flat_map(|old| State::ALL.iter().copied().map(move |new| (old, new)));
        pairs.map(|(old, new)| (old, new, self.count(old, new))).filter(|(_, _, count)| *count > 0)
    }

    #[cfg(feature = "keyed")]
    pub(crate) fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        let counts = self.0.as_flattened_mut().iter_mut().zip(other.0.as_flattened());
        counts.for_each(|(count, other)| *count = with(*count, *other));
    }
}

impl CircuitBreaker {
    /// Returns the numbers of calls by outcome since the breaker was built.
    ///
    /// `None` if the breaker has no listener that [counts calls](crate::Listener::counts_calls).
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

    /// Returns the numbers of transitions by old and new state since the breaker was built.
    ///
    /// `None` if the breaker has no listener that [counts calls](crate::Listener::counts_calls).
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
    /// let disabled = (State::Closed, State::Disabled, 1);
    /// let reset = (State::Disabled, State::Closed, 1);
    /// assert_eq!(transitions, [disabled, reset]);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    pub fn transitions(&self) -> Option<Transitions> {
        self.shared.counts().map(|(_, transitions)| transitions)
    }
}

impl Shared {
    /// Returns both totals, read at the same moment.
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
