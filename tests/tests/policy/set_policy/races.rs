//! A new policy beside calls, user code and other new policies.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use fluxgate::{
    CircuitBreaker, Error, Listener, Policy, Signal, State, trackers,
    trippers::{self, CallContext, FailureStreak, HalfOpened, SlowRate},
    windows::CountWindow,
};
use fluxgate_tests::fixture::{Down, fail, state, succeed};

use super::{counts, patient, with};

#[test]
fn an_error_is_judged_by_the_policy_that_records_it() {
    let (breaker, _) = with(patient());
    let asked = Arc::new(AtomicU64::new(0));
    let old = {
        let (breaker, asked) = (breaker.clone(), Arc::clone(&asked));
        trackers::Custom(move |_: &Down| {
            asked.fetch_add(1, Ordering::Relaxed);
            breaker.set_policy(patient().tracker(!trackers::All())).unwrap();
            true
        })
    };
    breaker.set_policy(patient().tracker(old)).unwrap();
    assert!(fail(&breaker));
    assert_eq!((asked.load(Ordering::Relaxed), counts(&breaker)), (1, (0, 0)), "the new one ignores it");
}

#[test]
fn user_code_that_changes_the_policy_whenever_it_is_asked_hangs_nobody() {
    #[derive(Clone)]
    struct Meddler(Arc<Mutex<Option<CircuitBreaker>>>);
    impl Meddler {
        fn policy(&self) -> Policy {
            let [tracker, tripper] = [self.clone(), self.clone()];
            Policy::new()
                .tracker(trackers::Custom(move |_: &Down| tracker.meddle()))
                .tripper(trippers::Custom(move |_: &CallContext| tripper.meddle()))
        }
        fn meddle(&self) -> bool {
            let breaker = self.0.lock().unwrap().clone();
            breaker.is_none_or(|breaker| breaker.set_policy(self.policy()).is_ok())
        }
    }
    let meddler = Meddler(Arc::default());
    let (breaker, _) = with(meddler.policy());
    *meddler.0.lock().unwrap() = Some(breaker.clone());
    assert!(fail(&breaker));
    assert!(succeed(&breaker));
    assert!(counts(&breaker).0 <= 2);
    *meddler.0.lock().unwrap() = None;
}

#[test]
fn a_verdict_of_a_policy_that_has_gone_counts_for_nothing() {
    let (breaker, _) = with(patient());
    let eager = {
        let breaker = breaker.clone();
        trippers::Custom(move |_: &CallContext| breaker.set_policy(patient()).is_ok())
    };
    breaker.set_policy(Policy::new().tripper(eager)).unwrap();
    fail(&breaker);
    assert_eq!(state(&breaker), State::Closed);
}

/// Has calls counted.
struct Counting;

impl Listener for Counting {
    fn on_transition(&self, _: &Signal) {}
    fn counts_calls(&self) -> bool {
        true
    }
}

/// Every call of several threads is in the totals and in the window, whatever policy comes along.
#[test]
fn no_call_is_lost_or_counted_twice_while_policies_come_and_go() {
    const CALLS: u64 = 20_000;
    let slow = || SlowRate(1.0, 1_000) & FailureStreak(1_000_000);
    let patient = |size| Policy::new().window(CountWindow(size)).tripper(FailureStreak(1_000_000));
    let policies = [
        patient(1_000_000),
        patient(900_000).tripper(slow()),
        patient(1_000_000).tracker(trackers::TypeOf::<Down>()),
        patient(800_000).tripper(slow() | SlowRate(1.0, 500) & FailureStreak(1_000_000)),
    ];
    for counts_calls in [false, true] {
        let builder = CircuitBreaker::builder("load").policy(policies[0].clone());
        let builder = if counts_calls { builder.listener(Counting) } else { builder };
        let breaker = builder.build().unwrap();
        let running = AtomicBool::new(true);
        let threads = 4;
        thread::scope(|scope| {
            let callers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        for call in 0..CALLS {
                            let _ = if call % 10 == 9 { fail(&breaker) } else { succeed(&breaker) };
                        }
                    })
                })
                .collect();
            scope.spawn(|| {
                for policy in policies.iter().cycle().take_while(|_| running.load(Ordering::Relaxed)) {
                    breaker.set_policy(policy.clone()).unwrap();
                    let info = breaker.info();
                    assert!(info.calls >= info.failures);
                    thread::yield_now();
                }
            });
            for caller in callers {
                caller.join().unwrap();
            }
            running.store(false, Ordering::Relaxed);
        });
        let all = threads * CALLS;
        assert_eq!(counts(&breaker), (all, all / 10));
        if let Some(totals) = breaker.totals() {
            assert_eq!((totals.successes, totals.failures), (all - all / 10, all / 10));
        }
    }
}

/// One policy tracks an error of which it says that it opens the breaker, the other does neither.
#[test]
fn no_call_is_judged_by_half_a_policy() {
    let strict = Policy::new().tripper(FailureStreak(1));
    let lenient = Policy::new().tripper(HalfOpened() | FailureStreak(1_000_000));
    let blind = |policy: &Policy| policy.clone().tracker(!trackers::All());
    for (one, other) in [(blind(&strict), lenient.clone()), (lenient.clone(), blind(&lenient))] {
        let breaker = CircuitBreaker::builder("halves").policy(one.clone()).build().unwrap();
        let running = AtomicBool::new(true);
        thread::scope(|scope| {
            let callers = [(); 2].map(|()| {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        let result = breaker.call(|| Err::<(), _>(Down));
                        assert!(matches!(result, Err(Error::Inner(_))), "neither policy opens");
                    }
                })
            });
            scope.spawn(|| {
                while running.load(Ordering::Relaxed) {
                    breaker.set_policy(other.clone()).unwrap();
                    breaker.set_policy(one.clone()).unwrap();
                }
            });
            for caller in callers {
                caller.join().unwrap();
            }
            running.store(false, Ordering::Relaxed);
        });
        assert_eq!(state(&breaker), State::Closed);
    }
    let breaker = CircuitBreaker::builder("whole").policy(strict).build().unwrap();
    fail(&breaker);
    assert_eq!(state(&breaker), State::Open);
}
