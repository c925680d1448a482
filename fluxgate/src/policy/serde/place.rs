use std::fmt;

/// The owner of a policy, for messages. They name the breaker, because not every format reports a line, and a line alone does
/// not identify the breaker.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'n> {
    /// A policy outside of a policy file.
    Alone,
    #[cfg_attr(not(feature = "config"), allow(dead_code, reason = "an entry of a policy file"))]
    Default,
    #[cfg_attr(not(feature = "config"), allow(dead_code, reason = "an entry of a policy file"))]
    Breaker(&'n str),
}

impl Place<'_> {
    /// Returns the message for a mistake in the policy as a whole.
    pub(crate) fn mistake(self, message: impl fmt::Display) -> String {
        match self {
            Self::Alone => message.to_string(),
            Self::Default => format!("default: {message}"),
            Self::Breaker(name) => format!("breaker `{name}`: {message}"),
        }
    }

    /// Returns the message for a mistake whose text begins with its key.
    pub(crate) fn mistake_in(self, message: impl fmt::Display) -> String {
        match self {
            Self::Alone => message.to_string(),
            Self::Default => format!("default, {message}"),
            Self::Breaker(name) => format!("breaker `{name}`, {message}"),
        }
    }

    /// Describes the value expected at a key, to follow ``invalid type: integer `5`, expected``.
    pub(crate) fn expects(self, key: &str, what: impl fmt::Display) -> String {
        match self {
            Self::Alone => format!("{what}, for `{key}`"),
            Self::Default => format!("{what}, for `{key}` of the default"),
            Self::Breaker(name) => format!("{what}, for `{key}` of breaker `{name}`"),
        }
    }
}

/// Returns `` `a`, `b`, `c` ``.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
