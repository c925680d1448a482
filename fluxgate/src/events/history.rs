//! The latest transitions of a breaker.

use std::collections::VecDeque;

use crate::events::signal::Signal;

/// The number of transitions that a breaker remembers.
const LENGTH: usize = 16;

/// The latest transitions of a breaker. Allocates nothing before the first one.
#[derive(Default)]
pub(crate) struct History(VecDeque<Signal>);

impl History {
    pub(crate) fn push(&mut self, signal: Signal) {
        if self.0.len() == LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(signal);
    }

    /// Returns the transitions, oldest first.
    pub(crate) fn signals(&self) -> impl Iterator<Item = &Signal> {
        self.0.iter()
    }
}
