//! Panics of every part that a user may write, in every state: what unwinds is the user's own, and nothing else breaks.

mod user_code;

use std::{
    future::{Future, pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use fluxgate::{CircuitBreaker, State, circuit_breaker};
use fluxgate_tests::{
    fixture::{ApiError, Down},
    table::{Comes, Row, check},
};

/// What every panic here throws, so that it can be told from another.
#[derive(PartialEq, Debug)]
struct Thrown(u32);

fn throw() -> ! {
    panic_any(Thrown(7))
}

/// Whether the code unwound, with the very payload; else the breaker must have kept the code from running.
fn unwinds<R>(breaker: &CircuitBreaker, code: impl FnOnce() -> R) {
    match catch_unwind(AssertUnwindSafe(code)) {
        Err(payload) => assert_eq!(payload.downcast_ref(), Some(&Thrown(7))),
        Ok(_) => assert!(rejects(breaker), "nothing unwound"),
    }
}

fn rejects(breaker: &CircuitBreaker) -> bool {
    matches!(breaker.info().state, State::Open | State::ForcedOpen) && !breaker.info().shadow
}

fn poll<F: Future + ?Sized>(future: &mut Pin<&mut F>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[circuit_breaker(breaker)]
fn guarded(breaker: &CircuitBreaker) -> Result<(), ApiError> {
    throw()
}

#[circuit_breaker(breaker)]
async fn guarded_async(breaker: &CircuitBreaker) -> Result<(), ApiError> {
    throw()
}

#[circuit_breaker(breaker, failed_if = |(): &()| throw())]
fn with_a_predicate(breaker: &CircuitBreaker) -> Result<(), ApiError> {
    Ok(())
}

#[circuit_breaker(breaker, failed_if = |(): &()| throw())]
async fn with_a_predicate_async(breaker: &CircuitBreaker) -> Result<(), ApiError> {
    Ok(())
}

#[circuit_breaker(breaker, fallback = |_| throw())]
fn with_a_fallback(breaker: &CircuitBreaker) -> Result<(), ApiError> {
    Err(ApiError::Status(500))
}

#[circuit_breaker(breaker, fallback = |_| throw())]
async fn with_a_fallback_async(breaker: &CircuitBreaker) -> Result<(), ApiError> {
    Err(ApiError::Status(500))
}

#[test]
fn a_panic_of_the_call_is_a_failure() {
    let rows = [
        Row {
            name: "a sync call",
            run: |breaker, _| unwinds(breaker, || breaker.call(|| -> Result<(), Down> { throw() })),
            comes: Comes::Failure,
        },
        Row {
            name: "a future at its first poll",
            run: |breaker, _| {
                let mut call = pin!(breaker.call_async(poll_fn(|_| -> Poll<Result<(), Down>> { throw() })));
                unwinds(breaker, || poll(&mut call));
            },
            comes: Comes::Failure,
        },
        Row {
            name: "a future at its second poll",
            run: |breaker, _| {
                let mut polled = false;
                let work = poll_fn(move |_| -> Poll<Result<(), Down>> {
                    if std::mem::replace(&mut polled, true) {
                        throw()
                    }
                    Poll::Pending
                });
                let mut call = pin!(breaker.call_async(work));
                if poll(&mut call).is_pending() {
                    unwinds(breaker, || poll(&mut call));
                }
            },
            comes: Comes::Failure,
        },
        Row {
            name: "while a call is held by hand",
            run: |breaker, _| {
                unwinds(breaker, || {
                    let _call = breaker.try_acquire()?;
                    if true {
                        throw()
                    }
                    Ok::<_, fluxgate::CallNotPermitted>(())
                });
            },
            comes: Comes::Failure,
        },
        Row { name: "a function", run: |breaker, _| unwinds(breaker, || guarded(breaker)), comes: Comes::Failure },
        Row {
            name: "an async function",
            run: |breaker, _| unwinds(breaker, || poll(&mut pin!(guarded_async(breaker)))),
            comes: Comes::Failure,
        },
    ];
    check(&rows, |builder| builder);
}

#[test]
fn a_panic_that_is_caught_inside_the_call_is_what_the_call_makes_of_it() {
    let rows = [
        Row {
            name: "as an error",
            run: |breaker, _| drop(breaker.call(|| catch_unwind(|| throw()).map_err(|_| Down))),
            comes: Comes::Failure,
        },
        Row {
            name: "as nothing",
            run: |breaker, _| {
                let _ = breaker.call(|| {
                    let _ = catch_unwind(|| throw());
                    Ok::<_, Down>(())
                });
            },
            comes: Comes::Success,
        },
        Row {
            name: "in a future",
            run: |breaker, _| {
                let work = async { catch_unwind(|| throw()).map_err(|_| Down) };
                let _ = poll(&mut pin!(breaker.call_async(work)));
            },
            comes: Comes::Failure,
        },
    ];
    check(&rows, |builder| builder);
}

#[test]
fn a_panic_of_the_predicate_is_a_failure_and_one_of_the_fallback_comes_after_the_outcome() {
    let rows = [
        Row {
            name: "a predicate",
            run: |breaker, _| unwinds(breaker, || with_a_predicate(breaker)),
            comes: Comes::Failure,
        },
        Row {
            name: "a predicate of an async function",
            run: |breaker, _| unwinds(breaker, || poll(&mut pin!(with_a_predicate_async(breaker)))),
            comes: Comes::Failure,
        },
        Row {
            name: "a fallback",
            run: |breaker, _| unwinds(breaker, || breaker.call_with_fallback(|| Err::<(), _>(Down), |_| throw())),
            comes: Comes::Failure,
        },
        Row {
            name: "a fallback of a future",
            run: |breaker, _| {
                let call = breaker.call_async_with_fallback(async { Err::<(), _>(Down) }, |_| throw());
                unwinds(breaker, || poll(&mut pin!(call)));
            },
            comes: Comes::Failure,
        },
        Row {
            name: "a fallback of a function",
            run: |breaker, _| unwinds(breaker, || with_a_fallback(breaker)),
            comes: Comes::Failure,
        },
        Row {
            name: "a fallback of an async function",
            run: |breaker, _| unwinds(breaker, || poll(&mut pin!(with_a_fallback_async(breaker)))),
            comes: Comes::Failure,
        },
    ];
    check(&rows, |builder| builder);
}

/// Runs its code when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn while_unwinding(code: impl FnMut()) {
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _code = OnDrop(code);
        throw()
    }));
    assert!(unwound.is_err());
}

