//! `half_open` does not last: `max_failed_probes`, whatever the tripper says.

use std::time::Duration;

use fluxgate::{
    Cancelled, CircuitBreaker, ManualClock, MaxFailedProbes, MaxProbeTime, Reason, State, Window, breakers,
    permits::{All, RampUp},
    trackers::Custom,
};
use fluxgate_tests::fixture::{Recorder, SECOND, breaker_with, fail, state, succeed};

/// A tripper that holds at no number of failures that comes about here, unless it is closed.
const ALMOST_NEVER: &str = "Closed() & FailureStreak(1) | FailureStreak(1000)";

/// A half-open breaker under this limit, of which `true` as an error is tracked.
fn half_open(limit: impl Into<MaxFailedProbes>) -> (CircuitBreaker, ManualClock, Recorder) {
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with(ALMOST_NEVER, |builder| {
        let tracker = Custom(|tracked: &bool| *tracked);
        builder
            .permit(All())
            .max_half_open_calls(100)
            .max_failed_probes(limit)
            .tracker(tracker)
            .listener(recorder.clone())
    });
    open(&breaker, &clock);
    (breaker, clock, recorder)
}

/// Opens the breaker and waits until its retry is due.
fn open(breaker: &CircuitBreaker, clock: &ManualClock) {
    assert!(breaker.call(|| Err::<(), _>(true)).is_err());
    assert_eq!(state(breaker), State::Open);
    clock.advance(60 * SECOND);
}

fn ignored(breaker: &CircuitBreaker) {
    assert_eq!(breaker.call(|| Err::<(), _>(false)), Err(fluxgate::Error::Inner(false)));
}

fn dropped_after(breaker: &CircuitBreaker, clock: &ManualClock, waited: Duration) {
    let call = breaker.try_acquire().unwrap();
    clock.advance(waited);
    drop(call);
}

/// Fails a probe of a breaker that tracks `true`.
fn failed(breaker: &CircuitBreaker) {
    assert_eq!(breaker.call(|| Err::<(), _>(true)), Err(fluxgate::Error::Inner(true)));
}

#[test]
fn as_many_failed_probes_open_it_again_and_the_reason_says_so() {
    let (breaker, _, recorder) = half_open(3);
    (0..2).for_each(|_| failed(&breaker));
    assert_eq!(state(&breaker), State::HalfOpen);
    failed(&breaker);
    assert_eq!((state(&breaker), breaker.info().reopens), (State::Open, 1));
    let signals = recorder.signals();
    let reason = signals.last().unwrap().reason();
    assert_eq!(*reason, Reason::ProbesFailed { limit: 3 });
    assert_eq!(reason.to_string(), "max_failed_probes(3): 3 probes without a success");
}

#[test]
fn ten_are_the_limit_unless_set() {
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with(ALMOST_NEVER, |builder| builder.permit(All()).listener(recorder.clone()));
    fail(&breaker);
    clock.advance(60 * SECOND);
    (0..9).for_each(|_| assert!(fail(&breaker)));
    assert_eq!(state(&breaker), State::HalfOpen);
    fail(&breaker);
    let signals = recorder.signals();
    assert_eq!(signals.last().unwrap().reason().to_string(), "max_failed_probes(10): 10 probes without a success");
}

