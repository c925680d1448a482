//! What a window takes over from one of another kind, length or use, when the policy changes.

use fluxgate::{
    CircuitBreaker, ManualClock, Policy, Tripper, Window,
    trippers::{AvgLatency, FailureRate, FailureStreak, MinRequests, SlowRate},
    windows::{CountWindow, TimeWindow},
};
use fluxgate_tests::fixture::{Down, SECOND, fail, succeed};

fn with(window: impl Into<Window>, tripper: impl Into<Tripper>) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let policy = Policy::new().window(window).tripper(tripper);
    (CircuitBreaker::builder("set_policy").policy(policy).clock(clock.clone()).build().unwrap(), clock)
}

fn change(breaker: &CircuitBreaker, window: impl Into<Window>, tripper: impl Into<Tripper>) {
    breaker.set_policy(Policy::new().window(window).tripper(tripper)).unwrap();
}

/// One that never trips.
fn patient() -> Tripper {
    MinRequests(1) & FailureStreak(1_000)
}

/// A call that has taken this many seconds by now.
fn took(breaker: &CircuitBreaker, clock: &ManualClock, seconds: u32) {
    let call = || {
        clock.advance(seconds * SECOND);
        Ok::<_, Down>(())
    };
    breaker.call(call).unwrap();
}

#[test]
fn a_time_window_that_does_not_know_the_mean_is_left_behind_where_one_is_asked_for() {
    for new in [Window::from(TimeWindow(10)), CountWindow(10).into()] {
        let (breaker, _) = with(TimeWindow(10), patient());
        fail(&breaker);
        change(&breaker, new, AvgLatency(100));
        assert_eq!((breaker.info().calls, breaker.info().mean_latency), (0, None));
    }
}

#[test]
fn a_count_window_that_asks_for_the_mean_takes_nothing_from_seconds() {
    // Of a second it is known how long its calls took together, and not each.
    let (breaker, clock) = with(TimeWindow(10), AvgLatency(100));
    took(&breaker, &clock, 2);
    change(&breaker, CountWindow(10), AvgLatency(100));
    assert_eq!((breaker.info().calls, breaker.info().mean_latency), (0, None));
}

#[test]
fn slow_calls_that_were_taken_over_leave_with_their_seconds() {
    let slow = |threshold: i32| SlowRate(1.0, threshold) & FailureStreak(1_000);
    let (breaker, clock) = with(TimeWindow(10), slow(1) | slow(3));
    for seconds in [1, 3, 1, 3] {
        took(&breaker, &clock, seconds);
    }
    change(&breaker, TimeWindow(12), slow(1) | slow(3));
    let rates = |breaker: &CircuitBreaker| breaker.info().slow_rates.iter().map(|slow| slow.1).collect::<Vec<_>>();
    assert_eq!(rates(&breaker), [1.0, 0.5]);
    // They ended in the seconds 1, 4, 5 and 8, and a quick one stays to the end.
    succeed(&breaker);
    assert_eq!(rates(&breaker), [0.8, 0.4]);
    for (later, expected) in [(5, [0.75, 0.5]), (3, [2.0 / 3.0, 1.0 / 3.0]), (1, [0.5, 0.5])] {
        clock.advance(later * SECOND);
        assert_eq!(rates(&breaker), expected, "{later} s later");
    }
}

#[test]
fn a_count_window_takes_whole_seconds_as_long_as_they_fit_exactly() {
    let (breaker, clock) = with(TimeWindow(10), patient());
    for calls in [2, 1, 2] {
        (0..calls).for_each(|_| assert!(succeed(&breaker)));
        clock.advance(SECOND);
    }
    change(&breaker, CountWindow(3), patient());
    assert_eq!(breaker.info().calls, 3);
}

#[test]
fn a_second_that_has_just_left_the_window_is_not_taken_over() {
    let (breaker, clock) = with(TimeWindow(10), FailureRate(1.0) & MinRequests(100));
    clock.advance(10 * SECOND);
    fail(&breaker);
    clock.advance(5 * SECOND);
    assert!(succeed(&breaker));
    clock.advance(5 * SECOND);
    (0..3).for_each(|_| assert!(succeed(&breaker)));
    change(&breaker, CountWindow(50), patient());
    assert_eq!((breaker.info().calls, breaker.info().failures), (4, 0));
}

#[test]
fn a_call_from_before_durations_counted_is_no_quick_one_because_its_start_is_not_known() {
    let (breaker, clock) = with(CountWindow(50), MinRequests(2) & FailureRate(1.0));
    let early = breaker.try_acquire().unwrap();
    change(&breaker, CountWindow(50), MinRequests(2) & SlowRate(1.0, 1));
    (0..3).for_each(|_| assert!(succeed(&breaker)));
    clock.advance(3 * SECOND);
    early.success();
    assert_eq!(breaker.info().slow_rates, [(SECOND, 0.25)]);
}