#[test]
fn calls_made_while_another_panic_unwinds_count_by_how_they_end() {
    let rows = [
        Row {
            name: "a success",
            run: |breaker, _| while_unwinding(|| drop(breaker.call(|| Ok::<_, Down>(())))),
            comes: Comes::Success,
        },
        Row {
            name: "a failure",
            run: |breaker, _| while_unwinding(|| drop(breaker.call(|| Err::<(), _>(Down)))),
            comes: Comes::Failure,
        },
        Row {
            name: "a future that is done",
            run: |breaker, _| {
                while_unwinding(|| drop(poll(&mut pin!(breaker.call_async(async { Ok::<_, Down>(()) })))));
            },
            comes: Comes::Success,
        },
        Row {
            name: "a future that is dropped",
            run: |breaker, _| {
                while_unwinding(|| drop(poll(&mut pin!(breaker.call_async(pending::<Result<(), Down>>())))));
            },
            comes: Comes::Ignored,
        },
        Row {
            name: "a panic of its own, caught",
            run: |breaker, _| {
                while_unwinding(|| unwinds(breaker, || breaker.call(|| -> Result<(), Down> { throw() })));
            },
            comes: Comes::Failure,
        },
        Row {
            name: "a call by hand that is dropped",
            run: |breaker, _| while_unwinding(|| drop(breaker.try_acquire())),
            comes: Comes::Ignored,
        },
        Row {
            name: "a pending future that the panic drops",
            run: |breaker, _| {
                let mut call = Box::pin(breaker.call_async(pending::<Result<(), Down>>()));
                let _ = poll(&mut call.as_mut());
                let mut call = Some(call);
                while_unwinding(|| drop(call.take()));
            },
            comes: Comes::Ignored,
        },
    ];
    check(&rows, |builder| builder);
}

/// A future that never ends, and panics when it is dropped.
async fn bursts() -> Result<(), Down> {
    let _bomb = OnDrop(|| throw());
    pending().await
}

#[test]
fn a_future_that_panics_when_dropped_gives_its_slot_back() {
    let rows = [Row {
        name: "dropped in flight",
        run: |breaker, _| {
            let mut call = Box::pin(breaker.call_async(bursts()));
            if poll(&mut call.as_mut()).is_pending() {
                unwinds(breaker, || drop(call));
            }
        },
        comes: Comes::Ignored,
    }];
    check(&rows, |builder| builder);
}
