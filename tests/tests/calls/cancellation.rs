//! Futures that are dropped, wherever that is, in every state: each takes what it took back, and counts as it should.

use std::{
    convert::Infallible,
    future::{Future, pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use fluxgate::{CircuitBreaker, Error, ManualClock, State};
use fluxgate_tests::{
    fixture::{ApiError, Down, SECOND, succeed},
    table::{Comes, LONG, Row, breaker_in, check},
};

type Answer = Result<(), Error<Down>>;

fn poll<F: Future + ?Sized>(future: &mut Pin<&mut F>) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Waits this often, and is done then.
async fn waits(times: u32) -> Result<(), Down> {
    for _ in 0..times {
        let mut waited = false;
        poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    }
    Ok(())
}

/// Drops a call after so many polls and so long a wait.
fn dropped_after(breaker: &CircuitBreaker, clock: &ManualClock, polls: u32, wait: Duration) {
    let mut call = pin!(breaker.call_async(waits(3)));
    for poll_number in 0..polls {
        if poll(&mut call) {
            assert!(matches!(breaker.info().state, State::Open | State::ForcedOpen), "done at poll {poll_number}");
            return;
        }
        clock.advance(wait / polls);
    }
}

fn on_a_runtime<R>(work: impl Future<Output = R>) -> R {
    runtime().block_on(work)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// A call that never ends, as a task owns it.
async fn task(breaker: CircuitBreaker) -> Answer {
    breaker.call_async(pending()).await
}

async fn time_passes(clock: &ManualClock) -> Infallible {
    tokio::time::sleep(SECOND / 2).await;
    clock.advance(LONG);
    pending().await
}

#[test]
fn a_future_dropped_by_hand_counts_by_how_long_it_waited() {
    let rows = [
        Row { name: "before its first poll", run: |b, c| dropped_after(b, c, 0, LONG), comes: Comes::Nothing },
        Row { name: "at its first await", run: |b, c| dropped_after(b, c, 1, SECOND / 2), comes: Comes::Ignored },
        Row { name: "at its second await", run: |b, c| dropped_after(b, c, 2, SECOND / 2), comes: Comes::Ignored },
        Row { name: "at its third await", run: |b, c| dropped_after(b, c, 3, SECOND / 2), comes: Comes::Ignored },
        Row { name: "late at its first await", run: |b, c| dropped_after(b, c, 1, LONG), comes: Comes::Failure },
        Row { name: "late at its second await", run: |b, c| dropped_after(b, c, 2, LONG), comes: Comes::Failure },
        Row { name: "late at its third await", run: |b, c| dropped_after(b, c, 3, LONG), comes: Comes::Failure },
    ];
    check(&rows, |builder| builder);
}

#[test]
fn a_future_that_is_done_counts_once_however_it_is_treated_then() {
    let rows = [
        Row {
            name: "dropped after completion",
            run: |breaker, clock| {
                let mut call = Box::pin(breaker.call_async(waits(2)));
                while !poll(&mut call.as_mut()) {}
                clock.advance(LONG);
                drop(call);
            },
            comes: Comes::Success,
        },
        Row {
            name: "polled after completion",
            run: |breaker, _| {
                let mut call = pin!(breaker.call_async(waits(0)));
                assert!(poll(&mut call));
                assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut call))).is_err());
            },
            comes: Comes::Success,
        },
    ];
    check(&rows, |builder| builder);
}

#[test]
fn a_future_that_loses_a_race_is_cancelled() {
    let rows = [
        Row {
            name: "inside select!",
            run: |breaker, _| {
                on_a_runtime(async {
                    tokio::select! {
                        biased;
                        answer = breaker.call_async(pending::<Result<(), Down>>()) => assert!(answer.is_err()),
                        () = tokio::time::sleep(SECOND) => {}
                    }
                });
            },
            comes: Comes::Ignored,
        },
        Row {
            name: "inside select!, behind the winner",
            run: |breaker, _| {
                on_a_runtime(async {
                    tokio::select! {
                        biased;
                        () = async {} => {}
                        _ = breaker.call_async(pending::<Result<(), Down>>()) => {}
                    }
                });
            },
            comes: Comes::Nothing,
        },
        Row {
            name: "inside timeout",
            run: |breaker, _| {
                let call = breaker.call_async(pending::<Result<(), Down>>());
                let answer = on_a_runtime(async { tokio::time::timeout(SECOND, call).await });
                assert!(answer.is_err() || answer.unwrap().unwrap_err().not_permitted().is_some());
            },
            comes: Comes::Ignored,
        },
        Row {
            name: "inside timeout, after a long wait",
            run: |breaker, clock| {
                on_a_runtime(async {
                    let call = tokio::time::timeout(SECOND, breaker.call_async(pending::<Result<(), Down>>()));
                    tokio::select! { biased; _ = call => {} never = time_passes(clock) => match never {} }
                });
            },
            comes: Comes::Failure,
        },
        Row {
            name: "by its own time-out",
            run: |breaker, _| {
                let call = breaker.call_async(pending::<Result<(), Down>>()).timeout(SECOND);
                let answer = on_a_runtime(call);
                assert!(matches!(answer, Err(Error::TimedOut(_) | Error::NotPermitted(_))));
            },
            comes: Comes::Failure,
        },
    ];
    check(&rows, |builder| builder);
}

