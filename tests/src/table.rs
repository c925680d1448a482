//! Ways for a call to end, each tried in every state of a breaker, in shadow mode and out of it.

use std::time::Duration;

use fluxgate::{Builder, CircuitBreaker, ManualClock, State, permits::RampUp, retries::Cooldown};

use crate::fixture::{SECOND, breaker_with, fail};

/// A way for one call to end.
pub struct Row {
    /// What failures are reported under.
    pub name: &'static str,
    /// Makes the call, and ends it.
    pub run: fn(&CircuitBreaker, &ManualClock),
    /// What the breaker is to make of it, where it admits and records calls.
    pub comes: Comes,
}

/// What comes of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comes {
    /// It never began: not even a rejection is counted.
    Nothing,
    /// It began, and is not in the window.
    Ignored,
    /// It is in the window.
    Success,
    /// It is in the window as a failure.
    Failure,
}

/// A breaker in this state, which neither opens nor closes by a call or two.
pub fn breaker_in(
    state: State,
    shadow: bool,
    settings: impl FnOnce(Builder) -> Builder,
) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = breaker_with("FailureStreak(9)", |builder| {
        let builder = builder.permit(RampUp(1.0, 1.0, 3_600.0)).retry(Cooldown(60)).max_half_open_calls(1);
        settings(builder)
    });
    match state {
        State::Closed => {}
        State::MetricsOnly => breaker.metrics_only(),
        State::Disabled => breaker.disable(),
        State::ForcedOpen => breaker.force_open(),
        State::Open | State::HalfOpen => (0..9).for_each(|_| assert!(fail(&breaker))),
    }
    if state == State::HalfOpen {
        clock.advance(60 * SECOND);
        breaker.try_acquire().expect("the first probe").ignored();
    }
    breaker.set_shadow(shadow);
    assert_eq!(breaker.info().state, state);
    (breaker, clock)
}

/// Tries every row in every state, and that the breaker is as good as before.
pub fn check(rows: &[Row], settings: fn(Builder) -> Builder) {
    for row in rows {
        for &state in State::ALL {
            for shadow in [false, true] {
                let (breaker, clock) = breaker_in(state, shadow, settings);
                (row.run)(&breaker, &clock);
                let place = format!("{} while {state}{}", row.name, if shadow { " in shadow mode" } else { "" });
                assert_came(&breaker, state, row.comes, &place);
                assert_as_good_as_before(&breaker, &place);
            }
        }
    }
}

fn assert_came(breaker: &CircuitBreaker, state: State, comes: Comes, place: &str) {
    let info = breaker.info();
    let (records, rejects) = (
        matches!(state, State::Closed | State::MetricsOnly | State::HalfOpen),
        matches!(state, State::Open | State::ForcedOpen),
    );
    let expected = match comes {
        Comes::Failure if records => (1, 1),
        Comes::Success if records => (1, 0),
        _ => (0, 0),
    };
    assert_eq!((info.calls, info.failures), expected, "{place}");
    let turned_away = u64::from(rejects && comes != Comes::Nothing);
    let counts = (info.rejected, info.would_have_been_rejected);
    assert_eq!(counts, if info.shadow { (0, turned_away) } else { (turned_away, 0) }, "{place}");
    assert_eq!((info.state, info.probes_in_flight, info.reopens), (state, 0, 0), "{place}");
}

fn assert_as_good_as_before(breaker: &CircuitBreaker, place: &str) {
    let (info, admitted) = (breaker.info(), breaker.try_acquire().map(fluxgate::Call::success));
    let rejects = matches!(info.state, State::Open | State::ForcedOpen) && !info.shadow;
    assert_eq!(admitted.is_err(), rejects, "{place}");
    breaker.reset();
    assert_eq!(breaker.call(|| Ok::<_, ()>(7)), Ok(7), "{place}");
    assert_eq!((breaker.info().state, breaker.info().calls), (State::Closed, 1), "{place}");
}

/// Longer than a call may wait before its caller's patience is a failure.
pub const LONG: Duration = Duration::from_secs(2);
