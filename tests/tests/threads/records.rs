//! Many threads on one breaker: no record is lost, none counted twice, whichever way it takes.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use fluxgate::{CircuitBreaker, State, windows::CountWindow};
use fluxgate_tests::fixture::{Recorder, breaker_with, fail, state, succeed};

/// Counts every outcome by itself, beside the breaker.
#[derive(Default)]
struct Counts {
    successes: AtomicU64,
    failures: AtomicU64,
}

impl Counts {
    fn make_calls(&self, breaker: &CircuitBreaker, thread: u64, calls: u64) {
        for call in 0..calls {
            if (call * 7 + thread).is_multiple_of(10) {
                assert!(fail(breaker));
                self.failures.fetch_add(1, Ordering::Relaxed);
            } else {
                assert!(succeed(breaker));
                self.successes.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn assert_equal_those_of(&self, breaker: &CircuitBreaker) {
        let (successes, failures) = (self.successes.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed));
        let info = breaker.info();
        assert_eq!((info.calls, info.failures), (successes + failures, failures));
    }
}

#[test]
fn every_outcome_of_every_thread_is_in_the_window() {
    for window in ["CountWindow(1000000)", "TimeWindow(3600s)"] {
        for tripper in ["MinRequests(1000000) & FailureRate(1)", "FailureStreak(1000000)", "SlowRate(1, 1h)"] {
            let (breaker, _) =
                breaker_with(tripper, |builder| builder.window(window.parse::<fluxgate::Window>().unwrap()));
            let counts = Counts::default();
            thread::scope(|scope| {
                for thread in 0..4 {
                    let (breaker, counts) = (&breaker, &counts);
                    scope.spawn(move || counts.make_calls(breaker, thread, 20_000));
                }
            });
            counts.assert_equal_those_of(&breaker);
        }
    }
}

#[test]
fn threads_that_end_leave_their_counts_behind() {
    let (breaker, _) = breaker_with("FailureStreak(1000000)", |builder| builder.window(CountWindow(1_000_000)));
    let counts = Counts::default();
    for round in 0..50 {
        thread::scope(|scope| {
            for thread in 0..6 {
                let (breaker, counts) = (&breaker, &counts);
                scope.spawn(move || counts.make_calls(breaker, thread + round, 25));
            }
        });
    }
    counts.assert_equal_those_of(&breaker);
}

#[test]
fn a_reader_sees_what_happened_before_it() {
    let (breaker, _) = breaker_with("FailureStreak(9)", |builder| builder.window(CountWindow(1_000_000)));
    for calls in 1..=1_000 {
        thread::scope(|scope| scope.spawn(|| succeed(&breaker)).join().unwrap());
        assert_eq!(breaker.info().calls, calls);
    }
}

#[test]
fn no_success_from_before_a_transition_is_counted_after_it() {
    let (breaker, _) = breaker_with("FailureStreak(1000000)", |builder| builder.window(CountWindow(1_000_000)));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    let call = breaker.try_acquire().unwrap();
                    call.success();
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..2_000 {
                breaker.reset();
            }
        });
    });
    breaker.reset();
    assert_eq!(breaker.info().calls, 0);
    succeed(&breaker);
    assert_eq!(breaker.info().calls, 1);
}

#[test]
fn rejections_of_all_threads_add_up() {
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder);
    fail(&breaker);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    assert!(!succeed(&breaker));
                }
            });
        }
    });
    assert_eq!((state(&breaker), breaker.info().rejected), (State::Open, 40_000));
}

#[test]
fn a_streak_across_threads_trips_once() {
    for _ in 0..200 {
        let recorder = Recorder::default();
        let (breaker, _) = breaker_with("FailureStreak(4)", |builder| builder.listener(recorder.clone()));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| fail(&breaker));
            }
        });
        assert_eq!(recorder.states(), [State::Open]);
    }
}

#[test]
fn more_threads_than_have_counters_of_their_own_lose_nothing() {
    let (breaker, _) = breaker_with("FailureStreak(1000000)", |builder| builder.window(CountWindow(1_000_000)));
    let counts = Counts::default();
    let together = std::sync::Barrier::new(300);
    thread::scope(|scope| {
        for thread in 0..300 {
            let (breaker, counts, together) = (&breaker, &counts, &together);
            scope.spawn(move || {
                together.wait();
                counts.make_calls(breaker, thread, 50);
                together.wait();
            });
        }
    });
    counts.assert_equal_those_of(&breaker);
}
