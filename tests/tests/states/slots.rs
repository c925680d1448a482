//! Slots of a half-open breaker: each probe takes exactly one, whichever way it is made, and none is held for ever.

use std::{
    future::{pending, poll_fn},
    pin::pin,
    sync::mpsc,
    task::{Context, Poll, Waker},
    thread,
};

use fluxgate::{Builder, CircuitBreaker, ManualClock, State, circuit_breaker, permits::All, retries::Always};
use fluxgate_tests::fixture::{ApiError, Down, SECOND, breaker_with, fail, state, succeed};

/// A breaker that has opened and whose retry is due.
fn due(settings: impl FnOnce(Builder) -> Builder) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| {
        settings(builder.permit(All()).retry(Always()).max_half_open_calls(3).max_probe_time(5.0))
    });
    fail(&breaker);
    fail(&breaker);
    assert_eq!(state(&breaker), State::Open);
    (breaker, clock)
}

fn in_flight(breaker: &CircuitBreaker) -> usize {
    // Asking takes no slot, however often.
    (0..10).for_each(|_| drop(breaker.info()));
    breaker.info().probes_in_flight
}

/// Three probes hang: a fourth call waits for its time, is admitted then, and what becomes of the three is stale.
fn assert_taken_back(breaker: &CircuitBreaker, clock: &ManualClock, end_the_hung: impl FnOnce()) {
    assert_eq!(in_flight(breaker), 3);
    assert!(!succeed(breaker));
    clock.advance(5 * SECOND);
    // The first two given up are a streak that opens the breaker, the retry is due at once, and this is a new probe.
    let probe = breaker.try_acquire().unwrap();
    assert_eq!((state(breaker), breaker.info().reopens, in_flight(breaker)), (State::HalfOpen, 1, 1));
    end_the_hung();
    let info = breaker.info();
    assert_eq!((info.state, info.probes_in_flight, info.calls), (State::HalfOpen, 1, 0));
    probe.success();
    assert_eq!(state(breaker), State::Closed);
}

#[test]
fn slots_of_calls_by_hand_that_never_end_are_taken_back() {
    let (breaker, clock) = due(|builder| builder);
    let hung: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    assert_taken_back(&breaker, &clock, || hung.into_iter().for_each(fluxgate::Call::success));
}

#[test]
fn slots_of_sync_calls_that_never_end_are_taken_back() {
    let (breaker, clock) = due(|builder| builder);
    thread::scope(|scope| {
        let (running, has_begun) = mpsc::channel();
        let ends: Vec<_> = (0..3)
            .map(|_| {
                let (end, wait) = mpsc::channel::<()>();
                let (breaker, running) = (&breaker, running.clone());
                let call = scope.spawn(move || {
                    breaker.call(|| {
                        running.send(()).unwrap();
                        wait.recv().unwrap();
                        Ok::<_, Down>(())
                    })
                });
                has_begun.recv().unwrap();
                (end, call)
            })
            .collect();
        assert_taken_back(&breaker, &clock, || {
            for (end, call) in ends {
                end.send(()).unwrap();
                assert_eq!(call.join().unwrap(), Ok(()), "the caller has its answer all the same");
            }
        });
    });
}

#[test]
fn slots_of_futures_that_never_end_are_taken_back() {
    let (breaker, clock) = due(|builder| builder);
    let mut hung: Vec<_> = (0..3).map(|_| Box::pin(breaker.call_async(pending::<Result<(), Down>>()))).collect();
    for call in &mut hung {
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_taken_back(&breaker, &clock, || drop(hung));
}

#[test]
fn a_sync_probe_takes_one_slot() {
    let (breaker, _) = due(|builder| builder);
    breaker
        .call(|| {
            assert_eq!(in_flight(&breaker), 1);
            Ok::<_, Down>(())
        })
        .unwrap();
    assert_eq!((state(&breaker), in_flight(&breaker)), (State::Closed, 0));
}

#[test]
fn a_probe_with_a_fallback_takes_one_slot_and_has_given_it_back_when_the_fallback_runs() {
    let (breaker, _) = due(|builder| builder);
    let work = || {
        assert_eq!(in_flight(&breaker), 1);
        Err(Down)
    };
    let fallback = |_| {
        assert_eq!(in_flight(&breaker), 0);
        Ok(1)
    };
    assert_eq!(breaker.call_with_fallback(work, fallback), Ok(1));
}

#[test]
fn an_async_probe_takes_one_slot_however_often_it_is_polled() {
    for with_a_fallback in [false, true] {
        let (breaker, _) = due(|builder| builder);
        let mut polls = 0;
        let work = poll_fn(|_| {
            assert_eq!(in_flight(&breaker), 1);
            polls += 1;
            if polls < 5 { Poll::Pending } else { Poll::Ready(Ok::<_, Down>(())) }
        });
        let mut call: std::pin::Pin<Box<dyn Future<Output = bool> + '_>> = if with_a_fallback {
            Box::pin(async { breaker.call_async_with_fallback(work, |_| Err(Down)).await.is_ok() })
        } else {
            Box::pin(async { breaker.call_async(work).await.is_ok() })
        };
        while call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            assert_eq!(in_flight(&breaker), 1);
        }
        assert_eq!((state(&breaker), in_flight(&breaker)), (State::Closed, 0));
    }
}

#[test]
fn a_probe_by_hand_takes_one_slot() {
    let (breaker, _) = due(|builder| builder);
    let borrowed = breaker.try_acquire().unwrap();
    assert_eq!(in_flight(&breaker), 1);
    let owned = breaker.try_acquire_owned().unwrap();
    assert_eq!(in_flight(&breaker), 2);
    borrowed.ignored();
    owned.ignored();
    assert_eq!((state(&breaker), in_flight(&breaker)), (State::HalfOpen, 0));
}

#[circuit_breaker(breaker)]
fn guarded(breaker: &CircuitBreaker) -> Result<usize, ApiError> {
    Ok(in_flight(breaker))
}

#[circuit_breaker(breaker, fallback = |_| Ok(usize::MAX))]
fn guarded_with_a_fallback(breaker: &CircuitBreaker) -> Result<usize, ApiError> {
    Ok(in_flight(breaker))
}

#[circuit_breaker(breaker)]
async fn guarded_async(breaker: &CircuitBreaker) -> Result<usize, ApiError> {
    Ok(in_flight(breaker))
}

#[test]
fn a_probe_of_a_guarded_function_takes_one_slot() {
    for function in [guarded, guarded_with_a_fallback] {
        let (breaker, _) = due(|builder| builder);
        assert_eq!(function(&breaker), Ok(1));
        assert_eq!((state(&breaker), in_flight(&breaker)), (State::Closed, 0));
    }
    let (breaker, _) = due(|builder| builder);
    let call = pin!(guarded_async(&breaker));
    assert_eq!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(1)));
    assert_eq!((state(&breaker), in_flight(&breaker)), (State::Closed, 0));
}
