//! The place of a breaker among all of the process.

#[cfg(feature = "keyed")]
use std::any::Any;
use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;

use crate::{
    breaker::{CircuitBreaker, Shared, book},
    name::Name,
};

/// The listed breakers: grouped by set and then ordered by age, so that one set can be walked through.
static LISTED: Mutex<BTreeMap<Key, Weak<Shared>>> = Mutex::new(BTreeMap::new());

/// The id of the set, or [`SINGLE`], and that of the breaker. Ids are given in the order in which breakers are made.
type Key = (u64, u64);

/// Stands for the set of breakers that belong to none.
const SINGLE: u64 = 0;

/// The number of entries read under the lock at a time. Threads that make breakers wait meanwhile.
const BATCH: usize = 256;

/// The place of a breaker or a set among those of the process: its id, its name and its label.
///
/// The name and the label are free for others once it is released.
pub(crate) struct Place {
    pub(crate) id: u64,
    name: Name,
    /// `None` where it is the name.
    label: Option<Box<Name>>,
    #[cfg(feature = "keyed")]
    membership: Option<Arc<dyn Membership>>,
}

/// The part of a breaker in a set that code below sets needs.
#[cfg(feature = "keyed")]
pub(crate) trait Membership: Send + Sync {
    /// Returns the id of the set.
    fn set(&self) -> u64;

    /// Returns whether the breaker is kept in reserve, and hidden from the registry.
    fn is_hidden(&self) -> bool;

    /// Ends the time in reserve.
    #[cfg(feature = "serde")]
    fn show(&self);

    /// Returns the label of the set and the key, by which a saved state finds the breaker after a restart. The breaker
    /// that new keys share has no key.
    #[cfg(feature = "serde")]
    fn identity(&self) -> (String, Option<String>);

    /// Adds the counts of the breaker to those of its set, where they outlive it.
    fn collect_counts(&self, breaker: &Shared);

    fn as_any(&self) -> &dyn Any;

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl Place {
    /// Reserves the name, or a label derived from it.
    pub(crate) fn reserve(name: Name) -> Self {
        let (id, label) = book::reserve(&name);
        Self {
            id,
            label: (label != name).then(|| Box::new(label)),
            name,
            #[cfg(feature = "keyed")]
            membership: None,
        }
    }

    /// Sets the part of the breaker in a set.
    #[cfg(feature = "keyed")]
    pub(crate) fn within(self, membership: Option<Arc<dyn Membership>>) -> Self {
        Self { membership, ..self }
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// Returns the text that distinguishes the breaker from others with its name.
    pub(crate) fn label(&self) -> &Name {
        self.label.as_deref().unwrap_or(&self.name)
    }

    /// Returns the part of the breaker in its set, if it is in one.
    #[cfg(feature = "keyed")]
    pub(crate) fn membership(&self) -> Option<&Arc<dyn Membership>> {
        self.membership.as_ref()
    }

    /// Returns whether the breaker is kept in reserve by its set, and hidden from the registry.
    pub(crate) fn is_hidden(&self) -> bool {
        #[cfg(feature = "keyed")]
        return self.membership().is_some_and(|membership| membership.is_hidden());
        #[cfg(not(feature = "keyed"))]
        false
    }

    /// Releases the name and the label of a set, or of a breaker that was never listed.
    pub(crate) fn release(&self) {
        book::release(self.id, self.name.as_str(), self.label().as_str());
    }

    fn key(&self) -> Key {
        #[cfg(feature = "keyed")]
        let set = self.membership().map_or(SINGLE, |membership| membership.set());
        #[cfg(not(feature = "keyed"))]
        let set = SINGLE;
        (set, self.id)
    }
}

/// Lists a breaker, which makes it available to look-ups by its name.
pub(crate) fn enter(shared: &Arc<Shared>) {
    book::enter(shared.place.id, shared.place.name().as_str(), shared);
    LISTED.lock().insert(shared.place.key(), Arc::downgrade(shared));
}

/// Removes a breaker from the list, if it is still there.
pub(crate) fn forget(shared: &Shared) {
    #[cfg(feature = "keyed")]
    if let Some(membership) = shared.place.membership() {
        membership.collect_counts(shared);
    }
    if LISTED.lock().remove(&shared.place.key()).is_some() {
        shared.place.release();
    }
}

/// Lists all breakers that are alive, hidden ones included, in the order in which they were made.
pub(crate) fn living() -> impl Iterator<Item = CircuitBreaker> {
    let mut living = between((SINGLE, 0), (u64::MAX, u64::MAX));
    living.sort_unstable_by_key(|((_, id), _)| *id);
    living.into_iter().filter_map(|(_, breaker)| CircuitBreaker::upgrade(&breaker))
}

/// Lists the breakers that belong to no set.
#[cfg(feature = "config")]
pub(crate) fn singles() -> Vec<CircuitBreaker> {
    let singles = between((SINGLE, 0), (SINGLE, u64::MAX));
    singles.iter().filter_map(|(_, breaker)| CircuitBreaker::upgrade(breaker)).collect()
}

/// Lists the breakers of a set in the order in which they were made, the one in reserve included.
#[cfg(feature = "keyed")]
pub(crate) fn of_set(set: u64) -> Vec<Weak<Shared>> {
    between((set, 0), (set, u64::MAX)).into_iter().map(|(_, breaker)| breaker).collect()
}

fn between(first: Key, last: Key) -> Vec<(Key, Weak<Shared>)> {
    let mut found: Vec<(Key, Weak<Shared>)> = Vec::new();
    loop {
        let from = found.last().map_or(Bound::Included(first), |(key, _)| Bound::Excluded(*key));
        let before = found.len();
        // Allocated here, not under the lock.
        found.reserve(BATCH);
        let listed = LISTED.lock();
        let next = listed.range((from, Bound::Included(last))).take(BATCH);
        found.extend(next.map(|(key, breaker)| (*key, breaker.clone())));
        drop(listed);
        if found.len() < before + BATCH {
            return found;
        }
    }
}
