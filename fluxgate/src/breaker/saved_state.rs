//! The saved state of a breaker.

use std::fmt;

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use crate::CircuitBreaker;
use crate::{breaker::waiting::Identity, state::State};

/// The state of a breaker to keep across a restart, returned by [`CircuitBreaker::saved_state`].
///
/// Write it to a file or a store in any self-describing format, such as JSON, TOML or YAML. To save all breakers of a
/// program at once, use [`save`](crate::save()) and [`restore`](crate::restore()). The
/// [guide](crate::guide::runtime_changes) says more about restarts.
///
/// The serialized fields are:
///
/// | field | content |
/// |---|---|
/// | `version` | version of this format |
/// | `name` | name of the breaker |
/// | `label` | unique label of the breaker or, in a set, of the set |
/// | `key` | key of the breaker in its set |
/// | `state` | state, such as `open` |
/// | `since` | start of the state |
/// | `reopens`, `consecutive_failures` | as in [`Info`](crate::Info) |
/// | `retry_at` | time at which the retry of an open breaker is due. Only informative: [`restore`](CircuitBreaker::restore) computes it from the policy |
/// | `delayed_until` | time until which the service has asked an open breaker to pause |
/// | `draw` | random draw for the jitter of an open breaker, from 0 to 1 |
///
/// Times are in milliseconds since the Unix epoch. Fields that do not apply are omitted.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, SavedState, State};
///
/// let breaker = CircuitBreaker::new("search");
/// breaker.force_open();
/// let text = serde_json::to_string(&breaker.saved_state())?;
///
/// let saved: SavedState = serde_json::from_str(&text)?;
/// assert_eq!((saved.name(), saved.state()), ("search", State::ForcedOpen));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("persist", "serialize", "save"))]
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SavedState {
    pub(super) version: u32,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    pub(super) state: State,
    pub(super) since: u64,
    #[serde(default)]
    pub(super) reopens: u64,
    #[serde(default)]
    pub(super) consecutive_failures: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retry_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) delayed_until: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) draw: Option<f64>,
}

impl SavedState {
    /// The version of the format that this version of the library reads and writes.
    pub(crate) const VERSION: u32 = 1;

    /// Returns the [identity](CircuitBreaker::identity) of the saved breaker.
    pub(crate) fn identity(&self) -> Identity {
        (self.label().to_owned(), self.key.clone())
    }

    /// Returns the name of the saved breaker.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the unique [label](CircuitBreaker::label) of the saved breaker or, in a set, of the set.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }

    /// Returns the key of the saved breaker, as displayed, if it was in a set.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns the state that was saved.
    pub fn state(&self) -> State {
        self.state
    }
}

/// The error of [`CircuitBreaker::restore`]. The breaker has not changed.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, RestoreError, SavedState};
///
/// // Written by a later version of the library.
/// let text = r#"{ "version": 9, "name": "search", "state": "open", "since": 0 }"#;
/// let saved: SavedState = serde_json::from_str(text)?;
/// let error = CircuitBreaker::new("search").restore(&saved).unwrap_err();
/// assert_eq!(error, RestoreError::UnknownVersion(9));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RestoreError {
    /// The saved state has this version of the format, which this version of the library does not support.
    UnknownVersion(u32),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::UnknownVersion(version) = self;
        let known = SavedState::VERSION;
        write!(formatter, "a saved state of version {version} can't be restored; only version {known} is known")
    }
}

impl std::error::Error for RestoreError {}
