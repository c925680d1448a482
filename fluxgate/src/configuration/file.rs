use std::{collections::BTreeMap, fmt};

use fluxgate_policy::nearest;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};

use super::entry::PolicyEntry;
use crate::policy::serde::{Optional, Place, ReadTable, listed, mistakes};

/// A policy file: settings for the breakers of a program by name, for [`configure`](crate::configure()).
///
/// ```toml
/// [default]                     # for every breaker of the program
/// window = "TimeWindow(60s)"
///
/// [breakers.payment_api]
/// tripper = "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)"
/// retry = "Backoff(10s, jitter_ratio = 0.1)"
///
/// [breakers."api.example.com"]  # quote a name with dots
/// shadow = true
/// ```
///
/// serde reads it from any self-describing format: TOML, JSON, YAML, environment variables. It may be a table in a file of the
/// application. Mistakes in a policy are found while it is read.
///
/// # Examples
///
/// ```
/// use fluxgate::{Configuration, trippers::FailureStreak};
///
/// let configuration: Configuration = serde_json::from_str(r#"{
///     "default": { "window": "TimeWindow(60s)" },
///     "breakers": { "payment_api": { "tripper": "FailureStreak(5)" } }
/// }"#)?;
/// let policy = &configuration.breakers["payment_api"].policy;
/// assert_eq!(policy.get_tripper(), Some(FailureStreak(5).into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Configuration {
    /// The entry for every breaker. Settings of [`breakers`](Self::breakers) take precedence.
    pub default: PolicyEntry,
    /// The entries of breakers, sets of breakers, and keys of sets, by name.
    pub breakers: BTreeMap<String, PolicyEntry>,
}

impl Configuration {
    /// Returns the settings for a breaker or a set: its entry, with missing keys from the default.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::Configuration;
    ///
    /// let configuration: Configuration = toml::from_str("
    ///     default.max_half_open_calls = 3
    ///     breakers.payment_api.max_half_open_calls = 5
    /// ")?;
    /// let limits = ["payment_api", "search"].map(|name| configuration.of(name).policy.get_max_half_open_calls());
    /// assert_eq!(limits, [Some(5), Some(3)]);
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub fn of(&self, breaker: &str) -> PolicyEntry {
        self.breakers.get(breaker).map_or_else(|| self.default.clone(), |entry| entry.or(&self.default))
    }

    /// Returns the settings for one key of a set: its entry, with missing keys from the set and the default.
    #[cfg(feature = "keyed")]
    pub(super) fn of_key(&self, breaker: &str, set: &str) -> PolicyEntry {
        let set = self.of(set);
        self.breakers.get(breaker).map_or_else(|| set.clone(), |entry| entry.or(&set))
    }

    /// Returns the names of the entries for single keys of a set.
    #[cfg(feature = "keyed")]
    pub(super) fn keys_of<'c>(&'c self, set: &str) -> impl Iterator<Item = &'c String> + use<'c> {
        let before_key = format!("{set}{{");
        let names = self.breakers.range(before_key.clone()..).map(|(name, _)| name);
        names.take_while(move |name| name.starts_with(&before_key)).filter(|name| name.ends_with('}'))
    }

    /// Lays `overlay` over this configuration, such as a file for staging over a common one.
    ///
    /// The default is laid over the default and entries over entries of the same name, setting by setting. Settings that
    /// `overlay` omits stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Configuration, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let base: Configuration = toml::from_str("
    ///     [breakers.payment_api]
    ///     tripper = 'FailureStreak(5)'
    ///     retry = 'Cooldown(60s)'
    /// ")?;
    /// let staging = toml::from_str("breakers.payment_api.retry = 'Cooldown(5s)'")?;
    /// let policy = base.merge(staging).of("payment_api").policy;
    /// assert_eq!(policy.get_tripper(), Some(FailureStreak(5).into()));
    /// assert_eq!(policy.get_retry(), Some(Cooldown(5).into()));
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    #[must_use = "it returns the result"]
    pub fn merge(mut self, overlay: Self) -> Self {
        self.default = overlay.default.or(&self.default);
        for (name, entry) in overlay.breakers {
            let below = self.breakers.remove(&name).unwrap_or_default();
            self.breakers.insert(name, entry.or(&below));
        }
        self
    }

    /// Returns the mistakes of entries in combination with the default.
    fn mistakes(&self) -> impl Iterator<Item = String> {
        self.breakers.iter().flat_map(|(name, entry)| {
            let mistakes = mistakes(&entry.or(&self.default).policy);
            mistakes.into_iter().map(|mistake| Place::Breaker(name).mistake_in(mistake))
        })
    }
}

impl<'de> Deserialize<'de> for Configuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A struct, so that one that is flattened into a larger table takes no keys but its own.
        deserializer.deserialize_struct("Configuration", &["default", "breakers", "$schema"], ReadConfiguration)
    }
}

struct ReadConfiguration;

/// A key at the top level.
enum Section {
    Default,
    Breakers,
    /// Editors find the schema by it.
    Schema,
}

impl<'de> Visitor<'de> for ReadConfiguration {
    type Value = Configuration;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tables `default` and `breakers`")
    }

    /// Reads an empty YAML file.
    fn visit_unit<E: serde::de::Error>(self) -> Result<Configuration, E> {
        Ok(Configuration::default())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Configuration, M::Error> {
        let (mut default, mut breakers) = (None, None);
        while let Some(section) = map.next_key()? {
            let twice = match section {
                Section::Default => default
                    .replace(map.next_value_seed(Optional(ReadTable::new(Place::Default)))?.unwrap_or_default())
                    .map(|_| "default"),
                Section::Breakers => breakers
                    .replace(map.next_value_seed(Optional(ReadBreakers))?.unwrap_or_default())
                    .map(|_| "breakers"),
                Section::Schema => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            if let Some(section) = twice {
                return Err(M::Error::custom(format_args!("`{section}` is given twice; remove one")));
            }
        }
        let configuration =
            Configuration { default: default.unwrap_or_default(), breakers: breakers.unwrap_or_default() };
        let mistakes: Vec<_> = configuration.mistakes().collect();
        if mistakes.is_empty() { Ok(configuration) } else { Err(M::Error::custom(mistakes.join("\n"))) }
    }
}

impl<'de> Deserialize<'de> for Section {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ReadSection;

        impl Visitor<'_> for ReadSection {
            type Value = Section;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("`default` or `breakers`")
            }

            fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Section, E> {
                match key {
                    "default" => Ok(Section::Default),
                    "breakers" => Ok(Section::Breakers),
                    "$schema" => Ok(Section::Schema),
                    _ => Err(E::custom(match nearest(key, ["default", "breakers"]) {
                        Some(near) => format!("unknown key `{key}`; did you mean `{near}`?"),
                        None => format!(
                            "unknown key `{key}`; the keys are {}, and breakers are tables in `breakers`",
                            listed(["default", "breakers"])
                        ),
                    })),
                }
            }
        }

        deserializer.deserialize_identifier(ReadSection)
    }
}

struct ReadBreakers;

impl<'de> DeserializeSeed<'de> for ReadBreakers {
    type Value = BTreeMap<String, PolicyEntry>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ReadBreakers {
    type Value = BTreeMap<String, PolicyEntry>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("breakers: a table for each breaker, by its name")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut breakers = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let entry = map.next_value_seed(Optional(ReadTable::new(Place::Breaker(&name))))?.unwrap_or_default();
            if breakers.contains_key(&name) {
                return Err(M::Error::custom(format_args!("breaker `{name}` is given twice; remove one")));
            }
            breakers.insert(name, entry);
        }
        Ok(breakers)
    }
}
