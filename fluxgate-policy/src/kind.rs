//! The parts of a policy.

use std::fmt::{self, Display, Formatter};

/// What a component is for: one part of a policy.
///
/// ```
/// use fluxgate_policy::Kind;
///
/// let composing: Vec<_> = Kind::ALL.into_iter().filter(|kind| kind.composes()).map(Kind::word).collect();
/// assert_eq!(composing, ["tracker", "tripper"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Which recorded calls count.
    Window,
    /// Which errors count as failures.
    Tracker,
    /// When the breaker opens.
    Tripper,
    /// When an open breaker lets calls try again.
    Retry,
    /// Which calls may try while half-open.
    Permit,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Window, Self::Tracker, Self::Tripper, Self::Retry, Self::Permit];

    /// The kind in a word, as it is called in messages and as an argument of the macros: `tripper`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Tracker => "tracker",
            Self::Tripper => "tripper",
            Self::Retry => "retry",
            Self::Permit => "permit",
        }
    }

    /// What the components of this kind say, in a few words: `when the breaker opens`.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Window => "which calls the breaker judges",
            Self::Tracker => "which errors count as failures",
            Self::Tripper => "when the breaker opens",
            Self::Retry => "when an open breaker probes the service",
            Self::Permit => "which calls a half-open breaker admits",
        }
    }

    /// A component of this kind to show in a message.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Window => "CountWindow(100)",
            Self::Tracker => "All()",
            Self::Tripper => "FailureRate(0.5)",
            Self::Retry => "Cooldown(60s)",
            Self::Permit => "RampUp(0, 1, 60s)",
        }
    }

    /// Whether components of this kind compose with `&` and `|`.
    pub const fn composes(self) -> bool {
        matches!(self, Self::Tracker | Self::Tripper)
    }

    /// Whether components of this kind may be negated with `!`.
    pub const fn negates(self) -> bool {
        matches!(self, Self::Tracker)
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
