//! Breakers on a manual clock.

use std::sync::Arc;

use fluxgate::{Builder, CircuitBreaker, ManualClock, PolicyChange, Signal, State, Tripper};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// An error of a failing service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Down;

impl std::fmt::Display for Down {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the service is down")
    }
}

impl std::error::Error for Down {}

/// One second.
pub const SECOND: Duration = Duration::from_secs(1);

/// A breaker with this tripper and further settings, on a manual clock that stands at zero.
pub fn breaker_with(tripper: &str, settings: impl FnOnce(Builder) -> Builder) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let tripper: Tripper = tripper.parse().expect("a valid tripper");
    let builder = CircuitBreaker::builder("test").tripper(tripper).clock(clock.clone()).random_seed(1);
    (settings(builder).build().expect("a valid policy"), clock)
}

/// A breaker with this tripper, on a manual clock that stands at zero.
pub fn breaker(tripper: &str) -> (CircuitBreaker, ManualClock) {
    breaker_with(tripper, |builder| builder)
}

/// A call that succeeds. `false` if it was rejected.
pub fn succeed(breaker: &CircuitBreaker) -> bool {
    breaker.call(|| Ok::<_, Down>(())).is_ok()
}

/// A call that fails. `false` if it was rejected.
pub fn fail(breaker: &CircuitBreaker) -> bool {
    !matches!(breaker.call(|| Err::<(), _>(Down)), Err(fluxgate::Error::NotPermitted(_)))
}

/// The state of a breaker.
pub fn state(breaker: &CircuitBreaker) -> State {
    breaker.info().state
}

/// Keeps what a breaker announces.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Heard>);

#[derive(Default)]
struct Heard {
    signals: Mutex<Vec<Signal>>,
    policy_changes: Mutex<usize>,
    more: Condvar,
}

impl Recorder {
    /// All signals so far.
    pub fn signals(&self) -> Vec<Signal> {
        self.0.signals.lock().expect("no listener panics").clone()
    }

    /// The signals so far but the first `known`.
    pub fn signals_from(&self, known: usize) -> Vec<Signal> {
        self.0.signals.lock().expect("no listener panics")[known..].to_vec()
    }

    /// Waits until all transitions of the breaker so far have been announced: a thread may announce them that many threads
    /// have caused.
    pub fn catch_up(&self, breaker: &CircuitBreaker) {
        loop {
            let signals = self.signals().len();
            // A change of the policy is announced in order with the transitions, and changes nothing if it is the same.
            let changes = *self.0.policy_changes.lock().expect("no listener panics");
            breaker.set_policy(breaker.policy()).expect("it has this policy already");
            self.wait(&self.0.policy_changes, |heard| *heard > changes);
            // Listeners may have caused transitions meanwhile.
            if self.signals().len() == signals {
                return;
            }
        }
    }

    /// Waits for so many signals.
    pub fn wait_for(&self, signals: usize) {
        self.wait(&self.0.signals, |heard| heard.len() >= signals);
    }

    fn wait<T>(&self, what: &Mutex<T>, until: impl Fn(&T) -> bool) {
        let (heard, long) = (what.lock().expect("no listener panics"), Duration::from_secs(120));
        let waited = self.0.more.wait_timeout_while(heard, long, |heard| !until(heard)).expect("no listener panics");
        assert!(!waited.1.timed_out(), "nothing is announced any more");
    }

    /// The states that were entered so far.
    pub fn states(&self) -> Vec<State> {
        self.signals().iter().map(Signal::new_state).collect()
    }
}

impl fluxgate::Listener for Recorder {
    fn on_transition(&self, signal: &Signal) {
        self.0.signals.lock().expect("no listener panics").push(signal.clone());
        self.0.more.notify_all();
    }

    fn on_policy_change(&self, _: &PolicyChange) {
        *self.0.policy_changes.lock().expect("no listener panics") += 1;
        self.0.more.notify_all();
    }
}

/// The error of a guarded function that knows how to be rejected and timed out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ApiError {
    /// The breaker rejected the call.
    Rejected(fluxgate::CallNotPermitted),
    /// The call took too long.
    TimedOut(fluxgate::CallTimedOut),
    /// The service answered with this status.
    Status(u16),
}

impl From<fluxgate::CallNotPermitted> for ApiError {
    fn from(rejection: fluxgate::CallNotPermitted) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<fluxgate::CallTimedOut> for ApiError {
    fn from(time_out: fluxgate::CallTimedOut) -> Self {
        Self::TimedOut(time_out)
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self:?}")
    }
}

impl std::error::Error for ApiError {}

/// The calls and failures that the window of a declared breaker holds.
pub fn counts(name: &str) -> (u64, u64) {
    let info = declared(name).info();
    (info.calls, info.failures)
}

/// A declared breaker by its name.
pub fn declared(name: &str) -> CircuitBreaker {
    fluxgate::get(name).unwrap_or_else(|| panic!("a breaker `{name}` is declared"))
}
