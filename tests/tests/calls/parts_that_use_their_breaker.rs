//! Parts that the application supplied use their breaker wherever they are called or dropped: no lock is held there.

use std::{
    sync::{
        Arc, Barrier, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use fluxgate::{
    CircuitBreaker, Policy, Signal,
    permits::{CustomPermit, PermitContext},
    retries::{Always, CustomRetry, RetryContext},
    trippers::{self, CallContext, FailureStreak},
};
use fluxgate_tests::{
    fixture::{SECOND, breaker_with, fail, succeed},
    hanging::ends,
};

/// A handle of the breaker for parts that are made before it.
type This = Arc<OnceLock<CircuitBreaker>>;

/// Replaces the policy when it is asked, and uses the breaker when it is dropped.
struct Part {
    this: This,
    dropped: Arc<AtomicBool>,
}

impl Part {
    fn replace_the_policy(&self) {
        let breaker = self.this.get().unwrap();
        breaker.set_policy(Policy::new().tripper(FailureStreak(5)).retry(Always())).unwrap();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(breaker) = self.this.get() {
            let _ = breaker.info();
            self.dropped.store(true, Ordering::SeqCst);
        }
    }
}

impl CustomRetry for Part {
    fn is_due(&self, _: &RetryContext) -> bool {
        self.replace_the_policy();
        true
    }
}

impl CustomPermit for Part {
    fn admits(&self, _: &PermitContext) -> bool {
        self.replace_the_policy();
        true
    }

    fn is_final(&self, _: &PermitContext) -> bool {
        self.replace_the_policy();
        true
    }
}

/// Runs `test` with a policy that has such a part, of which nobody else keeps a handle.
fn with_part(
    policy: impl FnOnce(Part) -> Policy + Send + 'static,
    test: impl FnOnce(&CircuitBreaker) + Send + 'static,
) {
    ends(move || {
        let (this, dropped) = (This::default(), Arc::new(AtomicBool::new(false)));
        let part = Part { this: Arc::clone(&this), dropped: Arc::clone(&dropped) };
        let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.policy(policy(part)));
        this.set(breaker.clone()).unwrap();
        fail(&breaker);
        clock.advance(60 * SECOND);
        test(&breaker);
        assert!(dropped.load(Ordering::SeqCst), "its last handle was dropped in the call");
    });
}

#[test]
fn a_tripper_that_is_replaced_while_it_judges_is_dropped_without_the_lock() {
    let policy = |part: Part| {
        let judge = move |_: &CallContext| {
            part.replace_the_policy();
            false
        };
        Policy::new().tripper(FailureStreak(9) | trippers::Custom(judge))
    };
    with_part(policy, |_| ());
}

#[test]
fn a_retry_that_is_replaced_while_it_is_asked_is_dropped_without_the_lock() {
    let policy = |part| Policy::new().tripper(FailureStreak(1)).retry(part);
    with_part(policy, |breaker| {
        succeed(breaker);
    });
    let policy = |part| Policy::new().tripper(FailureStreak(1)).retry(part);
    with_part(policy, |breaker| {
        let _ = breaker.would_reject();
    });
}

#[test]
fn a_permit_that_is_replaced_while_it_is_asked_is_dropped_without_the_lock() {
    let policy = |part| Policy::new().tripper(FailureStreak(1)).permit(part);
    with_part(policy, |breaker| {
        succeed(breaker);
    });
}

#[test]
fn signals_that_are_too_many_are_dropped_without_the_lock() {
    // A tripper that uses the breaker when it is dropped, in a change of the policy that no listener ever hears of.
    ends(|| {
        let (entered, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let listener = {
            let (entered, leave, first) = (Arc::clone(&entered), Arc::clone(&leave), AtomicBool::new(true));
            move |_: &Signal| {
                if first.swap(false, Ordering::SeqCst) {
                    entered.wait();
                    leave.wait();
                }
            }
        };
        let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.listener(listener));
        let blocked = breaker.clone();
        let caller = thread::spawn(move || blocked.force_open());
        entered.wait();
        let this = This::default();
        this.set(breaker.clone()).unwrap();
        let dropped = Arc::new(AtomicBool::new(false));
        let part = Part { this, dropped: Arc::clone(&dropped) };
        let usual = breaker.policy();
        breaker.set_policy(usual.clone().retry(part)).unwrap();
        breaker.set_policy(usual).unwrap();
        for _ in 0..33_000 {
            breaker.reset();
            breaker.force_open();
        }
        assert!(dropped.load(Ordering::SeqCst));
        leave.wait();
        caller.join().unwrap();
    });
}
