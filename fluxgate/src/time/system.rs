use std::time::Duration;

use super::Clock;
use crate::time::nanos::Nanos;

/// The system's monotonic clock, counted from the creation of this value. The default clock of breakers.
///
/// `wasm32-unknown-unknown` has no such clock: give breakers another one there.
///
/// On Linux the clock is read without the C library, which
/// [valgrind does not support](https://github.com/bytecodealliance/rustix/issues/1559). To run under valgrind, add
/// `rustix = { version = "1", features = ["use-libc"] }` to the application's Cargo.toml. A reading then takes about one
/// nanosecond more.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{Clock, ManualClock, SystemClock};
///
/// fn clock(is_test: bool) -> Box<dyn Clock> {
///     match is_test {
///         true => Box::new(ManualClock::new()),
///         false => Box::new(SystemClock::new()),
///     }
/// }
///
/// assert!(clock(false).now() < Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: monotonic::Reading,
}

impl SystemClock {
    /// Creates a clock that starts at zero.
    ///
    /// # Panics
    ///
    /// Panics on `wasm32-unknown-unknown`.
    pub fn new() -> Self {
        Self { origin: monotonic::read() }
    }

    #[inline]
    pub(crate) fn elapsed(self) -> Nanos {
        monotonic::since(monotonic::read(), self.origin)
    }

    /// Returns the time of the system's last tick, a few milliseconds ago at most.
    #[inline]
    pub(crate) fn coarse_elapsed(self) -> Nanos {
        monotonic::since(monotonic::read_coarse(), self.origin)
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.elapsed().into()
    }
}

/// Linux also provides the time of its last tick, at a sixth of the cost of an exact reading.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod monotonic {
    use rustix::time::{ClockId, Timespec, clock_gettime};

    use crate::time::nanos::Nanos;

    pub(super) type Reading = Nanos;

    #[inline]
    pub(super) fn read() -> Reading {
        nanos(clock_gettime(ClockId::Monotonic))
    }

    #[inline]
    pub(super) fn read_coarse() -> Reading {
        nanos(clock_gettime(ClockId::MonotonicCoarse))
    }

    #[inline]
    pub(super) fn since(reading: Reading, origin: Reading) -> Nanos {
        reading.since(origin)
    }

    /// Converts a time since the system's start: neither part is negative, and the sum fits for 584 years.
    #[inline]
    #[allow(clippy::cast_sign_loss, reason = "neither part is negative")]
    fn nanos(time: Timespec) -> Nanos {
        Nanos((time.tv_sec as u64).wrapping_mul(Nanos::PER_SECOND).wrapping_add(time.tv_nsec as u64))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod monotonic {
    use std::time::Instant;

    use crate::time::nanos::Nanos;

    pub(super) type Reading = Instant;

    #[inline]
    pub(super) fn read() -> Reading {
        Instant::now()
    }

    #[inline]
    pub(super) fn read_coarse() -> Reading {
        Instant::now()
    }

    #[inline]
    pub(super) fn since(reading: Reading, origin: Reading) -> Nanos {
        reading.saturating_duration_since(origin).into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::time::BreakerClock;

    #[test]
    #[cfg_attr(miri, ignore = "reads the kernel's clock")]
    fn it_advances_like_the_monotonic_clock_of_the_system() {
        let before = Instant::now();
        let clock = SystemClock::new();
        let after = Instant::now();
        let max_lag = Duration::from(BreakerClock::MAX_LAG);
        while after.elapsed() <= 2 * max_lag {
            std::hint::spin_loop();
        }
        let least = after.elapsed();
        let (now, coarse) = (clock.now(), Duration::from(clock.coarse_elapsed()));
        let most = before.elapsed();
        assert!(least <= now && now <= most, "{least:?} <= {now:?} <= {most:?}");
        assert!(coarse <= most && !coarse.is_zero(), "{coarse:?} <= {most:?}");
    }
}
