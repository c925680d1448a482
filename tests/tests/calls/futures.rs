//! Async calls: polled, dropped, timed out.

use std::{
    future::{Future, pending, poll_fn, ready},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use fluxgate::{Cancelled, CircuitBreaker, Error, ManualClock, State, permits::All};
use fluxgate_tests::fixture::{Down, SECOND, breaker, breaker_with, fail, state, succeed};

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Ready with an error after it has been pending this many times.
fn fails_after(polls: u32) -> impl Future<Output = Result<(), Down>> {
    let mut left = polls;
    poll_fn(move |_| {
        if left == 0 {
            return Poll::Ready(Err(Down));
        }
        left -= 1;
        Poll::Pending
    })
}

fn half_open(settings: impl FnOnce(fluxgate::Builder) -> fluxgate::Builder) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) =
        breaker_with("FailureStreak(1)", |builder| settings(builder.permit(All()).max_half_open_calls(1)));
    fail(&breaker);
    clock.advance(60 * SECOND);
    (breaker, clock)
}

#[test]
fn a_future_is_recorded_when_it_is_done() {
    let (breaker, _) = breaker("FailureStreak(5)");
    let mut call = pin!(breaker.call_async(fails_after(2)));
    assert!(poll_once(call.as_mut()).is_pending() && poll_once(call.as_mut()).is_pending());
    assert_eq!(breaker.info().calls, 0);
    assert_eq!(poll_once(call), Poll::Ready(Err(Error::Inner(Down))));
    assert_eq!(breaker.info().failures, 1);
}

#[test]
fn an_open_breaker_never_polls_the_future() {
    let (breaker, _) = breaker("FailureStreak(1)");
    fail(&breaker);
    let call = pin!(breaker.call_async(poll_fn(|_| -> Poll<Result<(), Down>> { unreachable!("polled") })));
    assert!(matches!(poll_once(call), Poll::Ready(Err(Error::NotPermitted(_)))));
}

#[test]
fn a_future_that_is_never_polled_takes_nothing() {
    let (breaker, _) = half_open(|builder| builder);
    let calls: Vec<_> = (0..100).map(|_| breaker.call_async(pending::<Result<(), Down>>())).collect();
    assert_eq!(breaker.info().probes_in_flight, 0);
    drop(calls);
    assert_eq!(state(&breaker), State::Open);
    assert!(succeed(&breaker));
}

#[test]
fn a_probe_dropped_in_flight_frees_its_slot_and_never_closes() {
    for polls in [1, 2, 10] {
        let (breaker, _) = half_open(|builder| builder);
        {
            let mut call = pin!(breaker.call_async(pending::<Result<(), Down>>()));
            for _ in 0..polls {
                assert!(poll_once(call.as_mut()).is_pending());
            }
            assert_eq!(breaker.info().probes_in_flight, 1);
        }
        let info = breaker.info();
        assert_eq!((info.state, info.probes_in_flight, info.calls), (State::HalfOpen, 0, 0));
    }
}

fn drop_after(breaker: &CircuitBreaker, clock: &ManualClock, waiting: Duration) {
    let mut call = pin!(breaker.call_async(pending::<Result<(), Down>>()));
    assert!(poll_once(call.as_mut()).is_pending());
    clock.advance(waiting);
}

#[test]
fn callers_that_give_up_at_once_do_not_trip_a_healthy_service() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("default").clock(clock.clone()).build().unwrap();
    for _ in 0..1_000 {
        drop_after(&breaker, &clock, Duration::from_millis(1));
    }
    assert_eq!((state(&breaker), breaker.info().calls), (State::Closed, 0));
}

#[test]
fn callers_that_give_up_on_a_hung_service_trip_the_default_policy() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("default").clock(clock.clone()).build().unwrap();
    for _ in 0..100 {
        drop_after(&breaker, &clock, 2 * SECOND);
    }
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn the_policys_own_threshold_says_how_long_is_too_long_for_a_dropped_call() {
    let (breaker, clock) = breaker("MinRequests(100) & (SlowRate(0.5, 3s) | AvgLatency(2s))");
    drop_after(&breaker, &clock, Duration::from_nanos(1_999_999_999));
    assert_eq!(breaker.info().calls, 0);
    drop_after(&breaker, &clock, 2 * SECOND);
    assert_eq!((breaker.info().failures, breaker.info().mean_latency), (1, Some(2 * SECOND)));
}

