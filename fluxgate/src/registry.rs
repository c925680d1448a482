//! Every breaker of the process, by name.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
};

use parking_lot::Mutex;

use crate::{
    breaker::{CircuitBreaker, Shared},
    name::Name,
};

static REGISTRY: Mutex<Registry> =
    Mutex::new(Registry { next_id: 0, breakers: BTreeMap::new(), labels: BTreeSet::new(), names: BTreeMap::new() });

struct Registry {
    next_id: u64,
    /// By id, which is the order in which they were made.
    breakers: BTreeMap<u64, Weak<Shared>>,
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
/// # Examples
///
/// ```
/// use fluxgate::CircuitBreaker;
///
/// let breaker = CircuitBreaker::new("search");
/// assert!(fluxgate::registry().iter().any(|known| known.name() == "search"));
/// drop(breaker);
/// assert!(!fluxgate::registry().iter().any(|known| known.name() == "search"));
/// ```
pub fn registry() -> Vec<CircuitBreaker> {
    make_declared();
    // The handles are dropped by the caller at the earliest, for the last one to go takes this lock again.
    REGISTRY.lock().breakers.values().filter_map(Weak::upgrade).map(|shared| CircuitBreaker { shared }).collect()
}

/// The breaker of this name: what a test or an admin page takes to command a guarded function's breaker. Of several
/// with one name it is the first that was made.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State};
///
/// let breaker = CircuitBreaker::new("search");
/// fluxgate::get("search").unwrap().force_open();
/// assert_eq!(breaker.info().state, State::ForcedOpen);
/// ```
pub fn get(name: &str) -> Option<CircuitBreaker> {
    registry().into_iter().find(|breaker| breaker.name() == name)
}

/// A place for a breaker that is being made.
pub(crate) fn reserve(name: &Name) -> Place {
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
        #[cfg(feature = "tracing")]
        tracing::warn!(
            target: "fluxgate",
            breaker = name.as_str(),
            label = label.as_str(),
            "two circuit breakers have the same name; `fluxgate::get` gives the first"
        );
    }
    Place { id, label: (label != *name).then(|| Box::new(label)) }
}

pub(crate) fn enter(shared: &Arc<Shared>) {
    REGISTRY.lock().breakers.insert(shared.place.id, Arc::downgrade(shared));
}

pub(crate) fn forget(shared: &Shared) {
    let mut registry = REGISTRY.lock();
    registry.breakers.remove(&shared.place.id);
    registry.labels.remove(shared.place.label(&shared.name));
    if let Some(namesakes) = registry.names.get_mut(&shared.name) {
        namesakes.living -= 1;
        if namesakes.living == 0 {
            registry.names.remove(&shared.name);
        }
    }
}

/// Makes the declared breakers that are not made yet, so that they are listed.
fn make_declared() {
    #[cfg(feature = "macros")]
    for declaration in crate::__private::registered() {
        declaration.breaker();
    }
}
