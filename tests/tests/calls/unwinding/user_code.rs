//! Panics of what the breaker asks: trackers, trippers, listeners, and errors that are printed.

use std::{cell::Cell, fmt, pin::pin, task::Poll};

use fluxgate::{CircuitBreaker, Error, Signal, State, circuit_breaker, trackers, trippers};
use fluxgate_tests::{
    fixture::{Down, Recorder},
    table::{Comes, Row, breaker_in, check},
};

use super::{poll, rejects, throw, unwinds};

thread_local! {
    /// So that the parts of the policy panic in the row, and not before.
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

fn throw_if_armed() {
    if ARMED.get() {
        throw();
    }
}

fn armed(run: impl FnOnce()) {
    ARMED.set(true);
    run();
    ARMED.set(false);
}

#[test]
fn a_panic_of_the_tracker_or_the_tripper_is_caught_and_the_caller_has_its_answer() {
    let rows = [
        Row {
            name: "on an error",
            run: |breaker, _| {
                armed(|| {
                    let answer = breaker.call(|| Err::<(), _>(Down));
                    assert!(rejects(breaker) || answer == Err(Error::Inner(Down)));
                });
            },
            comes: Comes::Failure,
        },
        Row {
            name: "on an error of a future",
            run: |breaker, _| {
                armed(|| {
                    let answer = poll(&mut pin!(breaker.call_async(async { Err::<(), _>(Down) })));
                    assert!(rejects(breaker) || answer == Poll::Ready(Err(Error::Inner(Down))));
                });
            },
            comes: Comes::Failure,
        },
        Row {
            name: "on an error by hand",
            run: |breaker, _| armed(|| drop(breaker.try_acquire().map(|call| call.record(&Err::<(), _>(Down))))),
            comes: Comes::Failure,
        },
        Row {
            name: "on a success",
            run: |breaker, _| armed(|| assert!(breaker.call(|| Ok::<_, Down>(())).is_ok() || rejects(breaker))),
            comes: Comes::Success,
        },
    ];
    check(&rows, |builder| {
        builder
            .tracker(trackers::Custom(|_: &Down| {
                throw_if_armed();
                true
            }))
            .tripper(
                trippers::FailureStreak(9)
                    | trippers::Custom(|_: &trippers::CallContext| {
                        throw_if_armed();
                        false
                    }),
            )
    });
}

/// An error that panics whenever somebody asks what it says.
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        throw()
    }
}

impl fmt::Debug for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        throw()
    }
}

impl std::error::Error for Unspeakable {}

#[circuit_breaker(breaker, wrap_error)]
fn unspeakable(breaker: &CircuitBreaker) -> Result<(), Unspeakable> {
    Err(Unspeakable)
}

#[test]
fn an_error_that_panics_when_printed_is_never_printed() {
    let rows = [
        Row {
            name: "sync",
            run: |breaker, _| assert!(breaker.call(|| Err::<(), _>(Unspeakable)).is_err()),
            comes: Comes::Failure,
        },
        Row {
            name: "async",
            run: |breaker, _| {
                assert!(poll(&mut pin!(breaker.call_async(async { Err::<(), _>(Unspeakable) }))).is_ready());
            },
            comes: Comes::Failure,
        },
        Row { name: "a function", run: |breaker, _| assert!(unspeakable(breaker).is_err()), comes: Comes::Failure },
        Row {
            name: "one that its caller prints",
            run: |breaker, _| {
                let error = breaker.call(|| Err::<(), _>(Unspeakable)).unwrap_err();
                unwinds(breaker, || error.to_string());
            },
            comes: Comes::Failure,
        },
    ];
    check(&rows, |builder| builder.listener(fluxgate::listeners::LogListener));
}

#[test]
fn a_panic_of_a_listener_is_noticed_by_nobody_in_any_transition() {
    let commands: [fn(&CircuitBreaker); 4] =
        [CircuitBreaker::reset, CircuitBreaker::disable, CircuitBreaker::metrics_only, CircuitBreaker::force_open];
    for &state in State::ALL {
        for shadow in [false, true] {
            for command in commands {
                let recorder = Recorder::default();
                let (breaker, _) = breaker_in(state, shadow, |builder| {
                    builder.listener(|_: &Signal| throw()).listener(recorder.clone())
                });
                command(&breaker);
                let signals = recorder.signals();
                assert!(signals.windows(2).all(|pair| pair[0].new_state() == pair[1].old_state()));
                assert_eq!(signals.last().map_or(state, Signal::new_state), breaker.info().state);
                breaker.reset();
                assert_eq!(breaker.call(|| Ok::<_, Down>(1)), Ok(1));
            }
        }
    }
}