#[test]
fn a_task_that_is_aborted_or_shut_down_is_cancelled() {
    let rows = [
        Row {
            name: "aborted",
            run: |breaker, _| {
                on_a_runtime(async {
                    let task = tokio::spawn(task(breaker.clone()));
                    tokio::task::yield_now().await;
                    task.abort();
                    assert!(task.await.map_or_else(|error| error.is_cancelled(), |answer| answer.is_err()));
                });
            },
            comes: Comes::Ignored,
        },
        Row {
            name: "aborted after a long wait",
            run: |breaker, clock| {
                on_a_runtime(async {
                    let task = tokio::spawn(task(breaker.clone()));
                    tokio::task::yield_now().await;
                    clock.advance(LONG);
                    task.abort();
                    let _ = task.await;
                });
            },
            comes: Comes::Failure,
        },
        Row {
            name: "aborted before it ran",
            run: |breaker, _| {
                on_a_runtime(async {
                    let task = tokio::spawn(task(breaker.clone()));
                    task.abort();
                    assert!(task.await.unwrap_err().is_cancelled());
                });
            },
            comes: Comes::Nothing,
        },
        Row {
            name: "at the shutdown of its runtime",
            run: |breaker, _| {
                let runtime = runtime();
                runtime.spawn(task(breaker.clone()));
                runtime.block_on(tokio::task::yield_now());
                drop(runtime);
            },
            comes: Comes::Ignored,
        },
        Row {
            name: "at the shutdown of its runtime, late",
            run: |breaker, clock| {
                let runtime = runtime();
                runtime.spawn(task(breaker.clone()));
                runtime.block_on(tokio::task::yield_now());
                clock.advance(LONG);
                runtime.shutdown_background();
            },
            comes: Comes::Failure,
        },
        Row {
            name: "at the shutdown of its runtime, before it ran",
            run: |breaker, _| {
                let runtime = runtime();
                runtime.spawn(task(breaker.clone()));
                drop(runtime);
            },
            comes: Comes::Nothing,
        },
    ];
    check(&rows, |builder| builder);
}

#[fluxgate::circuit_breaker(breaker)]
async fn guarded(breaker: &CircuitBreaker) -> Result<(), ApiError> {
    pending().await
}

#[test]
fn a_guarded_function_is_cancelled_as_any_future() {
    let rows = [
        Row { name: "never polled", run: |breaker, _| drop(guarded(breaker)), comes: Comes::Nothing },
        Row {
            name: "dropped",
            run: |breaker, _| {
                let mut call = pin!(guarded(breaker));
                poll(&mut call);
            },
            comes: Comes::Ignored,
        },
        Row {
            name: "dropped late",
            run: |breaker, clock| {
                let mut call = pin!(guarded(breaker));
                poll(&mut call);
                clock.advance(LONG);
            },
            comes: Comes::Failure,
        },
    ];
    check(&rows, |builder| builder);
}

#[test]
fn a_call_by_hand_that_is_dropped_counts_by_how_long_it_was_held() {
    let rows = [
        Row { name: "dropped", run: |breaker, _| drop(breaker.try_acquire()), comes: Comes::Ignored },
        Row {
            name: "dropped late",
            run: |breaker, clock| {
                let call = breaker.try_acquire_owned();
                clock.advance(LONG);
                drop(call);
            },
            comes: Comes::Failure,
        },
        Row {
            name: "dropped after a transition",
            run: |breaker, clock| {
                let info = breaker.info();
                let call = breaker.try_acquire();
                if matches!(info.state, State::Closed | State::MetricsOnly) {
                    // Begun anew, so that the call is one from before.
                    if info.state == State::Closed {
                        breaker.reset();
                    } else {
                        breaker.metrics_only();
                    }
                    clock.advance(LONG);
                }
                drop(call);
            },
            comes: Comes::Ignored,
        },
    ];
    check(&rows, |builder| builder);
}

/// What is forgotten never ends, so nothing is recorded; and of all states only half-open has anything to lose by it.
#[test]
fn a_forgotten_call_costs_a_slot_until_max_probe_time_and_nothing_else() {
    let forgets: [fn(&CircuitBreaker); 2] = [
        |breaker| std::mem::forget(breaker.try_acquire_owned()),
        |breaker| {
            let mut call = Box::pin(task(breaker.clone()));
            poll(&mut call.as_mut());
            std::mem::forget(call);
        },
    ];
    for forget in forgets {
        for &state in State::ALL {
            for shadow in [false, true] {
                let (breaker, clock) = breaker_in(state, shadow, |builder| builder.max_probe_time(10));
                forget(&breaker);
                let slots = usize::from(state == State::HalfOpen);
                assert_eq!((breaker.info().calls, breaker.info().probes_in_flight), (0, slots), "{state}");
                clock.advance(10 * SECOND);
                let admitted = succeed(&breaker);
                assert_eq!(admitted, shadow || !matches!(state, State::Open | State::ForcedOpen), "{state}");
                let info = breaker.info();
                assert_eq!((info.state, info.probes_in_flight), (state, 0));
                if state == State::HalfOpen {
                    assert_eq!((info.calls, info.failures), (2, 1), "the one given up, and the one let in");
                }
            }
        }
    }
}
