//! Panics: a failure of the call, and never the end of the breaker.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
};

use fluxgate::{
    CircuitBreaker, State,
    permits::{All, CustomPermit, PermitContext},
    retries::{CustomRetry, RetryContext},
    trackers::{CustomTracker, ErrorView},
    trippers::{CallContext, CustomTripper},
};
use fluxgate_tests::fixture::{Down, Recorder, SECOND, breaker, breaker_with, fail, state, succeed};

fn unwinds<R>(code: impl FnOnce() -> R) -> Box<dyn std::any::Any + Send> {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(_) => panic!("nothing unwound"),
        Err(payload) => payload,
    }
}

#[test]
fn a_panic_is_a_failure_and_goes_on_unwinding_unchanged() {
    let (breaker, _) = breaker("FailureStreak(2)");
    let payload = unwinds(|| breaker.call(|| -> Result<(), Down> { std::panic::panic_any(42_u8) }));
    assert_eq!(payload.downcast_ref::<u8>(), Some(&42));
    assert_eq!(breaker.info().failures, 1);
    unwinds(|| breaker.call(|| -> Result<(), Down> { panic!("again") }));
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_panicking_probe_gives_its_slot_back() {
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| builder.permit(All()).max_half_open_calls(1));
    fail(&breaker);
    fail(&breaker);
    clock.advance(60 * SECOND);
    unwinds(|| breaker.call(|| -> Result<(), Down> { panic!("probe") }));
    assert_eq!(breaker.info().probes_in_flight, 0);
    assert!(succeed(&breaker));
}

#[test]
fn a_panicking_future_is_settled_while_it_is_still_held() {
    let (breaker, _) = breaker("FailureStreak(9)");
    let mut call = pin!(breaker.call_async(poll_fn(|_| -> Poll<Result<(), Down>> { panic!("poll") })));
    unwinds(|| call.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    assert_eq!(breaker.info().failures, 1);
}

#[test]
fn a_call_by_hand_that_a_panic_drops_is_a_failure() {
    let (breaker, _) = breaker("FailureStreak(9)");
    unwinds(|| {
        let _call = breaker.try_acquire().unwrap();
        panic!("by hand");
    });
    assert_eq!(breaker.info().failures, 1);
}

#[test]
fn calls_made_while_another_panic_unwinds_are_judged_by_how_they_end() {
    struct CallsOnDrop<'a>(&'a CircuitBreaker);
    impl Drop for CallsOnDrop<'_> {
        fn drop(&mut self) {
            succeed(self.0);
            drop(self.0.try_acquire().unwrap()); // cancelled at once: ignored
        }
    }
    let (breaker, _) = breaker("FailureStreak(9)");
    unwinds(|| {
        let _calls = CallsOnDrop(&breaker);
        panic!("elsewhere");
    });
    let info = breaker.info();
    assert_eq!((info.calls, info.failures), (1, 0));
}

/// Panics once, in each of its parts that is asked.
struct PanicsOnce(AtomicBool);

impl PanicsOnce {
    fn new() -> Self {
        Self(AtomicBool::new(true))
    }

    fn panic(&self) {
        assert!(!self.0.swap(false, Ordering::SeqCst), "once");
    }
}

impl CustomTripper for PanicsOnce {
    fn holds(&self, context: &CallContext) -> bool {
        self.panic();
        context.consecutive_failures() >= 2
    }
}

impl CustomTracker for PanicsOnce {
    fn tracks(&self, _: ErrorView<'_>) -> bool {
        self.panic();
        false
    }
}

impl CustomRetry for PanicsOnce {
    fn is_due(&self, _: &RetryContext) -> bool {
        self.panic();
        true
    }
}

impl CustomPermit for PanicsOnce {
    fn admits(&self, _: &PermitContext) -> bool {
        self.panic();
        true
    }
}

#[test]
fn a_tripper_that_panics_does_not_hold_and_is_asked_again() {
    let clock = fluxgate::ManualClock::new();
    let breaker = CircuitBreaker::builder("test").tripper(PanicsOnce::new()).clock(clock).build().unwrap();
    assert!(fail(&breaker));
    assert_eq!(state(&breaker), State::Closed);
    assert!(fail(&breaker));
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_tracker_that_panics_tracks_and_the_caller_gets_the_error() {
    let (breaker, _) = breaker_with("FailureStreak(9)", |builder| builder.tracker(PanicsOnce::new()));
    assert!(fail(&breaker));
    assert_eq!(breaker.info().failures, 1);
    assert!(fail(&breaker));
    assert_eq!(breaker.info().failures, 1);
}

#[test]
fn a_retry_that_panics_is_not_due_and_is_asked_again() {
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.retry(PanicsOnce::new()).permit(All()));
    fail(&breaker);
    assert!(!succeed(&breaker));
    assert!(succeed(&breaker));
}

#[test]
fn a_permit_that_panics_admits_nobody_and_is_asked_again() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(PanicsOnce::new()));
    fail(&breaker);
    clock.advance(60 * SECOND);
    assert!(!succeed(&breaker));
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn a_listener_that_panics_is_noticed_neither_by_the_call_nor_by_the_others() {
    let recorder = Recorder::default();
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| {
        builder.listener(|_: &fluxgate::Signal| panic!("listener")).listener(recorder.clone())
    });
    assert!(fail(&breaker));
    breaker.reset();
    assert_eq!(recorder.states(), [State::Open, State::Closed]);
}
