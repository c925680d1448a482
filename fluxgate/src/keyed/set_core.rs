//! The part of a set that its breakers refer to: its place, its policies and its metrics.

use std::{
    any::Any,
    fmt::Display,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use super::{
    overrides::{Own, SetOverrides},
    set::ErasedMap,
};
use crate::{
    breaker::{
        CircuitBreaker, Shared,
        builder::Builder,
        place::{Membership, Place},
        totals::{CallTotals, Transitions},
    },
    name::Name,
    sync::versioned::Versioned,
    time::nanos::Nanos,
};

/// The sets of the process that are made, in that order.
static FAMILIES: Mutex<Vec<Weak<SetCore>>> = Mutex::new(Vec::new());

/// The resolution of the time of the last look-up: a millisecond.
const STEP: Nanos = Nanos(1_000_000);

/// A set as its breakers know it.
pub(crate) struct SetCore {
    place: Place,
    /// The number of breakers with metrics series of their own.
    pub(crate) exported_keys: usize,
    /// The counts of all calls outside the series of single keys.
    pub(super) rest: Mutex<Counts>,
    /// The series of keys. Held by those who read the metrics, one at a time, and by nobody else.
    #[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
    pub(super) exported: Mutex<super::export::Exported>,
    /// The policy of the program for every breaker. Set once the set is made.
    pub(super) own: OnceLock<Own>,
    pub(super) overrides: Versioned<SetOverrides>,
    /// The sets of this declaration: of several types of keys, as a generic function has them, or one.
    holders: Mutex<Vec<Arc<dyn ErasedMap>>>,
}

/// The part of a breaker in its set: its name and key, its last look-up, and its exported counts.
pub(crate) struct Member {
    /// `per_host{api.example.com}`
    name: Name,
    /// The position of the key in the name.
    key: usize,
    core: Arc<SetCore>,
    /// The time of the last look-up, on the clock of the set.
    used: AtomicU64,
    /// True while the breaker is kept in reserve, hidden from the registry.
    hidden: AtomicBool,
    /// True for the breaker that new keys share where there is no room.
    #[cfg(feature = "serde")]
    is_overflow: bool,
    account: Mutex<Account>,
}

/// The place where the calls of a breaker are counted. Each is, once: in the series of its key, if it has one, or in the rest. So
/// neither ever goes back, whether breakers come and go or their keys have series at one time and none at another.
#[derive(Default)]
struct Account {
    /// The counts that are in the series already.
    counted: Counts,
    series: Option<Arc<Series>>,
}

/// The counts of the breakers of one key while it had a series of its own.
#[derive(Default)]
pub(super) struct Series(Mutex<Counts>);

impl Series {
    pub(super) fn counts(&self) -> Counts {
        *self.0.lock()
    }
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

impl SetCore {
    pub(super) fn new(name: Name, exported_keys: usize) -> Arc<Self> {
        Arc::new(Self {
            place: Place::reserve(name),
            exported_keys,
            rest: Mutex::default(),
            #[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
            exported: Mutex::default(),
            own: OnceLock::new(),
            overrides: Versioned::new(SetOverrides::default()),
            holders: Mutex::default(),
        })
    }

    /// Lets it be known.
    pub(super) fn enlist(self: &Arc<Self>) {
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
        self.place.name()
    }

    /// Its name, unless others have that too.
    pub(crate) fn label(&self) -> &Name {
        self.place.label()
    }

    /// Keeps who knows the keys.
    pub(super) fn hold(&self, holder: Arc<dyn ErasedMap>) {
        let mut holders = self.holders.lock();
        holders.retain(|holder| holder.is_there());
        holders.push(holder);
    }

    /// Tells whether anybody can still ask the set for a breaker: one that is declared, or has not lost all its clones.
    pub(super) fn is_in_use(&self) -> bool {
        let holders = self.holders.lock();
        holders.is_empty() || holders.iter().any(|holder| holder.is_there())
    }

    pub(super) fn holders(&self) -> Vec<Arc<dyn ErasedMap>> {
        self.holders.lock().clone()
    }
}

impl Drop for SetCore {
    fn drop(&mut self) {
        self.place.release();
    }
}

impl Member {
    pub(super) fn new(core: &Arc<SetCore>, key: &dyn Display, now: Nanos) -> Arc<Self> {
        Arc::new(Self::made(core, key, now))
    }

    /// Of a breaker that is not to be seen before [`Self::show`].
    pub(super) fn hidden(core: &Arc<SetCore>, key: &dyn Display) -> Arc<Self> {
        let hidden = AtomicBool::new(true);
        Arc::new(Self {
            hidden,
            #[cfg(feature = "serde")]
            is_overflow: true,
            ..Self::made(core, key, Nanos(0))
        })
    }

    fn made(core: &Arc<SetCore>, key: &dyn Display, now: Nanos) -> Self {
        Self {
            name: format!("{}{{{key}}}", core.name()).into(),
            key: core.name().as_str().len() + 1,
            core: Arc::clone(core),
            used: AtomicU64::new(now.0),
            hidden: AtomicBool::new(false),
            #[cfg(feature = "serde")]
            is_overflow: false,
            account: Mutex::default(),
        }
    }

    /// Returns the part of a breaker in its set, if it is in one.
    pub(crate) fn of(breaker: &Shared) -> Option<&Self> {
        breaker.place.membership()?.as_any().downcast_ref()
    }

    /// Like [`of`](Self::of), but returns a counted reference.
    pub(super) fn shared_by(breaker: &Shared) -> Option<Arc<Self>> {
        Arc::clone(breaker.place.membership()?).into_any().downcast().ok()
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// Begins the breaker of this member.
    pub(super) fn builder(self: &Arc<Self>) -> Builder {
        CircuitBreaker::builder(self.name.clone()).member(Arc::clone(self) as Arc<dyn Membership>)
    }

    /// Returns the key as it is displayed.
    pub(crate) fn key(&self) -> &str {
        // The braces around it are ASCII.
        let name = self.name.as_str();
        name.get(self.key..name.len() - 1).unwrap_or_default()
    }

    /// Written only once in a [`STEP`], so that threads which share a breaker rarely wait for this line. If it was, the
    /// time before.
    #[inline]
    pub(super) fn mark_used(&self, now: Nanos) -> Option<Nanos> {
        let before = self.last_used();
        (now.since(before) >= STEP).then(|| {
            self.used.store(now.0, Ordering::Relaxed);
            before
        })
    }

    pub(crate) fn last_used(&self) -> Nanos {
        Nanos(self.used.load(Ordering::Relaxed))
    }

    /// Ends the time in reserve.
    pub(super) fn show(&self) {
        self.hidden.store(false, Ordering::Relaxed);
    }

    /// Adds what the breaker has counted since the last time, and counts in `series` from now on, or in the rest.
    #[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
    pub(super) fn attribute_to(&self, series: Option<&Arc<Series>>, counts: &Counts) {
        let mut account = self.account.lock();
        account.series = series.map(Arc::clone);
        account.count(counts, &self.core);
    }

    /// Tells whether its key has a series that it counts in.
    #[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
    pub(super) fn has_series(&self) -> bool {
        self.account.lock().series.is_some()
    }
}

impl Membership for Member {
    fn set(&self) -> u64 {
        self.core.id()
    }

    fn is_hidden(&self) -> bool {
        self.hidden.load(Ordering::Relaxed)
    }

    #[cfg(feature = "serde")]
    fn show(&self) {
        self.show();
    }

    #[cfg(feature = "serde")]
    fn identity(&self) -> (String, Option<String>) {
        let key = (!self.is_overflow).then(|| self.key().to_owned());
        (self.core.label().to_string(), key)
    }

    fn collect_counts(&self, breaker: &Shared) {
        let Some(counts) = Counts::of(breaker) else { return };
        self.account.lock().count(&counts, &self.core);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl Account {
    fn count(&mut self, counts: &Counts, core: &SetCore) {
        let more = counts.minus(&self.counted);
        // Somebody else may have read the breaker later, and come here first.
        self.counted.add(&more);
        match &self.series {
            Some(series) => series.0.lock().add(&more),
            None => core.rest.lock().add(&more),
        }
    }
}
