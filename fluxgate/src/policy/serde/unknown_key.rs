//! Keys that a table of a policy does not have, and what was rather meant.

use std::{convert::Infallible, fmt};

use fluxgate_policy::nearest;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::place::{Place, listed};
use crate::policy::table::Settings;

/// Arguments of the macros that are not part of a policy file.
const IN_CODE: [&str; 11] = [
    "name",
    "listeners",
    "retry_after",
    "failed_if",
    "timeout",
    "fallback",
    "wrap_error",
    "max",
    "idle",
    "exported_keys",
    "key",
];

/// The kind of value at an unknown key.
enum Shape {
    /// A table, with the keys that lead to the first policy in it.
    Table(Vec<String>),
    Other,
}

/// Returns the message for an unknown key, if it does not depend on the value.
pub(super) fn message(place: Place<'_>, key: &str, keys: &[&str]) -> Option<String> {
    let message = match nearest(key, keys.iter().copied()) {
        _ if IN_CODE.contains(&key) => format!("`{key}` can only be set in code; remove it from the file"),
        _ if key == "<<" => "`<<` is a merge key of YAML, which this parser does not support; \
                             write common settings in `default`"
            .to_owned(),
        Some(near) => format!("unknown key `{key}`; did you mean `{near}`?"),
        None => return None,
    };
    Some(place.mistake(message))
}

/// Fails with the message for an unknown key, at the place of its value.
pub(super) struct ValueOfUnknown<'n> {
    pub(super) place: Place<'n>,
    pub(super) key: String,
    pub(super) keys: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for ValueOfUnknown<'_> {
    type Value = Infallible;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Infallible, D::Error> {
        let Self { place, key, keys } = self;
        let message = match (place, Shape::deserialize(deserializer)?) {
            (Place::Breaker(name), Shape::Table(path)) => {
                let dotted =
                    [name, &key].into_iter().chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(".");
                format!("unknown key `{key}`; quote a name with dots: [breakers.\"{dotted}\"]")
            }
            _ => format!("unknown key `{key}`; the keys are {}", listed(keys.iter().copied())),
        };
        Err(D::Error::custom(place.mistake(message)))
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadShape)
    }
}

struct ReadShape;

/// Implements the visits of values that are not tables.
macro_rules! other {
    ($($visit:ident: $value:ty),+) => {$(
        fn $visit<E>(self, _: $value) -> Result<Shape, E> {
            Ok(Shape::Other)
        }
    )+};
}

impl<'de> Visitor<'de> for ReadShape {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    other!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Shape, S::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Shape, M::Error> {
        let mut path = Vec::new();
        if let Some(key) = map.next_key::<String>()? {
            let within = map.next_value::<Self::Value>()?;
            if !Settings::NAMES_OF_AN_ENTRY.contains(&key.as_str()) {
                path.push(key);
                if let Shape::Table(rest) = within {
                    path.extend(rest);
                }
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shape::Table(path))
    }
}
