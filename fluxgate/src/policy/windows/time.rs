use std::{mem, sync::Arc};

use crate::{
    policy::windows::metrics::{Measures, Metrics},
    time::nanos::Nanos,
};

/// The recorded calls of the current second and the `size - 1` before it.
#[derive(Debug)]
pub(crate) struct TimeRecords {
    /// The current second of the window.
    current: u64,
    /// The first second whose entry counts. Earlier seconds were cleared or never existed.
    first: u64,
    /// One entry for each second, at the second modulo the size.
    seconds: Box<[Second]>,
    /// The sum of the durations and the slow calls of each second, for a policy that needs durations.
    totals: Box<[u128]>,
    slow: Box<[u64]>,
    metrics: Metrics,
}

#[derive(Clone, Copy, Debug, Default)]
struct Second {
    calls: u64,
    failures: u64,
}

impl TimeRecords {
    /// Allocates all its memory, so that recording never does. The zeroed pages of a long window cost nothing before they
    /// are used.
    pub(crate) fn new(size: usize, measures: Option<&Arc<Measures>>) -> Self {
        let totals = if measures.is_some_and(|measures| measures.mean) { size } else { 0 };
        let slow = size * measures.map_or(0, |measures| measures.thresholds.len());
        Self {
            current: 0,
            first: 0,
            seconds: vec![Second::default(); size].into_boxed_slice(),
            totals: vec![0; totals].into_boxed_slice(),
            slow: vec![0; slow].into_boxed_slice(),
            metrics: Metrics::counting(measures),
        }
    }

    pub(crate) fn record(&mut self, failed: bool, duration: Nanos, now: Nanos) {
        self.advance(now);
        let place = self.place(self.current);
        self.seconds[place].calls += 1;
        self.seconds[place].failures += u64::from(failed);
        self.metrics.calls += 1;
        self.metrics.failures += u64::from(failed);
        if let Some(latency) = &mut self.metrics.latency {
            if latency.measures.mean {
                self.totals[place] += u128::from(duration.0);
                latency.total.exchange(0, duration);
            }
            let thresholds = latency.measures.thresholds.len();
            for (index, &threshold) in latency.measures.thresholds.iter().enumerate() {
                let slow = u64::from(duration >= threshold);
                self.slow[place * thresholds + index] += slow;
                *latency.slow.get_mut(index) += slow;
            }
        }
    }

    /// Records several successes of `second` that took no time. A second that has left the window is ignored.
    pub(crate) fn record_successes(&mut self, count: u64, second: u64) {
        let within =
            second >= self.first && second <= self.current && self.current - second < self.seconds.len() as u64;
        if within {
            self.seconds[self.place(second)].calls += count;
            self.metrics.calls += count;
        }
    }

    /// Removes the seconds that have left the window by `now`. A clock that goes backwards changes nothing.
    pub(crate) fn advance(&mut self, now: Nanos) {
        let second = now.whole_seconds();
        if second <= self.current {
            return;
        }
        if second - self.current >= self.seconds.len() as u64 {
            self.clear(now);
            return;
        }
        for passed in self.current + 1..=second {
            // The entry of `passed` still belongs to the second one window earlier.
            let place = self.place(passed);
            let counted = passed.checked_sub(self.seconds.len() as u64).is_some_and(|stale| stale >= self.first);
            self.empty(place, counted);
        }
        self.current = second;
    }

    fn empty(&mut self, place: usize, counted: bool) {
        let second = mem::take(&mut self.seconds[place]);
        if counted {
            self.metrics.calls -= second.calls;
            self.metrics.failures -= second.failures;
        }
        if let Some(latency) = &mut self.metrics.latency {
            if latency.measures.mean {
                let passed = mem::take(&mut self.totals[place]);
                latency.total.exchange(if counted { passed } else { 0 }, Nanos(0));
            }
            let thresholds = latency.measures.thresholds.len();
            for index in 0..thresholds {
                let slow = mem::take(&mut self.slow[place * thresholds + index]);
                *latency.slow.get_mut(index) -= if counted { slow } else { 0 };
            }
        }
    }

