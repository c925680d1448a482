use std::fmt;

use fluxgate_policy::{Kind, Setting, SettingValue, check_policy, check_tripper};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error as _, MapAccess, Visitor},
    ser::{Error as _, SerializeMap},
};

use super::{
    place::{Key, Place},
    unknown_key::{self, Shape},
    written::{Given, ReadPart, ReadSetting, ReadShadow},
};
use crate::{
    error::PolicyError,
    policy::{
        Policy,
        component::Leaf,
        permits::Permit,
        retries::Retry,
        settings::{Cancelled, HonourRetryAfter, MaxFailedProbes, MaxProbeTime},
        trackers::Tracker,
        trippers::Tripper,
        windows::Window,
    },
};

/// What a file says of a policy: the same keys as in [`breakers!`](crate::breakers), in the same language.
///
/// Each may be left out. The five parts are text, and checked while they are read, so that an error tells the line where
/// the format knows it. A setting is a number (of seconds, where it is a time) or text with a unit or one of its words:
/// `max_probe_time = 30`, `"30s"` or `"off"`. `Custom(…)`, `TypeOf(…)` and `Matches(…)` have Rust in them, which no file
/// can.
///
/// What a program has to say of a breaker beside its policy, such as `listeners` and `retry_after`, stays in the program.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, PolicyConfig};
///
/// let config: PolicyConfig = toml::from_str(r#"
///     tripper = "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)"
///     retry = "Backoff(10s, jitter_ratio = 0.1)"
///     max_probe_time = 30
/// "#)?;
/// let breaker = CircuitBreaker::builder("search").policy(config.policy()?).build()?;
///
/// let error = toml::from_str::<PolicyConfig>("tripper = 'FailureRate(60)'").unwrap_err();
/// assert_eq!(error.to_string(), "\
/// TOML parse error at line 1, column 11
///   |
/// 1 | tripper = 'FailureRate(60)'
///   |           ^^^^^^^^^^^^^^^^^
/// tripper: FailureRate: 60 is out of range; write a ratio above 0, at most 1, such as 0.6
///   FailureRate(60)
///               ^^
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct PolicyConfig {
    /// Which calls the breaker judges by.
    pub window: Option<Window>,
    /// Which errors count as failures.
    pub tracker: Option<Tracker>,
    /// When the breaker opens.
    pub tripper: Option<Tripper>,
    /// When an open breaker probes the service.
    pub retry: Option<Retry>,
    /// Which calls a half-open breaker admits.
    pub permit: Option<Permit>,
    /// How many calls may be in flight while half-open.
    pub max_half_open_calls: Option<u32>,
    /// After how long a probe in flight is given up.
    pub max_probe_time: Option<MaxProbeTime>,
    /// How many probes without a success open a half-open breaker again.
    pub max_failed_probes: Option<MaxFailedProbes>,
    /// After how long of waiting a call that is dropped in flight counts as failed.
    pub cancelled: Option<Cancelled>,
    /// For how long at most the service itself may keep the breaker open.
    pub honour_retry_after: Option<HonourRetryAfter>,
    /// Whether the breaker is in shadow mode. It is no part of a [`Policy`]: [`configure`](crate::configure) sets it.
    pub shadow: Option<bool>,
}

impl PolicyConfig {
    /// The policy that it says; what it does not say is the default policy.
    ///
    /// # Errors
    ///
    /// Every mistake of the policy as a whole.
    pub fn policy(&self) -> Result<Policy, PolicyError> {
        let policy = self.over(Policy::new());
        policy.check()?;
        Ok(policy)
    }

