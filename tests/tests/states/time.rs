//! Time: a clock that stands, jumps or runs backwards, and waits without end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use fluxgate::{
    CircuitBreaker, Clock, ManualClock, State,
    permits::{All, RampUp},
    retries::{Backoff, Cooldown},
    trippers::{self, FailureStreak},
    windows::TimeWindow,
};
use fluxgate_tests::{
    fixture::{Down, Recorder, SECOND, breaker_with, fail, state, succeed},
    process::turn,
};

/// A clock that can be set back, as no clock should be, beside a wall clock that is a year off and runs backwards.
#[derive(Clone, Default)]
struct Unsteady(Arc<AtomicU64>);

impl Unsteady {
    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for Unsteady {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn wall_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(365 * 86_400) - self.now()
    }
}

fn unsteady() -> (CircuitBreaker, Unsteady, Recorder) {
    let (clock, recorder) = (Unsteady::default(), Recorder::default());
    clock.set(1_000);
    let breaker = CircuitBreaker::builder("unsteady")
        .window(TimeWindow(5))
        .tripper(FailureStreak(2))
        .retry(Cooldown(10))
        .permit(All())
        .clock(clock.clone())
        .listener(recorder.clone())
        .build()
        .unwrap();
    (breaker, clock, recorder)
}

#[test]
fn a_clock_set_back_makes_no_wait_longer_and_nothing_panic() {
    let (breaker, clock, _) = unsteady();
    fail(&breaker);
    for seconds in [999, 0, 1_003, 500] {
        clock.set(seconds);
        assert!(succeed(&breaker));
        assert!(breaker.info().calls >= 1);
    }
    clock.set(1_010);
    fail(&breaker);
    fail(&breaker);
    for seconds in [1_010, 1_005, 0] {
        clock.set(seconds);
        assert!(!succeed(&breaker));
        assert_eq!(breaker.info().in_state_for, Duration::ZERO);
    }
    // Due when it was due, however often the clock was set back.
    clock.set(1_020);
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn a_probe_ends_under_a_clock_set_back() {
    let (breaker, clock, _) = unsteady();
    fail(&breaker);
    fail(&breaker);
    clock.set(1_010);
    let (probe, hung) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
    clock.set(3);
    drop(hung);
    assert_eq!(breaker.info().probes_in_flight, 1);
    probe.success();
    assert_eq!((state(&breaker), breaker.info().probes_in_flight), (State::Closed, 0));
}

#[test]
fn wall_time_is_told_to_listeners_and_decides_nothing() {
    let (breaker, clock, recorder) = unsteady();
    fail(&breaker);
    fail(&breaker);
    clock.set(1_010);
    assert!(succeed(&breaker));
    assert_eq!(recorder.states(), [State::Open, State::HalfOpen, State::Closed]);
    let told: Vec<_> = recorder.signals().iter().map(fluxgate::Signal::at).collect();
    assert!(told[0] > told[1], "the wall clock ran backwards, and the breaker recovered in time");
}

#[test]
fn a_backoff_stays_at_its_longest_wait_however_often_it_failed_and_however_late_it_is() {
    let retry = Backoff::new(1.0).multiplier(1e300).max_duration(1e18).jitter_ratio(0.5);
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.retry(retry).permit(All()));
    fail(&breaker);
    assert!((0.5..=1.5).contains(&breaker.info().retry_after.unwrap().as_secs_f64()));
    for reopens in 0..2_000 {
        assert_eq!((state(&breaker), breaker.info().reopens), (State::Open, reopens));
        // No further than to the end of the clock, where whatever waits is due.
        clock.advance(breaker.info().retry_after.unwrap());
        assert!(fail(&breaker));
    }
}

#[test]
fn waits_grow_to_their_longest_and_jitter_around_it() {
    let retry = Backoff::new(10.0).multiplier(2.0).max_duration(300.0).jitter_ratio(0.1);
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.retry(retry).permit(All()));
    fail(&breaker);
    for reopens in 0..1_100_u32 {
        let longest = f64::min(10.0 * 2.0_f64.powf(f64::from(reopens)), 300.0);
        let wait = breaker.info().retry_after.unwrap();
        assert!((longest * 0.9..=longest * 1.1).contains(&wait.as_secs_f64()), "{wait:?} after {reopens}");
        clock.advance(wait);
        assert!(fail(&breaker));
    }
}

#[test]
fn a_breaker_works_at_the_end_of_its_clock() {
    let (breaker, clock) = breaker_with("FailureStreak(2) | MinRequests(9) & AvgLatency(1s)", |builder| {
        builder.window(TimeWindow(3)).permit(RampUp(1.0, 1.0, 1e18))
    });
    clock.advance(Duration::MAX);
    fail(&breaker);
    fail(&breaker);
    assert_eq!((state(&breaker), breaker.info().retry_after), (State::Open, Some(Duration::ZERO)));
    let probe = breaker.try_acquire().unwrap();
    clock.advance(SECOND);
    probe.success();
    assert_eq!((state(&breaker), breaker.info().calls), (State::HalfOpen, 1));
    breaker.reset();
    assert_eq!(breaker.call(|| Ok::<_, Down>(7)), Ok(7));
}

/// A clock that panics while it is told to.
#[derive(Clone, Default)]
struct Broken(Arc<AtomicBool>, ManualClock);

impl Clock for Broken {
    fn now(&self) -> Duration {
        assert!(!self.0.load(Ordering::SeqCst), "the clock is broken");
        self.1.now()
    }

    fn wall_time(&self) -> SystemTime {
        assert!(!self.0.load(Ordering::SeqCst), "the clock is broken");
        self.1.wall_time()
    }
}

#[test]
fn while_a_clock_panics_time_stands_still_and_calls_go_on() {
    let _turn = turn();
    let clock = Broken::default();
    let tripper = trippers::SlowRate(0.5, 60) | FailureStreak(1);
    let builder = CircuitBreaker::builder("broken clock").tripper(tripper).retry(Cooldown(30)).permit(All());
    let breaker = builder.clock(clock.clone()).build().unwrap();
    let break_it = |broken| clock.0.store(broken, Ordering::SeqCst);
    clock.1.advance(100 * SECOND);
    assert!(fail(&breaker));
    break_it(true);
    assert!(!succeed(&breaker), "the retry is not due");
    assert_eq!(breaker.info().state, State::Open);
    break_it(false);
    clock.1.advance(30 * SECOND);
    assert!(succeed(&breaker));
    break_it(true);
    assert!(succeed(&breaker));
    let by_hand = breaker.try_acquire().unwrap();
    assert!(fail(&breaker));
    drop(by_hand);
    assert_eq!(breaker.info().state, State::Open);
    let _ = fluxgate::registry().iter().map(CircuitBreaker::info).count();
    break_it(false);
    clock.1.advance(30 * SECOND);
    assert!(succeed(&breaker));
}
