//! The part of a breaker's state that can be read without its lock.

use crate::{
    state::State,
    sync::{AtomicU64, Ordering},
};

/// A [`Status`] in one atomic word, so that a healthy call only needs one read.
///
/// It is written under the breaker's lock, after every change, and read without the lock. A call is ordered at the point
/// of its read.
pub(crate) struct StatusWord(AtomicU64);

/// The status of a breaker: three bits for the state, one for shadow mode, two for the [`SuccessPath`], one for the tap,
/// seven for the [`PolicyFlags`], and 50 for the generation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status(u64);

/// The way in which successes of calls of this generation are recorded.
///
/// A success may skip the lock if it can't make the tripper hold. That is so if the tripper has been judged at least once
/// in this generation and did not hold, no clause requires more calls than there are, neither durations nor user code
/// decide, and one more success makes every rate and streak smaller. Such a success commutes with a failure of another
/// thread: both orders lead to the same state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SuccessPath {
    /// Recorded and judged under the lock.
    Judged,
    /// Counted by its thread, until a thread that holds the lock takes the count.
    Counted,
    /// Not recorded: a window that is full of successes does not change by one more.
    Redundant,
}

/// Facts about the policy that calls need without the lock, as bits of the status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct PolicyFlags(u64);

impl PolicyFlags {
    /// The tripper uses durations.
    pub(crate) const MEASURES: Self = Self(1 << FLAGS_SHIFT);
    /// The window is divided into seconds.
    pub(crate) const BY_THE_SECOND: Self = Self(2 << FLAGS_SHIFT);
    /// The time of the retry is known, so that rejections before it need no lock.
    pub(crate) const DUE_IS_KNOWN: Self = Self(4 << FLAGS_SHIFT);
    /// No retry is ever due, so that rejections need no lock.
    pub(crate) const NEVER_DUE: Self = Self(8 << FLAGS_SHIFT);
    /// Every error is a failure, and no code looks at it.
    pub(crate) const ANY_ERROR_FAILS: Self = Self(16 << FLAGS_SHIFT);
    /// The policy honours a `Retry-After`.
    pub(crate) const HONOURS_RETRY_AFTER: Self = Self(32 << FLAGS_SHIFT);
    /// Calls may skip the lock.
    pub(crate) const SPARES_THE_LOCK: Self = Self(64 << FLAGS_SHIFT);

    /// Adds `bit` if `holds`.
    #[must_use]
    pub(crate) fn with(self, bit: Self, holds: bool) -> Self {
        if holds { Self(self.0 | bit.0) } else { self }
    }

    /// Removes `bit`.
    #[must_use]
    pub(crate) fn without(self, bit: Self) -> Self {
        Self(self.0 & !bit.0)
    }
}

const STATE_BITS: u32 = 3;
const SHADOW: u64 = 1 << STATE_BITS;
const SUCCESS_SHIFT: u32 = STATE_BITS + 1;
const TAPPED: u64 = 1 << (SUCCESS_SHIFT + 2);
const FLAGS_SHIFT: u32 = SUCCESS_SHIFT + 3;
const GENERATION_SHIFT: u32 = FLAGS_SHIFT + 7;

/// The states by code. The first two admit and record every call, which `admits_all` relies on.
const STATES: [State; 6] =
    [State::Closed, State::MetricsOnly, State::Open, State::HalfOpen, State::Disabled, State::ForcedOpen];

impl Status {
    pub(crate) fn new(state: State, shadow: bool, success: SuccessPath, generation: u64) -> Self {
        let state = match state {
            State::Closed => 0,
            State::MetricsOnly => 1,
            State::Open => 2,
            State::HalfOpen => 3,
            State::Disabled => 4,
            State::ForcedOpen => 5,
        };
        let shadow = if shadow { SHADOW } else { 0 };
        Self(state | shadow | (success as u64) << SUCCESS_SHIFT | generation << GENERATION_SHIFT)
    }

    #[inline]
    pub(crate) fn state(self) -> State {
        // `new` only makes codes below 6. The remainder spares a bounds check.
        STATES[(self.0 & ((1 << STATE_BITS) - 1)) as usize % STATES.len()]
    }

