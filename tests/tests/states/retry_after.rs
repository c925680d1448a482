//! How long a failing service asks to be left alone, and what becomes of it.

use std::time::Duration;

use fluxgate::{
    Builder, CircuitBreaker, HonourRetryAfter, ManualClock, State, breakers, circuit_breaker,
    permits::All,
    retries::{Always, Cooldown, CustomRetry, Never, RetryContext},
    trackers::Custom,
    trippers::FailureStreak,
};
use fluxgate_tests::fixture::{ApiError, Recorder, SECOND, breaker_with, declared, fail, state, succeed};

/// The service is overloaded, and says for how long.
#[derive(Clone, Copy, Debug)]
struct Busy(Option<u64>);

fn wait(error: &Busy) -> Option<Duration> {
    error.0.map(Duration::from_secs)
}

/// Opens at the third failure in a row, for 10 s; heeds what it hears for up to 100 s.
fn heeding(settings: impl FnOnce(Builder) -> Builder) -> (CircuitBreaker, ManualClock) {
    breaker_with("FailureStreak(3) | HalfOpened() & FailureStreak(1)", |builder| {
        settings(builder.retry(Cooldown(10)).permit(All()).honour_retry_after(100))
    })
}

fn fail_for(breaker: &CircuitBreaker, seconds: u32) {
    breaker.try_acquire().unwrap().failure_with_retry_after(seconds * SECOND);
}

fn retry_after(breaker: &CircuitBreaker) -> Option<Duration> {
    breaker.try_acquire().expect_err("the breaker is open").retry_after()
}

#[test]
fn the_failure_that_trips_keeps_the_breaker_open_for_as_long_as_it_asks() {
    let (breaker, clock) = heeding(|builder| builder);
    fail(&breaker);
    fail(&breaker);
    fail_for(&breaker, 60);
    assert_eq!((retry_after(&breaker), breaker.info().retry_after), (Some(60 * SECOND), Some(60 * SECOND)));
    clock.advance(Duration::from_nanos(59_999_999_999));
    assert!(!succeed(&breaker));
    clock.advance(Duration::from_nanos(1));
    assert!(succeed(&breaker));
}

#[test]
fn the_latest_time_that_a_failure_of_the_same_state_asks_for_counts() {
    let (breaker, clock) = heeding(|builder| builder);
    fail_for(&breaker, 60);
    clock.advance(10 * SECOND);
    fail_for(&breaker, 20);
    fail(&breaker);
    assert_eq!(retry_after(&breaker), Some(50 * SECOND));
}

#[test]
fn the_retrys_own_wait_counts_where_it_is_longer() {
    let (breaker, _) = heeding(|builder| builder);
    (0..3).for_each(|_| fail_for(&breaker, 5));
    assert_eq!(retry_after(&breaker), Some(10 * SECOND));
}

#[test]
fn nobody_is_heeded_for_longer_than_the_limit() {
    for asked in [101, 1_000_000, u32::MAX] {
        let (breaker, _) = heeding(|builder| builder);
        (0..3).for_each(|_| fail_for(&breaker, asked));
        assert_eq!(retry_after(&breaker), Some(100 * SECOND));
    }
    let (breaker, _) = heeding(|builder| builder);
    (0..3).for_each(|_| breaker.try_acquire().unwrap().failure_with_retry_after(Duration::MAX));
    assert_eq!(retry_after(&breaker), Some(100 * SECOND));
}

#[test]
fn a_breaker_that_is_not_told_to_heed_it_does_not() {
    for settings in [|builder| builder, |builder: Builder| builder.honour_retry_after(HonourRetryAfter::Off)] {
        let (breaker, _) =
            breaker_with("FailureStreak(1)", |builder| settings(builder.retry(Cooldown(10)).permit(All())));
        fail_for(&breaker, 60);
        assert_eq!(retry_after(&breaker), Some(10 * SECOND));
    }
}

#[test]
fn a_failed_probe_keeps_the_breaker_open_again() {
    let (breaker, clock) = heeding(|builder| builder);
    (0..3).for_each(|_| assert!(fail(&breaker)));
    clock.advance(10 * SECOND);
    fail_for(&breaker, 30);
    assert_eq!((state(&breaker), retry_after(&breaker)), (State::Open, Some(30 * SECOND)));
}

