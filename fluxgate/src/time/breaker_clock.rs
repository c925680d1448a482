use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use super::{Clock, SystemClock};
use crate::{
    time::nanos::Nanos,
    user_code::{self, Supplied},
};

/// The clock of one breaker, which stood at zero when the breaker was made.
pub(crate) enum BreakerClock {
    /// Known, so that it is read without an indirection, and roughly where that is enough.
    System(SystemClock),
    Other(OtherClock),
}

/// A clock that the application supplied.
pub(crate) struct OtherClock {
    clock: Supplied<dyn Clock>,
    origin: Duration,
    /// Some reading of the last second, at which time stands while the clock panics.
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

    /// The same, or up to [`Self::LAG`] before, at a fraction of the cost.
    #[inline]
    pub(crate) fn roughly_now(&self) -> Nanos {
        match self {
            Self::System(clock) => clock.roughly_elapsed(),
            Self::Other(other) => other.now(),
        }
    }

    /// More than any kernel's tick: at 100 Hz, the slowest in use, one takes 10 ms.
    pub(crate) const LAG: Nanos = Nanos(20_000_000);

    pub(crate) fn wall_time(&self) -> SystemTime {
        match self {
            Self::System(clock) => clock.wall_time(),
            Self::Other(other) => other.wall_time(),
        }
    }
}

impl OtherClock {
    /// Kept out of line, for the clock of a breaker is seldom another.
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
