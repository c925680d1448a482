//! Every breaker of the process, by name.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use crate::{
    breaker::{CircuitBreaker, Shared},
    name::Name,
};

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { breakers: BTreeMap::new(), names: BTreeMap::new() });

struct Registry {
    /// By id, which is the order in which they were made.
    breakers: BTreeMap<u64, Weak<Shared>>,
    /// How many breakers have each name.
    names: BTreeMap<Name, usize>,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

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

pub(crate) fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn enter(shared: &Arc<Shared>) {
    let mut registry = REGISTRY.lock();
    registry.breakers.insert(shared.id, Arc::downgrade(shared));
    let namesakes = registry.names.entry(shared.name.clone()).or_default();
    *namesakes += 1;
    let is_second = *namesakes == 2;
    drop(registry);
    if is_second {
        #[cfg(feature = "tracing")]
        tracing::warn!(
            target: "fluxgate",
            breaker = shared.name.as_str(),
            "two circuit breakers have the same name; `fluxgate::get` gives the first"
        );
    }
}

pub(crate) fn forget(shared: &Shared) {
    let mut registry = REGISTRY.lock();
    registry.breakers.remove(&shared.id);
    if let Some(namesakes) = registry.names.get_mut(&shared.name) {
        *namesakes -= 1;
        if *namesakes == 0 {
            registry.names.remove(&shared.name);
        }
    }
}

/// Makes the declared breakers that are not made yet, so that they are listed.
fn make_declared() {
    #[cfg(feature = "macros")]
    for declared in inventory::iter::<crate::__private::Declared> {
        declared.0.breaker();
    }
}
