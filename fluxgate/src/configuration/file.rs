use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use fluxgate_policy::nearest;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};

use super::{
    place::{Place, listed},
    policy_config::{PolicyConfig, ReadPolicy},
    written::Given,
};

/// What a file says of the breakers of a program, by name: for [`configure`](crate::configure).
///
/// ```toml
/// [default]                     # for every breaker of this file that does not say otherwise
/// window = "TimeWindow(60s)"
///
/// [breakers.payment_api]
/// tripper = "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)"
/// retry = "Backoff(10s, jitter_ratio = 0.1)"
///
/// [breakers."api.example.com"]  # a name with dots stands in quotes
/// shadow = true
/// ```
///
/// It is read through serde, from whatever format describes itself: TOML, JSON, YAML, the environment. In a file of the
/// application's own it is a table like any other. Mistakes of a policy are found while it is read.
///
/// # Examples
///
/// ```
/// let configuration: fluxgate::Configuration = serde_json::from_str(r#"{
///     "default": { "window": "TimeWindow(60s)" },
///     "breakers": { "payment_api": { "tripper": "FailureStreak(5)" } }
/// }"#)?;
/// assert_eq!(configuration.breakers["payment_api"].tripper.as_ref().unwrap().to_string(), "FailureStreak(5)");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Configuration {
    /// For every breaker in [`breakers`](Self::breakers) that does not say otherwise, and for no other.
    pub default: PolicyConfig,
    /// By the name of the breaker, or of the set of breakers.
    pub breakers: BTreeMap<String, PolicyConfig>,
    /// Known to the program alone.
    #[serde(skip)]
    expected: BTreeSet<String>,
}

impl Configuration {
    /// All that is said of a breaker, the default included. `None` if it is not named.
    pub fn of(&self, breaker: &str) -> Option<PolicyConfig> {
        Some(self.breakers.get(breaker)?.or(&self.default))
    }

    /// All that is said of one breaker of a set. `None` if it is not named.
    #[cfg(feature = "keyed")]
    pub(super) fn of_key(&self, breaker: &str, set: &str) -> Option<PolicyConfig> {
        let config = self.breakers.get(breaker)?;
        Some(self.breakers.get(set).map_or_else(|| config.clone(), |set| config.or(set)).or(&self.default))
    }

    /// The same, for a program whose breakers of these names are made later: [`configure`](crate::configure) does not take
    /// them for mistakes. They begin with what is said of them here if their builder is
    /// [`configured`](crate::Builder::configured).
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, Configuration, configure};
    ///
    /// let configuration: Configuration = toml::from_str("breakers.thesaurus.tripper = 'FailureStreak(5)'")?;
    /// assert!(configure(&configuration).is_err());
    /// configure(&configuration.expecting(["thesaurus"]))?;
    ///
    /// // Later, when the first word is looked up.
    /// let thesaurus = CircuitBreaker::builder("thesaurus").configured().build()?;
    /// assert!(thesaurus.policy().to_string().contains("tripper = FailureStreak(5)"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "it changes nothing in place"]
    pub fn expecting(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.expected.extend(names.into_iter().map(Into::into));
        self
    }

    pub(super) fn expected(&self) -> &BTreeSet<String> {
        &self.expected
    }
}

impl<'de> Deserialize<'de> for Configuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // With its fields, so that one that is flattened into a larger table takes no keys that are not its own.
        deserializer.deserialize_struct("Configuration", &["default", "breakers", "$schema"], ReadConfiguration)
    }
}

struct ReadConfiguration;

/// The keys at the top.
enum Section {
    Default,
    Breakers,
    /// By which editors know what the file is.
    Schema,
}

impl<'de> Visitor<'de> for ReadConfiguration {
    type Value = Configuration;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tables `default` and `breakers`")
    }

    /// Nothing, as YAML has it where a file is empty.
    fn visit_unit<E: serde::de::Error>(self) -> Result<Configuration, E> {
        Ok(Configuration::default())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Configuration, M::Error> {
        let (mut default, mut breakers) = (None, None);
        while let Some(section) = map.next_key()? {
            let twice = match section {
                Section::Default => default
                    .replace(map.next_value_seed(Given(ReadPolicy(Place::Default)))?.unwrap_or_default())
                    .map(|_| "default"),
                Section::Breakers => {
                    breakers.replace(map.next_value_seed(Given(ReadBreakers))?.unwrap_or_default()).map(|_| "breakers")
                }
                Section::Schema => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            if let Some(section) = twice {
                return Err(M::Error::custom(format_args!("`{section}` is given twice; remove one")));
            }
        }
        let configuration = Configuration {
            default: default.unwrap_or_default(),
            breakers: breakers.unwrap_or_default(),
            expected: BTreeSet::new(),
        };
        let mistakes: Vec<_> = configuration.mistakes().collect();
        if mistakes.is_empty() { Ok(configuration) } else { Err(M::Error::custom(mistakes.join("\n"))) }
    }
}

impl Configuration {
    /// What is wrong with a breaker only together with the default.
    fn mistakes(&self) -> impl Iterator<Item = String> {
        self.breakers.iter().flat_map(|(name, config)| {
            let mistakes = config.or(&self.default).mistakes();
            mistakes.into_iter().map(|mistake| Place::Breaker(name).mistake_in(mistake))
        })
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
                            "unknown key `{key}`; the keys are {}, and a breaker stands in `breakers`",
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
    type Value = BTreeMap<String, PolicyConfig>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ReadBreakers {
    type Value = BTreeMap<String, PolicyConfig>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("breakers: a table for each breaker, by its name")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut breakers = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let config = map.next_value_seed(Given(ReadPolicy(Place::Breaker(&name))))?.unwrap_or_default();
            if breakers.contains_key(&name) {
                return Err(M::Error::custom(format_args!("breaker `{name}` is given twice; remove one")));
            }
            breakers.insert(name, config);
        }
        Ok(breakers)
    }
}
