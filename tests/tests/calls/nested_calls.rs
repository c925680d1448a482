//! A call inside a probe of the same breaker is part of that probe.

use std::{
    future::Future,
    pin::pin,
    sync::OnceLock,
    task::{Context, Poll, Waker},
    thread,
};

use fluxgate::{CircuitBreaker, ManualClock, State, breakers, circuit_breaker, permits::All, trippers::FailureStreak};
use fluxgate_tests::fixture::{ApiError, Down, SECOND, breaker_with, declared, fail, state, succeed};

/// A breaker with one slot whose retry is due.
fn due() -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) =
        breaker_with("FailureStreak(1)", |builder| builder.permit(All()).max_half_open_calls(1).max_probe_time(30));
    fail(&breaker);
    clock.advance(60 * SECOND);
    (breaker, clock)
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_call_inside_a_probe_runs_and_the_outer_one_counts() {
    for (outer, inner, expected) in
        [(Ok(()), Ok(()), State::Closed), (Ok(()), Err(Down), State::Closed), (Err(Down), Ok(()), State::Open)]
    {
        let (breaker, _) = due();
        let result = breaker.call(|| {
            assert_eq!(breaker.call(|| inner), inner.map_err(fluxgate::Error::Inner));
            assert_eq!((state(&breaker), breaker.info().probes_in_flight), (State::HalfOpen, 1));
            outer
        });
        assert_eq!(result, outer.map_err(fluxgate::Error::Inner));
        assert_eq!(state(&breaker), expected, "{outer:?} outside, {inner:?} inside");
        assert_eq!(breaker.info().calls, 0, "the transition has cleared the window");
    }
}

#[test]
fn a_recursive_call_recovers_however_deep_it_goes() {
    fn descend(breaker: &CircuitBreaker, depth: u32) -> Result<u32, fluxgate::Error<Down>> {
        breaker.call(|| Ok(if depth == 0 { 0 } else { 1 + descend(breaker, depth - 1).unwrap() }))
    }
    let (breaker, _) = due();
    assert_eq!(descend(&breaker, 50), Ok(50));
    let info = breaker.info();
    assert_eq!((info.state, info.rejected), (State::Closed, 0));
}

#[test]
fn the_permit_is_not_asked_for_a_call_inside_a_probe() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| {
        builder.permit(fluxgate::permits::Random(0.5)).max_half_open_calls(1)
    });
    fail(&breaker);
    clock.advance(60 * SECOND);
    let mut inside = 0;
    while state(&breaker) != State::Closed {
        let _ = breaker.call(|| {
            inside = (0..50).filter(|_| succeed(&breaker)).count();
            Ok::<_, Down>(())
        });
    }
    assert_eq!(inside, 50);
}

#[test]
fn a_future_inside_the_poll_of_a_probe_is_part_of_it() {
    let (breaker, _) = due();
    let outer = breaker.call_async(async {
        for _ in 0..3 {
            breaker.call_async(async { Err::<(), _>(Down) }).await.unwrap_err();
            assert!(succeed(&breaker));
            yield_once().await;
        }
        Ok::<_, Down>(())
    });
    let mut outer = pin!(outer);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(outer.as_mut().poll(&mut context).is_pending());
        assert_eq!(breaker.info().probes_in_flight, 1);
        assert!(breaker.try_acquire().is_err(), "between the polls a call is one like any other");
    }
    assert!(outer.as_mut().poll(&mut context).is_ready());
    assert_eq!(state(&breaker), State::Closed);
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

#[test]
fn a_call_on_another_thread_is_one_like_any_other() {
    let (breaker, _) = due();
    let result = breaker.call(|| {
        let elsewhere = thread::scope(|scope| scope.spawn(|| succeed(&breaker)).join().unwrap());
        assert!(!elsewhere, "the only slot is taken");
        assert!(succeed(&breaker), "here it is part of the probe");
        Ok::<_, Down>(())
    });
    assert!(result.is_ok());
    assert_eq!(breaker.info().rejected, 1);
}

