//! Tests of what takes no lock: it is done while another thread holds it.

use std::{sync::mpsc, thread, time::Duration};

use crate::{Builder, CircuitBreaker, ManualClock, Signal, State, Tripper, Window, policy::retries, sync::thread_slot};

const SECOND: Duration = Duration::from_secs(1);

fn breaker(tripper: &str, settings: impl FnOnce(Builder) -> Builder) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let tripper: Tripper = tripper.parse().unwrap();
    let builder = CircuitBreaker::builder("unlocked").tripper(tripper).clock(clock.clone());
    (settings(builder).build().unwrap(), clock)
}

/// Does this while another thread holds the breaker's lock. What takes the lock gets it after a while, and the test
/// fails instead of hanging.
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
        assert!(holder.join().unwrap(), "it took the lock");
    });
}

fn succeed(breaker: &CircuitBreaker) {
    breaker.call(|| Ok::<_, ()>(())).unwrap();
}

fn fail(breaker: &CircuitBreaker) {
    breaker.call(|| Err::<(), _>(())).unwrap_err();
}

/// A thread's first successes let it have a counter; those after it are counted there.
fn successes_are_spared(breaker: &CircuitBreaker, first: usize) {
    for _ in 0..first {
        succeed(breaker);
    }
    while_locked(breaker, || (0..20).for_each(|_| succeed(breaker)));
}

#[test]
fn a_success_that_trips_nothing_is_counted() {
    let _enough = thread_slot::ENOUGH.read();
    let (breaker, _) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| builder);
    fail(&breaker);
    successes_are_spared(&breaker, 4);
    assert_eq!(breaker.info().calls, 25);
}

#[test]
fn a_success_is_counted_again_after_one_of_many_that_has_looked_at_the_window() {
    let _enough = thread_slot::ENOUGH.read();
    let (breaker, _) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| {
        builder.window("CountWindow(10_000)".parse::<Window>().unwrap())
    });
    fail(&breaker);
    successes_are_spared(&breaker, 1_100);
    successes_are_spared(&breaker, 1_100);
    assert_eq!(breaker.info().calls, 2_241);
}

#[test]
fn a_success_is_counted_where_the_tripper_asks_for_no_number_of_calls() {
    let _enough = thread_slot::ENOUGH.read();
    let (breaker, _) = breaker("FailureStreak(5)", |builder| builder);
    fail(&breaker);
    successes_are_spared(&breaker, 1);
    assert_eq!(breaker.info().calls, 22);
}

#[test]
fn a_success_is_counted_under_a_time_window_in_its_second() {
    let _enough = thread_slot::ENOUGH.read();
    let (breaker, clock) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| {
        builder.window("TimeWindow(10s)".parse::<Window>().unwrap())
    });
    clock.advance(3 * SECOND);
    successes_are_spared(&breaker, 5);
    clock.advance(SECOND);
    successes_are_spared(&breaker, 1);
    assert_eq!(breaker.info().calls, 46);
}

#[test]
fn a_success_is_counted_while_nothing_is_judged() {
    let _enough = thread_slot::ENOUGH.read();
    let (breaker, _) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| builder);
    breaker.metrics_only();
    successes_are_spared(&breaker, 1);
    assert_eq!(breaker.info().calls, 21);
}

#[test]
fn a_success_in_a_full_window_without_failures_is_not_even_counted() {
    let _enough = thread_slot::ENOUGH.read();
    for tripper in ["MinRequests(5) & FailureRate(0.5)", "MinRequests(5) & SlowRate(0.5, 1s)"] {
        let (breaker, _) = breaker(tripper, |builder| builder.window("CountWindow(10)".parse::<Window>().unwrap()));
        // Among so many is one that looks whether the window has become such a one.
        (0..1_100).for_each(|_| succeed(&breaker));
        // On a thread that has no counter.
        thread::scope(|scope| scope.spawn(|| successes_are_spared(&breaker, 0)).join().unwrap());
        assert_eq!(breaker.info().calls, 10);
    }
}

#[test]
fn a_quick_success_is_spared_where_durations_count() {
    let _enough = thread_slot::ENOUGH.read();
    for window in ["CountWindow(30)", "CountWindow(5)", "TimeWindow(10s)"] {
        let (breaker, _) =
            breaker("MinRequests(5) & SlowRate(0.5, 1s)", |builder| builder.window(window.parse::<Window>().unwrap()));
        successes_are_spared(&breaker, 6);
    }
}

/// Has calls counted.
struct Counting;

impl crate::Listener for Counting {
    fn on_transition(&self, _: &Signal) {}
    fn counts_calls(&self) -> bool {
        true
    }
}

#[test]
fn a_success_is_counted_in_the_totals_too() {
    let _enough = thread_slot::ENOUGH.read();
    let (breaker, _) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| {
        builder.window("CountWindow(10)".parse::<Window>().unwrap()).listener(Counting)
    });
    successes_are_spared(&breaker, 10);
    assert_eq!(breaker.totals().unwrap().successes, 30);
}

#[test]
fn an_ignored_call_is_spared_only_if_nothing_is_recorded() {
    let _enough = thread_slot::ENOUGH.read();
    let (breaker, _) = breaker("FailureStreak(5)", |builder| builder);
    breaker.disable();
    while_locked(&breaker, || {
        succeed(&breaker);
        fail(&breaker);
        breaker.try_acquire().unwrap().ignored();
    });
}

#[test]
fn a_rejection_that_nothing_can_change_for_a_while_takes_no_lock() {
    let _enough = thread_slot::ENOUGH.read();
    let rejects = |breaker: &CircuitBreaker, state: State, wait: Option<Duration>| {
        // The first lets the thread have a counter.
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
fn near_the_end_of_the_wait_the_lock_and_the_exact_time_decide() {
    let _enough = thread_slot::ENOUGH.read();
    let (breaker, clock) = breaker("FailureStreak(1)", |builder| builder.retry(retries::Cooldown(60)));
    fail(&breaker);
    breaker.try_acquire().unwrap_err();
    clock.advance(Duration::from_millis(59_990));
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), Some(Duration::from_millis(10)));
    assert_eq!(breaker.info().rejected, 2);
}

#[test]
fn a_breaker_that_spares_nothing_takes_the_lock_for_each_call() {
    let _enough = thread_slot::ENOUGH.read();
    // Which shares no rules with one that goes by the same policy, and spares it.
    let (_other, _) = self::breaker("MinRequests(5) & FailureRate(0.5)", |builder| builder);
    let (breaker, _) = breaker("MinRequests(5) & FailureRate(0.5)", |builder| builder.spares_the_lock(false));
    (0..10).for_each(|_| succeed(&breaker));
    let status = breaker.shared.status.read();
    assert_eq!(status.success(), crate::sync::status_word::SuccessPath::Judged);
    assert_eq!(breaker.shared.successes.counted(&breaker.shared.core.lock().enrolled), 0);
}
