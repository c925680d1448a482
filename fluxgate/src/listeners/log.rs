use tracing::Level;

use super::Listener;
use crate::{
    events::{policy_change::PolicyChange, signal::Signal},
    state::State,
};

/// Tells of transitions as `tracing` events with the target `fluxgate`.
///
/// The fields are `breaker`, `from`, `to`, `reason`, `calls`, `failure_rate`, `retry_after` (seconds) and `shadow`. The
/// figures are those of the window by which the transition was decided; what is not known is left out. A breaker whose
/// name others have too shows its `label` as well. The level is WARN for `open` and `forced_open`, INFO otherwise,
/// unless [`level`](Self::level) says something else.
///
/// A new policy is told at INFO, with the fields `breaker`, `label` where it has one, `old_policy` and `new_policy`.
///
/// An application that logs through the `log` crate sees the same as records, with the fields in their text, if it
/// enables a feature of `tracing` and installs no `tracing` subscriber:
///
/// ```toml
/// tracing = { version = "0.1", features = ["log"] }
/// ```
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, listeners::LogListener};
///
/// let breaker = CircuitBreaker::builder("payment_api").listener(LogListener).build()?;
/// let loud = LogListener.level(State::Open, tracing::Level::ERROR);
/// let other = CircuitBreaker::builder("inventory").listener(loud).build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("tracing", "logger", "logging"))]
#[derive(Clone, Copy, Debug)]
pub struct LogListener {
    /// In the order of [`State::ALL`].
    levels: [Level; 6],
}

/// The [`LogListener`](struct@LogListener) with its usual levels: WARN for `open` and `forced_open`, INFO otherwise.
#[allow(non_upper_case_globals, reason = "reads as the listener that it is")]
pub const LogListener: LogListener =
    LogListener { levels: [Level::INFO, Level::WARN, Level::INFO, Level::INFO, Level::INFO, Level::WARN] };

impl LogListener {
    /// Sets the level of transitions to `state`.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, State, listeners::LogListener};
    /// use tracing::Level;
    ///
    /// let quiet = LogListener.level(State::HalfOpen, Level::DEBUG).level(State::Closed, Level::DEBUG);
    /// let breaker = CircuitBreaker::builder("search").listener(quiet).build()?;
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[must_use]
    pub fn level(mut self, state: State, level: Level) -> Self {
        self.levels[state as usize] = level;
        self
    }
}

impl Default for LogListener {
    fn default() -> Self {
        LogListener
    }
}

impl Listener for LogListener {
    fn on_transition(&self, signal: &Signal) {
        // A level is part of an event's static description, so there is one event a level.
        macro_rules! event {
            ($level:expr) => {
                tracing::event!(
                    target: "fluxgate",
                    $level,
                    breaker = signal.breaker(),
                    label = (signal.label() != signal.breaker()).then_some(signal.label()),
                    from = signal.old_state().as_str(),
                    to = signal.new_state().as_str(),
                    reason = %signal.reason(),
                    calls = signal.metrics().calls(),
                    failure_rate = signal.metrics().failure_rate(),
                    retry_after = signal.retry_after().map(|wait| wait.as_secs_f64()),
                    shadow = signal.shadow(),
                    "circuit breaker changed its state"
                )
            };
        }
        match self.levels[signal.new_state() as usize] {
            Level::ERROR => event!(Level::ERROR),
            Level::WARN => event!(Level::WARN),
            Level::INFO => event!(Level::INFO),
            Level::DEBUG => event!(Level::DEBUG),
            Level::TRACE => event!(Level::TRACE),
        }
    }

    fn on_policy_change(&self, change: &PolicyChange) {
        tracing::info!(
            target: "fluxgate",
            breaker = change.breaker(),
            label = (change.label() != change.breaker()).then_some(change.label()),
            old_policy = %change.old_policy(),
            new_policy = %change.new_policy(),
            "circuit breaker goes by a new policy"
        );
    }
}
