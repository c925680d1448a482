//! The list of all breakers in the process.

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

/// The listed breakers, ordered by set and then by age, so that the breakers of one set are adjacent.
static LISTED: Mutex<BTreeMap<Key, Weak<Shared>>> = Mutex::new(BTreeMap::new());

/// The id of the set, or [`SINGLE`], and the id of the breaker. Ids grow in the order of creation.
type Key = (u64, u64);

/// The set id of breakers that belong to no set.
const SINGLE: u64 = 0;

/// The number of entries that are read at a time under the lock, for which threads that build breakers have to wait.
const BATCH: usize = 256;

/// The identity of a breaker or a set within the process: its id, its name and its label.
///
/// The name and the label are reserved until the place is released.
pub(crate) struct Place {
    pub(crate) id: u64,
    name: Name,
    /// `None` if it equals the name.
    label: Option<Box<Name>>,
    #[cfg(feature = "keyed")]
    membership: Option<Arc<dyn Membership>>,
}

/// The membership of a breaker in a set, as far as code below sets needs it.
#[cfg(feature = "keyed")]
pub(crate) trait Membership: Send + Sync {
    /// Returns the id of the set.
    fn set(&self) -> u64;

    /// Returns whether the set keeps the breaker in reserve, hidden from the registry.
    fn is_hidden(&self) -> bool;

    /// Takes the breaker out of the reserve.
    #[cfg(feature = "serde")]
    fn show(&self);

    /// Returns the label of the set and the key, which identify the breaker across restarts. The breaker that new keys
    /// share has no key.
    #[cfg(feature = "serde")]
    fn identity(&self) -> (String, Option<String>);

    /// Adds the breaker's counts to those of its set, which outlive it.
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

    /// Sets the membership in a set.
    #[cfg(feature = "keyed")]
    pub(crate) fn within(self, membership: Option<Arc<dyn Membership>>) -> Self {
        Self { membership, ..self }
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// Returns the unique label.
    pub(crate) fn label(&self) -> &Name {
        self.label.as_deref().unwrap_or(&self.name)
    }

    /// Returns the membership, if the breaker is in a set.
    #[cfg(feature = "keyed")]
    pub(crate) fn membership(&self) -> Option<&Arc<dyn Membership>> {
        self.membership.as_ref()
    }

    /// Returns whether the set of the breaker keeps it in reserve, hidden from the registry.
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

/// Adds a breaker to the list, and makes it available to look-ups by name.
pub(crate) fn enter(shared: &Arc<Shared>) {
    book::enter(shared.place.id, shared.place.name().as_str(), shared);
    LISTED.lock().insert(shared.place.key(), Arc::downgrade(shared));
}

/// Removes a breaker from the list, if it is still listed, and releases its name.
pub(crate) fn forget(shared: &Shared) {
    #[cfg(feature = "keyed")]
    if let Some(membership) = shared.place.membership() {
        membership.collect_counts(shared);
    }
    if LISTED.lock().remove(&shared.place.key()).is_some() {
        shared.place.release();
    }
}

/// Returns all living breakers in the order of creation, including hidden ones.
pub(crate) fn living() -> impl Iterator<Item = CircuitBreaker> {
    let mut living = between((SINGLE, 0), (u64::MAX, u64::MAX));
    living.sort_unstable_by_key(|((_, id), _)| *id);
    living.into_iter().filter_map(|(_, breaker)| CircuitBreaker::upgrade(&breaker))
}

/// Returns the breakers that belong to no set.
#[cfg(feature = "config")]
pub(crate) fn singles() -> Vec<CircuitBreaker> {
    let singles = between((SINGLE, 0), (SINGLE, u64::MAX));
    singles.iter().filter_map(|(_, breaker)| CircuitBreaker::upgrade(breaker)).collect()
}

/// Returns the breakers of a set in the order of creation, including the one in reserve.
#[cfg(feature = "keyed")]
pub(crate) fn of_set(set: u64) -> Vec<Weak<Shared>> {
    between((set, 0), (set, u64::MAX)).into_iter().map(|(_, breaker)| breaker).collect()
}

fn between(first: Key, last: Key) -> Vec<(Key, Weak<Shared>)> {
    let mut found: Vec<(Key, Weak<Shared>)> = Vec::new();
    loop {
        let from = found.last().map_or(Bound::Included(first), |(key, _)| Bound::Excluded(*key));
        let before = found.len();
        // Allocated before the lock is taken.
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
