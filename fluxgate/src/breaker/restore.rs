//! The state of a breaker across restarts of its program.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::{
    breaker::CircuitBreaker,
    machine::{Opening, reason::Reason},
    state::State,
    time::nanos::Nanos,
};

/// What a breaker remembers over a restart of its program, from [`CircuitBreaker::saved_state`]: to be written to a file or
/// a store, in any self-describing format such as JSON, TOML or YAML.
///
/// Its fields, as they are written:
///
/// | field | |
/// |---|---|
/// | `version` | of this format |
/// | `name` | of the breaker |
/// | `label` | what tells it from others of its name, or its set from others of that name |
/// | `key` | its key, if it is of a set |
/// | `state` | such as `open` |
/// | `since` | when that began |
/// | `reopens`, `consecutive_failures` | as in [`Info`](crate::Info) |
/// | `retry_at` | when the retry of an open breaker is due. For whoever reads it: [`restore`](CircuitBreaker::restore) goes by the policy |
/// | `delayed_until` | until when the service has asked an open breaker to leave it alone |
/// | `draw` | the chance of an open breaker's jitter, from 0 to 1 |
///
/// Times are milliseconds since the Unix epoch; what is not known is left out.
///
/// The [guide](crate::guide::runtime_changes) says more of restarts.
///
/// # Examples
///
/// A single breaker that the program keeps by itself. For all breakers of a program there are [`save`](crate::save()) and
/// [`restore`](crate::restore()).
///
/// ```
/// use fluxgate::{SavedState, CircuitBreaker, State};
///
/// let breaker = CircuitBreaker::new("search");
/// breaker.force_open();
/// let text = serde_json::to_string(&breaker.saved_state())?;
///
/// let saved: SavedState = serde_json::from_str(&text)?;
/// assert_eq!((saved.name(), saved.state()), ("search", State::ForcedOpen));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("persist", "serialize", "save"))]
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SavedState {
    version: u32,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    state: State,
    since: u64,
    #[serde(default)]
    reopens: u64,
    #[serde(default)]
    consecutive_failures: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delayed_until: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    draw: Option<f64>,
}

impl SavedState {
    /// Returns what [`CircuitBreaker::identity`] was when it was taken.
    pub(crate) fn identity(&self) -> (String, Option<String>) {
        (self.label().to_owned(), self.key.clone())
    }

    /// Of the format above.
    pub(crate) const VERSION: u32 = 1;

    /// The name of the breaker that it was taken of.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What told the breaker from others of its name, as [`CircuitBreaker::label`]. Of a breaker in a set, what told the set
    /// from others of that name.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }

    /// The key of the breaker in its set, as it is displayed.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The state that the breaker was in.
    pub fn state(&self) -> State {
        self.state
    }
}

/// The error of a saved state that can't be restored. The breaker has not changed.
///
/// # Examples
///
/// ```
/// use fluxgate::{SavedState, CircuitBreaker, RestoreError};
///
/// // What a later version of the library has left behind.
/// let text = r#"{ "version": 9, "name": "search", "state": "open", "since": 0 }"#;
/// let saved: SavedState = serde_json::from_str(text)?;
/// let error = CircuitBreaker::new("search").restore(&saved).unwrap_err();
/// assert_eq!(error, RestoreError::UnknownVersion(9));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RestoreError {
    /// It is of a version of the format that this version of the library does not know.
    UnknownVersion(u32),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::UnknownVersion(version) = self;
        let known = SavedState::VERSION;
        write!(formatter, "a saved state of version {version} can't be restored; only version {known} is known")
    }
}

impl std::error::Error for RestoreError {}

impl CircuitBreaker {
    /// Returns what the breaker is known by over a restart: its label, or that of its set and its key, which the breaker
    /// that new keys share has not.
    pub(crate) fn identity(&self) -> (String, Option<String>) {
        #[cfg(feature = "keyed")]
        if let Some(membership) = self.shared.place.membership() {
            return membership.identity();
        }
        (self.label().to_owned(), None)
    }

