use std::collections::VecDeque;

use crate::time::nanos::Nanos;

/// The calls in flight that a half-open breaker has admitted, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    in_flight: VecDeque<Probe>,
    /// Never used twice, so that a late outcome can't free the slot of another.
    next_id: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) id: u64,
    pub(crate) started: Nanos,
}

impl Probes {
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(crate) fn oldest(&self) -> Option<Probe> {
        self.in_flight.front().copied()
    }

    pub(crate) fn admit(&mut self, now: Nanos) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.in_flight.push_back(Probe { id, started: now });
        id
    }

    /// Whether a probe has not ended, and was not given up.
    pub(crate) fn contains(&self, id: u64) -> bool {
        self.in_flight.binary_search_by_key(&id, |probe| probe.id).is_ok()
    }

    /// Frees the slot of a probe, if it still has one.
    pub(crate) fn release(&mut self, id: u64) -> Option<Probe> {
        // Ids grow with the order of admission, so the queue is sorted by them.
        let place = self.in_flight.binary_search_by_key(&id, |probe| probe.id).ok()?;
        self.in_flight.remove(place)
    }

    pub(crate) fn clear(&mut self) {
        self.in_flight.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_freed_once() {
        let mut probes = Probes::default();
        let (first, second) = (probes.admit(Nanos(1)), probes.admit(Nanos(2)));
        assert!(probes.release(first).is_some());
        assert!(probes.release(first).is_none());
        assert_eq!(probes.in_flight(), 1);
        assert!(probes.release(second).is_some());
    }

    #[test]
    fn what_was_cleared_frees_no_slot_of_a_later_probe() {
        let mut probes = Probes::default();
        let before = probes.admit(Nanos(1));
        probes.clear();
        probes.admit(Nanos(2));
        assert!(probes.release(before).is_none());
        assert_eq!(probes.in_flight(), 1);
    }
}
