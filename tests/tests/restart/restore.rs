//! The state of a breaker across restarts of its program.

use std::{
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use fluxgate::{
    Builder, CircuitBreaker, Clock, Reason, RestoreError, Retry, SavedState, State,
    permits::All,
    retries::{Backoff, Cooldown, CustomRetry, Never, RetryContext},
    trippers::FailureStreak,
};
use fluxgate_tests::fixture::{Recorder, SECOND, fail, state, succeed};
use serde_json::{Value, json};

/// A machine that restarts: its monotonic clock starts anew, its wall clock goes on, or is set.
#[derive(Clone)]
struct Machine {
    up: Arc<AtomicU64>,
    /// The wall time at the start.
    started: u64,
}

impl Machine {
    fn started_at(seconds: u64) -> Self {
        Self { up: Arc::default(), started: seconds }
    }

    fn pass(&self, seconds: u64) {
        self.up.fetch_add(seconds, Ordering::SeqCst);
    }

    fn breaker(&self, retry: impl Into<Retry>, settings: impl FnOnce(Builder) -> Builder) -> CircuitBreaker {
        let builder = CircuitBreaker::builder("restart").tripper(FailureStreak(1)).retry(retry).permit(All());
        settings(builder.clock(self.clone()).random_seed(3)).build().unwrap()
    }
}

impl Clock for Machine {
    fn now(&self) -> Duration {
        Duration::from_secs(self.up.load(Ordering::SeqCst))
    }

    fn wall_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.started) + self.now()
    }
}

/// As it comes back from a file.
fn written(breaker: &CircuitBreaker) -> SavedState {
    serde_json::from_str(&serde_json::to_string(&breaker.saved_state()).unwrap()).unwrap()
}

fn wait(breaker: &CircuitBreaker) -> Option<u64> {
    let rejection = breaker.try_acquire().expect_err("it is open");
    assert_eq!(rejection.state(), State::Open);
    rejection.retry_after().map(|wait| wait.as_secs())
}

/// A snapshot of a breaker that opened 100 seconds after the wall time of 1,000, by a cooldown of a minute, taken ten
/// seconds later.
fn opened() -> SavedState {
    let machine = Machine::started_at(1_000);
    let breaker = machine.breaker(Cooldown(60), |builder| builder);
    machine.pass(100);
    fail(&breaker);
    machine.pass(10);
    written(&breaker)
}