#[test]
fn a_hung_service_trips_a_slow_rate_through_its_callers_time_outs() {
    let (breaker, clock) = breaker("MinRequests(100) & SlowRate(0.5, 1s)");
    for _ in 0..100 {
        drop_after(&breaker, &clock, SECOND);
    }
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_dropped_call_is_always_or_never_a_failure_where_that_was_asked_for() {
    let (breaker, clock) = breaker_with("FailureStreak(9)", |builder| builder.cancelled(Cancelled::Failure));
    drop_after(&breaker, &clock, Duration::ZERO);
    assert_eq!(breaker.info().failures, 1);
    let (breaker, clock) = breaker_with("FailureStreak(9)", |builder| builder.cancelled(Cancelled::Ignore));
    drop_after(&breaker, &clock, 1_000 * SECOND);
    assert_eq!(breaker.info().calls, 0);
}

#[test]
fn waiting_is_counted_from_the_first_pending_poll_and_the_duration_from_the_start() {
    let (breaker, clock) = breaker_with("MinRequests(9) & AvgLatency(100s)", |builder| builder.cancelled(2.0));
    {
        let mut busy = true;
        let slow_start = poll_fn(|_| -> Poll<Result<(), Down>> {
            if std::mem::take(&mut busy) {
                clock.advance(3 * SECOND);
            }
            Poll::Pending
        });
        let mut call = pin!(breaker.call_async(slow_start));
        assert!(poll_once(call.as_mut()).is_pending());
        clock.advance(SECOND);
    }
    assert_eq!(breaker.info().calls, 0, "busy for 3 s, waiting for 1 s");
    {
        let mut call = pin!(breaker.call_async(fails_after(1)));
        assert!(poll_once(call.as_mut()).is_pending());
        clock.advance(5 * SECOND);
        assert!(poll_once(call).is_ready());
    }
    assert_eq!(breaker.info().mean_latency, Some(5 * SECOND));
}

#[test]
fn a_call_by_hand_that_is_dropped_has_waited_since_it_was_acquired() {
    let (breaker, clock) = breaker("FailureStreak(9)");
    drop(breaker.try_acquire().unwrap());
    assert_eq!(breaker.info().calls, 0);
    let call = breaker.try_acquire().unwrap();
    clock.advance(SECOND);
    drop(call);
    assert_eq!(breaker.info().failures, 1);
}

#[test]
fn the_async_fallback_gets_the_rejection_and_the_error() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let call = pin!(breaker.call_async_with_fallback(fails_after(0), |error| {
        assert_eq!(error, Error::Inner(Down));
        Ok(())
    }));
    assert_eq!(poll_once(call), Poll::Ready(Ok(())));
    let call = pin!(breaker.call_async_with_fallback(ready(Ok::<_, Down>(())), |error| {
        assert!(error.not_permitted().is_some());
        Err(Down)
    }));
    assert_eq!(poll_once(call), Poll::Ready(Err(Down)));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_dropped_and_recorded_as_a_failure() {
    struct SetOnDrop<'a>(&'a std::cell::Cell<bool>);
    impl Drop for SetOnDrop<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }

    let (breaker, _) = breaker("FailureStreak(1)");
    let dropped = std::cell::Cell::new(false);
    let hang = async {
        let _guard = SetOnDrop(&dropped);
        pending::<Result<(), Down>>().await
    };
    let mut call = pin!(breaker.call_async(hang).timeout(2 * SECOND));
    let Err(Error::TimedOut(time_out)) = call.as_mut().await else { panic!("not timed out") };
    assert!(dropped.get(), "the future outlives its time-out");
    assert_eq!((time_out.breaker(), time_out.limit()), ("test", 2 * SECOND));
    assert_eq!(time_out.to_string(), "call timed out after 2s, guarded by circuit breaker `test`");
    assert_eq!(state(&breaker), State::Open);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_done_in_time_is_not_timed_out() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let work = async {
        tokio::time::sleep(SECOND).await;
        Ok::<_, Down>(7)
    };
    assert_eq!(breaker.call_async(work).timeout(2 * SECOND).await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn tokios_clock_follows_its_pause() {
    let breaker = CircuitBreaker::builder("tokio")
        .tripper(fluxgate::trippers::FailureStreak(1))
        .permit(All())
        .clock(fluxgate::TokioClock::new())
        .build()
        .unwrap();
    fail(&breaker);
    tokio::time::advance(60 * SECOND).await;
    assert!(succeed(&breaker));
}

#[test]
fn guarded_futures_are_send_where_the_users_are() {
    fn assert_send<T: Send>(_: &T) {}
    let (breaker, _) = breaker("FailureStreak(1)");
    assert_send(&breaker.call_async(ready(Ok::<_, Down>(()))));
}

#[tokio::test]
async fn a_call_that_always_finds_something_ready_is_timed_out_all_the_same() {
    // Such a future uses up the budget of its task at every poll, and with it that of the timer.
    let endless = || async {
        loop {
            tokio::task::consume_budget().await;
        }
    };
    let (breaker, _) = breaker("FailureStreak(1)");
    let call = breaker.call_async(async { endless().await }).timeout(Duration::from_millis(10));
    assert!(matches!(call.await, Err::<(), _>(Error::<Down>::TimedOut(_))));
    assert_eq!(state(&breaker), State::Open);
}

#[tokio::test(start_paused = true)]
async fn the_limit_counts_from_the_beginning_of_the_first_poll() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let mut polls = 0;
    let call = breaker.call_async(poll_fn(|_| {
        polls += 1;
        // The first poll itself takes as long as the limit.
        let mut advance = Box::pin(tokio::time::advance(2 * SECOND));
        let _ = advance.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        Poll::<Result<(), Down>>::Pending
    }));
    assert!(matches!(call.timeout(2 * SECOND).await, Err(Error::TimedOut(_))));
    assert_eq!(polls, 1);
}
