//! Random numbers.

use std::{
    hash::{BuildHasher, RandomState},
    time::SystemTime,
};

use crate::process;

/// The random number generator of a breaker: `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014), which is good enough to spread waits and to pick probes.
#[derive(Debug)]
pub(crate) struct Random {
    state: u64,
    /// The process that the state belongs to. `None` for a seeded generator, which is the same in every process.
    process: Option<u32>,
}

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { state: seed, process: None }
    }

    /// Creates a generator that differs between breakers and processes, so that a fleet does not probe in step.
    pub(crate) fn unpredictable() -> Self {
        // The standard library seeds the keys of `RandomState` from the system's entropy, and varies them each time.
        Self { state: RandomState::new().hash_one(0_u64), process: Some(process::id()) }
    }

    /// Returns a uniformly distributed number from 0 (inclusive) to 1 (exclusive).
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    pub(crate) fn draw(&mut self) -> f64 {
        // A forked child has a copy of the state, and of the standard library's keys.
        if let Some(parent) = self.process.filter(|process| *process != process::id()) {
            self.process = Some(process::id());
            self.state ^= RandomState::new().hash_one((parent, process::id(), SystemTime::now()));
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
impl Random {
    /// Returns an integer below `end`.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.draw() * end as f64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let draws = |seed| {
            let mut random = Random::seeded(seed);
            std::array::from_fn::<u64, 8, _>(|_| random.draw().to_bits())
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow: a hundred thousand draws")]
    fn draws_are_uniform_and_below_one() {
        let mut random = Random::seeded(1);
        let mut tenths = [0_u32; 10];
        let bounds = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
        for _ in 0..100_000 {
            let draw = random.draw();
            assert!((0.0..1.0).contains(&draw));
            tenths[bounds.iter().filter(|bound| draw >= **bound).count()] += 1;
        }
        // Six standard deviations of a binomial with n = 100,000 and p = 0.1 are 569.
        assert!(tenths.iter().all(|&count| count.abs_diff(10_000) < 569), "{tenths:?}");
    }

    #[test]
    fn a_forked_child_draws_other_numbers_than_its_parent_and_a_seeded_source_the_same() {
        let copies = |process| [1, 2].map(|_| Random { state: 7, process });
        let [mut parent, mut child] = copies(Some(process::id()));
        child.process = Some(process::id().wrapping_add(1)); // the id of the parent
        let draws = |random: &mut Random| std::array::from_fn::<u64, 4, _>(|_| random.draw().to_bits());
        assert_ne!(draws(&mut parent), draws(&mut child));
        let [mut parent, mut child] = copies(None);
        assert_eq!(draws(&mut parent), draws(&mut child));
    }

    #[test]
    fn unseeded_generators_differ() {
        let (mut first, mut second) = (Random::unpredictable(), Random::unpredictable());
        assert_ne!([first.draw(), first.draw()].map(f64::to_bits), [second.draw(), second.draw()].map(f64::to_bits));
    }
}
