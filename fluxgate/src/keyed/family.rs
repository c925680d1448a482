//! What the breakers of one set have in common for the registry and for metrics.

use std::{
    fmt::Display,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use parking_lot::{Mutex, MutexGuard};

use super::{
    governed::Governed,
    governing::{Governing, Own},
};
use crate::{
    breaker::Shared,
    breaker::totals::{CallTotals, Transitions},
    name::Name,
    registry,
    time::nanos::Nanos,
};

/// The sets of the process that are made, in that order.
static FAMILIES: Mutex<Vec<Weak<Family>>> = Mutex::new(Vec::new());

/// How exactly it is known when a breaker was last asked for: a millisecond.
const STEP: Nanos = Nanos(1_000_000);

/// A set as its breakers know it.
pub(crate) struct Family {
    place: registry::Place,
    name: Name,
    /// How many of its breakers have series of their own.
    pub(crate) exported_keys: usize,
    /// What the evicted breakers had counted and no series of their own has shown.
    retired: Mutex<Counts>,
    /// What the program says of every breaker: known once the set is made.
    pub(super) own: OnceLock<Own>,
    pub(super) governed: Governed<Governing>,
}

/// What a breaker of a set is called, and what of its counts was exported.
pub(crate) struct Member {
    /// `per_host{api.example.com}`
    text: Box<str>,
    /// Where in it the key begins.
    key: usize,
    family: Arc<Family>,
    /// When it was last asked for, on the clock of the set.
    used: AtomicU64,
    /// Whether it is kept in reserve and not yet to be seen.
    in_reserve: AtomicBool,
    exported: Mutex<Exported>,
}

/// Where the calls of a breaker went. Each is counted in one of them, once: so neither ever goes back, although the
/// breaker has series of its own at one time and none at another.
#[derive(Default)]
struct Exported {
    own: Counts,
    summed_up: Counts,
}

/// Everything of a breaker that is counted for ever.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Counts {
    pub(crate) calls: CallTotals,
    pub(crate) transitions: Transitions,
}

impl Counts {
    /// `None` for a breaker that counts nothing.
    pub(crate) fn of(shared: &Shared) -> Option<Self> {
        let (calls, transitions) = shared.counts()?;
        Some(Self { calls, transitions })
    }

    pub(crate) fn add(&mut self, more: &Self) {
        self.calls.combine(&more.calls, u64::saturating_add);
        self.transitions.combine(&more.transitions, u64::saturating_add);
    }

    fn minus(&self, less: &Self) -> Self {
        let mut rest = *self;
        rest.calls.combine(&less.calls, u64::saturating_sub);
        rest.transitions.combine(&less.transitions, u64::saturating_sub);
        rest
    }
}

impl Family {
    pub(super) fn new(name: Name, exported_keys: usize) -> Arc<Self> {
        let place = registry::reserve(&name);
        Arc::new(Self {
            place,
            name,
            exported_keys,
            retired: Mutex::default(),
            own: OnceLock::new(),
            governed: Governed::new(Governing::default()),
        })
    }

    /// Lets it be known, with what the program says.
    pub(super) fn enlist(self: &Arc<Self>, own: Own) {
        let _ = self.own.set(own); // once
        let mut families = FAMILIES.lock();
        families.retain(|known| known.strong_count() > 0);
        families.push(Arc::downgrade(self));
    }

    /// All that are in use.
    pub(crate) fn all() -> Vec<Arc<Self>> {
        FAMILIES.lock().iter().filter_map(Weak::upgrade).collect()
    }

    pub(crate) fn id(&self) -> u64 {
        self.place.id
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// Its name, unless others have that too.
    pub(crate) fn label(&self) -> &Name {
        self.place.label(&self.name)
    }

    /// While this is held, no breaker of the set is evicted.
    pub(crate) fn retired(&self) -> MutexGuard<'_, Counts> {
        self.retired.lock()
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        registry::release(&self.name, &self.place);
    }
}

impl Member {
    pub(super) fn new(family: &Arc<Family>, key: &dyn Display, now: Nanos) -> Arc<Self> {
        Arc::new(Self::made(family, key, now))
    }

    /// Of a breaker that is not to be seen before [`Self::show`].
    pub(super) fn in_reserve(family: &Arc<Family>, key: &dyn Display) -> Arc<Self> {
        Arc::new(Self { in_reserve: AtomicBool::new(true), ..Self::made(family, key, Nanos(0)) })
    }

    fn made(family: &Arc<Family>, key: &dyn Display, now: Nanos) -> Self {
        Self {
            text: format!("{}{{{key}}}", family.name).into_boxed_str(),
            key: family.name.len() + 1,
            family: Arc::clone(family),
            used: AtomicU64::new(now.0),
            in_reserve: AtomicBool::new(false),
            exported: Mutex::default(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What the key is displayed as.
    pub(crate) fn key(&self) -> &str {
        // The braces around it are ASCII.
        self.text.get(self.key..self.text.len() - 1).unwrap_or_default()
    }

    pub(crate) fn family(&self) -> &Family {
        &self.family
    }

    /// Written only once in a [`STEP`], so that threads which share a breaker rarely wait for this line. If it was, the
    /// time before.
    #[inline]
    pub(super) fn touch(&self, now: Nanos) -> Option<Nanos> {
        let before = self.last_used();
        (now.since(before) >= STEP).then(|| {
            self.used.store(now.0, Ordering::Relaxed);
            before
        })
    }

    pub(crate) fn last_used(&self) -> Nanos {
        Nanos(self.used.load(Ordering::Relaxed))
    }

    /// Lets it be seen.
    pub(super) fn show(&self) {
        self.in_reserve.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_in_reserve(&self) -> bool {
        self.in_reserve.load(Ordering::Relaxed)
    }

    /// Whether it has had series of its own.
    pub(crate) fn was_exported(&self) -> bool {
        self.exported.lock().own != Counts::default()
    }

    /// What its own series are to show, where it has counted `counts`.
    pub(crate) fn own(&self, counts: &Counts) -> Counts {
        let mut exported = self.exported.lock();
        exported.own = counts.minus(&exported.summed_up);
        exported.own
    }

    /// What it adds to the rest.
    pub(crate) fn summed_up(&self, counts: &Counts) -> Counts {
        let mut exported = self.exported.lock();
        exported.summed_up = counts.minus(&exported.own);
        exported.summed_up
    }

    /// What it has added to the rest, while it has series of its own.
    pub(crate) fn was_summed_up(&self) -> Counts {
        self.exported.lock().summed_up
    }
}
