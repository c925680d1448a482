use std::{mem, sync::Arc};

use super::bits::Bits;
use crate::{
    policy::windows::metrics::{Measures, Metrics},
    time::nanos::Nanos,
};

/// The last `size` recorded calls.
///
/// A slot that no call has used since the window was cleared holds zeros, so that the displaced call can be subtracted
/// without a check for its existence.
#[derive(Debug)]
pub(crate) struct CountRecords {
    size: usize,
    /// The slot of the next call: that of the oldest one, once the window is full.
    next: usize,
    failed: Bits,
    metrics: Metrics,
    /// One bit for each threshold and call: set if the call reached the threshold.
    slow: Box<[Bits]>,
    /// Empty for a policy that needs no mean.
    durations: Box<[Nanos]>,
}

impl CountRecords {
    /// Allocates all its memory, so that recording never does. The zeroed pages of a large window cost nothing before they
    /// are used.
    pub(crate) fn new(size: usize, measures: Option<&Arc<Measures>>) -> Self {
        let thresholds = measures.map_or(0, |measures| measures.thresholds.len());
        let durations = if measures.is_some_and(|measures| measures.mean) { size } else { 0 };
        Self {
            size,
            next: 0,
            failed: Bits::new(size),
            metrics: Metrics::counting(measures),
            slow: (0..thresholds).map(|_| Bits::new(size)).collect(),
            durations: vec![Nanos(0); durations].into_boxed_slice(),
        }
    }

    pub(crate) fn record(&mut self, failed: bool, duration: Nanos) {
        if !self.is_full() {
            self.metrics.calls += 1;
        }
        self.metrics.failures += u64::from(failed);
        self.metrics.failures -= u64::from(self.failed.replace(self.next, failed));
        if let Some(latency) = &mut self.metrics.latency {
            for (index, &threshold) in latency.measures.thresholds.iter().enumerate() {
                let slow = duration >= threshold;
                let displaced = self.slow[index].replace(self.next, slow);
                let count = latency.slow.get_mut(index);
                *count = *count + u64::from(slow) - u64::from(displaced);
            }
            if latency.measures.mean {
                let displaced = mem::replace(&mut self.durations[self.next], duration);
                latency.total.exchange(displaced.0.into(), duration);
            }
        }
        self.next = if self.next + 1 == self.size { 0 } else { self.next + 1 };
    }

    /// Records several successes that took no time.
    pub(crate) fn record_successes(&mut self, count: u64) {
        if !self.durations.is_empty() {
            // A policy that needs the mean counts none. These are from threads that ran while the policy changed.
            (0..count.min(self.size as u64)).for_each(|_| self.record(false, Nanos(0)));
            return;
        }
        self.metrics.calls = self.metrics.calls.saturating_add(count).min(self.size as u64);
        let size = self.size as u64;
        let rest = if count < size {
            count
        } else {
            // More successes than slots displace every call, and end at the same slot.
            self.displace(0, self.size);
            count % size
        };
        let rest = usize::try_from(rest).unwrap_or(0); // below `size`, a usize
        let end = self.next + rest;
        self.displace(self.next, end.min(self.size));
        if end >= self.size {
            self.displace(0, end - self.size);
        }
        self.next = if end >= self.size { end - self.size } else { end };
    }