#[test]
fn a_success_begins_the_count_anew_and_an_ignored_error_does_not() {
    // Of a ramp that is not at its end, so that a success does not close it.
    let (breaker, clock) = breaker_with(ALMOST_NEVER, |builder| {
        let tracker = Custom(|tracked: &bool| *tracked);
        builder.permit(RampUp(1.0, 1.0, 3_600)).max_failed_probes(3).tracker(tracker)
    });
    open(&breaker, &clock);
    for _ in 0..5 {
        (0..2).for_each(|_| failed(&breaker));
        assert!(breaker.call(|| Ok::<_, bool>(())).is_ok());
    }
    assert_eq!(state(&breaker), State::HalfOpen);
    for _ in 0..3 {
        assert_eq!(state(&breaker), State::HalfOpen);
        ignored(&breaker);
        failed(&breaker);
    }
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn abandoned_probes_count_like_failed_ones() {
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with(ALMOST_NEVER, |builder| {
        builder.permit(All()).max_failed_probes(2).max_probe_time(5).listener(recorder.clone())
    });
    fail(&breaker);
    clock.advance(60 * SECOND);
    let hung: Vec<_> = (0..2).map(|_| breaker.try_acquire().unwrap()).collect();
    clock.advance(5 * SECOND);
    assert!(breaker.try_acquire().is_err());
    assert_eq!(*recorder.signals().last().unwrap().reason(), Reason::ProbesFailed { limit: 2 });
    drop(hung);
}

#[test]
fn waiting_that_was_in_vain_adds_up_to_failed_probes() {
    // Each is dropped too early to be recorded. Two of three quarters make one second and a half: one failed probe.
    let (breaker, clock, recorder) = half_open(3);
    for _ in 0..3 {
        dropped_after(&breaker, &clock, Duration::from_millis(750));
    }
    assert_eq!((state(&breaker), breaker.info().calls), (State::HalfOpen, 0));
    dropped_after(&breaker, &clock, Duration::from_millis(750));
    assert_eq!(*recorder.signals().last().unwrap().reason(), Reason::ProbesFailed { limit: 3 });
}

#[test]
fn an_answer_of_any_kind_ends_the_waiting_in_vain() {
    let (breaker, clock, _) = half_open(2);
    for _ in 0..10 {
        dropped_after(&breaker, &clock, Duration::from_millis(999));
        ignored(&breaker);
    }
    assert_eq!(state(&breaker), State::HalfOpen);
}

#[test]
fn waiting_counts_by_the_second_where_drops_are_ignored_and_by_the_threshold_of_the_policy_otherwise() {
    for (cancelled, waited, opens) in [
        (Cancelled::Ignore, Duration::from_secs(2), true),
        (Cancelled::Ignore, Duration::from_millis(1_900), false),
        (Cancelled::from(10), Duration::from_secs(9), false),
        (Cancelled::from(0.5), Duration::from_millis(499), false),
    ] {
        let (breaker, clock) =
            breaker_with(ALMOST_NEVER, |builder| builder.permit(All()).max_failed_probes(2).cancelled(cancelled));
        fail(&breaker);
        clock.advance(60 * SECOND);
        dropped_after(&breaker, &clock, waited);
        assert_eq!(state(&breaker) == State::Open, opens, "{cancelled} after {waited:?}");
    }
}

#[test]
fn a_hung_service_whose_callers_give_up_early_is_left_alone() {
    // The default policy: callers wait for half a second, and nobody's call is ever recorded.
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("hung").clock(clock.clone()).random_seed(1).build().unwrap();
    for _ in 0..100 {
        fail(&breaker);
    }
    assert_eq!(state(&breaker), State::Open);
    let mut admitted = 0;
    for _ in 0..7_200 {
        match breaker.try_acquire() {
            Ok(call) => {
                admitted += 1;
                clock.advance(Duration::from_millis(500));
                drop(call);
            }
            Err(_) => clock.advance(Duration::from_millis(500)),
        }
    }
    assert!(admitted < 1_500, "{admitted} of 7,200 calls of an hour");
    assert!(breaker.info().reopens > 10);
}

#[test]
fn errors_that_nobody_tracks_close_it_for_the_service_answers() {
    let (breaker, _, recorder) = half_open(4);
    (0..3).for_each(|_| ignored(&breaker));
    assert_eq!(state(&breaker), State::HalfOpen);
    ignored(&breaker);
    assert_eq!(state(&breaker), State::Closed);
    let signals = recorder.signals();
    let reason = signals.last().unwrap().reason();
    assert_eq!(*reason, Reason::ProbesIgnored { limit: 4 });
    assert!(reason.to_string().starts_with("max_failed_probes(4): 4 ignored errors in a row"), "{reason}");
}

#[test]
fn ignored_errors_close_it_no_sooner_than_the_permit_is_at_its_final_ratio() {
    let (breaker, clock) = breaker_with(ALMOST_NEVER, |builder| {
        let tracker = Custom(|tracked: &bool| *tracked);
        builder.permit(RampUp(1.0, 1.0, 60)).max_failed_probes(2).tracker(tracker)
    });
    open(&breaker, &clock);
    (0..5).for_each(|_| ignored(&breaker));
    assert_eq!(state(&breaker), State::HalfOpen);
    clock.advance(60 * SECOND);
    assert_eq!(state(&breaker), State::HalfOpen);
    ignored(&breaker);
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn any_other_end_of_a_probe_begins_the_row_of_ignored_errors_anew() {
    let others: [fn(&CircuitBreaker, &ManualClock); 3] = [
        |breaker, _| failed(breaker),
        |breaker, clock| dropped_after(breaker, clock, Duration::from_millis(1)),
        |breaker, clock| dropped_after(breaker, clock, SECOND),
    ];
    for other in others {
        let (breaker, clock, _) = half_open(4);
        (0..3).for_each(|_| ignored(&breaker));
        other(&breaker, &clock);
        (0..3).for_each(|_| ignored(&breaker));
        assert_eq!(state(&breaker), State::HalfOpen);
    }
}

#[test]
fn a_new_policy_keeps_the_counts_and_brings_its_own_limit() {
    let (breaker, _, recorder) = half_open(10);
    (0..3).for_each(|_| failed(&breaker));
    breaker.set_policy(breaker.policy().max_failed_probes(4)).unwrap();
    assert_eq!(state(&breaker), State::HalfOpen);
    failed(&breaker);
    assert_eq!(*recorder.signals().last().unwrap().reason(), Reason::ProbesFailed { limit: 4 });
}

#[test]
fn the_counts_are_of_one_half_open_state() {
    let (breaker, clock, _) = half_open(3);
    for _ in 0..3 {
        (0..2).for_each(|_| failed(&breaker));
        breaker.reset();
        open(&breaker, &clock);
    }
    failed(&breaker);
    assert_eq!(state(&breaker), State::HalfOpen);
}

#[test]
fn the_verdict_of_the_tripper_and_of_a_success_comes_first() {
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| {
        builder.permit(All()).max_failed_probes(2).listener(recorder.clone())
    });
    (0..2).for_each(|_| assert!(fail(&breaker)));
    clock.advance(60 * SECOND);
    (0..2).for_each(|_| assert!(fail(&breaker)));
    assert!(matches!(recorder.signals().last().unwrap().reason(), Reason::Tripped(_)));
    clock.advance(60 * SECOND);
    assert!(succeed(&breaker));
    assert_eq!(*recorder.signals().last().unwrap().reason(), Reason::Recovered);
}

#[test]
fn off_switches_both_limits_off() {
    let (breaker, clock, _) = half_open(MaxFailedProbes::Off);
    (0..500).for_each(|_| failed(&breaker));
    (0..500).for_each(|_| ignored(&breaker));
    (0..500).for_each(|_| dropped_after(&breaker, &clock, Duration::from_millis(999)));
    assert_eq!(state(&breaker), State::HalfOpen);
}

#[test]
fn half_open_ends_within_a_hundred_probes_whatever_they_end_with() {
    // Every sequence of ends that avoids a limit is cut short by the other one.
    for seed in 0..200 {
        let (breaker, clock, _) = half_open(10);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut probes = 0;
        while state(&breaker) == State::HalfOpen {
            match random.u8(..10) {
                0 => failed(&breaker),
                1 | 2 => dropped_after(&breaker, &clock, Duration::from_millis(random.u64(..2_000))),
                _ => ignored(&breaker),
            }
            probes += 1;
        }
        assert!(probes <= 100, "{probes} probes with seed {seed}");
    }
}

breakers! {
    /// The policy that the README shows.
    SEARCH {
        window = TimeWindow(30s),
        tripper = MinRequests(20) & (FailureRate(0.5) | SlowRate(0.5, threshold = 2s)),
        retry = Backoff(10s, jitter_ratio = 0.1),
    }
}

#[test]
fn a_dead_service_that_is_seldom_called_is_spared_most_calls_of_an_hour() {
    let clock = ManualClock::new();
    let breaker =
        CircuitBreaker::builder("seldom").policy(SEARCH.policy()).clock(clock.clone()).random_seed(1).build().unwrap();
    for _ in 0..20 {
        fail(&breaker);
    }
    assert_eq!(state(&breaker), State::Open);
    let mut reached = 0;
    for _ in 0..1_800 {
        clock.advance(2 * SECOND);
        reached += u64::from(fail(&breaker));
    }
    assert!(reached <= 500, "{reached} of 1,800 calls reached the dead service");
}

#[test]
fn a_reason_names_max_probe_time_where_probes_were_abandoned() {
    // Healthy calls of 90 seconds under the default policy.
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| {
        let default = "HalfOpened() & FailureRate(0.5) | Closed() & FailureStreak(1)".parse::<fluxgate::Tripper>();
        builder.tripper(default.unwrap()).permit(All()).listener(recorder.clone())
    });
    fail(&breaker);
    clock.advance(60 * SECOND);
    let slow = breaker.try_acquire().unwrap();
    clock.advance(60 * SECOND);
    assert!(breaker.try_acquire().is_err());
    clock.advance(30 * SECOND);
    slow.success();
    let signals = recorder.signals();
    let reason = signals.last().unwrap().reason();
    assert_eq!(
        reason.to_string(),
        "max_probe_time(60s): 1 probe abandoned; FailureRate(0.5): 1 of the last 1 calls failed"
    );
    assert_eq!(reason.tripped().unwrap().clauses()[0].clause(), "max_probe_time(60s)");
}

