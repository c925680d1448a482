//! Half-open: how many probes, how they end, and that it always ends.

use std::{sync::Barrier, thread};

use std::time::Duration;

use fluxgate::{
    MaxFailedProbes, MaxProbeTime, State,
    permits::{All, RampUp, Random},
    retries::{Always, Cooldown},
    windows::TimeWindow,
};
use fluxgate_tests::fixture::{Down, Recorder, SECOND, breaker_with, fail, state, succeed};

#[test]
fn no_more_than_max_half_open_calls_are_in_flight() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(All()).max_half_open_calls(3));
    fail(&breaker);
    clock.advance(60 * SECOND);
    let mut probes: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    let rejection = breaker.try_acquire().unwrap_err();
    assert_eq!((rejection.state(), rejection.retry_after()), (State::HalfOpen, None));
    probes.pop().unwrap().ignored();
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn exactly_ten_of_racing_threads_probe_and_one_transition_is_announced() {
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(All()).listener(recorder.clone()));
    let early: Vec<_> = (0..5).map(|_| breaker.try_acquire_owned().unwrap()).collect();
    fail(&breaker);
    clock.advance(60 * SECOND);
    let barrier = Barrier::new(64);
    let probes: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    breaker.try_acquire_owned().ok()
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(probes.len(), 10);
    assert_eq!(recorder.states(), [State::Open, State::HalfOpen]);

    early.into_iter().for_each(fluxgate::Call::success);
    assert_eq!(breaker.info().probes_in_flight, 10);
    assert!(!succeed(&breaker));
}

#[test]
fn an_ignored_probe_gives_its_slot_back_however_many_there_are() {
    let tracker = fluxgate::trackers::Custom(|error: &&str| *error == "down");
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| {
        builder.permit(All()).max_half_open_calls(1).max_failed_probes(MaxFailedProbes::Off).tracker(tracker)
    });
    let _ = breaker.call(|| Err::<(), _>("down"));
    clock.advance(60 * SECOND);
    for _ in 0..1_000 {
        assert_eq!(breaker.call(|| Err::<(), _>("not found")).unwrap_err().into_inner(), Some("not found"));
    }
    assert_eq!(state(&breaker), State::HalfOpen);
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn a_hung_probe_is_given_up_and_what_it_ends_with_is_stale() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| {
        builder.permit(All()).max_half_open_calls(2).max_probe_time(5.0).retry(Cooldown(10))
    });
    fail(&breaker);
    clock.advance(10 * SECOND);
    let hung = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    clock.advance(Duration::from_nanos(4_999_999_999));
    assert!(!succeed(&breaker));
    assert_eq!(state(&breaker), State::HalfOpen);
    clock.advance(Duration::from_nanos(1));
    assert!(!succeed(&breaker));
    assert_eq!((state(&breaker), breaker.info().reopens), (State::Open, 1));

    clock.advance(10 * SECOND);
    let probe = breaker.try_acquire().unwrap();
    for call in hung {
        call.success();
    }
    assert_eq!((state(&breaker), breaker.info().probes_in_flight), (State::HalfOpen, 1));
    probe.success();
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn a_given_up_probe_counts_with_its_duration_so_far_oldest_first() {
    let (breaker, clock) = breaker_with("FailureStreak(2) | MinRequests(9) & AvgLatency(100s)", |builder| {
        builder.permit(All()).max_half_open_calls(3).max_probe_time(5.0)
    });
    fail(&breaker);
    fail(&breaker);
    clock.advance(60 * SECOND);
    let _first = breaker.try_acquire().unwrap();
    clock.advance(4 * SECOND);
    let _second = breaker.try_acquire().unwrap();
    clock.advance(3 * SECOND);
    assert!(breaker.try_acquire().is_ok_and(|call| {
        call.ignored();
        true
    }));
    let info = breaker.info();
    assert_eq!((info.calls, info.failures, info.mean_latency), (1, 1, Some(7 * SECOND)));
    assert_eq!((info.state, info.probes_in_flight), (State::HalfOpen, 1));
}