#[test]
fn another_task_on_the_same_thread_is_one_like_any_other() {
    let (breaker, _) = due();
    let probe = breaker.call_async(std::future::pending::<Result<(), Down>>());
    let mut probe = pin!(probe);
    assert!(probe.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(matches!(poll_once(breaker.call_async(async { Ok::<_, Down>(()) })), Poll::Ready(Err(_))));
    assert_eq!(breaker.info().rejected, 1);
}

#[test]
fn a_call_by_hand_inside_is_not_recorded_and_encloses_nothing() {
    let (breaker, _) = due();
    let result = breaker.call(|| {
        breaker.try_acquire().unwrap().failure();
        breaker.try_acquire_owned().unwrap().failure();
        assert!(breaker.would_reject().is_none(), "a call here would run");
        assert_eq!(breaker.info().probes_in_flight, 1);
        Ok::<_, Down>(())
    });
    assert!(result.is_ok());
    assert_eq!(state(&breaker), State::Closed);

    let (breaker, _) = due();
    let probe = breaker.try_acquire().unwrap();
    assert!(!succeed(&breaker), "the call by hand has the only slot, and encloses nothing");
    probe.success();
}

#[test]
fn a_call_by_hand_from_inside_that_ends_after_the_probe_counts_for_nothing() {
    let (breaker, _) = due();
    let mut kept = None;
    let result = breaker.call(|| {
        kept = breaker.try_acquire_owned().ok();
        Ok::<_, Down>(())
    });
    assert!(result.is_ok());
    kept.unwrap().failure();
    assert_eq!((state(&breaker), breaker.info().calls), (State::Closed, 0));
}

#[test]
fn after_the_probe_a_call_is_one_like_any_other_again() {
    let (breaker, clock) = due();
    // It panics, and is left all the same.
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        breaker.call(|| -> Result<(), Down> { std::panic::resume_unwind(Box::new("a panic of the call")) })
    }));
    assert!(unwound.is_err());
    assert_eq!(state(&breaker), State::Open);
    clock.advance(60 * SECOND);
    let probe = breaker.try_acquire().unwrap();
    assert!(!succeed(&breaker));
    probe.ignored();
    // Its future is dropped in the middle of a poll of another one.
    let dropped = Box::pin(breaker.call_async(std::future::pending::<Result<(), Down>>()));
    let _ = poll_once(dropped);
    let probe = breaker.try_acquire().unwrap();
    assert!(!succeed(&breaker));
    drop(probe);
}

