//! The clock of one breaker.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use super::{Clock, SystemClock};
use crate::{
    time::nanos::Nanos,
    user_code::{self, Supplied},
};

/// A clock that started at zero when its breaker was built.
pub(crate) enum BreakerClock {
    /// Read without an indirection, and at a coarse resolution where that is enough.
    System(SystemClock),
    Other(OtherClock),
}

/// A clock that the application supplied.
pub(crate) struct OtherClock {
    clock: Supplied<dyn Clock>,
    origin: Duration,
    /// A reading of the last second, used while the clock panics.
    recent: AtomicU64,
}

impl BreakerClock {
    pub(crate) fn system() -> Self {
        Self::System(SystemClock::new())
    }

    pub(crate) fn other(clock: Supplied<dyn Clock>) -> Self {
        let origin = clock.now();
        Self::Other(OtherClock { clock, origin, recent: AtomicU64::new(0) })
    }

    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        match self {
            Self::System(clock) => clock.elapsed(),
            Self::Other(other) => other.now(),
        }
    }

    /// Returns a time at most [`Self::MAX_LAG`] before now, at a fraction of the cost of [`now`](Self::now).
    #[inline]
    pub(crate) fn coarse_now(&self) -> Nanos {
        match self {
            Self::System(clock) => clock.coarse_elapsed(),
            Self::Other(other) => other.now(),
        }
    }

    /// The bound on the lag of [`coarse_now`](Self::coarse_now): more than a kernel's tick, which takes 10 ms at 100 Hz, the
    /// slowest rate in use.
    pub(crate) const MAX_LAG: Nanos = Nanos(20_000_000);

    pub(crate) fn wall_time(&self) -> SystemTime {
        match self {
            Self::System(clock) => clock.wall_time(),
            Self::Other(other) => other.wall_time(),
        }
    }
}

impl OtherClock {
    /// Out of line: most breakers use the system's clock.
    #[inline(never)]
    fn now(&self) -> Nanos {
        let recent = Nanos(self.recent.load(Ordering::Relaxed));
        let Some(now) = user_code::run_unlogged(|| self.clock.now()) else { return recent };
        let now = Nanos::from(now.saturating_sub(self.origin));
        if now.since(recent) >= Nanos(Nanos::PER_SECOND) {
            self.recent.store(now.0, Ordering::Relaxed);
        }
        now
    }

    fn wall_time(&self) -> SystemTime {
        user_code::run_unlogged(|| self.clock.wall_time()).unwrap_or_else(SystemTime::now)
    }
}