#[test]
fn a_reason_names_no_probe_that_was_abandoned_in_an_earlier_recovery() {
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(All()).listener(recorder.clone()));
    fail(&breaker);
    clock.advance(60 * SECOND);
    let hung = breaker.try_acquire().unwrap();
    clock.advance(60 * SECOND);
    assert!(breaker.try_acquire().is_err());
    clock.advance(60 * SECOND);
    assert!(fail(&breaker));
    let signals = recorder.signals();
    assert_eq!(signals.last().unwrap().reason().to_string(), "FailureStreak(1): 1 failure in a row");
    drop(hung);
}

#[test]
fn a_rejection_by_a_ramp_says_when_that_admits_every_call() {
    // The default policy: at the promised instant the ramp begins at 0, and nobody is admitted.
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("ramp").clock(clock.clone()).random_seed(1).build().unwrap();
    (0..100).for_each(|_| assert!(fail(&breaker)));
    let promised = breaker.try_acquire().unwrap_err().retry_after().unwrap();
    clock.advance(promised);
    let rejection = breaker.try_acquire().unwrap_err();
    assert_eq!((rejection.state(), rejection.retry_after()), (State::HalfOpen, Some(60 * SECOND)));
    clock.advance(15 * SECOND);
    let rejection = std::iter::repeat_with(|| breaker.try_acquire()).find_map(Result::err).unwrap();
    assert_eq!(rejection.retry_after(), Some(45 * SECOND));
    assert_eq!(breaker.info().retry_after, Some(45 * SECOND));
    clock.advance(45 * SECOND);
    assert_eq!(breaker.info().retry_after, None);
    assert!(succeed(&breaker));
}

