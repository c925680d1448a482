use std::time::Duration;

use super::Clock;
use crate::time::nanos::Nanos;

/// The clock of a breaker that is given none: the system's monotonic clock, counted from this clock's creation.
///
/// On `wasm32-unknown-unknown`, where there is none, it can't be made: a breaker has to be given another there. On Linux it
/// is read without the C library, which [valgrind can't follow](https://github.com/bytecodealliance/rustix/issues/1559);
/// `rustix = { version = "1", features = ["use-libc"] }` in the application's Cargo.toml lets it, for a nanosecond a reading.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{Clock, ManualClock, SystemClock};
///
/// /// What a test stops, and production does not.
/// fn clock(stopped: bool) -> Box<dyn Clock> {
///     if stopped { Box::new(ManualClock::new()) } else { Box::new(SystemClock::new()) }
/// }
///
/// assert!(clock(false).now() < Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: monotonic::Reading,
}

impl SystemClock {
    /// A clock that stands at zero now.
    ///
    /// # Panics
    ///
    /// On `wasm32-unknown-unknown`.
    pub fn new() -> Self {
        Self { origin: monotonic::read() }
    }

    #[inline]
    pub(crate) fn elapsed(self) -> Nanos {
        monotonic::since(monotonic::read(), self.origin)
    }

    /// The time of the last tick of the system, a few milliseconds ago at most.
    #[inline]
    pub(crate) fn roughly_elapsed(self) -> Nanos {
        monotonic::since(monotonic::read_roughly(), self.origin)
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

/// Linux keeps the time of its last tick where it can be read for a sixth of the price.
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
    pub(super) fn read_roughly() -> Reading {
        nanos(clock_gettime(ClockId::MonotonicCoarse))
    }

    #[inline]
    pub(super) fn since(reading: Reading, origin: Reading) -> Nanos {
        reading.since(origin)
    }

    /// Counted from the system's start, so neither part is negative and the sum fits for 584 years.
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
    pub(super) fn read_roughly() -> Reading {
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
    #[cfg_attr(miri, ignore = "it asks the kernel")]
    fn it_goes_as_the_monotonic_clock_of_the_system_does_from_its_beginning() {
        let before = Instant::now();
        let clock = SystemClock::new();
        let after = Instant::now();
        let lag = Duration::from(BreakerClock::LAG);
        while after.elapsed() <= 2 * lag {
            std::hint::spin_loop();
        }
        let least = after.elapsed();
        let (now, roughly) = (clock.now(), Duration::from(clock.roughly_elapsed()));
        let most = before.elapsed();
        assert!(least <= now && now <= most, "{least:?} <= {now:?} <= {most:?}");
        assert!(roughly <= most && !roughly.is_zero(), "{roughly:?} <= {most:?}");
    }
}
