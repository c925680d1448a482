use std::{fmt, marker::PhantomData};

use fluxgate_policy::{Kind, check_policy, check_tripper};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, Visitor},
};

use super::{
    place::Place,
    unknown_key::{self, ValueOfUnknown},
};
use crate::policy::{Policy, component::AnyComponent, table::Settings};

/// A policy, or an entry of a policy file.
pub(crate) trait Table: Default {
    const KEYS: &'static [&'static str];

    fn policy(&self) -> &Policy;

    /// Reads the value of one of the keys.
    fn read<'de, M: MapAccess<'de>>(&mut self, key: &str, place: Place<'_>, map: &mut M) -> Result<(), M::Error>;
}

impl Table for Policy {
    const KEYS: &'static [&'static str] = Settings::NAMES;

    fn policy(&self) -> &Policy {
        self
    }

    fn read<'de, M: MapAccess<'de>>(&mut self, key: &str, place: Place<'_>, map: &mut M) -> Result<(), M::Error> {
        let is_known = self.settings_mut().read(key, place, map)?;
        debug_assert!(is_known, "each key is a setting");
        Ok(())
    }
}

/// Returns the mistakes of a window and a tripper in combination, as far as they are known without the rest of the policy.
pub(crate) fn mistakes(policy: &Policy) -> Vec<String> {
    let Some(tripper) = &policy.settings.tripper else { return Vec::new() };
    let mistakes = match policy.settings.window.as_ref().and_then(|window| window.0.as_built_in()) {
        Some(window) => check_policy(window, &tripper.0, AnyComponent::as_built_in),
        None => check_tripper(&tripper.0, AnyComponent::as_built_in).into_iter().collect(),
    };
    mistakes.iter().map(|mistake| format!("{}: {mistake}", Kind::Tripper)).collect()
}

/// Reads a [`Table`].
pub(crate) struct ReadTable<'n, T> {
    place: Place<'n>,
    table: PhantomData<T>,
}

impl<'n, T> ReadTable<'n, T> {
    pub(crate) fn new(place: Place<'n>) -> Self {
        Self { place, table: PhantomData }
    }
}

impl<'de, T: Table> DeserializeSeed<'de> for ReadTable<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        // A struct, so that one that is flattened into a larger table takes no keys but its own.
        deserializer.deserialize_struct("Policy", T::KEYS, self)
    }
}

impl<'de, T: Table> Visitor<'de> for ReadTable<'_, T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Alone => formatter.write_str("a table with keys such as `tripper`"),
            Place::Default => formatter.write_str("a table with keys such as `tripper`, for the default"),
            Place::Breaker(name) => write!(formatter, "a table with keys such as `tripper`, for breaker `{name}`"),
        }
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<T, M::Error> {
        let place = self.place;
        let mut table = T::default();
        let mut seen = Vec::new();
        while let Some(key) = map.next_key_seed(ReadKey { place, keys: T::KEYS })? {
            let key = match key {
                Ok(key) => key,
                Err(key) => match map.next_value_seed(ValueOfUnknown { place, key, keys: T::KEYS })? {},
            };
            if seen.contains(&key) {
                return Err(M::Error::custom(place.mistake(format_args!("`{key}` is given twice; remove one"))));
            }
            seen.push(key);
            table.read(key, place, &mut map)?;
        }
        let mistakes = mistakes(table.policy());
        if mistakes.is_empty() {
            return Ok(table);
        }
        let mistakes: Vec<_> = mistakes.into_iter().map(|mistake| place.mistake_in(mistake)).collect();
        Err(M::Error::custom(mistakes.join("\n")))
    }
}

#[derive(Clone, Copy)]
struct ReadKey<'n> {
    place: Place<'n>,
    keys: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for ReadKey<'_> {
    /// `Err` with an unknown key whose message depends on its value.
    type Value = Result<&'static str, String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for ReadKey<'_> {
    type Value = Result<&'static str, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key such as `tripper`")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        if let Some(known) = self.keys.iter().find(|known| **known == key) {
            return Ok(Ok(known));
        }
        // An error of the key is reported at its own place.
        match unknown_key::message(self.place, key, self.keys) {
            Some(message) => Err(E::custom(message)),
            None => Ok(Err(key.to_owned())),
        }
    }
}