#[test]
fn a_rejection_for_want_of_a_slot_or_by_a_ramp_that_ends_below_one_says_nothing() {
    for permit in [All(), RampUp(0.0, 0.5, 60).into(), RampUp(1.0, 1.0, 60).into()] {
        let (breaker, clock) =
            breaker_with("FailureStreak(1)", |builder| builder.permit(permit.clone()).max_half_open_calls(1));
        fail(&breaker);
        clock.advance(60 * SECOND);
        let _probe = breaker.try_acquire();
        clock.advance(30 * SECOND);
        let rejection =
            std::iter::repeat_with(|| breaker.try_acquire_owned().map(std::mem::forget)).find_map(Result::err);
        assert_eq!(rejection.unwrap().retry_after(), None, "{permit}");
        assert!(breaker.would_reject().is_none_or(|rejection| rejection.retry_after().is_none()), "{permit}");
    }
}

#[test]
fn figures_and_rejections_agree_about_when_to_come_back() {
    let (breaker, clock) =
        breaker_with("FailureStreak(1)", |builder| builder.permit(RampUp(0.0, 1.0, 60)).max_half_open_calls(1));
    let rejection = || breaker.try_acquire().unwrap_err().retry_after();
    fail(&breaker);
    clock.advance(4 * SECOND);
    assert_eq!((breaker.info().retry_after, rejection()), (Some(56 * SECOND), Some(56 * SECOND)));
    clock.advance(56 * SECOND);
    assert_eq!(breaker.info().retry_after, Some(Duration::ZERO));
    assert_eq!(rejection(), Some(60 * SECOND));
    clock.advance(59 * SECOND);
    let _probe = std::iter::repeat_with(|| breaker.try_acquire()).find_map(Result::ok).unwrap();
    assert_eq!((breaker.info().retry_after, rejection()), (None, None), "the slot is taken");
}

