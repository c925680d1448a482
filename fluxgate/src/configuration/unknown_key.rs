//! Keys that a table of a policy does not have, and what was rather meant.

use std::fmt;

use fluxgate_policy::nearest;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::place::{Key, Place, listed};

/// What the program alone can say.
const IN_THE_PROGRAM: [&str; 11] = [
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

/// What stands at an unknown key.
pub(super) enum Shape {
    /// A table, with the keys that lead to the first policy in it.
    Table(Vec<String>),
    Other,
}

/// Says what to write instead of a key that there is not.
pub(super) fn message(place: Place<'_>, key: &str, value: &Shape) -> String {
    let near = nearest(key, Key::ALL.iter().map(|key| key.name()));
    let message = match (place, value, near) {
        _ if IN_THE_PROGRAM.contains(&key) => format!("`{key}` can be said in the program alone; remove it here"),
        _ if key == "<<" => {
            "`<<` is a merge key of YAML, which this reader does not apply; write what breakers have in common in `default`"
                .to_owned()
        }
        (Place::Breaker(name), Shape::Table(path), _) => {
            let dotted = [name, key].into_iter().chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(".");
            format!("unknown key `{key}`; a name with dots stands in quotes: [breakers.\"{dotted}\"]")
        }
        (_, _, Some(near)) => format!("unknown key `{key}`; did you mean `{near}`?"),
        _ => format!("unknown key `{key}`; the keys are {}", listed(Key::ALL.iter().map(|key| key.name()))),
    };
    place.mistake(message)
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadShape)
    }
}

struct ReadShape;

/// Everything but a table is of no interest.
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
            if Key::find(&key).is_none() {
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
