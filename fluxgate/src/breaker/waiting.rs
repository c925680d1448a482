//! Saved states that wait for their breakers to be made.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use parking_lot::Mutex;

use crate::breaker::{CircuitBreaker, restore::SavedState};

/// Identifies a breaker across restarts: its label or, in a set, that of the set and the key.
pub(crate) type Identity = (String, Option<String>);

pub(crate) type Records = HashMap<Identity, SavedState>;

static WAITING: Mutex<Option<Records>> = Mutex::new(None);

/// The number of records, so that making a breaker reads one atomic where none wait.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Returns copies of the records that wait.
pub(crate) fn all() -> Vec<SavedState> {
    WAITING.lock().iter().flat_map(HashMap::values).cloned().collect()
}

/// Returns the number of records that wait.
pub(crate) fn count() -> usize {
    COUNT.load(Ordering::Acquire)
}

/// Replaces the records. Returns the previous ones.
pub(crate) fn replace(records: Records) -> Option<Records> {
    let mut waiting = WAITING.lock();
    COUNT.store(records.len(), Ordering::Release);
    waiting.replace(records)
}

/// Takes the record of a breaker.
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
        // It was in use before the restart.
        membership.show();
    }
    COUNT.store(records.len(), Ordering::Release);
    record
}
