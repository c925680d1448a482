//! The parts of a policy.

use std::fmt::{self, Display, Formatter};

/// A part of a policy, and the kind of component that fills it.
///
/// ```
/// use fluxgate_policy::Kind;
///
/// let composing: Vec<_> = Kind::ALL.into_iter().filter(|kind| kind.composes()).map(Kind::word).collect();
/// assert_eq!(composing, ["tracker", "tripper"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// The recorded calls that the breaker judges.
    Window,
    /// The errors that count as failures.
    Tracker,
    /// The condition on which the breaker opens.
    Tripper,
    /// The time at which an open breaker probes the service.
    Retry,
    /// The calls that a half-open breaker admits.
    Permit,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Window, Self::Tracker, Self::Tripper, Self::Retry, Self::Permit];

    /// Returns the kind's name in messages and as an argument of the macros, such as `tripper`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Tracker => "tracker",
            Self::Tripper => "tripper",
            Self::Retry => "retry",
            Self::Permit => "permit",
        }
    }

    /// Returns a short description of what components of this kind decide, such as `the errors that count as
    /// failures`.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Window => "the calls that the breaker judges",
            Self::Tracker => "the errors that count as failures",
            Self::Tripper => "the condition on which the breaker opens",
            Self::Retry => "the time at which an open breaker probes the service",
            Self::Permit => "the calls that a half-open breaker admits",
        }
    }

    /// Returns a component of this kind as an example for messages.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Window => "CountWindow(100)",
            Self::Tracker => "All()",
            Self::Tripper => "FailureRate(0.5)",
            Self::Retry => "Cooldown(60s)",
            Self::Permit => "RampUp(0, 1, 60s)",
        }
    }

    /// Returns `true` if components of this kind can be combined with `&` and `|`.
    pub const fn composes(self) -> bool {
        matches!(self, Self::Tracker | Self::Tripper)
    }

    /// Returns `true` if components of this kind can be negated with `!`.
    pub const fn negates(self) -> bool {
        matches!(self, Self::Tracker)
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