#[test]
fn a_probe_that_was_abandoned_encloses_nothing_any_more() {
    let (breaker, clock) = due();
    let result = breaker.call(|| {
        clock.advance(30 * SECOND);
        assert!(succeed(&breaker), "it is alive: it makes a call");
        let elsewhere = thread::scope(|scope| scope.spawn(|| succeed(&breaker)).join().unwrap());
        assert!(!elsewhere, "another call abandons the probe, which opens the breaker");
        assert_eq!(state(&breaker), State::Open);
        assert!(!succeed(&breaker));
        Ok::<_, Down>(())
    });
    assert!(result.is_ok());
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_call_inside_is_one_like_any_other_once_the_state_has_changed() {
    let (breaker, _) = due();
    let result = breaker.call(|| {
        breaker.reset();
        assert!(breaker.call(|| Err::<(), _>(Down)).is_err());
        Ok::<_, Down>(())
    });
    assert!(result.is_ok());
    assert_eq!(state(&breaker), State::Open, "the call inside was recorded by the closed breaker");
}

#[test]
fn a_new_policy_leaves_a_call_inside_a_probe_where_it_is() {
    let (breaker, _) = due();
    let result = breaker.call(|| {
        breaker.set_policy(breaker.policy().max_failed_probes(3)).unwrap();
        assert!(succeed(&breaker));
        Ok::<_, Down>(())
    });
    assert!(result.is_ok());
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn closed_breakers_record_nested_calls_one_by_one() {
    let (breaker, _) = breaker_with("FailureStreak(9)", |builder| builder);
    let _ = breaker.call(|| breaker.call(|| Err::<(), _>(Down)).map_err(|_| Down));
    assert_eq!((breaker.info().calls, breaker.info().failures), (2, 2));
}

#[test]
fn a_call_of_another_breaker_inside_a_probe_is_one_like_any_other() {
    let ((outer, _), (inner, _)) = (due(), due());
    let held = inner.try_acquire().unwrap();
    assert_eq!(outer.call(|| Ok::<_, Down>(succeed(&inner))), Ok(false));
    held.success();
    assert_eq!(outer.call(|| Ok::<_, Down>(succeed(&inner))), Ok(true));
}

static CLOCK: OnceLock<ManualClock> = OnceLock::new();

fn clock() -> ManualClock {
    CLOCK.get_or_init(ManualClock::new).clone()
}

breakers! {
    PROVIDER { name = "nested provider", clock = clock() }
}

#[circuit_breaker(PROVIDER)]
fn charge(fails: bool) -> Result<u32, ApiError> {
    token(fails)
}

#[circuit_breaker(PROVIDER)]
fn token(fails: bool) -> Result<u32, ApiError> {
    if fails { Err(ApiError::Status(500)) } else { Ok(7) }
}

#[test]
fn two_guarded_functions_of_one_breaker_recover_from_an_outage() {
    let breaker = declared("nested provider");
    while charge(true) == Err(ApiError::Status(500)) {}
    assert_eq!(state(&breaker), State::Open);
    let mut answered = 0;
    for _ in 0..1_000 {
        clock().advance(SECOND);
        answered += u32::from(charge(false).is_ok());
    }
    assert_eq!(state(&breaker), State::Closed);
    assert!(answered > 850, "{answered} of 1,000 calls were answered");
}

#[circuit_breaker(name = "nested countdown", tripper = FailureStreak(1), permit = All(), retry = Always(), max_half_open_calls = 1)]
async fn countdown(from: u32) -> Result<u32, ApiError> {
    match from {
        0 => Ok(0),
        99 => Err(ApiError::Status(500)),
        more => Ok(1 + Box::pin(countdown(more - 1)).await?),
    }
}

#[test]
fn an_async_guarded_function_that_calls_itself_recovers() {
    assert_eq!(poll_once(countdown(99)), Poll::Ready(Err(ApiError::Status(500))));
    assert_eq!(state(&declared("nested countdown")), State::Open);
    assert_eq!(poll_once(countdown(20)), Poll::Ready(Ok(20)));
    assert_eq!(state(&declared("nested countdown")), State::Closed);
}

#[test]
fn a_layer_and_an_attribute_on_one_breaker_recover() {
    use tower::{Service, ServiceBuilder, service_fn};

    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| {
        builder.permit(All()).max_half_open_calls(1).retry(fluxgate::retries::Always())
    });
    let inner = breaker.clone();
    let mut service = ServiceBuilder::new().layer(fluxgate::CircuitBreakerLayer::new(breaker.clone())).service(
        service_fn(move |fails: bool| {
            // Some services begin their work in `call`, others when they are polled.
            let begun = succeed(&inner);
            let inner = inner.clone();
            async move {
                let polled = succeed(&inner);
                if fails { Err(Down) } else { Ok((begun, polled)) }
            }
        }),
    );
    let mut call = |fails| {
        assert!(poll_once(std::future::poll_fn(|context| service.poll_ready(context))).is_ready());
        poll_once(service.call(fails))
    };
    assert!(matches!(call(true), Poll::Ready(Err(_))));
    assert_eq!(state(&breaker), State::Open);
    assert!(matches!(call(false), Poll::Ready(Ok((true, true)))));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn nested_calls_are_no_rows_of_a_trace() {
    let folder = fluxgate_tests::replay::Folder::new();
    let (breaker, _) = due();
    breaker.record_calls(folder.path("trace.csv")).unwrap();
    assert_eq!(breaker.call(|| Ok::<_, Down>(succeed(&breaker))), Ok(true));
    assert_eq!(breaker.stop_recording().unwrap().unwrap().rows, 1);
}

#[test]
fn the_totals_have_a_nested_call_of_a_probe_once() {
    struct Counts;
    impl fluxgate::Listener for Counts {
        fn on_transition(&self, _: &fluxgate::Signal) {}
        fn counts_calls(&self) -> bool {
            true
        }
    }
    let breaker = CircuitBreaker::builder("counted")
        .tripper(FailureStreak(1))
        .permit(All())
        .retry(fluxgate::retries::Always())
        .listener(Counts)
        .build()
        .unwrap();
    fail(&breaker);
    assert_eq!(breaker.call(|| Ok::<_, Down>(fail(&breaker))), Ok(true));
    let totals = breaker.totals().unwrap();
    assert_eq!((totals.successes, totals.failures), (1, 1));
}

#[test]
fn a_call_inside_a_probe_is_part_of_it_even_while_its_thread_ends() {
    /// Calls when the thread-local values are dropped.
    struct AtTheEnd(CircuitBreaker);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            let nested = self.0.call(|| Ok::<_, Down>(succeed(&self.0)));
            assert_eq!(nested, Ok(true));
        }
    }
    thread_local!(static LAST: std::cell::RefCell<Option<AtTheEnd>> = const { std::cell::RefCell::new(None) });

    let (breaker, _) = due();
    let of_the_thread = breaker.clone();
    thread::spawn(move || {
        LAST.with(|last| *last.borrow_mut() = Some(AtTheEnd(of_the_thread)));
        // Later than the other, so it is gone before, if it is of the kind that is dropped.
        let other = CircuitBreaker::new("other");
        assert!(succeed(&other));
    })
    .join()
    .unwrap();
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn an_abandoned_probe_is_one_call_in_the_totals_under_any_policy() {
    struct Counts;
    impl fluxgate::Listener for Counts {
        fn on_transition(&self, _: &fluxgate::Signal) {}
        fn counts_calls(&self) -> bool {
            true
        }
    }
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| {
        builder.permit(All()).max_half_open_calls(1).max_probe_time(30).listener(Counts)
    });
    fail(&breaker);
    clock.advance(60 * SECOND);
    let hung = breaker.try_acquire().unwrap();
    breaker.set_policy(breaker.policy().tripper(FailureStreak(5))).unwrap();
    clock.advance(30 * SECOND);
    breaker.try_acquire().unwrap().ignored();
    hung.success();
    let totals = breaker.totals().unwrap();
    assert_eq!((totals.successes, totals.failures, totals.ignored), (0, 2, 1));
}

#[test]
fn a_probe_inside_more_probes_of_other_breakers_than_are_kept_is_a_call_like_any_other() {
    fn descend(breakers: &[CircuitBreaker]) -> Result<(), fluxgate::Error<Down>> {
        let Some((breaker, others)) = breakers.split_first() else { return Ok(()) };
        breaker.call(|| {
            let _ = descend(others);
            Ok(())
        })
    }
    let breakers: Vec<_> = (0..40).map(|_| due().0).collect();
    descend(&breakers).unwrap();
    assert!(breakers.iter().all(|breaker| state(breaker) == State::Closed));
    assert_eq!(breakers[0].call(|| Ok::<_, Down>(succeed(&breakers[0]))), Ok(true));
}
