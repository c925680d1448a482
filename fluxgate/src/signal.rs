use std::time::{Duration, SystemTime};

use crate::{metrics::Metrics, name::Name, reason::Reason, state::State};

/// A transition, as listeners are told of it.
#[derive(Clone, Debug)]
pub struct Signal {
    pub(crate) breaker: Name,
    pub(crate) label: Name,
    pub(crate) old_state: State,
    pub(crate) new_state: State,
    pub(crate) at: SystemTime,
    pub(crate) reopens: u64,
    pub(crate) metrics: Metrics,
    pub(crate) reason: Reason,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) shadow: bool,
}

impl Signal {
    /// The name of the breaker.
    pub fn breaker(&self) -> &str {
        &self.breaker
    }

    /// What tells the breaker from others of its name: see [`CircuitBreaker::label`](crate::CircuitBreaker::label).
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The state that it left.
    pub fn old_state(&self) -> State {
        self.old_state
    }

    /// The state that it is in now.
    pub fn new_state(&self) -> State {
        self.new_state
    }

    /// The wall time of the transition.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// How many recoveries have failed since the breaker was last closed, this transition included.
    pub fn reopens(&self) -> u64 {
        self.reopens
    }

    /// The window as it stood when the transition was decided.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Why the breaker changed its state.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// How long an opening will last, if that is known and the new state is `open`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the breaker is in shadow mode: whatever its state, it rejects nothing.
    pub fn shadow(&self) -> bool {
        self.shadow
    }
}