#[test]
fn what_was_asked_for_is_forgotten_with_the_state_it_was_asked_in() {
    let (breaker, clock) = heeding(|builder| builder);
    fail_for(&breaker, 90);
    breaker.reset();
    (0..3).for_each(|_| assert!(fail(&breaker)));
    assert_eq!(retry_after(&breaker), Some(10 * SECOND), "after a reset");

    breaker.reset();
    (0..3).for_each(|_| fail_for(&breaker, 20));
    clock.advance(20 * SECOND);
    assert!(fail(&breaker));
    assert_eq!(retry_after(&breaker), Some(10 * SECOND), "after an opening that heeded it");
}

#[test]
fn a_late_failure_does_not_prolong_an_opening_that_has_begun() {
    let (breaker, clock) = heeding(|builder| builder);
    let late = breaker.try_acquire().unwrap();
    (0..3).for_each(|_| assert!(fail(&breaker)));
    late.failure_with_retry_after(60 * SECOND);
    assert_eq!(retry_after(&breaker), Some(10 * SECOND));

    clock.advance(10 * SECOND);
    let given_up = breaker.try_acquire().unwrap();
    clock.advance(60 * SECOND);
    assert!(!succeed(&breaker), "the probe that hung is given up, and reopens");
    given_up.failure_with_retry_after(60 * SECOND);
    assert_eq!(retry_after(&breaker), Some(10 * SECOND));
}

#[test]
fn a_call_from_before_a_transition_or_one_that_was_given_up_has_no_say() {
    let (breaker, _) = heeding(|builder| builder);
    let stale = breaker.try_acquire().unwrap();
    breaker.reset();
    stale.failure_with_retry_after(60 * SECOND);
    (0..3).for_each(|_| assert!(fail(&breaker)));
    assert_eq!(retry_after(&breaker), Some(10 * SECOND));

    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| {
        builder.retry(Cooldown(10)).permit(All()).max_probe_time(5).honour_retry_after(100)
    });
    (0..2).for_each(|_| assert!(fail(&breaker)));
    clock.advance(10 * SECOND);
    let hung = breaker.try_acquire().unwrap();
    clock.advance(5 * SECOND);
    let other = breaker.try_acquire().unwrap();
    hung.failure_with_retry_after(60 * SECOND);
    other.failure();
    assert_eq!(retry_after(&breaker), Some(10 * SECOND));
}

#[test]
fn always_waits_for_it_and_never_stays_never() {
    let (breaker, clock) = heeding(|builder| builder.retry(Always()));
    (0..3).for_each(|_| fail_for(&breaker, 30));
    assert_eq!(retry_after(&breaker), Some(30 * SECOND));
    clock.advance(30 * SECOND);
    assert!(succeed(&breaker));

    let (breaker, clock) = heeding(|builder| builder.retry(Never()));
    (0..3).for_each(|_| fail_for(&breaker, 30));
    clock.advance(1_000 * SECOND);
    assert_eq!(retry_after(&breaker), None);
}

#[test]
fn a_retry_of_ones_own_is_not_asked_before() {
    struct AtOnce;
    impl CustomRetry for AtOnce {
        fn is_due(&self, context: &RetryContext) -> bool {
            assert!(context.open_for() >= 30 * SECOND, "asked after {:?}", context.open_for());
            true
        }
    }

    let (breaker, clock) = heeding(|builder| builder.retry(AtOnce));
    (0..3).for_each(|_| fail_for(&breaker, 30));
    assert_eq!((retry_after(&breaker), breaker.info().retry_after), (Some(30 * SECOND), Some(30 * SECOND)));
    assert!(breaker.would_reject().is_some());
    clock.advance(30 * SECOND);
    assert!(breaker.would_reject().is_none());
    assert!(succeed(&breaker));
}

#[test]
fn listeners_are_told_how_long_the_breaker_will_be_open() {
    let recorder = Recorder::default();
    let (breaker, _) = heeding(|builder| builder.listener(recorder.clone()));
    (0..3).for_each(|_| fail_for(&breaker, 60));
    assert_eq!(recorder.signals()[0].retry_after(), Some(60 * SECOND));
}

#[test]
fn an_error_is_read_by_the_breakers_own_function() {
    let (breaker, _) = heeding(|builder| builder.retry_after(wait));
    let busy = |seconds| breaker.call(|| Err::<(), _>(Busy(seconds))).unwrap_err();
    busy(None);
    busy(Some(70));
    breaker.try_acquire().unwrap().record(&Err::<(), _>(Busy(Some(40))));
    assert_eq!(retry_after(&breaker), Some(70 * SECOND));
}

