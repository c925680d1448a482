//! The states in which a breaker may be evicted.

use std::sync::atomic::Ordering;

use super::set_core::Member;
use crate::{
    breaker::Shared,
    state::State,
    sync::status_word::{PolicyFlags, Status},
    time::{BreakerClock, nanos::Nanos},
};

/// The chance of a slot to be evicted.
#[derive(Clone, Copy)]
pub(super) enum Evictability {
    /// Its breaker has calls in flight, is in a state that is kept, or is being made.
    Pinned,
    Evictable(Seen),
}

/// A breaker that may be evicted, as it was seen: if it is still so, it may.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// The time of the last look-up, on the clock of the set.
    pub(super) since: Nanos,
    /// It is half-open: only to be evicted if it is idle, not to make room.
    pub(super) if_idle: bool,
    /// Its clock, which is the user's own, has to say whether the retry is due.
    pub(super) asks_clock: bool,
    status: Status,
    pub(super) due: Nanos,
}

/// Tells by its state whether a breaker may be evicted.
pub(super) fn seen(shared: &Shared) -> Evictability {
    let (status, due) = (shared.status.read(), Nanos(shared.due.load(Ordering::Acquire)));
    let (if_idle, asks_clock) = match status.state() {
        State::Closed => (false, false),
        State::HalfOpen => (true, false),
        State::Open if status.policy_has(PolicyFlags::NEVER_DUE) => return Evictability::Pinned,
        // Only a retry of the user's own knows.
        State::Open if due == Nanos::NEVER => (false, false),
        State::Open => match &shared.clock {
            BreakerClock::System(_) if shared.clock.now() < due => return Evictability::Pinned,
            BreakerClock::System(_) => (false, false),
            BreakerClock::Other { .. } => (false, true),
        },
        State::ForcedOpen | State::Disabled | State::MetricsOnly => return Evictability::Pinned,
    };
    let since = Member::of(shared).map_or(Nanos(0), Member::last_used);
    Evictability::Evictable(Seen { since, if_idle, asks_clock, status, due })
}

impl Seen {
    /// Checks that nothing that matters has changed since.
    pub(super) fn is_still(&self, shared: &Shared) -> bool {
        let now = shared.status.read();
        now.state() == self.status.state()
            && now.generation() == self.status.generation()
            && now.policy_has(PolicyFlags::NEVER_DUE) == self.status.policy_has(PolicyFlags::NEVER_DUE)
            && (now.state() != State::Open || Nanos(shared.due.load(Ordering::Acquire)) == self.due)
    }
}
