//! Saving and restoring the states of all breakers.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::built;
use crate::{
    breaker::{
        place::living,
        saved_state::SavedState,
        waiting::{self, Identity},
    },
    user_code,
};

/// The states of all breakers of a process, returned by [`save`].
///
/// Write it to a file or a store at shutdown, and pass it to [`restore`] at startup. It serializes as a map with the list
/// `breakers`, in any self-describing format such as JSON, TOML or YAML. A damaged record, or one of a later version of the
/// library, is kept unchanged and does not prevent the others from being read.
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
    /// Returns an iterator over the records that this version of the library can read.
    pub fn breakers(&self) -> impl Iterator<Item = SavedState> + '_ {
        self.breakers.iter().filter_map(|record| read(record).ok())
    }
}

/// The result of [`restore`]: the number of records by what became of them. Each record is counted once.
///
/// # Examples
///
/// ```
/// use fluxgate::{Restored, Saved};
///
/// let result: Restored = fluxgate::restore(Saved::default());
/// assert_eq!((result.restored, result.waiting, result.refused), (0, 0, 0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Restored {
    /// Records that were restored.
    pub restored: usize,
    /// Records whose breaker is not built yet. Each is restored when its breaker is built, unless `restore` is called again
    /// before.
    pub waiting: usize,
    /// Records that this version of the library can't read, and duplicates. Each is logged (feature `tracing`).
    pub refused: usize,
}

/// Returns the states of all breakers of the process, including those of sets.
///
/// The state of each breaker is consistent; [`SavedState`] lists its content. Records that still wait for their breaker
/// after [`restore`] are included unchanged. Declared breakers that no call has used have no state of their own.
///
/// Call it before an async runtime is shut down: the calls that end with the runtime count as dropped by their callers and
/// may open healthy breakers.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, trippers::FailureStreak};
///
/// let build = || CircuitBreaker::builder("tariffs").tripper(FailureStreak(1)).build();
/// let breaker = build()?;
/// let _ = breaker.call(|| Err::<(), _>("down"));
///
/// // At shutdown.
/// let text = serde_json::to_string(&fluxgate::save())?;
/// # drop(breaker);
///
/// // At startup.
/// let breaker = build()?;
/// let restored = fluxgate::restore(serde_json::from_str(&text)?);
/// assert_eq!((restored.restored, breaker.info().state), (1, State::Open));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("persist", "snapshot", "serialize", "dump"))]
pub fn save() -> Saved {
    // First, so that a breaker that is built meanwhile is found here or below.
    let waiting = waiting::all();
    let states: Vec<SavedState> = built().map(|breaker| breaker.saved_state()).collect();
    let built: HashSet<Identity> = states.iter().map(SavedState::identity).collect();
    let waiting = waiting.iter().filter(|state| !built.contains(&state.identity()));
    // Never fails: a record is plain data.
    let records = states.iter().chain(waiting).filter_map(|state| serde_json::to_value(state).ok());
    Saved { breakers: records.collect() }
}

/// Restores the states returned by [`save`].
///
/// Each record is restored as by [`CircuitBreaker::restore`](crate::CircuitBreaker::restore), to the breaker with its label
/// or, in a set, with its key. If that breaker is not built yet, the record waits until it is, or until the next `restore`.
/// Breakers of the same name each get their own record if they are built in the same order as before.
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
        let accepted = read(&record).and_then(|state| match records.entry(state.identity()) {
            Entry::Occupied(_) => Err("duplicate record of the same breaker".to_owned()),
            Entry::Vacant(entry) => {
                entry.insert(state);
                Ok(())
            }
        });
        if let Err(reason) = accepted {
            result.refused += 1;
            log_refusal(&record, &reason);
        }
    }
    let all = records.len();
    // First, so that a breaker that is built meanwhile either takes its record or is found below.
    let replaced = waiting::replace(records);
    // Including breakers in the reserve of a set, which may have been in use before.
    for breaker in living() {
        if let Some(state) = waiting::take(&breaker) {
            // Can't fail: `read` has checked the version.
            let _ = breaker.restore(&state);
        }
    }
    drop(replaced);
    result.waiting = waiting::count().min(all);
    result.restored = all - result.waiting;
    result
}

fn read(record: &Value) -> Result<SavedState, String> {
    let state = SavedState::deserialize(record).map_err(|error| error.to_string());
    match record["version"].as_u64() {
        Some(version) if version != u64::from(SavedState::VERSION) => {
            Err(format!("it is of version {version}; only version {} is known", SavedState::VERSION))
        }
        _ => state,
    }
}

fn log_refusal(record: &Value, reason: &str) {
    user_code::log(|| {
        let breaker = record["name"].as_str().unwrap_or("without a name");
        #[cfg(feature = "tracing")]
        tracing::warn!(target: "fluxgate", breaker, why = reason, "a saved state can't be restored");
        let _ = (breaker, reason); // used only by the log
    });
}
