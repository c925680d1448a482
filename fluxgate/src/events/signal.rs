//! Transitions for listeners.

use std::time::{Duration, SystemTime};

#[cfg(feature = "serde")]
use crate::time::serialized;
use crate::{machine::reason::Reason, name::Name, policy::windows::metrics::Metrics, state::State};

/// A transition of a breaker, as [listeners](crate::Listener::on_transition) receive it.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use fluxgate::{CircuitBreaker, Signal, State, trippers::{FailureRate, MinRequests}};
///
/// let (sender, signals) = mpsc::channel();
/// let breaker = CircuitBreaker::builder("search")
///     .tripper(MinRequests(2) & FailureRate(0.5))
///     .listener(move |signal: &Signal| drop(sender.send(signal.clone())))
///     .build()?;
/// let _ = breaker.call(|| Ok::<_, &str>(()));
/// let _ = breaker.call(|| Err::<(), _>("down"));
///
/// let signal = signals.recv().unwrap();
/// assert_eq!(signal.breaker(), "search");
/// assert_eq!((signal.old_state(), signal.new_state()), (State::Closed, State::Open));
/// let reason = signal.reason().to_string();
/// assert_eq!(reason, "FailureRate(0.5): 1 of the last 2 calls failed");
/// assert_eq!(signal.metrics().failure_rate(), Some(0.5));
/// assert!(signal.retry_after().is_some() && !signal.shadow());
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("event", "state_transition", "on_state_change"))]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Signal {
    pub(crate) breaker: Name,
    pub(crate) label: Name,
    pub(crate) old_state: State,
    pub(crate) new_state: State,
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::unix_millis"))]
    pub(crate) at: SystemTime,
    pub(crate) reopens: u64,
    pub(crate) metrics: Metrics,
    pub(crate) reason: Reason,
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::optional_seconds"))]
    pub(crate) retry_after: Option<Duration>,
    pub(crate) shadow: bool,
}

impl Signal {
    /// Creates a signal at the current time with empty metrics, for tests of custom listeners.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use fluxgate::{Evidence, Listener, Metrics, Reason, Signal, State, Tripped};
    ///
    /// struct Pager(mpsc::Sender<String>);
    ///
    /// impl Listener for Pager {
    ///     fn on_transition(&self, signal: &Signal) {
    ///         let _ = self.0.send(format!("{}: {}", signal.breaker(), signal.reason()));
    ///     }
    /// }
    ///
    /// let (sender, pages) = mpsc::channel();
    /// let evidence = Evidence::new("FailureStreak(5)", "5 failures in a row");
    /// let reason = Reason::Tripped(Tripped::new([evidence]));
    /// let signal = Signal::new("search", State::Closed, State::Open, reason)
    ///     .with_metrics(Metrics::new(20, 5));
    /// Pager(sender).on_transition(&signal);
    /// assert_eq!(pages.recv().unwrap(), "search: FailureStreak(5): 5 failures in a row");
    /// ```
    pub fn new(breaker: impl Into<Name>, old_state: State, new_state: State, reason: Reason) -> Self {
        let breaker = breaker.into();
        Self {
            label: breaker.clone(),
            breaker,
            old_state,
            new_state,
            at: SystemTime::now(),
            reopens: 0,
            metrics: Metrics::default(),
            reason,
            retry_after: None,
            shadow: false,
        }
    }

    /// Sets the wall time of the transition. The default is the current time.
    #[must_use]
    pub fn with_at(self, at: SystemTime) -> Self {
        Self { at, ..self }
    }

    /// Sets the number of failed recoveries. The default is 0.
    #[must_use]
    pub fn with_reopens(self, reopens: u64) -> Self {
        Self { reopens, ..self }
    }

    /// Sets the metrics of the window. The default is an empty window.
    #[must_use]
    pub fn with_metrics(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Sets the time until the retry. The default is `None`.
    #[must_use]
    pub fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// Sets whether the breaker is in shadow mode. The default is `false`.
    #[must_use]
    pub fn with_shadow(self, shadow: bool) -> Self {
        Self { shadow, ..self }
    }

    /// Returns the name of the breaker.
    pub fn breaker(&self) -> &str {
        self.breaker.as_str()
    }

    /// Returns the unique [label](crate::CircuitBreaker::label) of the breaker.
    pub fn label(&self) -> &str {
        self.label.as_str()
    }

    /// Returns the state before the transition.
    pub fn old_state(&self) -> State {
        self.old_state
    }

    /// Returns the state after the transition.
    pub fn new_state(&self) -> State {
        self.new_state
    }

    /// Returns the wall time of the transition, by the breaker's [`Clock`](crate::Clock::wall_time).
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// Returns the number of failed recoveries since the breaker was last closed, including this transition.
    pub fn reopens(&self) -> u64 {
        self.reopens
    }

    /// Returns the metrics of the window at the time of the transition, which has cleared the window.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns the reason of the transition.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Returns the time from the transition until the retry is due, if the new state is `open`.
    ///
    /// `None` if the time is not known: for `Never`, and for a custom retry unless the service has sent a `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Returns whether the breaker is in shadow mode, in which it rejects nothing.
    pub fn shadow(&self) -> bool {
        self.shadow
    }
}
