use fluxgate_policy::{Kind, Setting};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::DeserializeSeed,
    ser::{Error as _, SerializeMap},
};

use super::{place::Place, read::Read, table::ReadTable};
use crate::policy::{
    Policy,
    permits::Permit,
    retries::Retry,
    settings::{Cancelled, HonourRetryAfter, MaxFailedProbes, MaxProbeTime},
    trackers::Tracker,
    trippers::Tripper,
    windows::Window,
};

/// Reads the keys of a policy file's entry except `shadow` and `state`. Missing keys are not set.
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ReadTable::new(Place::Alone).deserialize(deserializer)
    }
}

impl Serialize for Policy {
    /// Writes the settings that are set. A custom component or a `retry_after` cannot be written, and is an error.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.settings.serialize(&mut map)?;
        map.end()
    }
}

/// Implements serde's traits for the kinds of components, as text.
macro_rules! component {
    ($($kind:ident)+) => {$(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Read::new(Place::Alone, Kind::$kind).deserialize(deserializer)
            }
        }

        impl Serialize for $kind {
            /// A custom component cannot be written, and is an error.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let printed = self.to_string();
                // Neither a custom component nor a mistake can be read back.
                match printed.parse::<Self>() {
                    Ok(read) if read == *self => serializer.serialize_str(&printed),
                    _ => Err(S::Error::custom(format_args!(
                        "{}: `{printed}` can only be set in code, so it cannot be written to a file",
                        Kind::$kind
                    ))),
                }
            }
        }
    )+};
}

component!(Window Tracker Tripper Retry Permit);

/// Implements serde's traits for settings that are a number or text.
macro_rules! setting {
    ($($setting:ident)+) => {$(
        impl<'de> Deserialize<'de> for $setting {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Read::new(Place::Alone, Setting::$setting).deserialize(deserializer)
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
