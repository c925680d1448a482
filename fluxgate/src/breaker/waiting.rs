//! Saved states that wait until their breakers are built.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use parking_lot::Mutex;

use crate::breaker::{CircuitBreaker, saved_state::SavedState};

/// The identity of a breaker across restarts: its label or, in a set, the label of the set and the key.
pub(crate) type Identity = (String, Option<String>);

pub(crate) type Records = HashMap<Identity, SavedState>;

static WAITING: Mutex<Option<Records>> = Mutex::new(None);

/// The number of records, so that building a breaker only reads an atomic if none wait.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Returns copies of the waiting records.
pub(crate) fn all() -> Vec<SavedState> {
    WAITING.lock().iter().flat_map(HashMap::values).cloned().collect()
}

/// Returns the number of waiting records.
pub(crate) fn count() -> usize {
    COUNT.load(Ordering::Acquire)
}

/// Replaces the waiting records. Returns the previous ones.
pub(crate) fn replace(records: Records) -> Option<Records> {
    let mut waiting = WAITING.lock();
    COUNT.store(records.len(), Ordering::Release);
    waiting.replace(records)
}

/// Removes and returns the record of a breaker.
pub(crate) fn take(breaker: &CircuitBreaker) -> Option<SavedState> {
    if count() == 0 {
        return None;
    }
    let identity = breaker.identity();
    let mut waiting = WAITING.lock();
    let records = waiting.as_mut()?;
    let record = records.remove(&identity);
    #[cfg(feature = "keyed")]
    if let (Some(_), Some(membership)) = (&record, breaker.shared.place.membership()) {
        // The breaker was in use before the restart.
        membership.show();
    }
    COUNT.store(records.len(), Ordering::Release);
    record
}