    /// Sets whether a tap sees the calls.
    #[must_use]
    pub(crate) fn with_tap(self, tapped: bool) -> Self {
        Self(if tapped { self.0 | TAPPED } else { self.0 & !TAPPED })
    }

    /// Replaces the flags of the policy.
    #[must_use]
    pub(crate) fn with_policy(self, flags: PolicyFlags) -> Self {
        let others = !((1 << GENERATION_SHIFT) - 1) | ((1 << FLAGS_SHIFT) - 1);
        Self(self.0 & others | flags.0)
    }

    #[inline]
    pub(crate) fn policy_has(self, bit: PolicyFlags) -> bool {
        self.0 & bit.0 != 0
    }

    /// Returns whether every call is admitted and recorded, and no tap sees it.
    #[inline]
    pub(crate) fn admits_all(self) -> bool {
        self.0 & (TAPPED | ((1 << STATE_BITS) - 1)) <= 1
    }

    #[cfg(feature = "recorder")]
    pub(crate) fn tapped(self) -> bool {
        self.0 & TAPPED != 0
    }

    #[inline]
    pub(crate) fn shadow(self) -> bool {
        self.0 & SHADOW != 0
    }

    #[inline]
    pub(crate) fn success_path(self) -> SuccessPath {
        match self.0 >> SUCCESS_SHIFT & 3 {
            1 => SuccessPath::Counted,
            2 => SuccessPath::Redundant,
            _ => SuccessPath::Judged,
        }
    }

    /// Returns the generation. It wraps after 2^50 transitions and policy changes, more than any process makes.
    #[inline]
    pub(crate) fn generation(self) -> u64 {
        self.0 >> GENERATION_SHIFT
    }
}

impl StatusWord {
    pub(crate) fn new(status: Status) -> Self {
        Self(AtomicU64::new(status.0))
    }

    #[inline]
    pub(crate) fn read(&self) -> Status {
        Status(self.0.load(Ordering::Acquire))
    }

    /// Publishes a status. The lock must be held.
    ///
    /// An unchanged status is not stored, so that readers keep the cache line.
    pub(crate) fn write(&self, status: Status) {
        if self.read() != status {
            self.0.store(status.0, Ordering::Release);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// The largest generation: 50 bits.
    const GENERATION: u64 = (1 << 50) - 1;

    #[test]
    fn a_status_returns_the_values_it_was_made_from() {
        for &state in State::ALL {
            for success in [SuccessPath::Judged, SuccessPath::Counted, SuccessPath::Redundant] {
                for shadow in [false, true] {
                    let status = Status::new(state, shadow, success, GENERATION);
                    assert_eq!((status.state(), status.shadow(), status.success_path()), (state, shadow, success));
                    assert_eq!(status.generation(), GENERATION);
                    assert_eq!(status.admits_all(), matches!(state, State::Closed | State::MetricsOnly));
                    let with_tap = status.with_tap(true);
                    assert_eq!((with_tap.state(), with_tap.shadow()), (state, shadow));
                    assert_eq!((with_tap.success_path(), with_tap.generation()), (success, GENERATION));
                    assert!(!with_tap.admits_all());
                    assert!(with_tap.with_tap(false) == status);
                    let flags =
                        PolicyFlags::default().with(PolicyFlags::MEASURES, true).with(PolicyFlags::NEVER_DUE, shadow);
                    let with_flags = status.with_policy(PolicyFlags::BY_THE_SECOND).with_policy(flags);
                    assert_eq!(
                        (with_flags.state(), with_flags.shadow(), with_flags.success_path()),
                        (state, shadow, success)
                    );
                    assert_eq!(with_flags.generation(), GENERATION);
                    assert!(
                        with_flags.policy_has(PolicyFlags::MEASURES)
                            && !with_flags.policy_has(PolicyFlags::BY_THE_SECOND)
                    );
                    assert_eq!(with_flags.policy_has(PolicyFlags::NEVER_DUE), shadow);
                }
            }
        }
    }
}
