use std::{fmt, marker::PhantomData, str::FromStr};

use fluxgate_policy::{Kind, Setting, bare_durations, bare_setting, parse_setting};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, Unexpected, Visitor},
};

use super::{place::Place, values::FromValue};
#[cfg(feature = "config")]
use crate::state::State;
use crate::{policy::error::PolicyError, user_code};

/// Reads a `T`: a component from text in the policy language if `W` is a [`Kind`], another setting from a number or text if
/// it is a [`Setting`].
pub(crate) struct Read<'n, T, W> {
    place: Place<'n>,
    what: W,
    value: PhantomData<T>,
}

impl<'n, T, W> Read<'n, T, W> {
    pub(crate) fn new(place: Place<'n>, what: W) -> Self {
        Self { place, what, value: PhantomData }
    }
}

impl<'de, T: FromStr<Err = PolicyError>> DeserializeSeed<'de> for Read<'_, T, Kind> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T: FromStr<Err = PolicyError>> Visitor<'_> for Read<'_, T, Kind> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = format!("text in the policy language, such as \"{}\"", self.what.example());
        formatter.write_str(&self.place.expects(self.what.word(), expected))
    }

    // A mistake is an error of this text, so that the format can report its place.
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        for warning in bare_durations(self.what, text) {
            warn(&self.place.mistake_in(format_args!("{}: {warning}", self.what)));
        }
        text.parse().map_err(|error: PolicyError| {
            let mistakes =
                error.mistakes().iter().map(|mistake| self.place.mistake_in(format_args!("{}: {mistake}", self.what)));
            E::custom(mistakes.collect::<Vec<_>>().join("\n"))
        })
    }
}

/// Warns in the log of a value that may have another meaning than intended.
fn warn(warning: &str) {
    user_code::log(|| {
        #[cfg(feature = "tracing")]
        tracing::warn!(target: "fluxgate", "{warning}");
        let _ = warning; // named in the log alone
    });
}

impl<T: FromValue> Read<'_, T, Setting> {
    fn read<E: serde::de::Error>(self, written: &str) -> Result<T, E> {
        if let Some(warning) = bare_setting(self.what, written) {
            warn(&self.place.mistake_in(warning));
        }
        let value = parse_setting(self.what, written).map_err(|error| E::custom(self.place.mistake_in(error)))?;
        Ok(T::from_value(value))
    }
}

impl<'de, T: FromValue> DeserializeSeed<'de> for Read<'_, T, Setting> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: FromValue> Visitor<'de> for Read<'_, T, Setting> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let example = self.what.example();
        let what = match self.what {
            Setting::MaxHalfOpenCalls => format!("a number of calls, such as {example}"),
            Setting::MaxFailedProbes => format!("a number of probes, such as {example}"),
            _ => format!("seconds, or text such as \"{example}\""),
        };
        let words = self.what.words().iter().map(|word| format!("\"{word}\""));
        let expected = std::iter::once(what).chain(words).collect::<Vec<_>>().join(", or ");
        formatter.write_str(&self.place.expects(self.what.name(), expected))
    }

    /// Some YAML parsers read `off` as `false`.
    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<T, E> {
        if !value && self.what.words().contains(&"off") {
            return self.read("off");
        }
        Err(E::invalid_type(Unexpected::Bool(value), &self))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<T, E> {
        self.read(&number.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<T, E> {
        self.read(&number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<T, E> {
        self.read(&number.to_string())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        self.read(text)
    }

    /// Reads a number of `serde_json` if some crate of the program enables its feature `arbitrary_precision`.
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<T, M::Error> {
        const NUMBER: &str = "$serde_json::private::Number";
        match map.next_key::<String>()? {
            Some(key) if key == NUMBER => self.read(&map.next_value::<String>()?),
            _ => Err(M::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

/// Reads shadow mode: a boolean, or its text, as in environment variables.
#[cfg(feature = "config")]
pub(crate) struct ReadShadow<'n>(pub(crate) Place<'n>);

#[cfg(feature = "config")]
impl<'de> DeserializeSeed<'de> for ReadShadow<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[cfg(feature = "config")]
impl Visitor<'_> for ReadShadow<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.expects("shadow", "true or false"))
    }

    fn visit_bool<E: serde::de::Error>(self, shadow: bool) -> Result<bool, E> {
        Ok(shadow)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<bool, E> {
        text.trim().parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// Reads a state that a policy file can set.
#[cfg(feature = "config")]
pub(crate) struct ReadState<'n>(pub(crate) Place<'n>);

#[cfg(feature = "config")]
impl<'de> DeserializeSeed<'de> for ReadState<'_> {
    type Value = State;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<State, D::Error> {
        deserializer.deserialize_str(self)
    }
}

#[cfg(feature = "config")]
impl Visitor<'_> for ReadState<'_> {
    type Value = State;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = "\"disabled\", \"forced_open\" or \"metrics_only\"";
        formatter.write_str(&self.0.expects("state", expected))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<State, E> {
        let states = [State::Disabled, State::ForcedOpen, State::MetricsOnly];
        let state = states.into_iter().find(|state| state.as_str() == text.trim());
        state.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// Reads a value, or `None` from JSON's `null` and an empty value in YAML.
pub(crate) struct Optional<S>(pub(crate) S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Optional<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Optional<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value, or nothing")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}
