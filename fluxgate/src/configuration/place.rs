use std::fmt;

use fluxgate_policy::{Kind, Setting};

/// Where in a configuration something stands, for messages: they name it by the breaker, for not every format tells a
/// line, and a line alone does not tell whose it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'n> {
    /// A policy by itself.
    Alone,
    Default,
    Breaker(&'n str),
}

impl Place<'_> {
    /// A mistake of the policy as a whole.
    pub(super) fn mistake(self, message: impl fmt::Display) -> String {
        match self {
            Self::Alone => message.to_string(),
            Self::Default => format!("default: {message}"),
            Self::Breaker(name) => format!("breaker `{name}`: {message}"),
        }
    }

    /// A mistake that begins with the key that it is in, as those of settings do.
    pub(super) fn mistake_in(self, message: impl fmt::Display) -> String {
        match self {
            Self::Alone => message.to_string(),
            Self::Default => format!("default, {message}"),
            Self::Breaker(name) => format!("breaker `{name}`, {message}"),
        }
    }

    /// What should stand at a key, after the words `invalid type: integer `5`, expected`.
    pub(super) fn expects(self, key: &str, what: impl fmt::Display) -> String {
        match self {
            Self::Alone => format!("{what}, for `{key}`"),
            Self::Default => format!("{what}, for `{key}` of the default"),
            Self::Breaker(name) => format!("{what}, for `{key}` of breaker `{name}`"),
        }
    }

    pub(super) fn twice(self, key: Key) -> String {
        self.mistake(format_args!("`{key}` is given twice; remove one"))
    }
}

/// `a`, `b`, `c`
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What may be said of a breaker in a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Part(Kind),
    Setting(Setting),
    Shadow,
}

impl Key {
    pub(super) const ALL: [Self; 11] = [
        Self::Part(Kind::Window),
        Self::Part(Kind::Tracker),
        Self::Part(Kind::Tripper),
        Self::Part(Kind::Retry),
        Self::Part(Kind::Permit),
        Self::Setting(Setting::MaxHalfOpenCalls),
        Self::Setting(Setting::MaxProbeTime),
        Self::Setting(Setting::MaxFailedProbes),
        Self::Setting(Setting::Cancelled),
        Self::Setting(Setting::HonourRetryAfter),
        Self::Shadow,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Part(kind) => kind.word(),
            Self::Setting(setting) => setting.name(),
            Self::Shadow => "shadow",
        }
    }

    /// All names, as a type with fields has them.
    pub(super) const NAMES: [&'static str; Self::ALL.len()] = [
        "window",
        "tracker",
        "tripper",
        "retry",
        "permit",
        "max_half_open_calls",
        "max_probe_time",
        "max_failed_probes",
        "cancelled",
        "honour_retry_after",
        "shadow",
    ];

    pub(super) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_keys() {
        assert_eq!(Key::NAMES, Key::ALL.map(Key::name));
    }
}
