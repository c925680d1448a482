use serde::Serialize;

use crate::{breaker::CircuitBreaker, registry, state::State};

/// What a breaker is at, to be serialised: for an admin page, say. From [`snapshot`].
///
/// Durations are in seconds, ratios from 0 to 1. What a breaker is to remember over a restart is another: see
/// [`BreakerSnapshot`](crate::BreakerSnapshot).
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Snapshot};
///
/// let breaker = CircuitBreaker::new("search");
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// let json = serde_json::to_value(Snapshot::of(&breaker))?;
/// assert_eq!((&json["state"], &json["failure_rate"]), (&"closed".into(), &1.0.into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The name of the breaker.
    pub name: String,
    /// What tells it from others of its name: see [`CircuitBreaker::label`].
    pub label: String,
    /// Its state, such as `half_open`.
    #[serde(serialize_with = "as_name")]
    pub state: State,
    /// How long it has been in this state, in seconds.
    pub in_state_for: f64,
    /// Whether it is in shadow mode, in which it rejects nothing.
    pub shadow: bool,
    /// How long until a retry is due, in seconds, if it is open and that is known.
    pub retry_after: Option<f64>,
    /// How many recoveries have failed since it was last closed.
    pub reopens: u64,
    /// How many of the latest recorded calls failed, without a success between them.
    pub consecutive_failures: u64,
    /// How many calls the window holds.
    pub calls: u64,
    /// How many of them failed.
    pub failures: u64,
    /// Failures / calls; `None` while the window is empty.
    pub failure_rate: Option<f64>,
    /// The share of calls that took each threshold of the policy or longer; empty while the window is.
    pub slow_rates: Vec<SlowRate>,
    /// The mean duration of the calls in the window, in seconds, where the policy measures it.
    pub mean_latency: Option<f64>,
    /// How many calls it has rejected since it was made.
    pub rejected: u64,
    /// How many calls it would have rejected in shadow mode since it was made.
    pub would_have_been_rejected: u64,
}

/// The share of calls that took long, in a [`Snapshot`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, ManualClock, Snapshot, trippers::{MinRequests, SlowRate}};
///
/// let clock = ManualClock::new();
/// let tripper = MinRequests(20) & SlowRate(0.5, 2);
/// let breaker = CircuitBreaker::builder("search").tripper(tripper).clock(clock.clone()).build()?;
/// breaker.call(|| Ok::<_, &str>(clock.advance(Duration::from_secs(3)))).unwrap();
/// let [slow] = Snapshot::of(&breaker).slow_rates[..] else { unreachable!() };
/// assert_eq!((slow.threshold, slow.rate), (2.0, 1.0));
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct SlowRate {
    /// How long that is, in seconds.
    pub threshold: f64,
    /// The share of calls that took that long or longer, from 0 to 1.
    pub rate: f64,
}

/// What every breaker of the process is at, in the order in which they were made: the [`registry`](crate::registry()) as
/// an admin page shows it.
///
/// # Examples
///
/// ```
/// use fluxgate::CircuitBreaker;
///
/// let breaker = CircuitBreaker::new("search");
/// breaker.force_open();
/// let page = serde_json::to_string(&fluxgate::snapshot())?;
/// assert!(page.contains(r#""name":"search","label":"search","state":"forced_open""#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[doc(alias("health", "admin", "actuator", "dashboard"))]
pub fn snapshot() -> Vec<Snapshot> {
    registry::listed().map(|breaker| Snapshot::of(&breaker)).collect()
}

impl Snapshot {
    /// What this breaker is at: [`CircuitBreaker::info`], to be serialised.
    pub fn of(breaker: &CircuitBreaker) -> Self {
        let info = breaker.info();
        let slow_rate =
            |(threshold, rate): (std::time::Duration, f64)| SlowRate { threshold: threshold.as_secs_f64(), rate };
        Self {
            name: info.name.to_string(),
            label: breaker.label().to_owned(),
            state: info.state,
            in_state_for: info.in_state_for.as_secs_f64(),
            shadow: info.shadow,
            retry_after: info.retry_after.map(|wait| wait.as_secs_f64()),
            reopens: info.reopens,
            consecutive_failures: info.consecutive_failures,
            calls: info.calls,
            failures: info.failures,
            failure_rate: info.failure_rate,
            slow_rates: info.slow_rates.into_iter().map(slow_rate).collect(),
            mean_latency: info.mean_latency.map(|mean| mean.as_secs_f64()),
            rejected: info.rejected,
            would_have_been_rejected: info.would_have_been_rejected,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn as_name<S: serde::Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}
