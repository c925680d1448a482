/// A sequence of bits, one for each call.
#[derive(Debug)]
pub(super) enum Bits {
    /// Enough for the usual windows, next to the rest of the window.
    Few([u64; 2]),
    Many(Box<[u64]>),
}

impl Bits {
    /// Creates a sequence of zeros.
    pub(super) fn new(size: usize) -> Self {
        if size <= 128 { Self::Few([0; 2]) } else { Self::Many(vec![0; size.div_ceil(64)].into_boxed_slice()) }
    }

    fn words_mut(&mut self) -> &mut [u64] {
        match self {
            Self::Few(words) => words,
            Self::Many(words) => words,
        }
    }

    pub(super) fn get(&self, index: usize) -> bool {
        let words: &[u64] = match self {
            Self::Few(words) => words,
            Self::Many(words) => words,
        };
        words[index / 64] & 1 << (index % 64) != 0
    }

    /// Sets the bit and returns its old value.
    pub(super) fn replace(&mut self, index: usize, value: bool) -> bool {
        let (word, bit) = (&mut self.words_mut()[index / 64], 1 << (index % 64));
        let was = *word & bit != 0;
        *word = if value { *word | bit } else { *word & !bit };
        was
    }

    /// Sets the bits from `start` to below `end` to zero and returns the number of those that were one.
    pub(super) fn clear(&mut self, start: usize, end: usize) -> u64 {
        let mut cleared = 0;
        let mut index = start;
        while index < end {
            let (word, low) = (index / 64, index % 64);
            let bits = (end - index).min(64 - low);
            let mask = (u64::MAX >> (64 - bits)) << low;
            let value = &mut self.words_mut()[word];
            cleared += u64::from((*value & mask).count_ones());
            *value &= !mask;
            index += bits;
        }
        cleared
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn clearing_a_range_equals_clearing_bit_by_bit() {
        for size in [1, 63, 64, 65, 128, 129, 300] {
            let mut random = Random::seeded(size as u64);
            for _ in 0..200 {
                let mut bits = Bits::new(size);
                let mut naive = vec![false; size];
                for (index, naive) in naive.iter_mut().enumerate() {
                    *naive = random.draw() < 0.5;
                    bits.replace(index, *naive);
                }
                let mut within = || random.below(size + 1);
                let (one, other) = (within(), within());
                let (start, end) = (one.min(other), one.max(other));
                assert_eq!(bits.clear(start, end), naive[start..end].iter().filter(|bit| **bit).count() as u64);
                naive[start..end].fill(false);
                for (index, naive) in naive.iter().enumerate() {
                    assert_eq!(bits.replace(index, false), *naive);
                }
            }
        }
    }
}