    /// `policy`, changed by what is said here. It may be one that can't work: [`Policy::check`] tells.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Policy, PolicyConfig, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let of_the_program = Policy::new().tripper(FailureStreak(5)).retry(Cooldown(60));
    /// let config: PolicyConfig = toml::from_str("retry = 'Cooldown(10s)'")?;
    /// let policy = config.over(of_the_program); // FailureStreak(5), Cooldown(10s)
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub fn over(&self, policy: Policy) -> Policy {
        fn said<T: Clone>(policy: Policy, value: Option<&T>, change: impl FnOnce(Policy, T) -> Policy) -> Policy {
            match value {
                Some(value) => change(policy, value.clone()),
                None => policy,
            }
        }
        let policy = said(policy, self.window.as_ref(), Policy::window);
        let policy = said(policy, self.tracker.as_ref(), Policy::tracker);
        let policy = said(policy, self.tripper.as_ref(), Policy::tripper);
        let policy = said(policy, self.retry.as_ref(), Policy::retry);
        let policy = said(policy, self.permit.as_ref(), Policy::permit);
        let policy = said(policy, self.max_half_open_calls.as_ref(), Policy::max_half_open_calls);
        let policy = said(policy, self.max_probe_time.as_ref(), Policy::max_probe_time);
        let policy = said(policy, self.max_failed_probes.as_ref(), Policy::max_failed_probes);
        let policy = said(policy, self.cancelled.as_ref(), Policy::cancelled);
        said(policy, self.honour_retry_after.as_ref(), Policy::honour_retry_after)
    }

    /// The same, with what it does not say taken from `default`.
    pub(super) fn or(&self, default: &Self) -> Self {
        let Self { window, tracker, tripper, retry, permit, .. } = self;
        Self {
            window: window.as_ref().or(default.window.as_ref()).cloned(),
            tracker: tracker.as_ref().or(default.tracker.as_ref()).cloned(),
            tripper: tripper.as_ref().or(default.tripper.as_ref()).cloned(),
            retry: retry.as_ref().or(default.retry.as_ref()).cloned(),
            permit: permit.as_ref().or(default.permit.as_ref()).cloned(),
            max_half_open_calls: self.max_half_open_calls.or(default.max_half_open_calls),
            max_probe_time: self.max_probe_time.or(default.max_probe_time),
            max_failed_probes: self.max_failed_probes.or(default.max_failed_probes),
            cancelled: self.cancelled.or(default.cancelled),
            honour_retry_after: self.honour_retry_after.or(default.honour_retry_after),
            shadow: self.shadow.or(default.shadow),
        }
    }

    /// What its window and its tripper are wrong about together, as far as that is known without the rest of the policy.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let Some(tripper) = &self.tripper else { return Vec::new() };
        let mistakes = match self.window.as_ref().and_then(|window| window.0.as_built_in()) {
            Some(window) => check_policy(window, &tripper.0, Leaf::as_built_in),
            None => check_tripper(&tripper.0, Leaf::as_built_in).into_iter().collect(),
        };
        mistakes.iter().map(|mistake| format!("{}: {mistake}", Kind::Tripper)).collect()
    }
}

impl TryFrom<PolicyConfig> for Policy {
    type Error = PolicyError;

    fn try_from(config: PolicyConfig) -> Result<Self, PolicyError> {
        config.policy()
    }
}

impl<'de> Deserialize<'de> for PolicyConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ReadPolicy(Place::Alone).deserialize(deserializer)
    }
}

/// A table of keys and values.
pub(super) struct ReadPolicy<'n>(pub(super) Place<'n>);

impl<'de> DeserializeSeed<'de> for ReadPolicy<'_> {
    type Value = PolicyConfig;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<PolicyConfig, D::Error> {
        // With its fields, so that one that is flattened into a larger table takes no keys that are not its own.
        deserializer.deserialize_struct("PolicyConfig", &Key::NAMES, self)
    }
}

impl<'de> Visitor<'de> for ReadPolicy<'_> {
    type Value = PolicyConfig;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Alone => formatter.write_str("a table with keys such as `tripper`"),
            Place::Default => formatter.write_str("a table with keys such as `tripper`, for the default"),
            Place::Breaker(name) => write!(formatter, "a table with keys such as `tripper`, for breaker `{name}`"),
        }
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<PolicyConfig, M::Error> {
        let place = self.0;
        let mut config = PolicyConfig::default();
        let mut seen = Vec::new();
        while let Some(key) = map.next_key_seed(ReadKey)? {
            let key = match key {
                Ok(key) => key,
                Err(unknown) => {
                    let value = map.next_value::<Shape>()?;
                    return Err(M::Error::custom(unknown_key::message(place, &unknown, &value)));
                }
            };
            if seen.contains(&key) {
                return Err(M::Error::custom(place.twice(key)));
            }
            seen.push(key);
            config.read(key, place, &mut map)?;
        }
        let mistakes = config.mistakes();
        if mistakes.is_empty() {
            return Ok(config);
        }
        let mistakes: Vec<_> = mistakes.into_iter().map(|mistake| place.mistake_in(mistake)).collect();
        Err(M::Error::custom(mistakes.join("\n")))
    }
}

