//! What one policy did to a trace.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use fluxgate::{CircuitBreaker, ManualClock, Reason, Signal, State};

use crate::{
    driver::{Decision, Observer, drive},
    policy::Policy,
    trace::{Outcome, Trace},
};

/// What came of each row of a trace under one policy, and every transition.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The tripper of the policy.
    pub tripper: Arc<str>,
    /// What was decided of each row.
    pub decisions: Vec<Decision>,
    /// The state once each row was over.
    pub states: Vec<State>,
    /// The transitions in their order.
    pub transitions: Vec<Transition>,
}

/// A transition of the breaker.
#[derive(Clone, Debug)]
pub struct Transition {
    /// When, since the trace began.
    pub at: Duration,
    /// The state that was left.
    pub from: State,
    /// The state that was entered.
    pub to: State,
    /// Why.
    pub reason: Reason,
}

/// A state and the time that was spent in it without a break.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    /// The state.
    pub state: State,
    /// When it began.
    pub from: Duration,
    /// When it ended.
    pub to: Duration,
}

/// How many calls of a trace came to what.
#[derive(Clone, Copy, Default, Debug)]
pub struct Counts {
    /// The calls of each outcome that were admitted: `ok`, `fail`, `ignored` and `cancelled`.
    pub admitted: [u64; 4],
    /// Those that were rejected, by the outcome that they would have had.
    pub rejected: [u64; 4],
}

impl Replayed {
    /// Replays the trace. `progress` is told of rows as they are done, some at a time.
    ///
    /// # Errors
    ///
    /// A message for each mistake in the policy.
    pub fn new(trace: &Trace, policy: &Policy, progress: impl Fn(usize)) -> Result<Self, Vec<String>> {
        let clock = ManualClock::new();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let transitions = Arc::clone(&heard);
        let listener = move |signal: &Signal| {
            transitions.lock().unwrap_or_else(PoisonError::into_inner).push(Transition::of(signal));
        };
        let breaker = policy.build(&clock, listener)?;
        let rows = trace.rows.len();
        let mut watch = Watch {
            breaker: &breaker,
            decisions: Vec::with_capacity(rows),
            states: vec![State::Closed; rows],
            progress,
        };
        drive(&breaker, &clock, &trace.rows, &mut watch);
        let Watch { decisions, states, .. } = watch;
        let transitions = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Self { tripper: policy.tripper(), decisions, states, transitions })
    }

    /// The states that the breaker was in from the beginning to `end`, in their order.
    pub fn stays(&self, end: Duration) -> Vec<Stay> {
        let mut stays = Vec::with_capacity(self.transitions.len() + 1);
        let mut current = Stay { state: State::Closed, from: Duration::ZERO, to: end };
        for transition in &self.transitions {
            stays.push(Stay { to: transition.at, ..current });
            current = Stay { state: transition.to, from: transition.at, to: end };
        }
        stays.push(current);
        stays
    }

    /// How long it was in this state until `end`, in all.
    pub fn time_in(&self, state: State, end: Duration) -> Duration {
        let stays = self.stays(end);
        stays.iter().filter(|stay| stay.state == state).map(|stay| stay.to.saturating_sub(stay.from)).sum()
    }

    /// How many calls came to what.
    pub fn counts(&self, trace: &Trace) -> Counts {
        let mut counts = Counts::default();
        for (index, _, outcome, _) in trace.calls() {
            let rejected = self.decisions[index] == Decision::Rejected;
            let by_outcome = if rejected { &mut counts.rejected } else { &mut counts.admitted };
            by_outcome[outcome as usize] += 1;
        }
        counts
    }
}

impl Counts {
    /// Calls that were let through.
    pub fn all_admitted(&self) -> u64 {
        self.admitted.iter().sum()
    }

    /// Calls that were not.
    pub fn all_rejected(&self) -> u64 {
        self.rejected.iter().sum()
    }

    /// Calls that were rejected and would have succeeded.
    pub fn harm(&self) -> u64 {
        self.rejected[Outcome::Ok as usize]
    }

    /// Calls that were rejected and would have failed.
    pub fn spared(&self) -> u64 {
        self.rejected[Outcome::Fail as usize]
    }
}

impl Transition {
    fn of(signal: &Signal) -> Self {
        Self {
            // The wall time of a manual clock stands at the epoch when it is made.
            at: signal.at().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
            from: signal.old_state(),
            to: signal.new_state(),
            reason: signal.reason().clone(),
        }
    }
}

impl Decision {
    /// As `--calls` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Rejected => "rejected",
            Self::Command => "command",
        }
    }
}

struct Watch<'b, P> {
    breaker: &'b CircuitBreaker,
    decisions: Vec<Decision>,
    states: Vec<State>,
    progress: P,
}

/// So many rows take some milliseconds.
const STEP: usize = 1 << 14;

impl<P: Fn(usize)> Observer for Watch<'_, P> {
    fn decided(&mut self, _: usize, decision: Decision) {
        self.decisions.push(decision);
        if self.decisions.len().is_multiple_of(STEP) {
            (self.progress)(STEP);
        }
    }

    fn ended(&mut self, index: usize) {
        self.states[index] = self.breaker.info().state;
    }
}