#[test]
fn a_probe_may_hang_for_ever_where_that_was_asked_for() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| {
        builder.permit(All()).max_half_open_calls(1).max_probe_time(MaxProbeTime::Off)
    });
    fail(&breaker);
    clock.advance(60 * SECOND);
    let hung = breaker.try_acquire().unwrap();
    clock.advance(1_000_000 * SECOND);
    assert!(!succeed(&breaker));
    hung.success();
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn a_forgotten_call_keeps_its_slot_until_max_probe_time_takes_it_back() {
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| builder.permit(All()).max_half_open_calls(1));
    fail(&breaker);
    fail(&breaker);
    clock.advance(60 * SECOND);
    std::mem::forget(breaker.try_acquire_owned().unwrap());
    assert!(!succeed(&breaker));
    clock.advance(60 * SECOND);
    assert!(succeed(&breaker));
}

#[test]
fn always_with_a_permit_that_refuses_makes_one_transition_a_call() {
    let recorder = Recorder::default();
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| {
        builder.permit(Random(0.0)).retry(Always()).listener(recorder.clone())
    });
    fail(&breaker);
    for _ in 0..3 {
        assert!(!succeed(&breaker));
    }
    assert_eq!(recorder.states(), [State::Open, State::HalfOpen]);
}

#[test]
fn spread_probes_under_a_short_time_window_never_get_stuck() {
    for permit in [All(), Random(1.0).into(), RampUp(1.0, 1.0, 30.0).into()] {
        let (breaker, clock) =
            breaker_with("MinRequests(3) & FailureRate(0.5)", |builder| builder.permit(permit).window(TimeWindow(1)));
        for _ in 0..3 {
            fail(&breaker);
        }
        clock.advance(60 * SECOND);
        for _ in 0..100 {
            assert!(succeed(&breaker));
            clock.advance(2 * SECOND);
        }
        assert_eq!(state(&breaker), State::Closed);
    }
}

#[test]
fn random_admits_its_share_of_the_calls() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| {
        builder
            .permit(Random(0.2))
            .max_failed_probes(MaxFailedProbes::Off)
            .tracker(!fluxgate::trackers::TypeOf::<std::fmt::Error>())
    });
    fail(&breaker);
    clock.advance(60 * SECOND);
    let admitted = (0..10_000)
        .filter(|_| matches!(breaker.call(|| Err::<(), _>(std::fmt::Error)), Err(fluxgate::Error::Inner(_))))
        .count();
    // Five standard deviations of a binomial with n = 10,000 and p = 0.2 are 200.
    assert!(admitted.abs_diff(2_000) < 200, "{admitted}");
    assert_eq!(state(&breaker), State::HalfOpen);
}

#[test]
fn a_failed_probe_that_does_not_trip_leaves_the_breaker_half_open() {
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| builder.permit(All()));
    fail(&breaker);
    fail(&breaker);
    clock.advance(60 * SECOND);
    let _ = breaker.call(|| Err::<(), _>(Down));
    assert_eq!(state(&breaker), State::HalfOpen);
}

#[test]
fn a_fleet_returns_evenly_spread_and_each_due_time_is_fixed_while_open() {
    let mut waits: Vec<f64> = (0..1_000)
        .map(|seed| {
            let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| {
                builder.retry(Cooldown(100).jitter_ratio(0.1)).random_seed(seed)
            });
            fail(&breaker);
            let wait = breaker.try_acquire().unwrap_err().retry_after().unwrap();
            clock.advance(SECOND);
            assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), wait.checked_sub(SECOND));
            wait.as_secs_f64()
        })
        .collect();
    waits.sort_by(f64::total_cmp);
    assert!(waits[0] >= 90.0 && waits[999] <= 110.0);
    // Kolmogorov–Smirnov: 1.95 / √1000 is passed by chance once in a thousand times, and the seeds are fixed.
    let distance = (0_u32..).zip(&waits).map(|(rank, wait)| ((wait - 90.0) / 20.0 - f64::from(rank) / 1_000.0).abs());
    assert!(distance.fold(0.0, f64::max) < 0.062);
}
