//! The states of a breaker.

use std::fmt;

/// The state of a breaker.
///
/// | state | calls are | outcomes are recorded | automatic transitions |
/// |---|---|---|---|
/// | `closed` | admitted | yes | to `open` if the tripper holds |
/// | `open` | rejected | – | to `half_open` on the first call after the retry is due |
/// | `half_open` | admitted if the permit allows it and a slot is free | yes | to `open` if the tripper holds; to `closed` on a success with the permit at its final ratio; to either if [`MaxFailedProbes`](crate::MaxFailedProbes) is reached |
/// | `metrics_only` | admitted | yes | none |
/// | `disabled` | admitted | no | none |
/// | `forced_open` | rejected | – | none |
///
/// Commands lead from any state to `closed`, `metrics_only`, `disabled` or `forced_open`:
/// [`reset`](crate::CircuitBreaker::reset), [`metrics_only`](crate::CircuitBreaker::metrics_only),
/// [`disable`](crate::CircuitBreaker::disable) and [`force_open`](crate::CircuitBreaker::force_open).
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State};
///
/// let breaker = CircuitBreaker::new("search");
/// breaker.force_open();
/// let state = breaker.state();
/// assert!(matches!(state, State::Open | State::ForcedOpen));
/// assert_eq!(state.to_string(), "forced_open");
/// assert_eq!(State::ALL[..3], [State::Closed, State::Open, State::HalfOpen]);
/// ```
#[doc(alias("CircuitState", "CircuitBreakerState"))]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// Calls run and are recorded, and the tripper may open the breaker.
    Closed,
    /// Calls are rejected until a retry is due.
    Open,
    /// A few calls run to probe the service: those that the permit admits while a slot is free.
    HalfOpen,
    /// Calls run and are recorded, but the breaker never trips. Set by `metrics_only()`.
    MetricsOnly,
    /// Calls run unrecorded. Set by `disable()`.
    Disabled,
    /// Calls are rejected until the next command. Set by `force_open()`.
    ForcedOpen,
}

impl State {
    /// All states, in the order of the table above.
    pub const ALL: &'static [Self] =
        &[Self::Closed, Self::Open, Self::HalfOpen, Self::MetricsOnly, Self::Disabled, Self::ForcedOpen];

    /// Returns the name of the state in logs and metrics, such as `half_open`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::MetricsOnly => "metrics_only",
            Self::Disabled => "disabled",
            Self::ForcedOpen => "forced_open",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for State {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for State {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        Self::ALL.iter().copied().find(|state| state.as_str() == name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|state| state.as_str()).collect();
            let known = known.join(", ");
            serde::de::Error::custom(format_args!("`{name}` is not a state of a circuit breaker; write one of {known}"))
        })
    }
}
