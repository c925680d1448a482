use std::time::{Duration, SystemTime};

use super::{Clock, SystemClock};
use crate::{time::nanos::Nanos, user_code::Supplied};

/// The clock of one breaker, which stood at zero when the breaker was made.
pub(crate) enum BreakerClock {
    /// Known, so that it is read without an indirection, and roughly where that is enough.
    System(SystemClock),
    Other {
        clock: Supplied<dyn Clock>,
        origin: Duration,
    },
}

impl BreakerClock {
    pub(crate) fn system() -> Self {
        Self::System(SystemClock::new())
    }

    pub(crate) fn other(clock: Supplied<dyn Clock>) -> Self {
        let origin = clock.now();
        Self::Other { clock, origin }
    }

    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        match self {
            Self::System(clock) => clock.elapsed(),
            Self::Other { clock, origin } => Self::read(&**clock, *origin),
        }
    }

    /// Kept out of line, for the clock of a breaker is seldom another.
    #[inline(never)]
    fn read(clock: &dyn Clock, origin: Duration) -> Nanos {
        clock.now().saturating_sub(origin).into()
    }

    /// The same, or up to [`Self::LAG`] before, at a fraction of the cost.
    #[inline]
    pub(crate) fn roughly_now(&self) -> Nanos {
        match self {
            Self::System(clock) => clock.roughly_elapsed(),
            Self::Other { .. } => self.now(),
        }
    }

    /// More than any kernel's tick: at 100 Hz, the slowest in use, one takes 10 ms.
    pub(crate) const LAG: Nanos = Nanos(20_000_000);

    pub(crate) fn wall_time(&self) -> SystemTime {
        match self {
            Self::System(clock) => clock.wall_time(),
            Self::Other { clock, .. } => clock.wall_time(),
        }
    }
}
