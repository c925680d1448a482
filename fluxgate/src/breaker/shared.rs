//! The memory that the clones of a breaker share, and its lock.

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
        success_counters::{Enrolled, Successes},
    },
    time::BreakerClock,
};

/// What the clones of a breaker share.
///
/// In this order, so that what healthy calls read shares no cache line with what is written often: the reference count
/// before it all, and what is under the lock.
#[repr(C)]
pub(crate) struct Shared {
    pub(crate) outbox: Outbox,
    pub(crate) place: Place,
    pub(crate) clock: BreakerClock,
    pub(crate) successes: Successes,
    /// When the present opening ends by itself, as [`Machine::due`]. Written before the opening is published.
    pub(crate) due: AtomicU64,
    /// Of the policy, as [`CompiledPolicy::fast_below`] and [`CompiledPolicy::cancelled`].
    pub(crate) fast_below: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    /// What a healthy call reads: written only when there is something new to say.
    pub(crate) status: StatusWord,
    pub(crate) padding: Padding,
    #[cfg(feature = "recorder")]
    pub(crate) tap: Mutex<Option<Box<dyn Tap>>>,
    /// The same as under the lock, for what looks at errors before that is taken.
    pub(crate) rules: Mutex<Arc<CompiledPolicy>>,
    pub(crate) core: Mutex<Core>,
}

/// What changes, all under one lock.
#[allow(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub(crate) struct Core {
    pub(crate) rules: Arc<CompiledPolicy>,
    pub(crate) machine: Machine,
    pub(crate) enrolled: Enrolled,
    pub(crate) random: Random,
    pub(crate) shadow: bool,
    /// Whether successes may be spared the lock. Off for comparisons in tests.
    pub(crate) spares_the_lock: bool,
    /// An override has set the state. A command, which sets it again, ends that.
    pub(crate) state_is_configured: bool,
    #[cfg(feature = "config")]
    pub(crate) overridden: Option<Box<Overridden>>,
    /// A tap sees each call begin and end.
    pub(crate) tapped: bool,
    pub(crate) rejected: u64,
    pub(crate) would_have_been_rejected: u64,
    /// Kept only for a listener that counts calls.
    pub(crate) totals: Option<Box<Totals>>,
    pub(crate) history: History,
}

impl Core {
    /// Returns what calls have to know of the policy now.
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
