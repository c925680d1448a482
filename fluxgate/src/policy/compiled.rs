//! A checked policy, ready to be followed, which breakers of the same policy share.

use std::{
    array,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;

use crate::{
    policy::{Policy, permits, retries, retry_after::Honoured, trackers, trippers},
    sync::status_word::PolicyFlags,
    time::nanos::Nanos,
};

/// A checked policy, ready to be followed.
pub(crate) struct Rules {
    /// What it was made of.
    pub(crate) policy: Policy,
    pub(crate) tracker: trackers::Rule,
    pub(crate) tripper: trippers::Rule,
    pub(crate) retry: retries::Rule,
    pub(crate) permit: permits::Rule,
    pub(crate) max_half_open_calls: u32,
    pub(crate) max_probe_time: Nanos,
    /// Of the probes without a success; `None` where it is off.
    pub(crate) max_failed_probes: Option<u32>,
    /// After how long a call that is given up is a failure: [`Nanos::NEVER`] where it never is.
    pub(crate) cancelled: Nanos,
    /// What a service says of when to come back, where the user wants it heeded.
    pub(crate) honoured: Option<Box<Honoured>>,
    /// Whether the duration of a call is of use to the tripper.
    pub(crate) measures: bool,
    /// Whether the window goes by the second.
    pub(crate) by_the_second: bool,
    /// A success that took this long or longer is to be judged.
    pub(crate) quick: Nanos,
    /// Whether successes may be spared the lock. Off for comparisons in tests.
    pub(crate) spares_the_lock: bool,
    /// What calls have to know without the lock.
    pub(crate) flags: PolicyFlags,
}

/// What the policy says of probes that do not succeed.
#[derive(Clone, Copy)]
pub(crate) struct ProbeLimits {
    /// `None` where it is off.
    pub(crate) max_failed_probes: Option<u32>,
    /// [`Nanos::NEVER`] where it is off.
    pub(crate) max_probe_time: Nanos,
    /// How much waiting of dropped calls counts as a failed probe.
    pub(crate) waiting_unit: Nanos,
}

/// So many policies are remembered, for the next breaker to share its rules.
const REMEMBERED: usize = 8;

/// The rules that were made last, for as long as a breaker follows them.
static LATEST: Mutex<Latest> = Mutex::new(Latest { rules: [const { Weak::new() }; REMEMBERED], next: 0 });

struct Latest {
    rules: [Weak<Rules>; REMEMBERED],
    next: usize,
}

impl Rules {
    /// These rules, or the same that another breaker follows already: most breakers of a large number have few policies
    /// between them.
    pub(crate) fn shared(self) -> Arc<Self> {
        // Let go of when the lock is free again, for the last handle drops parts that the user wrote.
        let known: [Option<Arc<Self>>; REMEMBERED] = {
            let latest = LATEST.lock();
            array::from_fn(|index| latest.rules[index].upgrade())
        };
        let same = |known: &&Arc<Self>| known.spares_the_lock == self.spares_the_lock && known.policy == self.policy;
        if let Some(known) = known.iter().flatten().find(same) {
            return Arc::clone(known);
        }
        let rules = Arc::new(self);
        let mut latest = LATEST.lock();
        let next = latest.next;
        latest.rules[next] = Arc::downgrade(&rules);
        latest.next = (next + 1) % REMEMBERED;
        rules
    }

    /// Returns whether every error is a failure, and nothing looks at it.
    pub(crate) fn any_error_fails(&self) -> bool {
        let reads_errors = self.honoured.as_ref().is_some_and(|honoured| honoured.classify_error.is_some());
        self.tracker.tracks_all() && !reads_errors
    }

    /// Returns the limits on probes that do not succeed.
    pub(crate) fn probe_limits(&self) -> ProbeLimits {
        let waiting_unit = match self.cancelled {
            // Every drop is a failure, or none is.
            Nanos(0) | Nanos::NEVER => Nanos(Nanos::PER_SECOND),
            threshold => threshold,
        };
        let Self { max_failed_probes, max_probe_time, .. } = *self;
        ProbeLimits { max_failed_probes, max_probe_time, waiting_unit }
    }

    /// Whether there is no room for one more probe.
    pub(crate) fn is_full(&self, in_flight: usize) -> bool {
        usize::try_from(self.max_half_open_calls).is_ok_and(|most| in_flight >= most)
    }

    /// What tells the counts of different seconds apart, where the window does.
    pub(crate) fn second(&self, at: Nanos) -> u64 {
        if self.by_the_second { at.whole_seconds() } else { 0 }
    }

    /// The same rules, with what calls have to know without the lock.
    #[must_use]
    pub(crate) fn with_glance(mut self) -> Self {
        let (knows_when, never_due) = match self.retry {
            retries::Rule::After(_) => (true, false),
            retries::Rule::Never => (false, true),
            retries::Rule::Custom(_) => (false, false),
        };
        self.flags = PolicyFlags::default()
            .with(PolicyFlags::MEASURES, self.measures)
            .with(PolicyFlags::BY_THE_SECOND, self.by_the_second)
            .with(PolicyFlags::DUE_IS_KNOWN, knows_when)
            .with(PolicyFlags::NEVER_DUE, never_due)
            .with(PolicyFlags::HONOURS_RETRY_AFTER, self.honoured.is_some())
            .with(PolicyFlags::SPARES_THE_LOCK, self.spares_the_lock)
            .with(PolicyFlags::ANY_ERROR_FAILS, self.any_error_fails());
        self
    }
}
