//! Code of the user's own that changes the policy, or the state, whenever it is asked.

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use fluxgate::{
    CircuitBreaker, Policy, State,
    permits::{All, CustomPermit, PermitContext},
    retries::{Always, CustomRetry, RetryContext},
    trippers::FailureStreak,
};
use fluxgate_tests::fixture::{SECOND, breaker_with, fail, state, succeed};

/// Puts itself in place anew, up to so many times, and says yes.
#[derive(Clone, Default)]
struct Meddler {
    breaker: Arc<Mutex<Option<CircuitBreaker>>>,
    as_retry: bool,
    changes: Arc<AtomicU32>,
    asked: Arc<AtomicU32>,
}

impl Meddler {
    fn policy(&self) -> Policy {
        let policy = Policy::new().tripper(FailureStreak(1));
        if self.as_retry {
            policy.retry(self.clone()).permit(All())
        } else {
            policy.retry(Always()).permit(self.clone())
        }
    }

    fn meddle(&self) -> bool {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let breaker = self.breaker.lock().unwrap().clone();
        let may_change = self.changes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if let (Some(breaker), Ok(_)) = (breaker, may_change) {
            breaker.set_policy(self.policy()).unwrap();
        }
        true
    }

    /// What becomes of one call to an open breaker, and how often it was asked.
    fn call(as_retry: bool, changes: u32) -> (bool, State, u32) {
        let meddler = Self { as_retry, changes: Arc::new(changes.into()), ..Self::default() };
        let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.policy(meddler.policy()));
        fail(&breaker);
        *meddler.breaker.lock().unwrap() = Some(breaker.clone());
        let admitted = succeed(&breaker);
        *meddler.breaker.lock().unwrap() = None; // so that the two let go of each other
        (admitted, state(&breaker), meddler.asked.load(Ordering::SeqCst))
    }
}

impl CustomRetry for Meddler {
    fn is_due(&self, _: &RetryContext) -> bool {
        self.meddle()
    }
}

impl CustomPermit for Meddler {
    fn admits(&self, _: &PermitContext) -> bool {
        self.meddle()
    }
}

#[test]
fn a_retry_or_permit_that_changes_the_policy_a_few_times_is_asked_again() {
    for as_retry in [true, false] {
        assert_eq!(Meddler::call(as_retry, 0), (true, State::Closed, 1));
        assert_eq!(Meddler::call(as_retry, 3), (true, State::Closed, 4));
    }
}

#[test]
fn a_call_is_rejected_where_the_policy_changes_whenever_the_retry_or_permit_is_asked() {
    let (admitted, state, asked) = Meddler::call(true, 1_000);
    assert_eq!((admitted, state), (false, State::Open));
    assert!(asked < 100, "asked {asked} times");

    let (admitted, state, asked) = Meddler::call(false, 1_000);
    assert_eq!((admitted, state), (false, State::HalfOpen));
    assert!(asked < 100, "asked {asked} times");
}

#[test]
fn a_permit_that_asks_for_the_last_slot_itself_gets_it_and_its_caller_does_not() {
    struct Greedy(Arc<OnceLock<CircuitBreaker>>, AtomicU32);
    impl CustomPermit for Greedy {
        fn admits(&self, context: &PermitContext) -> bool {
            if self.1.fetch_add(1, Ordering::SeqCst) == 0 {
                assert_eq!(context.in_flight(), 0);
                let probe = self.0.get().unwrap().try_acquire_owned().expect("there is room for one");
                std::mem::forget(probe);
            }
            true
        }
    }
    let this: Arc<OnceLock<CircuitBreaker>> = Arc::default();
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| {
        builder.retry(Always()).permit(Greedy(Arc::clone(&this), AtomicU32::new(0))).max_half_open_calls(1)
    });
    this.set(breaker.clone()).unwrap();
    fail(&breaker);
    assert!(!succeed(&breaker));
    assert_eq!(breaker.info().probes_in_flight, 1);
}

#[test]
fn an_answer_that_a_command_has_overtaken_does_not_count() {
    struct Commanding(Arc<OnceLock<CircuitBreaker>>);
    impl CustomRetry for Commanding {
        fn is_due(&self, _: &RetryContext) -> bool {
            self.0.get().unwrap().force_open();
            true
        }
    }
    let this: Arc<OnceLock<CircuitBreaker>> = Arc::default();
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.retry(Commanding(Arc::clone(&this))));
    this.set(breaker.clone()).unwrap();
    fail(&breaker);
    assert!(!succeed(&breaker));
    assert_eq!(state(&breaker), State::ForcedOpen);
}

/// What a retry and a permit are told, and when.
#[derive(Clone, Default)]
struct Attentive(Arc<Mutex<Vec<(u64, f64)>>>, Arc<Mutex<Vec<(usize, f64)>>>);

impl CustomRetry for Attentive {
    fn is_due(&self, context: &RetryContext) -> bool {
        self.0.lock().unwrap().push((context.reopens(), context.draw()));
        context.open_for() >= 10 * SECOND
    }
}

impl CustomPermit for Attentive {
    fn admits(&self, context: &PermitContext) -> bool {
        self.1.lock().unwrap().push((context.in_flight(), context.draw()));
        true
    }
}

#[test]
fn a_retry_is_told_how_often_it_reopened_with_one_draw_an_opening_and_a_permit_has_a_draw_a_call() {
    let attentive = Attentive::default();
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| {
        builder.retry(attentive.clone()).permit(attentive.clone()).max_half_open_calls(3)
    });
    fail(&breaker);
    for _ in 0..3 {
        clock.advance(5 * SECOND);
        let rejection = breaker.try_acquire().unwrap_err();
        assert_eq!(rejection.retry_after(), None::<Duration>, "it foretells nothing unless it says so");
        clock.advance(5 * SECOND);
        assert!(fail(&breaker), "the probe");
    }
    clock.advance(10 * SECOND);
    let probes: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    drop(probes);
    let (retry, permit) = (attentive.0.lock().unwrap(), attentive.1.lock().unwrap());

    let reopens: Vec<_> = retry.iter().map(|told| told.0).collect();
    assert_eq!(reopens, [0, 0, 1, 1, 2, 2, 3]);
    let draws: Vec<_> = retry.iter().map(|told| told.1).collect();
    assert!(draws.chunks(2).all(|opening| opening.iter().all(|draw| draw.to_bits() == opening[0].to_bits())));

    let in_flight: Vec<_> = permit.iter().map(|told| told.0).collect();
    assert_eq!(in_flight, [0, 0, 0, 0, 1, 2]);
    let mut all: Vec<_> = draws.iter().step_by(2).copied().chain(permit.iter().map(|told| told.1)).collect();
    assert!(all.iter().all(|draw| (0.0..1.0).contains(draw)));
    all.sort_by(f64::total_cmp);
    all.dedup();
    assert_eq!(all.len(), 4 + 6, "each is another");
}
