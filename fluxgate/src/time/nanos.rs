//! Time in whole nanoseconds.

use std::time::Duration;

/// A point in time on the breaker's clock, or a span of time, in whole nanoseconds.
///
/// All arithmetic saturates: a clock that jumps can make a wait longer or shorter, but causes no panic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Nanos(pub(crate) u64);

impl Nanos {
    pub(crate) const PER_SECOND: u64 = 1_000_000_000;

    /// A point in time that is never reached, or a span that never ends.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// The last point in time that is reached. Later due times are moved to it.
    pub(crate) const LAST: Self = Self(u64::MAX - 1);

    /// Returns the span from `earlier` to `self`, or zero if the clock went backwards.
    #[inline]
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    #[inline]
    pub(crate) fn plus(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    pub(crate) fn whole_seconds(self) -> u64 {
        self.0 / Self::PER_SECOND
    }

    #[allow(clippy::cast_precision_loss, reason = "ratios and waits are f64; 2^53 ns are 104 days, to the nanosecond")]
    pub(crate) fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// Rounds to the nearest nanosecond. Negative numbers and NaN become 0; numbers out of range become the longest span.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate, as meant here")]
    pub(crate) fn from_f64(nanos: f64) -> Self {
        Self(nanos.round() as u64)
    }
}

impl From<Duration> for Nanos {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for Duration {
    fn from(nanos: Nanos) -> Self {
        Self::from_nanos(nanos.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_span_to_an_earlier_time_is_zero() {
        assert_eq!(Nanos(3).since(Nanos(5)), Nanos(0));
    }

    #[test]
    fn sums_saturate() {
        assert_eq!(Nanos(u64::MAX).plus(Nanos(1)), Nanos(u64::MAX));
    }

    #[test]
    fn floats_out_of_range_saturate() {
        assert_eq!(Nanos::from_f64(1e300), Nanos(u64::MAX));
        assert_eq!(Nanos::from_f64(-1.0), Nanos(0));
        assert_eq!(Nanos::from_f64(f64::NAN), Nanos(0));
    }
}