    /// Writes the current entry only: the others precede `first` from now on, and are emptied when they are used again.
    pub(crate) fn clear(&mut self, now: Nanos) {
        self.current = self.current.max(now.whole_seconds());
        self.first = self.current;
        self.empty(self.place(self.current), false);
        self.metrics.clear();
    }

    /// Copies the seconds of another window that fall into this empty one.
    pub(crate) fn take_over(&mut self, old: &Self) {
        let length = (self.seconds.len() as u64).min(old.seconds.len() as u64);
        self.current = old.current;
        self.first = old.first.max((old.current + 1).saturating_sub(length));
        for second in self.first..=self.current {
            let Second { calls, failures } = old.seconds[old.place(second)];
            let place = self.place(second);
            self.seconds[place] = Second { calls, failures };
            self.metrics.calls += calls;
            self.metrics.failures += failures;
            let Some(latency) = &mut self.metrics.latency else { continue };
            if let (Some(total), Some(known)) = (self.totals.get_mut(place), old.totals.get(old.place(second))) {
                *total = *known;
                latency.total.add(*known);
            }
            let thresholds = latency.measures.thresholds.len();
            for (index, &threshold) in latency.measures.thresholds.iter().enumerate() {
                let slow = old.slow_at_least(second, threshold);
                self.slow[place * thresholds + index] = slow;
                *latency.slow.get_mut(index) += slow;
            }
        }
    }

    /// Returns the number of calls of a second that are known to have taken this long or longer.
    fn slow_at_least(&self, second: u64, threshold: Nanos) -> u64 {
        let Some(latency) = &self.metrics.latency else { return 0 };
        let thresholds = &latency.measures.thresholds;
        let index = thresholds.partition_point(|known| *known < threshold);
        if index == thresholds.len() { 0 } else { self.slow[self.place(second) * thresholds.len() + index] }
    }

    /// Returns the latest whole seconds with at most `most` calls, oldest first: the number of calls of a second, the number
    /// of failures, and the least time that each call took.
    pub(crate) fn latest(&self, most: u64) -> Vec<(u64, u64, Vec<Nanos>)> {
        let oldest = self.first.max((self.current + 1).saturating_sub(self.seconds.len() as u64));
        let mut room = most;
        let mut seconds = Vec::new();
        for second in (oldest..=self.current).rev() {
            let Second { calls, failures } = self.seconds[self.place(second)];
            if calls > room {
                break;
            }
            room -= calls;
            if calls > 0 {
                let thresholds = self.metrics.latency.as_ref().map_or(&[][..], |latency| &latency.measures.thresholds);
                // A call that reaches a threshold reaches the smaller ones too.
                let mut least: Vec<_> = Vec::new();
                for &threshold in thresholds.iter().rev() {
                    let reached = usize::try_from(self.slow_at_least(second, threshold)).unwrap_or(usize::MAX);
                    least.resize(reached.max(least.len()), threshold);
                }
                seconds.push((calls, failures, least));
            }
        }
        seconds.reverse();
        seconds
    }

    pub(crate) fn knows_durations(&self) -> bool {
        !self.totals.is_empty()
    }

