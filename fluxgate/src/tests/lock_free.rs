//! Tests that calls take no lock: they run while another thread holds it.

use std::{sync::mpsc, thread, time::Duration};

use crate::{Builder, CircuitBreaker, ManualClock, Signal, State, Tripper, Window, policy::retries, sync::thread_slot};

const SECOND: Duration = Duration::from_secs(1);

fn breaker(tripper: &str, settings: impl FnOnce(Builder) -> Builder) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let tripper: Tripper = tripper.parse().unwrap();
    let builder = CircuitBreaker::builder("unlocked").tripper(tripper).clock(clock.clone());
    (settings(builder).build().unwrap(), clock)
}

/// Runs `act` while another thread holds the breaker's lock. If `act` takes the lock, it gets it after a while, so that the
/// test fails instead of hanging.
fn while_locked(breaker: &CircuitBreaker, act: impl FnOnce()) {
    let (locked, is_locked) = mpsc::channel();
    let (done, is_done) = mpsc::channel();
    thread::scope(|scope| {
        let holder = scope.spawn(move || {
            let core = breaker.shared.core.lock();
            locked.send(()).unwrap();
            let done = is_done.recv_timeout(20 * SECOND);
            drop(core);
            done.is_ok()
        });
        is_locked.recv().unwrap();
        act();
        let _ = done.send(());
        assert!(holder.join().unwrap(), "the lock was taken");
    });
}

fn succeed(breaker: &CircuitBreaker) {
    breaker.call(|| Ok::<_, ()>(())).unwrap();
}

fn fail(breaker: &CircuitBreaker) {
    breaker.call(|| Err::<(), _>(())).unwrap_err();
}

/// Checks that successes skip the lock once the thread has a counter, which it gets by its `first` successes.
fn assert_successes_skip_the_lock(breaker: &CircuitBreaker, first: usize) {
    for _ in 0..first {
        succeed(breaker);
    }
    while_locked(breaker, || (0..20).for_each(|_| succeed(breaker)));
}

#[test]
fn a_success_that_can_not_trip_is_counted() {
    let _available = thread_slot::AVAILABLE.read();
    let (breaker, _) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| builder);
    fail(&breaker);
    assert_successes_skip_the_lock(&breaker, 4);
    assert_eq!(breaker.info().calls, 25);
}

#[test]
fn successes_are_counted_again_after_the_recheck_of_the_window() {
    let _available = thread_slot::AVAILABLE.read();
    let (breaker, _) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| {
        builder.window("CountWindow(10_000)".parse::<Window>().unwrap())
    });
    fail(&breaker);
    assert_successes_skip_the_lock(&breaker, 1_100);
    assert_successes_skip_the_lock(&breaker, 1_100);
    assert_eq!(breaker.info().calls, 2_241);
}

#[test]
fn a_success_is_counted_under_a_tripper_without_a_minimum_of_calls() {
    let _available = thread_slot::AVAILABLE.read();
    let (breaker, _) = breaker("FailureStreak(5)", |builder| builder);
    fail(&breaker);
    assert_successes_skip_the_lock(&breaker, 1);
    assert_eq!(breaker.info().calls, 22);
}

#[test]
fn a_success_is_counted_in_its_second_under_a_time_window() {
    let _available = thread_slot::AVAILABLE.read();
    let (breaker, clock) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| {
        builder.window("TimeWindow(10s)".parse::<Window>().unwrap())
    });
    clock.advance(3 * SECOND);
    assert_successes_skip_the_lock(&breaker, 5);
    clock.advance(SECOND);
    assert_successes_skip_the_lock(&breaker, 1);
    assert_eq!(breaker.info().calls, 46);
}

#[test]
fn a_success_is_counted_under_metrics_only() {
    let _available = thread_slot::AVAILABLE.read();
    let (breaker, _) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| builder);
    breaker.metrics_only();
    assert_successes_skip_the_lock(&breaker, 1);
    assert_eq!(breaker.info().calls, 21);
}

