//! Breakers on a manual clock.

use std::sync::Arc;

use fluxgate::{Builder, CircuitBreaker, ManualClock, Signal, State, Tripper};
use std::sync::Mutex;
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
pub struct Recorder(Arc<Mutex<Vec<Signal>>>);

impl Recorder {
    /// All signals so far.
    pub fn signals(&self) -> Vec<Signal> {
        self.0.lock().expect("no listener panics").clone()
    }

    /// The signals so far but the first `known`.
    pub fn signals_from(&self, known: usize) -> Vec<Signal> {
        self.0.lock().expect("no listener panics")[known..].to_vec()
    }

    /// The states that were entered so far.
    pub fn states(&self) -> Vec<State> {
        self.signals().iter().map(Signal::new_state).collect()
    }
}

impl fluxgate::Listener for Recorder {
    fn on_transition(&self, signal: &Signal) {
        self.0.lock().expect("no listener panics").push(signal.clone());
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
