use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, MapAccess},
    ser::SerializeMap,
};

use crate::{
    policy::{
        Policy,
        serde::{Optional, Place, ReadShadow, ReadState, ReadTable, Table},
        table::Settings,
    },
    state::State,
};

/// An entry of a policy file: the settings of a [`Policy`] that it names, and two keys that are not part of a policy.
///
/// Each key may be omitted. Components are text in the policy language, and are checked while they are read, so that an error
/// has the line if the format reports it. Other settings are a number (of seconds, for a time) or text with a unit or a word:
/// `max_probe_time = 30`, `"30s"` or `"off"`. No file can contain `Custom(…)`, `TypeOf(…)` and `Matches(…)`, which name Rust
/// code. `listeners`, `retry_after` and the other arguments of the macros can only be set in code.
///
/// # Examples
///
/// ```
/// use fluxgate::{PolicyEntry, State, trippers::FailureStreak};
///
/// let entry: PolicyEntry = toml::from_str(r#"
///     tripper = "FailureStreak(5)"
///     state = "disabled"
/// "#)?;
/// assert_eq!(entry.policy.get_tripper(), Some(FailureStreak(5).into()));
/// assert_eq!(entry.state, Some(State::Disabled));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct PolicyEntry {
    /// The settings that the entry names.
    pub policy: Policy,
    /// Shadow mode: see [`CircuitBreaker::set_shadow`](crate::CircuitBreaker::set_shadow).
    pub shadow: Option<bool>,
    /// The state that [`configure`](crate::configure()) sets: `disabled`, `forced_open` or `metrics_only`.
    pub state: Option<State>,
}

impl PolicyEntry {
    /// Returns this entry with its missing keys taken from `others`.
    pub(super) fn or(&self, others: &Self) -> Self {
        Self {
            policy: self.policy.or(&others.policy),
            shadow: self.shadow.or(others.shadow),
            state: self.state.or(others.state),
        }
    }
}

impl Table for PolicyEntry {
    const KEYS: &'static [&'static str] = Settings::NAMES_OF_AN_ENTRY;

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn read<'de, M: MapAccess<'de>>(&mut self, key: &str, place: Place<'_>, map: &mut M) -> Result<(), M::Error> {
        match key {
            "shadow" => self.shadow = map.next_value_seed(Optional(ReadShadow(place)))?,
            "state" => self.state = map.next_value_seed(Optional(ReadState(place)))?,
            _ => self.policy.read(key, place, map)?,
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for PolicyEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ReadTable::new(Place::Alone).deserialize(deserializer)
    }
}

impl Serialize for PolicyEntry {
    /// Writes the keys that are set.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.policy.settings().serialize(&mut map)?;
        if let Some(shadow) = self.shadow {
            map.serialize_entry("shadow", &shadow)?;
        }
        if let Some(state) = self.state {
            map.serialize_entry("state", state.as_str())?;
        }
        map.end()
    }
}
