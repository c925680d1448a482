//! The states of all breakers across a restart of the program.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::made;
use crate::{
    breaker::{
        place::living,
        restore::SavedState,
        waiting::{self, Identity},
    },
    user_code,
};

/// The states of all breakers of a process, from [`save`]: to be written to a file or a store at shutdown, and given to
/// [`restore`] at the start.
///
/// It is written as a table with the list `breakers`, in any self-describing format such as JSON, TOML or YAML. A record of
/// a later version of the library, or one that is damaged, is kept as it is: it does not keep the others from being read.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Saved};
///
/// let breaker = CircuitBreaker::new("search");
/// breaker.force_open();
/// let text = serde_json::to_string(&fluxgate::save())?;
///
/// let saved: Saved = serde_json::from_str(&text)?;
/// assert!(saved.breakers().any(|breaker| breaker.name() == "search"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Saved {
    breakers: Vec<Value>,
}

impl Saved {
    /// Returns the state of each breaker that this version of the library can read.
    pub fn breakers(&self) -> impl Iterator<Item = SavedState> + '_ {
        self.breakers.iter().filter_map(|record| read(record).ok())
    }
}

/// What came of the records of a [`Saved`], from [`restore`]. Each is counted once.
///
/// # Examples
///
/// ```
/// use fluxgate::{Restored, Saved};
///
/// let Restored { restored, waiting, refused, .. } = fluxgate::restore(Saved::default());
/// assert_eq!((restored, waiting, refused), (0, 0, 0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Restored {
    /// Records whose breaker goes on where it was.
    pub restored: usize,
    /// Records whose breaker is not made yet. Each is restored when that is made, unless `restore` is called again before.
    pub waiting: usize,
    /// Records that this version of the library can't read, and second ones of the same breaker. The log tells of each.
    pub refused: usize,
}

/// Saves the state of every breaker of the process, those of sets included. It changes nothing.
///
/// Each is read under its lock at one moment: see [`SavedState`] for what is kept. Declared breakers that no call has
/// reached have no state to save, unless an earlier run of the program has left one: what still waits for its breaker
/// after [`restore`] is saved as it is.
///
/// Save before an async runtime is dropped: the calls in flight that end with it count as dropped by their callers, and
/// may open healthy breakers.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, trippers::FailureStreak};
///
/// let make = || CircuitBreaker::builder("tariffs").tripper(FailureStreak(1)).build();
/// let breaker = make()?;
/// let _ = breaker.call(|| Err::<(), _>("down"));
///
/// // When the program is told to end.
/// let text = serde_json::to_string(&fluxgate::save())?;
/// # drop(breaker);
///
/// // When it begins again.
/// let breaker = make()?;
/// let restored = fluxgate::restore(serde_json::from_str(&text)?);
/// assert_eq!((restored.restored, breaker.info().state), (1, State::Open));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("persist", "snapshot", "serialize", "dump"))]
pub fn save() -> Saved {
    // First, so that a breaker which is made meanwhile is found here or below.
    let unmade = waiting::all();
    let snapshots: Vec<SavedState> = made().map(|breaker| breaker.saved_state()).collect();
    let made: HashSet<Identity> = snapshots.iter().map(SavedState::identity).collect();
    let unmade = unmade.iter().filter(|snapshot| !made.contains(&snapshot.identity()));
    // A record is plain data, which JSON can always have.
    let records = snapshots.iter().chain(unmade).filter_map(|snapshot| serde_json::to_value(snapshot).ok());
    Saved { breakers: records.collect() }
}

/// Lets breakers go on where they were when [`save`] was called. It never fails.
///
/// Each record goes to the breaker with its label or, in a set, to that of its key, as [`CircuitBreaker::restore`](crate::CircuitBreaker::restore) does it.
/// A record whose breaker is not made yet, because its function has not been called or its key has not come, waits until
/// that is made, or until the next `restore`. Of several breakers of one name each gets its own, if they are made in the
/// same order as before.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State};
///
/// let text = r#"{ "breakers": [
///     { "version": 1, "name": "reports", "state": "forced_open", "since": 0 },
///     { "version": 9, "name": "search", "state": "melted" }
/// ] }"#;
/// let restored = fluxgate::restore(serde_json::from_str(text)?);
/// assert_eq!((restored.restored, restored.waiting, restored.refused), (0, 1, 1));
///
/// let reports = CircuitBreaker::new("reports");
/// assert_eq!(reports.info().state, State::ForcedOpen);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn restore(saved: Saved) -> Restored {
    let mut result = Restored::default();
    let mut records = HashMap::new();
    for record in saved.breakers {
        let read = read(&record).and_then(|snapshot| match records.entry(snapshot.identity()) {
            Entry::Occupied(_) => Err("another record is of the same breaker".to_owned()),
            Entry::Vacant(place) => {
                place.insert(snapshot);
                Ok(())
            }
        });
        if let Err(why) = read {
            result.refused += 1;
            log_refusal(&record, &why);
        }
    }
    let all = records.len();
    // First of all, so that a breaker which is made meanwhile finds its record here or is found below.
    let replaced = waiting::replace(records);
    // That which a set keeps in reserve as well: it may have been in use before.
    for breaker in living() {
        if let Some(snapshot) = waiting::take(&breaker) {
            // Of a version that was looked at.
            let _ = breaker.restore(&snapshot);
        }
    }
    drop(replaced);
    result.waiting = waiting::count().min(all);
    result.restored = all - result.waiting;
    result
}

fn read(record: &Value) -> Result<SavedState, String> {
    let snapshot = SavedState::deserialize(record).map_err(|error| error.to_string());
    match (record["version"].as_u64(), snapshot) {
        (Some(version), snapshot) if version == u64::from(SavedState::VERSION) => snapshot,
        (Some(version), _) => Err(format!("it is of version {version}; only {} is known", SavedState::VERSION)),
        (None, snapshot) => snapshot,
    }
}

fn log_refusal(record: &Value, why: &str) {
    user_code::log(|| {
        let breaker = record["name"].as_str().unwrap_or("without a name");
        #[cfg(feature = "tracing")]
        tracing::warn!(target: "fluxgate", breaker, why, "a saved state can't be restored");
        let _ = (breaker, why); // named in the log alone
    });
}
