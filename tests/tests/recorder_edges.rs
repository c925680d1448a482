//! A recording begins and ends in the middle of things.

use std::{fs, thread};

use fluxgate::{CircuitBreaker, retries::Cooldown};
use fluxgate_tests::{
    fixture::{SECOND, breaker_with, fail, state, succeed},
    replay::Folder,
};

#[test]
fn rejections_from_before_a_recording_are_not_in_it() {
    let folder = Folder::new();
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.retry(Cooldown(60)));
    fail(&breaker);
    // One under the lock, the others without it.
    (0..4).for_each(|_| assert!(!succeed(&breaker)));
    breaker.record_calls(folder.path("trace.csv")).unwrap();
    (0..3).for_each(|_| assert!(!succeed(&breaker)));
    let recorded = breaker.stop_recording().unwrap().unwrap();
    assert_eq!((recorded.rows, recorded.rejected, recorded.left_out), (0, 3, 0));
}

#[test]
fn a_probe_is_a_row_of_its_own_whichever_of_two_ends_first() {
    let folder = Folder::new();
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| {
        builder.retry(Cooldown(10)).permit("All()".parse::<fluxgate::Permit>().unwrap())
    });
    assert!(fail(&breaker) && fail(&breaker));
    clock.advance(10 * SECOND);
    breaker.record_calls(folder.path("trace.csv")).unwrap();
    let first = breaker.try_acquire().unwrap();
    clock.advance(SECOND);
    let second = breaker.try_acquire().unwrap();
    clock.advance(2 * SECOND);
    second.ignored();
    clock.advance(4 * SECOND);
    first.success();
    assert_eq!(state(&breaker), fluxgate::State::Closed);
    assert_eq!(breaker.stop_recording().unwrap().unwrap().rows, 2);
    let trace = folder.read("trace.csv");
    let rows: Vec<_> = trace.lines().skip(1).collect();
    assert_eq!(rows, ["0.000000000,ok,7.000000000", "1.000000000,ignored,2.000000000"]);
}

#[test]
fn what_a_breaker_that_is_dropped_had_recorded_is_written() {
    let folder = Folder::new();
    let path = folder.path("trace.csv");
    let breaker = CircuitBreaker::new("dropped while recording");
    breaker.record_calls(&path).unwrap();
    (0..3).for_each(|_| assert!(succeed(&breaker)));
    drop(breaker);
    // Written by a thread that nobody can wait for any more.
    while fs::read_to_string(&path).unwrap().lines().count() < 4 {
        thread::yield_now();
    }
}
