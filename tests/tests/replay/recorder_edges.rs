//! A recording begins and ends in the middle of things.

use std::{
    fs,
    io::ErrorKind,
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use fluxgate::{CircuitBreaker, retries::Cooldown, trackers::Custom};
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

#[test]
fn a_call_from_before_a_recording_is_no_row_of_it_and_takes_none() {
    // Under a policy that measures, a ticket tells when its call started; here both started at the same instant.
    for tripper in ["FailureStreak(9)", "MinRequests(9) & SlowRate(0.5, 1s)"] {
        let folder = Folder::new();
        let (breaker, clock) = breaker_with(tripper, |builder| builder);
        let before = breaker.try_acquire().unwrap();
        breaker.record_calls(folder.path("trace.csv")).unwrap();
        let recorded = breaker.try_acquire().unwrap();
        clock.advance(SECOND);
        before.failure();
        clock.advance(SECOND);
        recorded.success();
        assert_eq!(breaker.stop_recording().unwrap().unwrap().rows, 1);
        assert_eq!(folder.read("trace.csv"), "at,outcome,duration\n0.000000000,ok,2.000000000\n");
        assert_eq!(breaker.info().calls, 2, "both count for the breaker");
    }
}

#[test]
fn a_call_of_one_recording_is_no_row_of_the_next() {
    let folder = Folder::new();
    let (breaker, _) = breaker_with("MinRequests(9) & SlowRate(0.5, 1s)", |builder| builder);
    breaker.record_calls(folder.path("first.csv")).unwrap();
    let early = breaker.try_acquire().unwrap();
    assert_eq!(breaker.stop_recording().unwrap().unwrap().left_out, 1);
    breaker.record_calls(folder.path("second.csv")).unwrap();
    let late = breaker.try_acquire().unwrap();
    early.failure();
    late.success();
    assert_eq!(breaker.stop_recording().unwrap().unwrap().rows, 1);
    assert!(folder.read("second.csv").ends_with("\n0.000000000,ok,0.000000000\n"));
}

#[test]
fn two_recordings_do_not_share_a_file() {
    let folder = Folder::new();
    let [first, second] = ["first of two", "second of two"].map(CircuitBreaker::new);
    let path = folder.path("trace.csv");
    first.record_calls(&path).unwrap();
    assert!(succeed(&first));
    let by_another_name = path.parent().unwrap().join(".").join("trace.csv");
    let error = second.record_calls(by_another_name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().starts_with("another circuit breaker is being recorded into `"), "{error}");
    assert!(succeed(&first) && succeed(&second));
    assert_eq!(first.stop_recording().unwrap().unwrap().rows, 2);
    assert_eq!(folder.read("trace.csv").lines().count(), 3);
    // It is free again, and begins anew.
    second.record_calls(&path).unwrap();
    assert!(succeed(&second));
    assert_eq!(second.stop_recording().unwrap().unwrap().rows, 1);
    assert_eq!(folder.read("trace.csv").lines().count(), 2);
}

#[cfg(unix)]
#[test]
fn a_file_with_two_names_is_one_file() {
    let folder = Folder::new();
    let [first, second] = ["first of two names", "second of two names"].map(CircuitBreaker::new);
    first.record_calls(folder.path("trace.csv")).unwrap();
    fs::hard_link(folder.path("trace.csv"), folder.path("linked.csv")).unwrap();
    assert_eq!(second.record_calls(folder.path("linked.csv")).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert!(succeed(&first));
    assert_eq!(first.stop_recording().unwrap().unwrap().rows, 1);
}

#[test]
fn an_error_that_two_policies_look_at_is_one_row_and_what_it_says_counts_by_the_last() {
    let folder = Folder::new();
    let this: Arc<OnceLock<CircuitBreaker>> = Arc::default();
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| {
        let this = Arc::clone(&this);
        let tracker = Custom(move |_: &&str| {
            // The policy that comes meanwhile ignores the error.
            let breaker: &CircuitBreaker = this.get().unwrap();
            let ignoring = breaker.policy().tracker(!fluxgate::trackers::All());
            breaker.set_policy(ignoring).unwrap();
            true
        });
        let asks = |_: &&str| Some(Duration::from_secs(500));
        builder.tracker(tracker).retry(Cooldown(10)).honour_retry_after(600).retry_after(asks)
    });
    this.set(breaker.clone()).unwrap();
    breaker.record_calls(folder.path("trace.csv")).unwrap();
    let other = breaker.try_acquire().unwrap();
    clock.advance(SECOND);
    assert_eq!(breaker.call(|| Err::<(), _>("not found")), Err(fluxgate::Error::Inner("not found")));
    assert_eq!(breaker.info().calls, 0);
    clock.advance(SECOND);
    other.failure();
    assert_eq!(breaker.info().retry_after, Some(10 * SECOND), "an ignored error delays no opening");
    breaker.stop_recording().unwrap();
    let trace = folder.read("trace.csv");
    let rows: Vec<_> = trace.lines().skip(1).collect();
    assert_eq!(rows, ["0.000000000,fail,2.000000000", "1.000000000,ignored,0.000000000"]);
}
