//! Every breaker of the process, by name.

#[cfg(feature = "macros")]
pub(crate) mod declared;
#[cfg(feature = "serde")]
pub(crate) mod snapshot;

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::{Arc, Weak},
};

use parking_lot::Mutex;

use crate::{
    breaker::{CircuitBreaker, Shared},
    name::Name,
    user_code,
};

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    next_id: 0,
    breakers: BTreeMap::new(),
    sets: BTreeMap::new(),
    labels: BTreeSet::new(),
    names: BTreeMap::new(),
});

struct Registry {
    next_id: u64,
    /// By id, which is the order in which they were made.
    breakers: BTreeMap<u64, Weak<Shared>>,
    /// The ids of the breakers of each set, by its own. Here, for to ask a breaker takes a handle, which may become the last
    /// one.
    sets: BTreeMap<u64, BTreeSet<u64>>,
    /// No two breakers have the same.
    labels: BTreeSet<Name>,
    names: BTreeMap<Name, Namesakes>,
}

/// The breakers of one name.
#[derive(Default)]
struct Namesakes {
    living: usize,
    /// The last number that one of them was given, so that the next need not look for a free one from the start.
    last: u64,
}

/// A breaker's place in the registry.
pub(crate) struct Place {
    pub(crate) id: u64,
    /// Where that is not the name.
    label: Option<Box<Name>>,
}

impl Place {
    /// The label of a breaker with this name.
    pub(crate) fn label<'a>(&'a self, name: &'a Name) -> &'a Name {
        self.label.as_deref().unwrap_or(name)
    }
}

/// Every breaker of the process that is still in use, in the order in which they were made, declared ones included that
/// no call has reached yet.
///
/// Nothing is evicted from a set (feature `keyed`) while its handle is in the list.
///
/// # Examples
///
/// ```
/// use fluxgate::CircuitBreaker;
///
/// let is_listed = || fluxgate::registry().iter().any(|known| known.name() == "thumbnails");
/// let breaker = CircuitBreaker::new("thumbnails");
/// assert!(is_listed());
/// drop(breaker);
/// assert!(!is_listed());
/// ```
#[doc(alias("CircuitBreakerRegistry", "list", "all"))]
pub fn registry() -> Vec<CircuitBreaker> {
    listed().collect()
}

/// The breaker of this name: what a test or an admin page takes to command a guarded function's breaker. Of several
/// with one name it is the first that was made. `None` if there is none.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State};
///
/// let breaker = CircuitBreaker::new("search");
/// fluxgate::get("search").unwrap().force_open();
/// assert_eq!(breaker.info().state, State::ForcedOpen);
/// assert!(fluxgate::get("archive").is_none());
/// ```
#[doc(alias("find", "lookup", "by_name"))]
pub fn get(name: &str) -> Option<CircuitBreaker> {
    listed().find(|breaker| breaker.name() == name)
}

/// All of [`registry`], with a handle of no more than one at a time: a breaker with a handle can't be evicted from its
/// set.
pub(crate) fn listed() -> impl Iterator<Item = CircuitBreaker> {
    make_declared();
    let living = living().into_iter().filter_map(|breaker| CircuitBreaker::upgrade(&breaker));
    #[cfg(feature = "keyed")]
    let living = living.filter(|breaker| !breaker.shared.name.member().is_some_and(|member| member.is_in_reserve()));
    living
}

/// All that there are, with those that a set keeps in reserve.
pub(crate) fn living() -> Vec<Weak<Shared>> {
    REGISTRY.lock().breakers.values().cloned().collect()
}

/// Those that are of no set, declared ones only if they are made already.
#[cfg(feature = "serde")]
pub(crate) fn singles() -> Vec<CircuitBreaker> {
    let registry = REGISTRY.lock();
    let of_sets: BTreeSet<u64> = registry.sets.values().flatten().copied().collect();
    let singles = registry.breakers.iter().filter(|(id, _)| !of_sets.contains(id));
    singles.filter_map(|(_, breaker)| CircuitBreaker::upgrade(breaker)).collect()
}

/// The ids of a set's breakers, that in reserve included.
#[cfg(feature = "keyed")]
pub(crate) fn of_set(set: u64) -> Vec<u64> {
    REGISTRY.lock().sets.get(&set).into_iter().flatten().copied().collect()
}

#[cfg(feature = "keyed")]
pub(crate) fn by_id(id: u64) -> Option<CircuitBreaker> {
    CircuitBreaker::upgrade(REGISTRY.lock().breakers.get(&id)?)
}

/// A place for a breaker that is being made, or the name of a set.
pub(crate) fn reserve(name: &Name) -> Place {
    // Nothing is to be dropped under the lock that would take it again, as a set does with its name.
    let name = name.detached();
    let mut registry = REGISTRY.lock();
    let Registry { next_id, labels, names, .. } = &mut *registry;
    let namesakes = names.entry(name.clone()).or_default();
    namesakes.living += 1;
    let is_second = namesakes.living == 2;
    let mut label = name.clone();
    while !labels.insert(label.clone()) {
        namesakes.last = namesakes.last.max(1) + 1;
        label = format!("{name}#{}", namesakes.last).into();
    }
    let id = *next_id;
    *next_id += 1;
    drop(registry);
    if is_second {
        user_code::log(|| {
            #[cfg(feature = "tracing")]
            tracing::warn!(
                target: "fluxgate",
                breaker = name.as_str(),
                label = label.as_str(),
                "two circuit breakers have the same name; `fluxgate::get` gives the first"
            );
        });
    }
    Place { id, label: (label != *name).then(|| Box::new(label)) }
}

pub(crate) fn enter(shared: &Arc<Shared>) {
    let mut registry = REGISTRY.lock();
    registry.breakers.insert(shared.place.id, Arc::downgrade(shared));
    if let Some(set) = set_of(shared) {
        registry.sets.entry(set).or_default().insert(shared.place.id);
    }
}

/// The id of the set that it is of.
fn set_of(shared: &Shared) -> Option<u64> {
    #[cfg(feature = "keyed")]
    return shared.name.member().map(|member| member.family().id());
    #[cfg(not(feature = "keyed"))]
    {
        let _ = shared;
        None
    }
}

/// Takes a breaker from the list, if it is still there.
pub(crate) fn forget(shared: &Shared) {
    let mut registry = REGISTRY.lock();
    let listed = registry.breakers.remove(&shared.place.id);
    if let Some(Entry::Occupied(mut of_set)) = set_of(shared).map(|set| registry.sets.entry(set)) {
        of_set.get_mut().remove(&shared.place.id);
        if of_set.get().is_empty() {
            of_set.remove();
        }
    }
    drop(registry);
    if listed.is_some() {
        release(&shared.name, &shared.place);
    }
}

/// Lets others have the name and the label.
pub(crate) fn release(name: &Name, place: &Place) {
    let mut registry = REGISTRY.lock();
    registry.labels.remove(place.label(name));
    if let Some(namesakes) = registry.names.get_mut(name) {
        namesakes.living -= 1;
        if namesakes.living == 0 {
            registry.names.remove(name);
        }
    }
}

/// Makes the declared breakers that are not made yet, so that they are listed.
pub(crate) fn make_declared() {
    #[cfg(feature = "macros")]
    for declaration in crate::__private::registered() {
        declaration.breaker();
    }
}
