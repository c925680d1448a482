//! Parts of a policy and settings as serde reads and writes them.

use std::{fmt, marker::PhantomData, str::FromStr};

use fluxgate_policy::{Kind, Setting, SettingValue, bare_durations, bare_setting, parse_setting};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error as _, MapAccess, Unexpected, Visitor},
    ser::Error as _,
};

use super::place::Place;
use crate::{
    error::PolicyError,
    policy::{
        permits::Permit,
        retries::Retry,
        settings::{Cancelled, HonourRetryAfter, MaxFailedProbes, MaxProbeTime},
        trackers::Tracker,
        trippers::Tripper,
        windows::Window,
    },
    user_code,
};

/// A part of a policy, read from text in the policy language. A mistake is one of the text, so that the format can tell
/// where it stands.
pub(super) struct ReadPart<'n, P> {
    place: Place<'n>,
    kind: Kind,
    part: PhantomData<P>,
}

impl<'n, P> ReadPart<'n, P> {
    pub(super) fn new(place: Place<'n>, kind: Kind) -> Self {
        Self { place, kind, part: PhantomData }
    }
}

impl<'de, P: FromStr<Err = PolicyError>> DeserializeSeed<'de> for ReadPart<'_, P> {
    type Value = P;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<P, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<P: FromStr<Err = PolicyError>> Visitor<'_> for ReadPart<'_, P> {
    type Value = P;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = format!("text in the policy language, such as \"{}\"", self.kind.example());
        formatter.write_str(&self.place.expects(self.kind.word(), expected))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<P, E> {
        for warning in bare_durations(self.kind, text) {
            warn(&self.place.mistake_in(format_args!("{}: {warning}", self.kind)));
        }
        text.parse().map_err(|error: PolicyError| {
            let mistakes =
                error.mistakes().iter().map(|mistake| self.place.mistake_in(format_args!("{}: {mistake}", self.kind)));
            E::custom(mistakes.collect::<Vec<_>>().join("\n"))
        })
    }
}

/// Tells the log of what may be meant otherwise.
fn warn(warning: &str) {
    user_code::log(|| {
        #[cfg(feature = "tracing")]
        tracing::warn!(target: "fluxgate", "{warning}");
        let _ = warning; // named in the log alone
    });
}

/// A setting, read from a number or text.
pub(super) struct ReadSetting<'n> {
    pub(super) place: Place<'n>,
    pub(super) setting: Setting,
}

impl ReadSetting<'_> {
    fn read<E: serde::de::Error>(self, written: &str) -> Result<SettingValue, E> {
        if let Some(warning) = bare_setting(self.setting, written) {
            warn(&self.place.mistake_in(warning));
        }
        parse_setting(self.setting, written).map_err(|error| E::custom(self.place.mistake_in(error)))
    }
}

impl<'de> DeserializeSeed<'de> for ReadSetting<'_> {
    type Value = SettingValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<SettingValue, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ReadSetting<'_> {
    type Value = SettingValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let example = self.setting.example();
        let what = match self.setting {
            Setting::MaxHalfOpenCalls => format!("a number of calls, such as {example}"),
            Setting::MaxFailedProbes => format!("a number of probes, such as {example}"),
            _ => format!("seconds, or text such as \"{example}\""),
        };
        let words = self.setting.words().iter().map(|word| format!("\"{word}\""));
        let expected = std::iter::once(what).chain(words).collect::<Vec<_>>().join(", or ");
        formatter.write_str(&self.place.expects(self.setting.name(), expected))
    }

    /// `off` is `false` to some readers of YAML.
    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<SettingValue, E> {
        if !value && self.setting.words().contains(&"off") {
            return self.read("off");
        }
        Err(E::invalid_type(Unexpected::Bool(value), &self))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<SettingValue, E> {
        self.read(&number.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<SettingValue, E> {
        self.read(&number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<SettingValue, E> {
        self.read(&number.to_string())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SettingValue, E> {
        self.read(text)
    }

    /// A number too, where some crate of the program has switched on `arbitrary_precision` of `serde_json`.
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<SettingValue, M::Error> {
        const NUMBER: &str = "$serde_json::private::Number";
        match map.next_key::<String>()? {
            Some(key) if key == NUMBER => self.read(&map.next_value::<String>()?),
            _ => Err(M::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

/// Whether a breaker is in shadow mode: a boolean, or its text, as it is in the environment.
pub(super) struct ReadShadow<'n>(pub(super) Place<'n>);

impl<'de> DeserializeSeed<'de> for ReadShadow<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

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

/// A value, or nothing where the format has a word for it: JSON's `null`, an empty value in YAML.
pub(super) struct Given<S>(pub(super) S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Given<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Given<S> {
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

/// The traits of serde for parts of a policy, which are text.
macro_rules! part {
    ($($part:ident)+) => {$(
        impl<'de> Deserialize<'de> for $part {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                ReadPart::new(Place::Alone, Kind::$part).deserialize(deserializer)
            }
        }

        impl Serialize for $part {
            /// A component of one's own can't be written: it is an error.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let printed = self.to_string();
                // What reads back is what was meant: a custom component, or a mistake, does not.
                match printed.parse::<Self>() {
                    Ok(read) if read == *self => serializer.serialize_str(&printed),
                    _ => Err(S::Error::custom(format_args!(
                        "{}: `{printed}` can't be written, for it would not be read as the same",
                        Kind::$part
                    ))),
                }
            }
        }
    )+};
}

part!(Window Tracker Tripper Retry Permit);

/// The traits of serde for settings: a number, or text.
macro_rules! setting {
    ($($setting:ident)+) => {$(
        impl<'de> Deserialize<'de> for $setting {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = ReadSetting { place: Place::Alone, setting: Setting::$setting }.deserialize(deserializer)?;
                Ok(Self::classify_value(value))
            }
        }

        impl Serialize for $setting {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.value().map_err(S::Error::custom)?)
            }
        }
    )+};
}

setting!(MaxProbeTime MaxFailedProbes Cancelled HonourRetryAfter);
