use std::sync::Arc;

use crate::{metrics::Metrics, nanos::Nanos};

/// The last `size` recorded calls.
#[derive(Debug)]
pub(crate) struct CountRecords {
    size: usize,
    /// Where the next call goes: the place of the oldest one, once the window is full.
    next: usize,
    failed: Bits,
    /// Empty for a policy without use for durations.
    durations: Box<[Nanos]>,
    metrics: Metrics,
}

impl CountRecords {
    /// Takes all its memory here, so that recording never allocates. The zeroed pages of a large window cost nothing
    /// before they are used.
    pub(crate) fn new(size: usize, thresholds: Option<Arc<[Nanos]>>) -> Self {
        let durations = vec![Nanos(0); if thresholds.is_some() { size } else { 0 }].into_boxed_slice();
        Self { size, next: 0, failed: Bits::new(size), durations, metrics: Metrics::counting(thresholds) }
    }

    pub(crate) fn record(&mut self, failed: bool, duration: Nanos) {
        if self.metrics.calls == self.size as u64 {
            self.evict_oldest();
        }
        self.metrics.calls += 1;
        self.metrics.failures += u64::from(failed);
        self.failed.set(self.next, failed);
        if let Some(latency) = &mut self.metrics.latency {
            self.durations[self.next] = duration;
            latency.total += u128::from(duration.0);
            for (index, &threshold) in latency.thresholds.iter().enumerate() {
                *latency.slow.get_mut(index) += u64::from(duration >= threshold);
            }
        }
        self.next = if self.next + 1 == self.size { 0 } else { self.next + 1 };
    }

    fn evict_oldest(&mut self) {
        self.metrics.calls -= 1;
        self.metrics.failures -= u64::from(self.failed.get(self.next));
        if let Some(latency) = &mut self.metrics.latency {
            let duration = self.durations[self.next];
            latency.total -= u128::from(duration.0);
            for (index, &threshold) in latency.thresholds.iter().enumerate() {
                *latency.slow.get_mut(index) -= u64::from(duration >= threshold);
            }
        }
    }

    /// Leaves the old entries where they are: what the counts do not cover is overwritten before it is read.
    pub(crate) fn clear(&mut self) {
        self.next = 0;
        self.metrics.clear();
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

#[derive(Debug)]
struct Bits(Box<[u64]>);

impl Bits {
    fn new(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)].into_boxed_slice())
    }

    fn get(&self, index: usize) -> bool {
        self.0[index / 64] >> (index % 64) & 1 == 1
    }

    fn set(&mut self, index: usize, value: bool) {
        let (word, bit) = (&mut self.0[index / 64], 1 << (index % 64));
        if value { *word |= bit } else { *word &= !bit }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::random::Random;

    #[test]
    fn a_window_of_any_size_equals_a_naive_list() {
        let thresholds: Arc<[Nanos]> = [Nanos(300), Nanos(700)].into();
        for size in [1, 2, 3, 63, 64, 65, 130] {
            let mut random = Random::seeded(size as u64);
            let mut records = CountRecords::new(size, Some(Arc::clone(&thresholds)));
            let mut naive = VecDeque::new();
            for _ in 0..2_000 {
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

                let metrics = records.metrics();
                assert_eq!(metrics.calls, naive.len() as u64);
                assert_eq!(metrics.failures, naive.iter().filter(|call| call.0).count() as u64);
                assert_eq!(metrics.total_latency(), naive.iter().map(|call| u128::from(call.1.0)).sum());
                for (index, &threshold) in thresholds.iter().enumerate() {
                    assert_eq!(metrics.slow(index), naive.iter().filter(|call| call.1 >= threshold).count() as u64);
                }
            }
        }
    }

    #[test]
    fn sums_stay_exact_between_the_shortest_and_the_longest_durations() {
        let mut records = CountRecords::new(2, Some([].into()));
        for _ in 0..100_000 {
            records.record(false, Nanos(1));
            records.record(false, Nanos(u64::MAX));
        }
        assert_eq!(records.metrics().total_latency(), u128::from(u64::MAX) + 1);
    }
}