#[tokio::test]
async fn the_error_of_an_async_call_is_read_too() {
    let (breaker, _) = heeding(|builder| builder.retry_after(wait));
    for _ in 0..3 {
        let _ = breaker.call_async(async { Err::<(), _>(Busy(Some(70))) }).await;
    }
    assert_eq!(retry_after(&breaker), Some(70 * SECOND));
}

#[test]
fn an_error_that_is_not_tracked_has_no_say() {
    let tracked = Custom(|error: &Busy| error.0 != Some(99));
    let (breaker, _) = heeding(|builder| builder.tracker(tracked).retry_after(wait));
    let busy = |seconds| breaker.call(|| Err::<(), _>(Busy(Some(seconds)))).unwrap_err();
    busy(99);
    (0..3).for_each(|_| drop(busy(20)));
    assert_eq!(retry_after(&breaker), Some(20 * SECOND));
}

#[test]
fn a_function_that_panics_has_read_nothing() {
    let (breaker, _) = heeding(|builder| builder.retry_after(|_: &Busy| panic!("unreadable")));
    for _ in 0..3 {
        let _ = breaker.call(|| Err::<(), _>(Busy(Some(70))));
    }
    assert_eq!(retry_after(&breaker), Some(10 * SECOND));
}

#[test]
fn a_function_that_nothing_heeds_is_a_mistake() {
    let error = CircuitBreaker::builder("test").retry_after(wait).build().unwrap_err();
    assert!(error.mistakes()[0].message().starts_with("`retry_after` has no effect unless "), "{error}");
}

impl From<fluxgate::CallNotPermitted> for Busy {
    fn from(_: fluxgate::CallNotPermitted) -> Self {
        Self(None)
    }
}

breakers! {
    default {
        honour_retry_after = 10m,
        tripper = FailureStreak(1),
    }

    HEEDING { retry_after = |error: &Busy| wait(error) }
    NOT_HEEDING { honour_retry_after = "off", retry_after = wait }
}

#[circuit_breaker(HEEDING)]
fn ask_heeding(seconds: u64) -> Result<(), Busy> {
    Err(Busy(Some(seconds)))
}

#[circuit_breaker(NOT_HEEDING)]
fn ask_not_heeding(seconds: u64) -> Result<(), Busy> {
    Err(Busy(Some(seconds)))
}

#[circuit_breaker(name = "attribute", tripper = FailureStreak(1), honour_retry_after = 10m, retry_after = wait)]
fn ask(seconds: u64) -> Result<(), Busy> {
    Err(Busy(Some(seconds)))
}

#[circuit_breaker(
    name = "attribute_with_tracker",
    tripper = "FailureStreak(1)",
    tracker = Matches(Busy(Some(..=999))),
    honour_retry_after = "10m",
    retry_after = |error: &Busy| wait(error),
)]
async fn ask_async(seconds: u64) -> Result<(), Busy> {
    Err(Busy(Some(seconds)))
}

#[tokio::test]
async fn the_macros_say_it_as_well() {
    let waits = |name: &str, least: u32, most: u32| {
        let wait = declared(name).info().retry_after.expect("open");
        assert!(wait <= most * SECOND && wait > least * SECOND, "{name}: {wait:?}");
    };
    ask_heeding(300).unwrap_err();
    waits("heeding", 200, 300);
    ask_not_heeding(300).unwrap_err();
    waits("not_heeding", 0, 60);
    ask(100_000).unwrap_err();
    waits("attribute", 500, 600);
    ask_async(1_000).await.unwrap_err();
    assert_eq!(declared("attribute_with_tracker").info().state, State::Closed);
    ask_async(300).await.unwrap_err();
    waits("attribute_with_tracker", 200, 300);
}

#[test]
fn a_rejection_says_it_in_whole_seconds_rounded_up() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("test")
        .tripper(FailureStreak(1))
        .retry(Cooldown(10))
        .clock(clock.clone())
        .build()
        .unwrap();
    let _ = breaker.call(|| Err::<(), _>(ApiError::Status(503)));
    let seconds = || breaker.try_acquire().unwrap_err().retry_after_seconds();
    assert_eq!(seconds(), Some(10));
    breaker.reset();
    let _ = breaker.try_acquire().map(fluxgate::Call::failure);
    clock.advance(Duration::from_nanos(1));
    assert_eq!(seconds(), Some(10));
    clock.advance(9 * SECOND);
    assert_eq!(seconds(), Some(1));
    clock.advance(Duration::from_millis(990));
    assert_eq!(seconds(), Some(1), "never none while there is a wait");
    breaker.force_open();
    assert_eq!(seconds(), None);
}
