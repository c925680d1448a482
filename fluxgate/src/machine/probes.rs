//! The probes of a half-open breaker.

use std::collections::VecDeque;

use crate::{outcome::Outcome, time::nanos::Nanos};

/// The probes in flight, and counts of those that have ended.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    /// Oldest first.
    in_flight: VecDeque<Probe>,
    /// Never used twice, so that a late outcome can't free the slot of another probe.
    next_id: u64,
    ended: EndedProbes,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) id: u64,
    pub(crate) started: Nanos,
}

/// The way in which a call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// The call returned or unwound.
    ByItself,
    /// The caller dropped the call after waiting for `waited`.
    Dropped { waited: Nanos },
    /// The call is still in flight, but has exceeded `max_probe_time`.
    Abandoned,
}

/// Counts of the probes that have ended since the half-open state began, for the limits on probes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EndedProbes {
    /// Failures and abandoned probes since the last success.
    failed: u64,
    /// The total waiting time of unrecorded dropped calls since the last success or ignored error.
    waited: Nanos,
    /// Consecutive ignored errors.
    ignored: u64,
    /// Abandoned probes since the last success.
    abandoned: u64,
}

impl EndedProbes {
    fn count(&mut self, outcome: Outcome, ended: Ended) {
        let ignored = self.ignored;
        self.ignored = 0;
        match (outcome, ended) {
            (Outcome::Success, _) => *self = Self::default(),
            (Outcome::Failure, ended) => {
                self.failed += 1;
                self.abandoned += u64::from(ended == Ended::Abandoned);
            }
            (Outcome::Ignored, Ended::Dropped { waited }) => self.waited = self.waited.plus(waited),
            (Outcome::Ignored, Ended::ByItself | Ended::Abandoned) => {
                self.ignored = ignored + 1;
                self.waited = Nanos(0);
            }
        }
    }

    /// Returns the number of failed probes since the last success.
    ///
    /// Each full `unit` of waiting time of dropped calls counts as one.
    pub(crate) fn failed(&self, unit: Nanos) -> u64 {
        self.failed.saturating_add(self.waited.0 / unit.0.max(1))
    }

    /// Returns the number of consecutive ignored errors.
    pub(crate) fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Returns the number of abandoned probes since the last success.
    pub(crate) fn abandoned(&self) -> u64 {
        self.abandoned
    }
}

impl Probes {
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(crate) fn oldest(&self) -> Option<Probe> {
        self.in_flight.front().copied()
    }

    pub(crate) fn ended(&self) -> EndedProbes {
        self.ended
    }

    pub(crate) fn admit(&mut self, now: Nanos) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.in_flight.push_back(Probe { id, started: now });
        id
    }

    /// Returns whether a probe has neither ended nor been abandoned.
    pub(crate) fn contains(&self, id: u64) -> bool {
        self.in_flight.binary_search_by_key(&id, |probe| probe.id).is_ok()
    }

    /// Frees the slot of a probe and counts its end. Returns `None` if it has no slot any more.
    pub(crate) fn end(&mut self, id: u64, outcome: Outcome, ended: Ended) -> Option<Probe> {
        // Ids grow with the order of admission, so the queue is sorted by them.
        let index = self.in_flight.binary_search_by_key(&id, |probe| probe.id).ok()?;
        self.ended.count(outcome, ended);
        self.in_flight.remove(index)
    }

    pub(crate) fn clear(&mut self) {
        self.in_flight.clear();
        self.ended = EndedProbes::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Nanos = Nanos(100);

    fn end(probes: &mut Probes, id: u64) -> Option<Probe> {
        probes.end(id, Outcome::Failure, Ended::ByItself)
    }

    #[test]
    fn a_slot_is_freed_once() {
        let mut probes = Probes::default();
        let (first, second) = (probes.admit(Nanos(1)), probes.admit(Nanos(2)));
        assert!(end(&mut probes, first).is_some());
        assert!(end(&mut probes, first).is_none());
        assert_eq!((probes.in_flight(), probes.ended().failed(UNIT)), (1, 1));
        assert!(end(&mut probes, second).is_some());
    }

    #[test]
    fn a_probe_from_before_a_clear_frees_no_slot_of_a_later_probe() {
        let mut probes = Probes::default();
        let before = probes.admit(Nanos(1));
        probes.clear();
        probes.admit(Nanos(2));
        assert!(end(&mut probes, before).is_none());
        assert_eq!((probes.in_flight(), probes.ended().failed(UNIT)), (1, 0));
    }

    #[test]
    fn each_full_unit_of_waiting_counts_as_a_failed_probe_until_a_call_returns() {
        let dropped = |waited| (Outcome::Ignored, Ended::Dropped { waited: Nanos(waited) });
        let answers = [(Outcome::Success, Ended::ByItself), (Outcome::Ignored, Ended::ByItself)];
        for answer in answers {
            let mut ended = EndedProbes::default();
            for (expected, (outcome, end)) in [(0, dropped(60)), (1, dropped(60)), (3, dropped(180)), (0, answer)] {
                ended.count(outcome, end);
                assert_eq!(ended.failed(UNIT), expected);
            }
        }
    }

    #[test]
    fn consecutive_ignored_errors_are_counted_and_do_not_reset_the_failures() {
        let mut ended = EndedProbes::default();
        ended.count(Outcome::Failure, Ended::Abandoned);
        for expected in 1..=3 {
            ended.count(Outcome::Ignored, Ended::ByItself);
            assert_eq!((ended.ignored(), ended.failed(UNIT), ended.abandoned()), (expected, 1, 1));
        }
        for other in [Ended::Dropped { waited: Nanos(0) }, Ended::Abandoned] {
            let outcome = if other == Ended::Abandoned { Outcome::Failure } else { Outcome::Ignored };
            ended.count(Outcome::Ignored, Ended::ByItself);
            ended.count(outcome, other);
            assert_eq!(ended.ignored(), 0);
        }
    }
}