    /// What is to be known of the breaker after a restart: its state, since when, `reopens`, the failures in a row and,
    /// of an open one, when its retry is due. The window, calls in flight and shadow mode are not in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{SavedState, CircuitBreaker, State};
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// breaker.force_open();
    /// let text = serde_json::to_string(&breaker.saved_state())?;
    ///
    /// // After the restart.
    /// let breaker = CircuitBreaker::new("search");
    /// breaker.restore(&serde_json::from_str::<SavedState>(&text)?)?;
    /// assert_eq!(breaker.info().state, State::ForcedOpen);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn saved_state(&self) -> SavedState {
        let mut core = self.shared.core.lock();
        // A success that a thread has counted ends a streak of failures.
        self.take_successes(&mut core);
        let machine = &core.machine;
        let now = self.now();
        let wall = Wall { time: self.shared.clock.wall_time(), clock: now };
        let (label, key) = self.identity();
        // A policy file sets such a state again, if it still names it.
        let state = if core.state_is_configured { State::Closed } else { machine.state };
        let is_open = state == State::Open;
        let later = |at: Nanos| (is_open && at != Nanos::NEVER && at != Nanos(0)).then(|| wall.at(at));
        SavedState {
            version: SavedState::VERSION,
            name: self.name().to_owned(),
            label: Some(label),
            key,
            state,
            since: wall.before(machine.lasted(now)),
            reopens: machine.reopens,
            consecutive_failures: machine.consecutive_failures,
            retry_at: later(machine.due),
            delayed_until: later(machine.delayed_until),
            draw: machine.draw.filter(|_| is_open),
        }
    }

    /// Continues where a breaker was when its state was saved.
    ///
    /// - `open`: it waits by its own retry, from when it opened by wall time: what the restart took has passed. It
    ///   never waits for longer than the retry says, or than `honour_retry_after` allows, from now on, whatever the
    ///   clock was set to: an opening in the future begins now.
    /// - `half_open`: the probes are gone, so it is open, with its retry due.
    /// - `closed`: like a new breaker, without a streak of failures.
    /// - `metrics_only`, `disabled` and `forced_open`: as it was.
    ///
    /// A breaker whose state a policy file sets stays in that state.
    ///
    /// The window begins anew, in which nothing is judged by calls of long ago, and calls in flight count no more, as
    /// after any transition. Listeners are told if the state is another, with [`Reason::Restored`]. The policy, shadow
    /// mode and the name are the breaker's own: the state of another breaker can be restored, which is for whoever
    /// reads it to look at.
    ///
    /// # Errors
    ///
    /// [`RestoreError`] if the saved state is of an unknown version. Then nothing has changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::{CircuitBreaker, ManualClock, State, retries::Cooldown, trippers::FailureStreak};
    ///
    /// let clock = ManualClock::new();
    /// let search = || {
    ///     let builder = CircuitBreaker::builder("search").tripper(FailureStreak(1)).retry(Cooldown(30));
    ///     builder.clock(clock.clone()).build()
    /// };
    /// let before = search()?;
    /// let _ = before.call(|| Err::<(), _>("down"));
    /// let saved = before.saved_state();
    ///
    /// clock.advance(Duration::from_secs(10)); // a restart
    /// let after = search()?;
    /// after.restore(&saved)?;
    /// assert_eq!(after.info().state, State::Open);
    /// assert_eq!(after.info().retry_after, Some(Duration::from_secs(20)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn restore(&self, saved: &SavedState) -> Result<(), RestoreError> {
        self.restore_untold(saved)?;
        self.tell();
        Ok(())
    }

    /// The same, without serving the listeners.
    pub(crate) fn restore_untold(&self, saved: &SavedState) -> Result<(), RestoreError> {
        if saved.version != SavedState::VERSION {
            return Err(RestoreError::UnknownVersion(saved.version));
        }
        let mut core = self.shared.core.lock();
        let now = self.now();
        let wall = Wall { time: self.shared.clock.wall_time(), clock: now };
        if core.state_is_configured {
            return Ok(());
        }
        self.take_successes(&mut core);
        let to = if saved.state == State::HalfOpen { State::Open } else { saved.state };
        let opening = Opening {
            lasted: wall.since(saved.since),
            draw: saved.draw.filter(|draw| (0.0..1.0).contains(draw)),
            delayed_for: saved.delayed_until.map_or(Nanos(0), |until| wall.until(until)),
            is_due: saved.state == State::HalfOpen,
        };
        self.change_state(&mut core, now, Reason::Restored, |machine, rules, random| {
            let left = machine.enter(to, now, &rules.retry, random);
            if to != State::Closed {
                // A closed breaker begins like a new one: failures of days ago say nothing of the service now.
                machine.reopens = saved.reopens;
                machine.consecutive_failures = saved.consecutive_failures;
            }
            let heeds = rules.honoured.as_ref().map(|honoured| honoured.limit);
            machine.resume(&opening, now, &rules.retry, heeds);
            left
        });
        Ok(())
    }
}

/// Both times at one moment.
struct Wall {
    time: SystemTime,
    clock: Nanos,
}

const PER_MILLISECOND: u64 = 1_000_000;

impl Wall {
    /// Nanoseconds since the epoch.
    fn now(&self) -> u128 {
        self.time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos()
    }

    /// Rounded up, so that no wait becomes shorter.
    fn milliseconds(nanos: u128) -> u64 {
        u64::try_from(nanos.div_ceil(PER_MILLISECOND.into())).unwrap_or(u64::MAX)
    }

    fn before(&self, span: Nanos) -> u64 {
        Self::milliseconds(self.now().saturating_sub(span.0.into()))
    }

    fn at(&self, clock: Nanos) -> u64 {
        Self::milliseconds((self.now() + u128::from(clock.0)).saturating_sub(self.clock.0.into()))
    }

    /// How long ago that was; no time if it is to come.
    fn since(&self, milliseconds: u64) -> Nanos {
        let then = u128::from(milliseconds) * u128::from(PER_MILLISECOND);
        Nanos(u64::try_from(self.now().saturating_sub(then)).unwrap_or(u64::MAX))
    }

    /// How long that is from now; no time if it has been.
    fn until(&self, milliseconds: u64) -> Nanos {
        let then = u128::from(milliseconds) * u128::from(PER_MILLISECOND);
        Nanos(u64::try_from(then.saturating_sub(self.now())).unwrap_or(u64::MAX))
    }
}
