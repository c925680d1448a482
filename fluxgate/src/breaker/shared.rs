//! The memory that the clones of a breaker share.

use std::sync::Arc;

#[cfg(feature = "config")]
use crate::breaker::overrides::Overridden;
#[cfg(feature = "recorder")]
use crate::events::tap::Tap;
use crate::{
    breaker::{
        place::{self, Place},
        totals::Totals,
    },
    events::{history::History, outbox::Outbox},
    machine::Machine,
    policy::compiled::CompiledPolicy,
    random::Random,
    sync::{
        AtomicU64, Mutex, Padding,
        status_word::{PolicyFlags, StatusWord},
        success_counters::{Enrolled, SuccessCounters},
    },
    time::BreakerClock,
};

/// The data that the clones of a breaker share.
///
/// The order of the fields keeps the fields that healthy calls read off the cache lines that are written often: those of
/// the reference count, in front of this struct, and of the fields under a lock.
#[repr(C)]
pub(crate) struct Shared {
    pub(crate) outbox: Outbox,
    pub(crate) place: Place,
    pub(crate) clock: BreakerClock,
    pub(crate) successes: SuccessCounters,
    /// A copy of [`Machine::due`]. Stored before the opening is published.
    pub(crate) due: AtomicU64,
    /// A copy of [`CompiledPolicy::fast_below`].
    pub(crate) fast_below: AtomicU64,
    /// A copy of [`CompiledPolicy::cancelled`].
    pub(crate) cancelled: AtomicU64,
    /// Read by every call, and stored only when it changes.
    pub(crate) status: StatusWord,
    pub(crate) padding: Padding,
    #[cfg(feature = "recorder")]
    pub(crate) tap: Mutex<Option<Box<dyn Tap>>>,
    /// A copy of [`Core::rules`], for judging errors before the lock of `core` is taken.
    pub(crate) rules: Mutex<Arc<CompiledPolicy>>,
    pub(crate) core: Mutex<Core>,
}

/// The mutable state of a breaker, under one lock.
#[allow(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub(crate) struct Core {
    pub(crate) rules: Arc<CompiledPolicy>,
    pub(crate) machine: Machine,
    pub(crate) enrolled: Enrolled,
    pub(crate) random: Random,
    pub(crate) shadow: bool,
    /// Successes may skip the lock. Off for comparisons in tests.
    pub(crate) spares_the_lock: bool,
    /// An override has set the state. A command, which sets it again, ends that.
    pub(crate) state_is_configured: bool,
    #[cfg(feature = "config")]
    pub(crate) overridden: Option<Box<Overridden>>,
    /// A tap observes the calls.
    pub(crate) tapped: bool,
    pub(crate) rejected: u64,
    pub(crate) would_have_been_rejected: u64,
    /// Present only if a listener counts calls.
    pub(crate) totals: Option<Box<Totals>>,
    pub(crate) history: History,
}

impl Core {
    /// Returns the flags of the policy for the status word.
    pub(super) fn flags(&self) -> PolicyFlags {
        let flags = self.rules.flags;
        let flags = if self.spares_the_lock { flags } else { flags.without(PolicyFlags::SPARES_THE_LOCK) };
        if self.machine.retry_is_due { flags.without(PolicyFlags::NEVER_DUE) } else { flags }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        place::forget(self);
    }
}