    fn displace(&mut self, start: usize, end: usize) {
        // A window without failures has nothing to subtract.
        if self.metrics.failures > 0 {
            self.metrics.failures -= self.failed.clear(start, end);
        }
        if let Some(latency) = &mut self.metrics.latency {
            for (index, bits) in self.slow.iter_mut().enumerate() {
                let count = latency.slow.get_mut(index);
                if *count > 0 {
                    *count -= bits.clear(start, end);
                }
            }
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.metrics.calls == self.size as u64
    }

    pub(crate) fn clear(&mut self) {
        self.displace(0, self.size);
        // Only the slots that were used are written.
        let used = usize::try_from(self.metrics.calls).unwrap_or(self.size).min(self.durations.len());
        self.durations[..used].fill(Nanos(0));
        self.next = 0;
        self.metrics.clear();
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns `true` if the duration of every call is known.
    pub(crate) fn knows_durations(&self) -> bool {
        !self.durations.is_empty()
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Returns the latest `most` calls, oldest first: `true` if a call failed, and the least time that it took.
    pub(crate) fn latest(&self, most: usize) -> impl Iterator<Item = (bool, Nanos)> + '_ {
        // No more calls than slots.
        let calls = usize::try_from(self.metrics.calls).unwrap_or(self.size);
        (0..calls.min(most)).rev().map(move |age| {
            let place = (self.next + self.size - 1 - age) % self.size;
            (self.failed.get(place), self.least_duration(place))
        })
    }

    fn least_duration(&self, place: usize) -> Nanos {
        if let Some(&duration) = self.durations.get(place) {
            return duration;
        }
        let Some(latency) = &self.metrics.latency else { return Nanos(0) };
        let reached = latency.measures.thresholds.iter().zip(&self.slow).rev().find(|(_, slow)| slow.get(place));
        reached.map_or(Nanos(0), |(&threshold, _)| threshold)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, time::Duration};

    use super::*;
    use crate::random::Random;

    fn measures(thresholds: &[u64], mean: bool) -> Arc<Measures> {
        Arc::new(Measures { thresholds: thresholds.iter().copied().map(Nanos).collect(), mean })
    }

    fn assert_equals(metrics: &Metrics, naive: &VecDeque<(bool, Nanos)>, measures: &Measures) {
        assert_eq!(metrics.calls, naive.len() as u64);
        assert_eq!(metrics.failures, naive.iter().filter(|call| call.0).count() as u64);
        if measures.mean {
            assert_eq!(metrics.total_latency(), naive.iter().map(|call| u128::from(call.1.0)).sum());
        }
        for &threshold in &measures.thresholds {
            assert_eq!(metrics.slow(threshold), naive.iter().filter(|call| call.1 >= threshold).count() as u64);
        }
    }

    /// Miri would take days for the full number.
    const STEPS: u32 = if cfg!(miri) { 100 } else { 2_000 };

    #[test]
    fn counted_successes_displace_durations_of_a_policy_that_needs_the_mean() {
        let mut records = CountRecords::new(3, Some(&measures(&[], true)));
        (0..3).for_each(|_| records.record(false, Nanos(600)));
        records.record_successes(2);
        assert_eq!((records.metrics().calls, records.metrics().total_latency()), (3, 600));
        records.record_successes(9);
        assert_eq!((records.metrics().calls, records.metrics().total_latency()), (3, 0));
    }

    #[test]
    fn a_window_of_any_size_equals_a_naive_list() {
        let measures = measures(&[300, 700], true);
        for size in [1, 2, 3, 63, 64, 65, 130] {
            let mut random = Random::seeded(size as u64);
            let mut records = CountRecords::new(size, Some(&measures));
            let mut naive = VecDeque::new();
            for _ in 0..STEPS {
                if random.draw() < 0.005 {
                    records.clear();
                    naive.clear();
                }
                let (failed, duration) = (random.draw() < 0.4, Nanos::from_f64(random.draw() * 1_000.0));
                records.record(failed, duration);
                naive.push_back((failed, duration));
                if naive.len() > size {
                    naive.pop_front();
                }
                assert_equals(records.metrics(), &naive, &measures);
            }
        }
    }

    #[test]
    fn successes_recorded_at_once_equal_those_recorded_one_by_one() {
        let measures = measures(&[300], false);
        for size in [1, 2, 3, 63, 64, 65, 130] {
            let mut random = Random::seeded(size as u64);
            let mut records = CountRecords::new(size, Some(&measures));
            let mut naive = VecDeque::new();
            for _ in 0..STEPS {
                let count = match random.draw() {
                    draw if draw < 0.5 => 0,
                    draw if draw < 0.9 => Nanos::from_f64(random.draw() * 5.0).0,
                    _ => random.below(3 * size) as u64,
                };
                records.record_successes(count);
                naive.extend((0..count).map(|_| (false, Nanos(0))));
                let (failed, duration) = (random.draw() < 0.4, Nanos::from_f64(random.draw() * 1_000.0));
                records.record(failed, duration);
                naive.push_back((failed, duration));
                while naive.len() > size {
                    naive.pop_front();
                }
                assert_equals(records.metrics(), &naive, &measures);
            }
        }
    }

    #[test]
    fn sums_stay_exact_over_ten_million_calls_of_the_shortest_and_the_longest_durations() {
        let rounds = if cfg!(miri) { STEPS } else { 2_500_000 };
        for (short, long) in [(1, u64::MAX), (1, 1_000_000_000 * Nanos::PER_SECOND)] {
            let mut records = CountRecords::new(3, Some(&measures(&[], true)));
            for _ in 0..rounds {
                records.record(false, Nanos(short));
                records.record(false, Nanos(long));
            }
            let sum = u128::from(short) + 2 * u128::from(long);
            assert_eq!(records.metrics().total_latency(), sum);
            assert_eq!(records.metrics().mean_latency(), u64::try_from(sum / 3).ok().map(Duration::from_nanos));
            records.clear();
            assert_eq!((records.metrics().total_latency(), records.metrics().mean_latency()), (0, None));
        }
    }
}
