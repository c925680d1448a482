//! What a new window takes over from the one before it.

use std::time::Duration;

use fluxgate::{
    Policy, Window,
    trippers::{AvgLatency, FailureRate, FailureStreak, MinRequests, SlowRate},
    windows::{CountWindow, TimeWindow},
};
use fluxgate_tests::fixture::{SECOND, fail, succeed};

use super::{counts, patient, slow_rates, takes, with};

#[test]
fn a_count_window_keeps_the_latest_calls_that_fit() {
    for before in [100, 150, 300] {
        for after in [100, 128, 129, 200, 1_000] {
            for calls in [0, 1, 99, 128, 250, 700] {
                let (breaker, _) = with(patient().window(CountWindow(before)));
                let fails = |call: u64| call.is_multiple_of(7) || call % 11 == 3;
                for call in 0..calls {
                    let _ = if fails(call) { fail(&breaker) } else { succeed(&breaker) };
                }
                breaker.set_policy(patient().window(CountWindow(after))).unwrap();
                let most = before.min(after);
                for more in 0..=150 {
                    let kept = calls.saturating_sub(most)..calls;
                    let now = (calls.min(most) + more).min(after);
                    // Of the kept ones the oldest leave first.
                    let left = (kept.end - kept.start + more).saturating_sub(after);
                    let failures = kept.skip(usize::try_from(left).unwrap()).filter(|call| fails(*call)).count() as u64;
                    assert_eq!(counts(&breaker), (now, failures), "{before} {after} {calls} {more}");
                    succeed(&breaker);
                }
            }
        }
    }
}

#[test]
fn a_time_window_keeps_the_seconds_that_fit() {
    let (breaker, clock) = with(patient().window(TimeWindow(10)));
    for second in 0..10 {
        (0..=second).for_each(|_| assert!(succeed(&breaker)));
        fail(&breaker);
        if second < 9 {
            clock.advance(SECOND);
        }
    }
    assert_eq!(counts(&breaker), (65, 10));
    breaker.set_policy(patient().window(TimeWindow(4))).unwrap();
    assert_eq!(counts(&breaker), (8 + 9 + 10 + 11, 4));
    clock.advance(SECOND);
    assert_eq!(counts(&breaker), (9 + 10 + 11, 3));
    breaker.set_policy(patient().window(TimeWindow(100))).unwrap();
    clock.advance(96 * SECOND);
    assert_eq!(counts(&breaker), (9 + 10 + 11, 3));
    clock.advance(SECOND);
    assert_eq!(counts(&breaker), (10 + 11, 2), "they leave when a window that long lets them go");
}

#[test]
fn from_a_time_window_to_a_count_window_the_latest_whole_seconds_are_kept_and_the_other_way_none() {
    let (breaker, clock) = with(patient().window(TimeWindow(10)));
    for _ in 0..3 {
        (0..40).for_each(|_| assert!(succeed(&breaker)));
        fail(&breaker);
        clock.advance(SECOND);
    }
    breaker.set_policy(patient().window(CountWindow(100))).unwrap();
    assert_eq!(counts(&breaker), (82, 2));
    breaker.set_policy(patient().window(TimeWindow(10))).unwrap();
    assert_eq!(counts(&breaker), (0, 0));
    succeed(&breaker);
    assert_eq!(counts(&breaker), (1, 0));
}

#[test]
fn successes_that_threads_have_counted_come_along() {
    for (old, new, kept) in [
        (Window::from(CountWindow(200)), Window::from(CountWindow(300)), 150),
        (TimeWindow(10).into(), CountWindow(300).into(), 150),
        (TimeWindow(10).into(), TimeWindow(20).into(), 150),
        (CountWindow(200).into(), TimeWindow(10).into(), 0),
    ] {
        let (breaker, _) = with(Policy::new().tripper(FailureRate(1.0) & MinRequests(100)).window(old));
        (0..150).for_each(|_| assert!(succeed(&breaker)));
        breaker.set_policy(patient().window(new)).unwrap();
        assert_eq!(counts(&breaker), (kept, 0));
        (0..120).for_each(|_| assert!(succeed(&breaker)));
        assert_eq!(counts(&breaker), (kept + 120, 0));
    }
}

#[test]
fn durations_come_along_as_far_as_they_are_known() {
    for (time, count) in [(false, true), (true, true), (true, false)] {
        let old_window = if time { Window::from(TimeWindow(60)) } else { CountWindow(9).into() };
        let new_window = || if count { Window::from(CountWindow(9)) } else { TimeWindow(60).into() };
        let slow = |threshold: i32| SlowRate(1.0, threshold) & FailureStreak(99);
        let (breaker, clock) = with(Policy::new().window(old_window).tripper(slow(2) | slow(6)));
        for seconds in [1, 3, 7, 5] {
            takes(&breaker, &clock, seconds * SECOND);
        }
        assert_eq!(slow_rates(&breaker), [(2, 0.75), (6, 0.25)]);
        breaker.set_policy(Policy::new().window(new_window()).tripper(slow(1) | slow(4) | slow(6) | slow(8))).unwrap();
        // Of the one of five seconds it is known that it took two.
        assert_eq!(slow_rates(&breaker), [(1, 0.75), (4, 0.25), (6, 0.25), (8, 0.0)], "{time} {count}");
    }
}

#[test]
fn a_window_that_knows_every_duration_answers_for_every_threshold_and_the_mean() {
    let (breaker, clock) = with(Policy::new().window(CountWindow(9)).tripper(AvgLatency(100)));
    for seconds in [1, 3, 7, 5] {
        takes(&breaker, &clock, seconds * SECOND);
    }
    let tripper = AvgLatency(100) | SlowRate(1.0, 4) & FailureStreak(9);
    breaker.set_policy(Policy::new().window(CountWindow(3)).tripper(tripper)).unwrap();
    assert_eq!((slow_rates(&breaker), breaker.info().mean_latency), (vec![(4, 2.0 / 3.0)], Some(5 * SECOND)));

    let (breaker, clock) = with(Policy::new().window(TimeWindow(60)).tripper(AvgLatency(100)));
    for seconds in [1, 3, 8] {
        takes(&breaker, &clock, seconds * SECOND);
    }
    breaker.set_policy(Policy::new().window(TimeWindow(10)).tripper(AvgLatency(90))).unwrap();
    assert_eq!((breaker.info().calls, breaker.info().mean_latency), (2, Some(Duration::from_millis(5_500))));
}

#[test]
fn a_window_that_can_not_tell_the_mean_begins_anew_where_one_is_asked_for() {
    let (breaker, clock) = with(patient().window(CountWindow(200)));
    fail(&breaker);
    breaker.set_policy(Policy::new().tripper(AvgLatency(100))).unwrap();
    assert_eq!((counts(&breaker), breaker.info().mean_latency), ((0, 0), None));
    takes(&breaker, &clock, 3 * SECOND);
    assert_eq!(breaker.info().mean_latency, Some(3 * SECOND));
}