#[test]
fn a_success_in_a_full_window_without_failures_is_not_counted() {
    let _available = thread_slot::AVAILABLE.read();
    for tripper in ["MinRequests(5) & FailureRate(0.5)", "MinRequests(5) & SlowRate(0.5, 1s)"] {
        let (breaker, _) = breaker(tripper, |builder| builder.window("CountWindow(10)".parse::<Window>().unwrap()));
        // Enough for a recheck, which finds that successes have become redundant.
        (0..1_100).for_each(|_| succeed(&breaker));
        // On a thread without a counter.
        thread::scope(|scope| scope.spawn(|| assert_successes_skip_the_lock(&breaker, 0)).join().unwrap());
        assert_eq!(breaker.info().calls, 10);
    }
}

#[test]
fn a_fast_success_skips_the_lock_under_a_policy_that_measures_durations() {
    let _available = thread_slot::AVAILABLE.read();
    for window in ["CountWindow(30)", "CountWindow(5)", "TimeWindow(10s)"] {
        let (breaker, _) =
            breaker("MinRequests(5) & SlowRate(0.5, 1s)", |builder| builder.window(window.parse::<Window>().unwrap()));
        assert_successes_skip_the_lock(&breaker, 6);
    }
}

/// A listener that requests totals.
struct Counting;

impl crate::Listener for Counting {
    fn on_transition(&self, _: &Signal) {}
    fn counts_calls(&self) -> bool {
        true
    }
}

#[test]
fn a_success_is_counted_in_the_totals_too() {
    let _available = thread_slot::AVAILABLE.read();
    let (breaker, _) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| {
        builder.window("CountWindow(10)".parse::<Window>().unwrap()).listener(Counting)
    });
    assert_successes_skip_the_lock(&breaker, 10);
    assert_eq!(breaker.totals().unwrap().successes, 30);
}

#[test]
fn a_call_of_a_disabled_breaker_takes_no_lock() {
    let _available = thread_slot::AVAILABLE.read();
    let (breaker, _) = breaker("FailureStreak(5)", |builder| builder);
    breaker.disable();
    while_locked(&breaker, || {
        succeed(&breaker);
        fail(&breaker);
        breaker.try_acquire().unwrap().ignored();
    });
}

#[test]
fn a_rejection_long_before_the_retry_takes_no_lock() {
    let _available = thread_slot::AVAILABLE.read();
    let rejects = |breaker: &CircuitBreaker, state: State, wait: Option<Duration>| {
        // The first rejection allocates the thread's counter.
        breaker.try_acquire().unwrap_err();
        while_locked(breaker, || {
            for _ in 0..20 {
                let rejection = breaker.try_acquire().unwrap_err();
                assert_eq!((rejection.state(), rejection.retry_after()), (state, wait));
                assert_eq!(breaker.would_reject().unwrap().retry_after(), wait);
            }
        });
        assert_eq!(breaker.info().rejected, 21);
    };

    let (forced, _) = breaker("FailureStreak(1)", |builder| builder);
    forced.force_open();
    rejects(&forced, State::ForcedOpen, None);

    let (never, _) = breaker("FailureStreak(1)", |builder| builder.retry(retries::Never()));
    fail(&never);
    rejects(&never, State::Open, None);

    let (cooling, clock) = breaker("FailureStreak(1)", |builder| builder.retry(retries::Cooldown(60)));
    fail(&cooling);
    clock.advance(20 * SECOND);
    rejects(&cooling, State::Open, Some(40 * SECOND));
}

#[test]
fn a_rejection_shortly_before_the_retry_uses_the_exact_time() {
    let _available = thread_slot::AVAILABLE.read();
    let (breaker, clock) = breaker("FailureStreak(1)", |builder| builder.retry(retries::Cooldown(60)));
    fail(&breaker);
    breaker.try_acquire().unwrap_err();
    clock.advance(Duration::from_millis(59_990));
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), Some(Duration::from_millis(10)));
    assert_eq!(breaker.info().rejected, 2);
}

#[test]
fn without_spares_the_lock_each_call_takes_the_lock() {
    let _available = thread_slot::AVAILABLE.read();
    // Must not share its compiled policy with this one, which skips the lock.
    let (_other, _) = self::breaker("MinRequests(5) & FailureRate(0.5)", |builder| builder);
    let (breaker, _) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| builder.spares_the_lock(false));
    (0..10).for_each(|_| succeed(&breaker));
    let status = breaker.shared.status.read();
    assert_eq!(status.success_path(), crate::sync::status_word::SuccessPath::Judged);
    assert_eq!(breaker.shared.successes.counted(&breaker.shared.core.lock().enrolled), 0);
}
