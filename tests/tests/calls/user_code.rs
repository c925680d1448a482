//! Whatever the user wrote runs without a lock: each part may ask and command the breaker that it serves.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use fluxgate::{
    CircuitBreaker, Signal, State, circuit_breaker,
    permits::{CustomPermit, PermitContext},
    retries::{CustomRetry, RetryContext},
    trackers::{CustomTracker, ErrorView},
    trippers::{CallContext, CustomTripper, FailureStreak},
};
use fluxgate_tests::fixture::{ApiError, Recorder, fail, state, succeed};

/// Every part of a policy at once, asking its own breaker whenever it is asked.
#[derive(Clone, Default)]
struct Curious {
    breaker: Arc<OnceLock<CircuitBreaker>>,
    asked: Arc<AtomicUsize>,
}

impl Curious {
    fn ask(&self) {
        let Some(breaker) = self.breaker.get() else { return };
        self.asked.fetch_add(1, Ordering::SeqCst);
        // Ends only if no lock is held.
        let _ = breaker.info();
        breaker.set_shadow(false);
        assert!(fluxgate::get(breaker.name()).is_some());
        let _ = format!("{breaker:?}");
    }
}

impl CustomTripper for Curious {
    fn holds(&self, context: &CallContext) -> bool {
        self.ask();
        context.consecutive_failures() >= 2
    }
}

impl CustomTracker for Curious {
    fn tracks(&self, _: ErrorView<'_>) -> bool {
        self.ask();
        true
    }
}

impl CustomRetry for Curious {
    fn is_due(&self, _: &RetryContext) -> bool {
        self.ask();
        true
    }
    fn retry_after(&self, _: &RetryContext) -> Option<Duration> {
        self.ask();
        None
    }
}

impl CustomPermit for Curious {
    fn admits(&self, _: &PermitContext) -> bool {
        self.ask();
        true
    }
    fn is_final(&self, _: &PermitContext) -> bool {
        self.ask();
        true
    }
}

fn curious() -> (CircuitBreaker, Curious) {
    let part = Curious::default();
    let listener = part.clone();
    let breaker = CircuitBreaker::builder("curious")
        .tripper(part.clone())
        .tracker(part.clone())
        .retry(part.clone())
        .permit(part.clone())
        .listener(move |_: &Signal| listener.ask())
        .build()
        .unwrap();
    part.breaker.set(breaker.clone()).unwrap();
    (breaker, part)
}

#[test]
fn every_part_of_a_policy_may_ask_its_own_breaker() {
    let (breaker, part) = curious();
    fail(&breaker); // tracker, tripper
    fail(&breaker); // and the listener
    assert_eq!((state(&breaker), part.asked.load(Ordering::SeqCst)), (State::Open, 5));
    succeed(&breaker); // retry, listener, permit, tripper, permit, listener
    assert_eq!((state(&breaker), part.asked.load(Ordering::SeqCst)), (State::Closed, 11));
}

#[test]
fn every_part_of_a_policy_may_ask_its_own_breaker_from_many_threads() {
    let (breaker, _) = curious();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for call in 0..300 {
                    if call % 3 == 0 {
                        succeed(&breaker)
                    } else {
                        fail(&breaker)
                    };
                }
            });
        }
    });
    assert_eq!(breaker.info().probes_in_flight, 0);
}

/// Asks the breaker while it is printed and when it is dropped.
struct Nosy(CircuitBreaker);

impl std::fmt::Display for Nosy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.0.info().calls)
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.0.reset();
    }
}

#[test]
fn a_call_its_error_and_its_fallback_may_use_the_breaker_too() {
    let breaker = CircuitBreaker::builder("nosy").tripper(FailureStreak(1)).build().unwrap();
    let nested = || breaker.call(|| Ok::<_, ()>(breaker.info().calls)).map_err(|_| Nosy(breaker.clone()));
    let outer = breaker.call_with_fallback(
        || {
            nested()?;
            Err(Nosy(breaker.clone()))
        },
        |error| {
            assert_eq!(error.to_string(), "0", "opened, and cleared");
            breaker.disable();
            Ok(9)
        },
    );
    assert_eq!((outer.ok(), state(&breaker)), (Some(9), State::Closed), "reset by the drop of the error");
}

#[circuit_breaker(breaker, failed_if = |calls| *calls == breaker.info().calls)]
fn judged_by_its_breaker(breaker: &CircuitBreaker, calls: u64) -> Result<u64, ApiError> {
    Ok(calls)
}

#[test]
fn a_predicate_on_the_value_may_ask_the_breaker() {
    let breaker = CircuitBreaker::builder("predicate").tripper(FailureStreak(9)).build().unwrap();
    assert_eq!(judged_by_its_breaker(&breaker, 0), Ok(0));
    assert_eq!(judged_by_its_breaker(&breaker, 0), Ok(0));
    let info = breaker.info();
    assert_eq!((info.calls, info.failures), (2, 1));
}

#[test]
fn two_breakers_may_command_each_other_from_two_threads() {
    let links: [Arc<OnceLock<CircuitBreaker>>; 2] = Default::default();
    let recorders = [Recorder::default(), Recorder::default()];
    let make = |other: usize| {
        let link = Arc::clone(&links[other]);
        CircuitBreaker::builder("abba")
            .listener(move |signal: &Signal| {
                if signal.new_state() == State::ForcedOpen {
                    link.get().unwrap().reset();
                }
            })
            .listener(recorders[1 - other].clone())
            .build()
            .unwrap()
    };
    let breakers = [make(1), make(0)];
    for (link, breaker) in links.iter().zip(&breakers) {
        link.set(breaker.clone()).unwrap();
    }
    thread::scope(|scope| {
        for breaker in &breakers {
            scope.spawn(move || (0..1_000).for_each(|_| breaker.force_open()));
        }
    });
    // A thread may still be announcing transitions of one, whose listener resets the other.
    for _ in 0..2 {
        breakers.iter().zip(&recorders).for_each(|(breaker, recorder)| recorder.catch_up(breaker));
    }
    for (breaker, recorder) in breakers.iter().zip(&recorders) {
        let signals = recorder.signals();
        assert!(signals.windows(2).all(|pair| pair[0].new_state() == pair[1].old_state()));
        assert_eq!(signals.last().unwrap().new_state(), state(breaker));
    }
}
