//! What a breaker lets be seen without its lock.

use crate::{
    state::State,
    sync::{AtomicU64, Ordering},
};

/// A status of the machine in one word, so that a healthy call needs no more than to read it.
///
/// It is written under the breaker's lock, after every change, and read without: a call is ordered where it reads.
pub(crate) struct StatusWord(AtomicU64);

/// The status: three bits of state, one of shadow mode, two of what a success has to do, one that says whether calls
/// are recorded, seven of the policy, and the generation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status(u64);

/// What the success of a call in this generation has to do.
///
/// A success can be spared the lock where the tripper, which has been judged at least once in this generation and did
/// not hold, can't begin to hold by one: no clause asks for more calls than there are, durations and the user's own
/// code have no say, and one more success makes every rate and streak smaller. A call that a failure overtakes is then
/// ordered before it or after it, and both orders have the same end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SuccessPath {
    /// To be recorded and judged under the lock.
    Judged,
    /// To be counted by its thread, until somebody needs the sum.
    Counted,
    /// Of no consequence: a full window of successes is the same after one more.
    Known,
}

/// What calls have to know of the policy that they go by, in bits of the status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct PolicyFlags(u64);

impl PolicyFlags {
    /// The tripper has a use for durations.
    pub(crate) const MEASURES: Self = Self(1 << GLANCE_SHIFT);
    /// The window goes by the second.
    pub(crate) const BY_THE_SECOND: Self = Self(2 << GLANCE_SHIFT);
    /// It is known when the retry is due, so that rejections need no lock before.
    pub(crate) const DUE_IS_KNOWN: Self = Self(4 << GLANCE_SHIFT);
    /// No retry is ever due, with the same effect.
    pub(crate) const NEVER_DUE: Self = Self(8 << GLANCE_SHIFT);
    /// Every error is a failure, and nothing looks at it.
    pub(crate) const ANY_ERROR_FAILS: Self = Self(16 << GLANCE_SHIFT);
    /// It is heeded what a service says of when to come back.
    pub(crate) const HONOURS_RETRY_AFTER: Self = Self(32 << GLANCE_SHIFT);
    /// Calls may be spared the lock.
    pub(crate) const SPARES_THE_LOCK: Self = Self(64 << GLANCE_SHIFT);

    /// The same, with this bit if it holds.
    #[must_use]
    pub(crate) fn with(self, bit: Self, holds: bool) -> Self {
        if holds { Self(self.0 | bit.0) } else { self }
    }

    /// The same without this bit.
    #[must_use]
    pub(crate) fn without(self, bit: Self) -> Self {
        Self(self.0 & !bit.0)
    }
}

const STATE_BITS: u32 = 3;
const SHADOW: u64 = 1 << STATE_BITS;
const SUCCESS_SHIFT: u32 = STATE_BITS + 1;
const TAPPED: u64 = 1 << (SUCCESS_SHIFT + 2);
const GLANCE_SHIFT: u32 = SUCCESS_SHIFT + 3;
const GENERATION_SHIFT: u32 = GLANCE_SHIFT + 7;

/// In the order of their codes. The first two admit every call, and record it.
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
        // The code is below 6, as `new` made it.
        STATES[(self.0 & ((1 << STATE_BITS) - 1)) as usize % STATES.len()]
    }

    /// The same of a breaker whose calls are recorded in a trace, or not.
    #[must_use]
    pub(crate) fn with_tap(self, tapped: bool) -> Self {
        Self(if tapped { self.0 | TAPPED } else { self.0 & !TAPPED })
    }

    /// Sets what calls have to know of the policy.
    #[must_use]
    pub(crate) fn with_policy(self, flags: PolicyFlags) -> Self {
        let others = !((1 << GENERATION_SHIFT) - 1) | ((1 << GLANCE_SHIFT) - 1);
        Self(self.0 & others | flags.0)
    }

    #[inline]
    pub(crate) fn policy_has(self, bit: PolicyFlags) -> bool {
        self.0 & bit.0 != 0
    }

    /// Whether every call is admitted, its outcome recorded in the window, and nothing else is to be done.
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
    pub(crate) fn success(self) -> SuccessPath {
        match self.0 >> SUCCESS_SHIFT & 3 {
            1 => SuccessPath::Counted,
            2 => SuccessPath::Known,
            _ => SuccessPath::Judged,
        }
    }

    /// Wraps after 2^50 transitions and changes of the policy, which no breaker lives to see.
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

    /// Only with the lock held. A status that says nothing new is not written, so that readers keep their cache line.
    pub(crate) fn write(&self, status: Status) {
        if self.read() != status {
            self.0.store(status.0, Ordering::Release);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// The largest of 50 bits, which is what the documentation promises.
    const GENERATION: u64 = (1 << 50) - 1;

    #[test]
    fn a_summary_tells_what_it_was_made_of() {
        for &state in State::ALL {
            for success in [SuccessPath::Judged, SuccessPath::Counted, SuccessPath::Known] {
                for shadow in [false, true] {
                    let status = Status::new(state, shadow, success, GENERATION);
                    assert_eq!((status.state(), status.shadow(), status.success()), (state, shadow, success));
                    assert_eq!(status.generation(), GENERATION);
                    assert_eq!(status.admits_all(), matches!(state, State::Closed | State::MetricsOnly));
                    let recording = status.with_tap(true);
                    assert_eq!((recording.state(), recording.shadow()), (state, shadow));
                    assert_eq!((recording.success(), recording.generation()), (success, GENERATION));
                    assert!(!recording.admits_all());
                    assert!(recording.with_tap(false) == status);
                    let flags =
                        PolicyFlags::default().with(PolicyFlags::MEASURES, true).with(PolicyFlags::NEVER_DUE, shadow);
                    let ruled = status.with_policy(PolicyFlags::BY_THE_SECOND).with_policy(flags);
                    assert_eq!((ruled.state(), ruled.shadow(), ruled.success()), (state, shadow, success));
                    assert_eq!(ruled.generation(), GENERATION);
                    assert!(ruled.policy_has(PolicyFlags::MEASURES) && !ruled.policy_has(PolicyFlags::BY_THE_SECOND));
                    assert_eq!(ruled.policy_has(PolicyFlags::NEVER_DUE), shadow);
                }
            }
        }
    }
}
