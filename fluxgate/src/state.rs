use std::fmt;

/// The state of a breaker.
///
/// | state | a call is | outcomes are recorded | leaves by itself |
/// |---|---|---|---|
/// | `closed` | admitted | yes | to `open`, when the tripper holds |
/// | `open` | rejected | – | to `half_open`, on the first call for which the retry says so |
/// | `half_open` | admitted if the permit says so and there is room for a probe | yes | to `open` if the tripper holds, to `closed` on a success with the permit at its final ratio; to either if [`MaxFailedProbes`](crate::MaxFailedProbes) is reached |
/// | `metrics_only` | admitted | yes | never |
/// | `disabled` | admitted | no | never |
/// | `forced_open` | rejected | – | never |
///
/// Commands lead from any of them to `closed`, `metrics_only`, `disabled` or `forced_open`:
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
    /// Calls go through, and are judged.
    Closed,
    /// Calls are rejected until a retry is due.
    Open,
    /// A few calls go through, to probe the service: those that the permit admits, as long as there is room.
    HalfOpen,
    /// Calls go through and are recorded, but nothing trips: by `metrics_only()`.
    MetricsOnly,
    /// Calls go through unrecorded: by `disable()`.
    Disabled,
    /// Calls are rejected until a command says otherwise: by `force_open()`.
    ForcedOpen,
}

impl State {
    /// All states, in the order of the table above.
    pub const ALL: &'static [Self] =
        &[Self::Closed, Self::Open, Self::HalfOpen, Self::MetricsOnly, Self::Disabled, Self::ForcedOpen];

    /// Its name in logs and metrics, such as `half_open`.
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