#[test]
fn a_reason_names_no_probe_that_was_abandoned_before_the_last_success() {
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with("FailureStreak(1) & Closed() | FailureStreak(2)", |builder| {
        // The ramp keeps it half-open after a success.
        builder.permit(RampUp(1.0, 1.0, 600)).max_failed_probes(MaxFailedProbes::Off).listener(recorder.clone())
    });
    fail(&breaker);
    clock.advance(60 * SECOND);
    let _hung = breaker.try_acquire().unwrap();
    clock.advance(60 * SECOND);
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::HalfOpen);
    assert!(fail(&breaker) && fail(&breaker));
    let signals = recorder.signals();
    assert_eq!(signals.last().unwrap().reason().to_string(), "FailureStreak(2): 2 failures in a row");
}

#[test]
fn what_would_be_rejected_and_what_is_agree_about_a_ramp() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(RampUp(0.0, 1.0, 60)));
    fail(&breaker);
    clock.advance(60 * SECOND);
    let rejection = breaker.try_acquire().unwrap_err();
    let foreseen = breaker.would_reject().unwrap();
    assert_eq!((foreseen.state(), foreseen.retry_after()), (rejection.state(), rejection.retry_after()));
    assert_eq!(breaker.info().retry_after, rejection.retry_after());
}

#[test]
fn the_limit_is_checked_and_printed_like_every_other_setting() {
    let error = CircuitBreaker::builder("zero").max_failed_probes(0).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "max_failed_probes: 0 is out of range; write a whole number from 1 to 4294967295, such as 10, or \"off\""
    );
    let (off, three) = (MaxFailedProbes::Off, MaxFailedProbes::from(3));
    assert_eq!([off.to_string(), three.to_string()], ["off", "3"]);
    let window: Window = "CountWindow(5)".parse().unwrap();
    let policy = fluxgate::Policy::new().window(window).max_probe_time(MaxProbeTime::Off).max_failed_probes(3);
    assert!(policy.to_string().ends_with("max_probe_time = off, max_failed_probes = 3"), "{policy}");
}