impl PolicyConfig {
    fn read<'de, M: MapAccess<'de>>(&mut self, key: Key, place: Place<'_>, map: &mut M) -> Result<(), M::Error> {
        match key {
            Key::Part(kind @ Kind::Window) => self.window = map.next_value_seed(Given(ReadPart::new(place, kind)))?,
            Key::Part(kind @ Kind::Tracker) => self.tracker = map.next_value_seed(Given(ReadPart::new(place, kind)))?,
            Key::Part(kind @ Kind::Tripper) => self.tripper = map.next_value_seed(Given(ReadPart::new(place, kind)))?,
            Key::Part(kind @ Kind::Retry) => self.retry = map.next_value_seed(Given(ReadPart::new(place, kind)))?,
            Key::Part(kind @ Kind::Permit) => self.permit = map.next_value_seed(Given(ReadPart::new(place, kind)))?,
            Key::Setting(setting) => {
                if let Some(value) = map.next_value_seed(Given(ReadSetting { place, setting }))? {
                    self.set(setting, value);
                }
            }
            Key::Shadow => self.shadow = map.next_value_seed(Given(ReadShadow(place)))?,
        }
        Ok(())
    }

    fn set(&mut self, setting: Setting, value: SettingValue) {
        match (setting, value) {
            (Setting::MaxProbeTime, value) => self.max_probe_time = Some(MaxProbeTime::classify_value(value)),
            (Setting::MaxFailedProbes, value) => self.max_failed_probes = Some(MaxFailedProbes::classify_value(value)),
            (Setting::Cancelled, value) => self.cancelled = Some(Cancelled::classify_value(value)),
            (Setting::HonourRetryAfter, value) => {
                self.honour_retry_after = Some(HonourRetryAfter::classify_value(value))
            }
            (Setting::MaxHalfOpenCalls, SettingValue::Count(calls)) => {
                // The catalog allows no more than this.
                self.max_half_open_calls = Some(u32::try_from(calls).unwrap_or(u32::MAX));
            }
            (setting, value) => unreachable!("{setting:?} can't be {value:?} in a file"),
        }
    }
}

#[derive(Clone, Copy)]
struct ReadKey;

impl<'de> DeserializeSeed<'de> for ReadKey {
    type Value = Result<Key, String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for ReadKey {
    /// The text of a key that there is not.
    type Value = Result<Key, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key such as `tripper`")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Key::find(key).ok_or_else(|| key.to_owned()))
    }
}

impl Serialize for PolicyConfig {
    /// What is said, and nothing else.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for key in Key::ALL {
            let name = key.name();
            match key {
                Key::Part(Kind::Window) => entry(&mut map, name, self.window.as_ref())?,
                Key::Part(Kind::Tracker) => entry(&mut map, name, self.tracker.as_ref())?,
                Key::Part(Kind::Tripper) => entry(&mut map, name, self.tripper.as_ref())?,
                Key::Part(Kind::Retry) => entry(&mut map, name, self.retry.as_ref())?,
                Key::Part(Kind::Permit) => entry(&mut map, name, self.permit.as_ref())?,
                Key::Setting(Setting::MaxHalfOpenCalls) => entry(&mut map, name, self.max_half_open_calls.as_ref())?,
                Key::Setting(Setting::MaxProbeTime) => entry(&mut map, name, self.max_probe_time.as_ref())?,
                Key::Setting(Setting::MaxFailedProbes) => entry(&mut map, name, self.max_failed_probes.as_ref())?,
                Key::Setting(Setting::Cancelled) => entry(&mut map, name, self.cancelled.as_ref())?,
                Key::Setting(Setting::HonourRetryAfter) => entry(&mut map, name, self.honour_retry_after.as_ref())?,
                Key::Setting(setting) => {
                    return Err(S::Error::custom(format_args!("`{}` is no key of a breaker", setting.name())));
                }
                Key::Shadow => entry(&mut map, name, self.shadow.as_ref())?,
            }
        }
        map.end()
    }
}

fn entry<M: SerializeMap>(map: &mut M, key: &str, value: Option<&impl Serialize>) -> Result<(), M::Error> {
    match value {
        Some(value) => map.serialize_entry(key, value),
        None => Ok(()),
    }
}
