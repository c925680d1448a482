//! Each component holds at its very figure and not one call below, whether a success or a failure came last.

use std::time::Duration;

use fluxgate::{State, Window};
use fluxgate_tests::fixture::{Down, SECOND, breaker_with, state};

/// How a call ends, and how long it takes.
#[derive(Clone, Copy)]
struct Call {
    failed: bool,
    takes: Duration,
}

const OK: Call = Call { failed: false, takes: Duration::ZERO };
const BAD: Call = Call { failed: true, takes: Duration::ZERO };
const SLOW: Call = Call { failed: false, takes: SECOND };
const SLOW_AND_BAD: Call = Call { failed: true, takes: SECOND };

/// A breaker under `tripper` opens by the last of these calls, and by none before.
fn assert_opens_by_the_last(tripper: &str, window: &str, calls: &[Call]) {
    let (breaker, clock) = breaker_with(tripper, |builder| builder.window(window.parse::<Window>().unwrap()));
    for (index, call) in calls.iter().enumerate() {
        assert_eq!(state(&breaker), State::Closed, "{tripper} over {window}: open before call {index}");
        let _ = breaker.call(|| {
            clock.advance(call.takes);
            if call.failed { Err(Down) } else { Ok(()) }
        });
    }
    assert_eq!(state(&breaker), State::Open, "{tripper} over {window}: not open after all");
}

fn opens_by_the_last(tripper: &str, calls: &[Call]) {
    for window in ["CountWindow(100)", "TimeWindow(60s)"] {
        assert_opens_by_the_last(tripper, window, calls);
    }
}

#[test]
fn a_minimum_is_reached_by_its_last_call_whatever_that_is() {
    opens_by_the_last("MinRequests(5)", &[OK, OK, OK, OK, OK]);
    opens_by_the_last("MinRequests(5)", &[OK, OK, OK, OK, BAD]);
    opens_by_the_last("MinRequests(1)", &[OK]);
    assert_opens_by_the_last("MinRequests(5)", "CountWindow(5)", &[BAD, OK, OK, OK, OK]);
}

#[test]
fn a_failure_rate_is_judged_on_successes_too() {
    opens_by_the_last("MinRequests(5) & FailureRate(0.6)", &[BAD, BAD, OK, OK, BAD]);
    opens_by_the_last("MinRequests(5) & FailureRate(0.6)", &[BAD, BAD, BAD, OK, OK]);
    opens_by_the_last("MinRequests(10) & FailureRate(0.9)", &[BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, OK]);
    // A third is no binary fraction: 1 of 3 is a third all the same, and so are 2 of 6.
    opens_by_the_last("MinRequests(6) & FailureRate(0.3333333333333333)", &[OK, BAD, OK, OK, BAD, OK]);
}

#[test]
fn a_rate_holds_in_a_window_that_is_just_full() {
    for size in 1..=3_usize {
        let window = format!("CountWindow({size})");
        let mut calls = vec![BAD; size];
        let tripper = format!("MinRequests({size}) & FailureRate(1)");
        assert_opens_by_the_last(&tripper, &window, &calls);
        // One success has to leave the window first.
        calls.insert(0, OK);
        assert_opens_by_the_last(&tripper, &window, &calls);
    }
}

#[test]
fn a_streak_is_broken_by_a_success_and_counts_what_the_window_has_forgotten() {
    opens_by_the_last("FailureStreak(1)", &[OK, BAD]);
    opens_by_the_last("FailureStreak(3)", &[BAD, BAD, OK, BAD, BAD, BAD]);
    assert_opens_by_the_last("FailureStreak(4)", "CountWindow(2)", &[BAD, BAD, BAD, BAD]);
}

#[test]
fn a_mean_is_judged_on_successes_and_failures_alike() {
    opens_by_the_last("MinRequests(4) & AvgLatency(500ms)", &[OK, OK, SLOW, SLOW]);
    opens_by_the_last("MinRequests(4) & AvgLatency(500ms)", &[SLOW, SLOW_AND_BAD, OK, OK]);
    opens_by_the_last("MinRequests(2) & AvgLatency(500ms)", &[OK, SLOW_AND_BAD]);
    opens_by_the_last("AvgLatency(500000001ns)", &[OK, SLOW, SLOW]);
}

#[test]
fn a_slow_rate_is_judged_on_successes_and_failures_alike() {
    opens_by_the_last("MinRequests(4) & SlowRate(0.5, 1s)", &[SLOW, OK, OK, SLOW]);
    opens_by_the_last("MinRequests(4) & SlowRate(0.5, 1s)", &[SLOW, SLOW_AND_BAD, OK, BAD]);
    opens_by_the_last("SlowRate(0.75, 1s)", &[OK, SLOW, SLOW, SLOW]);
    let almost = Call { takes: SECOND.saturating_sub(Duration::from_nanos(1)), ..OK };
    assert_opens_by_the_last("MinRequests(2) & SlowRate(1, 1s)", "CountWindow(2)", &[almost, SLOW, SLOW]);
}

#[test]
fn the_state_clauses_hold_in_their_state_alone() {
    opens_by_the_last("Closed() & MinRequests(2)", &[OK, OK]);
    opens_by_the_last("HalfOpened() & MinRequests(1) | FailureStreak(2)", &[OK, BAD, BAD]);
}