#[test]
fn an_open_breaker_is_still_open_after_a_deploy_and_its_wait_has_gone_on() {
    let machine = Machine::started_at(1_130);
    let breaker = machine.breaker(Cooldown(60), |builder| builder);
    breaker.restore(&opened()).unwrap();
    assert_eq!((wait(&breaker), breaker.info().in_state_for), (Some(30), 30 * SECOND));
    machine.pass(29);
    assert_eq!(wait(&breaker), Some(1));
    machine.pass(1);
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn the_wait_is_that_of_the_policy_of_now_and_a_later_one_counts_from_the_same_opening() {
    for (retry, left) in [(Cooldown(40), 10), (Cooldown(600), 570)] {
        let machine = Machine::started_at(1_130);
        let breaker = machine.breaker(retry, |builder| builder);
        breaker.restore(&opened()).unwrap();
        assert_eq!(wait(&breaker), Some(left));
        breaker.set_policy(breaker.policy().retry(Cooldown(50))).unwrap();
        assert_eq!(wait(&breaker), Some(20));
    }
    let breaker = Machine::started_at(1_130).breaker(Never(), |builder| builder);
    breaker.restore(&opened()).unwrap();
    assert_eq!(wait(&breaker), None);
}

#[test]
fn whatever_the_wall_clock_was_set_to_no_wait_is_longer_than_the_policy_allows() {
    for (started, left) in [(0, 60), (500, 60), (1_099, 60), (1_101, 59), (1_159, 1)] {
        let breaker = Machine::started_at(started).breaker(Cooldown(60), |builder| builder);
        breaker.restore(&opened()).unwrap();
        assert_eq!(wait(&breaker), Some(left), "{started}");
    }
    for started in [1_160, 1_161, 1_000_000_000] {
        let breaker = Machine::started_at(started).breaker(Cooldown(60), |builder| builder);
        breaker.restore(&opened()).unwrap();
        assert_eq!(state(&breaker), State::Open);
        assert!(succeed(&breaker), "{started}");
    }
}

#[test]
fn reopenings_and_chance_go_on() {
    let retry = || Backoff::new(10).jitter_ratio(0.5);
    let machine = Machine::started_at(0);
    let breaker = machine.breaker(retry(), |builder| builder);
    fail(&breaker);
    for _ in 0..2 {
        machine.pass(1_000);
        assert!(fail(&breaker), "a probe");
    }
    let before = breaker.info();
    assert_eq!(before.reopens, 2);
    let restarted = Machine::started_at(2_000).breaker(retry(), |builder| builder.random_seed(99));
    restarted.restore(&written(&breaker)).unwrap();
    assert_eq!((restarted.info().reopens, restarted.info().retry_after), (2, before.retry_after));
}

#[test]
fn what_the_service_has_asked_for_is_heeded_within_the_limit_of_now() {
    let machine = Machine::started_at(1_000);
    let breaker = machine.breaker(Cooldown(10), |builder| builder.honour_retry_after(600));
    breaker.try_acquire().unwrap().failure_with_retry_after(300 * SECOND);
    let snapshot = written(&breaker);
    for (limit, left) in [(600, 200), (50, 50)] {
        let restarted = Machine::started_at(1_100).breaker(Cooldown(10), |builder| builder.honour_retry_after(limit));
        restarted.restore(&snapshot).unwrap();
        assert_eq!(wait(&restarted), Some(left));
    }
    let deaf = Machine::started_at(1_001).breaker(Cooldown(10), |builder| builder);
    deaf.restore(&snapshot).unwrap();
    assert_eq!(wait(&deaf), Some(9));
}

#[test]
fn a_half_open_breaker_is_open_with_its_retry_due() {
    let machine = Machine::started_at(1_000);
    let breaker = machine.breaker(Cooldown(60), |builder| builder);
    fail(&breaker);
    machine.pass(60);
    let probe = breaker.try_acquire().unwrap();
    assert_eq!(state(&breaker), State::HalfOpen);
    let snapshot = written(&breaker);
    drop(probe);

    let restarted = Machine::started_at(1_061).breaker(Cooldown(60), |builder| builder);
    restarted.restore(&snapshot).unwrap();
    assert_eq!((state(&restarted), restarted.info().retry_after), (State::Open, Some(Duration::ZERO)));
    assert!(succeed(&restarted));
    assert_eq!(state(&restarted), State::Closed);
}

#[test]
fn a_retry_of_ones_own_is_told_for_how_long_it_has_been_open() {
    struct AfterAMinute;
    impl CustomRetry for AfterAMinute {
        fn is_due(&self, context: &RetryContext) -> bool {
            context.open_for() >= 60 * SECOND
        }
    }
    for (started, due) in [(1_159, false), (1_160, true)] {
        let breaker = Machine::started_at(started).breaker(AfterAMinute, |builder| builder);
        breaker.restore(&opened()).unwrap();
        assert_eq!(succeed(&breaker), due);
    }
}

#[test]
fn the_other_states_are_as_they_were() {
    type Command = fn(&CircuitBreaker);
    let commands: [(Command, State); 4] = [
        (CircuitBreaker::reset, State::Closed),
        (CircuitBreaker::metrics_only, State::MetricsOnly),
        (CircuitBreaker::disable, State::Disabled),
        (CircuitBreaker::force_open, State::ForcedOpen),
    ];
    for (command, expected) in commands {
        let machine = Machine::started_at(50);
        let breaker = machine.breaker(Cooldown(60), |builder| builder);
        command(&breaker);
        machine.pass(5);
        let restarted = Machine::started_at(60).breaker(Cooldown(60), |builder| builder);
        restarted.restore(&written(&breaker)).unwrap();
        let info = restarted.info();
        assert_eq!((info.state, info.in_state_for), (expected, 10 * SECOND));
    }
}

#[test]
fn a_closed_breaker_begins_like_a_new_one_whatever_failed_before_the_restart() {
    let machine = Machine::started_at(50);
    let breaker = machine.breaker(Cooldown(60), |builder| builder.tripper(FailureStreak(5)));
    (0..4).for_each(|_| assert!(fail(&breaker)));
    let three_days_later = Machine::started_at(50 + 3 * 86_400);
    let restarted = three_days_later.breaker(Cooldown(60), |builder| builder.tripper(FailureStreak(5)));
    fail(&restarted);
    restarted.restore(&written(&breaker)).unwrap();
    let info = restarted.info();
    assert_eq!((info.state, info.consecutive_failures, info.calls, info.reopens), (State::Closed, 0, 0, 0));
    assert!(fail(&restarted));
    assert_eq!(state(&restarted), State::Closed, "one failure is no streak of five");
}

#[test]
fn listeners_are_told_and_calls_in_flight_count_no_more() {
    let heard = Recorder::default();
    let breaker = Machine::started_at(1_130).breaker(Cooldown(60), |builder| builder.listener(heard.clone()));
    let call = breaker.try_acquire().unwrap();
    breaker.restore(&opened()).unwrap();
    call.success();
    assert_eq!(breaker.info().calls, 0);
    let signals = heard.signals();
    let [signal] = signals.as_slice() else { panic!("{signals:?}") };
    assert_eq!(
        (signal.old_state(), signal.new_state(), signal.reason()),
        (State::Closed, State::Open, &Reason::Restored)
    );
    assert_eq!((signal.retry_after(), signal.reopens()), (Some(30 * SECOND), 0));
}

#[test]
fn a_snapshot_of_an_unknown_version_changes_nothing() {
    let breaker = Machine::started_at(1_130).breaker(Cooldown(60), |builder| builder);
    fail(&breaker);
    let before = breaker.info();
    let mut value = serde_json::to_value(opened()).unwrap();
    value["version"] = json!(2);
    let snapshot: SavedState = serde_json::from_value(value).unwrap();
    let error = breaker.restore(&snapshot).unwrap_err();
    assert_eq!(error, RestoreError::UnknownVersion(2));
    assert_eq!(error.to_string(), "a saved state of version 2 can't be restored; only version 1 is known");
    assert_eq!(breaker.info(), before);
}

#[test]
fn garbage_is_an_error_or_harmless() {
    let with = |field: &str, value: Value| {
        let mut snapshot = serde_json::to_value(opened()).unwrap();
        snapshot[field] = value;
        serde_json::from_value::<SavedState>(snapshot)
    };
    for (field, value) in [
        ("state", json!("ajar")),
        ("state", json!(3)),
        ("since", json!(-1)),
        ("version", json!("one")),
        ("draw", json!("x")),
    ] {
        assert!(with(field, value.clone()).is_err(), "{field} = {value}");
    }
    let most = json!(u64::MAX);
    for (field, value) in [
        ("since", json!(0)),
        ("since", most.clone()),
        ("reopens", most.clone()),
        ("consecutive_failures", most.clone()),
        ("delayed_until", most.clone()),
        ("retry_at", most),
        ("draw", json!(-1e300)),
        ("draw", json!(1e300)),
    ] {
        let snapshot = with(field, value.clone()).unwrap();
        let machine = Machine::started_at(1_130);
        let breaker = machine.breaker(Backoff::new(10).jitter_ratio(0.5), |builder| builder.honour_retry_after(450));
        breaker.restore(&snapshot).unwrap();
        let most_of_all = Duration::from_secs(450);
        assert!(breaker.info().retry_after.is_some_and(|wait| wait <= most_of_all), "{field} = {value}");
        let _ = breaker.saved_state();
        machine.pass(450);
        assert!(fail(&breaker), "{field} = {value}");
        machine.pass(450);
        assert!(succeed(&breaker), "{field} = {value}");
    }
}

#[test]
fn what_is_written_is_what_is_documented() {
    let snapshot = opened();
    // Other tests have breakers of this name at the same time.
    assert!(snapshot.label().starts_with("restart"));
    let expected = json!({
        "version": 1, "name": "restart", "label": snapshot.label(), "state": "open", "since": 1_100_000, "reopens": 0,
        "consecutive_failures": 1, "retry_at": 1_160_000
    });
    assert_eq!(serde_json::to_value(&snapshot).unwrap(), expected);
    assert_eq!((snapshot.name(), snapshot.state()), ("restart", State::Open));
}