    fn place(&self, second: u64) -> usize {
        let place = second % self.seconds.len() as u64;
        usize::try_from(place).unwrap_or(0) // below `seconds.len()`, a usize
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn successes_of_a_second_that_has_just_left_the_window_are_not_recorded() {
        let mut records = TimeRecords::new(10, None);
        for second in [15, 24, 25] {
            records.advance(Nanos(second * Nanos::PER_SECOND));
        }
        for (second, calls) in [(14, 0), (15, 0), (16, 2), (25, 4), (26, 4)] {
            records.record_successes(2, second);
            assert_eq!(records.metrics().calls, calls, "after second {second}");
        }
    }

    #[test]
    fn a_window_of_any_length_equals_a_naive_list_on_edges_and_after_idling() {
        let measures = Arc::new(Measures { thresholds: [Nanos(300), Nanos(700)].into(), mean: true });
        for size in [1, 2, 3, 10, 61] {
            let mut random = Random::seeded(size);
            let mut records = TimeRecords::new(usize::try_from(size).unwrap(), Some(&measures));
            let mut naive: Vec<(u64, bool, Nanos)> = Vec::new();
            let mut now = 0;
            // Miri would take days for the full number.
            for _ in 0..if cfg!(miri) { 100 } else { 5_000 } {
                now += match random.draw() {
                    draw if draw < 0.5 => 0,
                    draw if draw < 0.7 => Nanos::PER_SECOND / 4,
                    draw if draw < 0.8 => Nanos::PER_SECOND - now % Nanos::PER_SECOND,
                    draw if draw < 0.9 => Nanos::PER_SECOND - now % Nanos::PER_SECOND - 1,
                    draw if draw < 0.98 => size / 2 * Nanos::PER_SECOND,
                    _ => size * 3 * Nanos::PER_SECOND,
                };
                let second = now / Nanos::PER_SECOND;
                if random.draw() < 0.02 {
                    records.clear(Nanos(now));
                    naive.clear();
                }
                if random.draw() < 0.7 {
                    let (failed, duration) = (random.draw() < 0.4, Nanos::from_f64(random.draw() * 1_000.0));
                    records.record(failed, duration, Nanos(now));
                    naive.push((second, failed, duration));
                }
                naive.retain(|call| call.0 + size > second);

                records.advance(Nanos(now));
                let metrics = records.metrics();
                assert_eq!(metrics.calls, naive.len() as u64);
                assert_eq!(metrics.failures, naive.iter().filter(|call| call.1).count() as u64);
                assert_eq!(metrics.total_latency(), naive.iter().map(|call| u128::from(call.2.0)).sum());
                for &threshold in &measures.thresholds {
                    assert_eq!(metrics.slow(threshold), naive.iter().filter(|call| call.2 >= threshold).count() as u64);
                }
            }
        }
    }

    #[test]
    fn successes_recorded_later_belong_to_their_own_second() {
        let mut records = TimeRecords::new(3, None);
        records.record(true, Nanos(0), Nanos(5 * Nanos::PER_SECOND));
        records.advance(Nanos(7 * Nanos::PER_SECOND));
        for (second, calls) in [(7, 3), (6, 5), (5, 7), (4, 7), (8, 7)] {
            records.record_successes(2, second);
            assert_eq!(records.metrics().calls, calls, "second {second}");
        }
        records.advance(Nanos(8 * Nanos::PER_SECOND));
        assert_eq!(records.metrics().calls, 4, "what was in second 5 has left");
        records.clear(Nanos(8 * Nanos::PER_SECOND));
        records.record_successes(2, 7);
        assert_eq!(records.metrics().calls, 0);
    }

    #[test]
    fn a_clock_set_back_neither_panics_nor_loses_calls() {
        let mut records = TimeRecords::new(2, None);
        records.record(true, Nanos(0), Nanos(5 * Nanos::PER_SECOND));
        records.record(true, Nanos(0), Nanos(0));
        assert_eq!(records.metrics().failures, 2);
    }

    #[test]
    fn the_end_of_time_is_a_second_like_any_other() {
        let mut records = TimeRecords::new(3, None);
        records.record(true, Nanos(0), Nanos(u64::MAX));
        records.record(true, Nanos(0), Nanos(u64::MAX));
        assert_eq!(records.metrics().failures, 2);
    }

    #[test]
    fn counts_and_sums_near_their_end_do_not_wrap() {
        let measures = Arc::new(Measures { thresholds: [Nanos(1)].into(), mean: true });
        let mut records = TimeRecords::new(2, Some(&measures));
        // As many as a breaker would see in centuries, all in one second.
        let many = u64::from(u32::MAX) * 4;
        records.metrics.calls += many;
        records.seconds[0].calls += many;
        for _ in 0..10 {
            records.record(true, Nanos(u64::MAX), Nanos(0));
        }
        assert_eq!((records.metrics.calls, records.metrics.failures), (many + 10, 10));
        assert_eq!(records.metrics.total_latency(), 10 * u128::from(u64::MAX));
        records.advance(Nanos(2 * Nanos::PER_SECOND));
        assert_eq!((records.metrics.calls, records.metrics.failures, records.metrics.slow(Nanos(1))), (0, 0, 0));
        assert_eq!((records.metrics.total_latency(), records.metrics.mean_latency()), (0, None));
    }
}
