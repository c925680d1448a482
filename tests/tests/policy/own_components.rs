//! Components of the user's own go wherever the built-in ones go, and are asked outside every lock.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use fluxgate::{
    Cancelled, CircuitBreaker, Clock, ManualClock, State, Tracker, Tripper,
    permits::{All, CustomPermit, PermitContext},
    retries::{CustomRetry, RetryContext},
    trackers::{CustomTracker, ErrorView, TypeOf},
    trippers::{CallContext, Custom, CustomTripper, FailureStreak, MinRequests},
};
use fluxgate_tests::fixture::{Down, Recorder, SECOND, breaker_with, fail, state, succeed};

struct TooManyFailures(u64);

impl CustomTripper for TooManyFailures {
    fn holds(&self, context: &CallContext) -> bool {
        context.metrics().failures() > self.0
    }
}

fn built(tripper: impl Into<Tripper>) -> CircuitBreaker {
    CircuitBreaker::builder("own").tripper(tripper).build().unwrap()
}

#[test]
fn a_tripper_of_ones_own_composes_with_the_built_in_ones() {
    for breaker in [
        built(TooManyFailures(2)),
        built(FailureStreak(9) | TooManyFailures(2)),
        built(MinRequests(3) & TooManyFailures(1)),
        built(Custom(|context: &CallContext| context.consecutive_failures() == 3)),
    ] {
        for _ in 0..2 {
            fail(&breaker);
            assert_eq!(state(&breaker), State::Closed);
        }
        fail(&breaker);
        assert_eq!(state(&breaker), State::Open);
    }
}

#[test]
fn a_tripper_of_ones_own_sees_the_state_and_the_durations() {
    let recorder = Recorder::default();
    let clock = ManualClock::new();
    let slow = Custom(|context: &CallContext| {
        assert_eq!(context.state(), State::Closed);
        context.metrics().mean_latency() >= Some(2 * SECOND)
    });
    let breaker =
        CircuitBreaker::builder("own").tripper(slow).clock(clock.clone()).listener(recorder.clone()).build().unwrap();
    let _ = breaker.call(|| {
        clock.advance(2 * SECOND);
        Ok::<_, Down>(())
    });
    assert_eq!(state(&breaker), State::Open);
    assert!(recorder.signals()[0].reason().to_string().starts_with("Custom("));
}

#[test]
fn a_verdict_that_a_transition_overtook_does_not_count() {
    let this: Arc<OnceLock<CircuitBreaker>> = Arc::default();
    let breaker = {
        let this = Arc::clone(&this);
        built(Custom(move |_: &CallContext| {
            this.get().unwrap().reset(); // no lock is held, so this ends
            true
        }))
    };
    this.set(breaker.clone()).unwrap();
    fail(&breaker);
    assert_eq!(state(&breaker), State::Closed);
    breaker.disable(); // nothing is judged any more, so that the two let go of each other
}

#[test]
fn a_retry_of_ones_own_decides_and_foretells() {
    struct WhenTold(Arc<AtomicBool>);
    impl CustomRetry for WhenTold {
        fn is_due(&self, _: &RetryContext) -> bool {
            self.0.load(Ordering::SeqCst)
        }
        fn retry_after(&self, context: &RetryContext) -> Option<Duration> {
            (100 * SECOND).checked_sub(context.open_for())
        }
    }
    let due = Arc::new(AtomicBool::new(false));
    let (breaker, clock) =
        breaker_with("FailureStreak(1)", |builder| builder.retry(WhenTold(Arc::clone(&due))).permit(All()));
    fail(&breaker);
    clock.advance(30 * SECOND);
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), Some(70 * SECOND));
    due.store(true, Ordering::SeqCst);
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn a_permit_of_ones_own_admits_and_says_when_a_success_may_close() {
    struct OddOnes(AtomicU64);
    impl CustomPermit for OddOnes {
        fn admits(&self, context: &PermitContext) -> bool {
            assert_eq!(context.in_flight(), 0);
            self.0.fetch_add(1, Ordering::SeqCst) % 2 == 1
        }
        fn is_final(&self, context: &PermitContext) -> bool {
            context.half_open_for() >= 5 * SECOND
        }
    }
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(OddOnes(AtomicU64::new(0))));
    fail(&breaker);
    clock.advance(60 * SECOND);
    assert!(!succeed(&breaker));
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::HalfOpen);
    clock.advance(5 * SECOND);
    assert!(!succeed(&breaker));
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn a_tracker_of_ones_own_composes_with_the_built_in_ones() {
    struct Never;
    impl CustomTracker for Never {
        fn tracks(&self, _: ErrorView<'_>) -> bool {
            false
        }
    }
    let count = |tracker: Tracker| {
        let breaker = CircuitBreaker::builder("own").tracker(tracker).build().unwrap();
        fail(&breaker);
        breaker.info().failures
    };
    assert_eq!(count(Never.into()), 0);
    assert_eq!(count(!Tracker::from(Never)), 1);
    assert_eq!(count(TypeOf::<Down>() | Never), 1);
    assert_eq!(count(TypeOf::<Down>() & Never), 0);
}

#[derive(Clone, Default)]
struct CountingClock(Arc<AtomicU64>);

impl Clock for CountingClock {
    fn now(&self) -> Duration {
        self.0.fetch_add(1, Ordering::SeqCst);
        Duration::ZERO
    }
}

#[test]
fn a_policy_that_needs_no_time_reads_no_clock() {
    let readings = |tripper: &str, failing: bool| {
        let clock = CountingClock::default();
        let breaker = CircuitBreaker::builder("own")
            .tripper(tripper.parse::<Tripper>().unwrap())
            .clock(clock.clone())
            .build()
            .unwrap();
        let before = clock.0.load(Ordering::SeqCst);
        assert!(if failing { fail(&breaker) } else { succeed(&breaker) });
        clock.0.load(Ordering::SeqCst) - before
    };
    assert_eq!(readings("MinRequests(10) & FailureRate(0.5)", false), 0);
    assert_eq!(readings("MinRequests(10) & FailureRate(0.5)", true), 0);
    assert_eq!(readings("MinRequests(10) & SlowRate(0.5, 1s)", false), 2);
}

#[test]
fn a_future_that_waits_reads_no_clock_where_it_does_not_matter_for_how_long() {
    for cancelled in [Cancelled::Ignore, Cancelled::Failure] {
        let clock = CountingClock::default();
        let breaker = CircuitBreaker::builder("own")
            .tripper(FailureStreak(9))
            .cancelled(cancelled)
            .clock(clock.clone())
            .build()
            .unwrap();
        let before = clock.0.load(Ordering::SeqCst);
        let mut call = Box::pin(breaker.call_async(std::future::pending::<Result<(), Down>>()));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(call.as_mut().poll(&mut context).is_pending());
        assert_eq!(clock.0.load(Ordering::SeqCst), before);
        drop(call);
        assert_eq!(breaker.info().failures, u64::from(cancelled == Cancelled::Failure));
    }
}
