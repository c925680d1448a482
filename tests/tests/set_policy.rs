//! A new policy while a breaker runs.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use fluxgate::{
    Cancelled, CircuitBreaker, Error, Listener, ManualClock, Policy, PolicyChange, Signal, State,
    permits::All,
    retries::{Always, Backoff, Cooldown, Never},
    trackers,
    trippers::{self, AvgLatency, CallContext, Closed, FailureRate, FailureStreak, HalfOpened, MinRequests, SlowRate},
    windows::{CountWindow, TimeWindow},
};
use fluxgate_tests::fixture::{Down, Recorder, SECOND, breaker_with, fail, state, succeed};

/// One that never trips, so that the window is seen.
fn patient() -> Policy {
    Policy::new().tripper(Closed() & MinRequests(100) & FailureStreak(1_000_000))
}

fn with(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let builder = CircuitBreaker::builder("set_policy").policy(policy).clock(clock.clone()).random_seed(1);
    (builder.build().unwrap(), clock)
}

/// A call that takes this long.
fn takes(breaker: &CircuitBreaker, clock: &ManualClock, duration: Duration) {
    let call = breaker.try_acquire().unwrap();
    clock.advance(duration);
    call.success();
}

fn counts(breaker: &CircuitBreaker) -> (u64, u64) {
    let info = breaker.info();
    (info.calls, info.failures)
}

fn slow_rates(breaker: &CircuitBreaker) -> Vec<(u64, f64)> {
    breaker.info().slow_rates.into_iter().map(|(threshold, rate)| (threshold.as_secs(), rate)).collect()
}

#[test]
fn a_policy_with_a_mistake_changes_nothing() {
    let (breaker, _) = with(patient().window(CountWindow(150)));
    assert!(fail(&breaker));
    let before = (breaker.info(), breaker.policy().to_string());
    let error = breaker.set_policy(Policy::new().window(CountWindow(0)).retry(Cooldown(-1))).unwrap_err();
    assert_eq!(error.mistakes().len(), 2);
    assert_eq!((breaker.info(), breaker.policy().to_string()), before);
}

#[test]
fn the_policy_it_goes_by_can_be_asked_for_and_changed_in_part() {
    let (breaker, _) = with(patient());
    breaker.set_policy(breaker.policy().retry(Cooldown(7)).max_half_open_calls(3)).unwrap();
    let text = breaker.policy().to_string();
    assert!(text.contains("FailureStreak(1000000)") && text.contains("retry = Cooldown(7s)"), "{text}");
    assert!(text.ends_with("max_half_open_calls = 3"), "{text}");
}

#[test]
fn state_since_when_reopens_and_the_streak_stay() {
    let policy = Policy::new().tripper(FailureStreak(2)).retry(Cooldown(10)).permit(All());
    let (breaker, clock) = with(policy.clone());
    fail(&breaker);
    fail(&breaker);
    clock.advance(10 * SECOND);
    fail(&breaker);
    fail(&breaker);
    clock.advance(3 * SECOND);
    let before = breaker.info();
    assert_eq!((before.state, before.reopens), (State::Open, 1));
    breaker.set_policy(policy.window(CountWindow(7)).permit(All())).unwrap();
    assert_eq!(breaker.info(), before);

    let (breaker, _) = with(patient());
    (0..3).for_each(|_| assert!(fail(&breaker)));
    breaker.set_policy(Policy::new().tripper(FailureStreak(4)).window(TimeWindow(9))).unwrap();
    assert_eq!(breaker.info().consecutive_failures, 3, "though the window has begun anew");
    fail(&breaker);
    assert_eq!(state(&breaker), State::Open);
}

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
        (CountWindow(200), CountWindow(300), 150),
        (TimeWindow(10), CountWindow(300), 150),
        (TimeWindow(10), TimeWindow(20), 150),
        (CountWindow(200), TimeWindow(10), 0),
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
        let old_window = if time { TimeWindow(60) } else { CountWindow(9) };
        let new_window = || if count { CountWindow(9) } else { TimeWindow(60) };
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

#[test]
fn a_call_in_flight_counts_and_is_measured_from_the_change_on_if_it_was_not_before() {
    let (breaker, clock) = with(patient());
    let [early, late] = [(); 2].map(|()| breaker.try_acquire().unwrap());
    clock.advance(100 * SECOND);
    breaker.set_policy(Policy::new().tripper(MinRequests(2) & SlowRate(0.6, 5))).unwrap();
    clock.advance(4 * SECOND);
    early.success();
    assert_eq!(slow_rates(&breaker), [(5, 0.0)]);
    clock.advance(SECOND);
    late.success();
    assert_eq!((state(&breaker), slow_rates(&breaker)), (State::Closed, vec![(5, 0.5)]));
    takes(&breaker, &clock, 5 * SECOND);
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn the_tripper_is_asked_when_the_next_call_is_recorded_and_not_before() {
    for ends in [succeed, fail] {
        let (breaker, _) = with(patient());
        (0..9).for_each(|_| assert!(fail(&breaker)));
        breaker.set_policy(Policy::new().tripper(FailureRate(0.5))).unwrap();
        assert_eq!(state(&breaker), State::Closed);
        breaker.try_acquire().unwrap().ignored();
        assert_eq!(state(&breaker), State::Closed);
        ends(&breaker);
        assert_eq!(state(&breaker), State::Open);
    }
}

#[test]
fn an_open_breaker_waits_as_the_new_retry_says_from_when_it_opened() {
    let opened = |retry: fluxgate::Retry| {
        let (breaker, clock) = with(Policy::new().tripper(FailureStreak(1)).retry(retry));
        fail(&breaker);
        clock.advance(4 * SECOND);
        (breaker, clock)
    };
    let wait = |breaker: &CircuitBreaker| match breaker.try_acquire() {
        Err(rejection) => rejection.retry_after(),
        Ok(_) => panic!("it is open"),
    };
    let (breaker, clock) = opened(Cooldown(60).into());
    let policy = breaker.policy();
    breaker.set_policy(policy.clone().retry(Cooldown(10))).unwrap();
    assert_eq!((wait(&breaker), wait(&breaker)), (Some(6 * SECOND), Some(6 * SECOND)));
    breaker.set_policy(policy.clone().retry(Never())).unwrap();
    assert_eq!((wait(&breaker), wait(&breaker)), (None, None));
    breaker.set_policy(policy.clone().retry(Backoff(20))).unwrap();
    assert_eq!((wait(&breaker), wait(&breaker)), (Some(16 * SECOND), Some(16 * SECOND)));
    clock.advance(SECOND);
    breaker.set_policy(policy.retry(Cooldown(5))).unwrap();
    assert_eq!(breaker.info().state, State::Open, "due, but no call has come");
    assert!(breaker.would_reject().is_none());

    let (breaker, _) = opened(Never());
    breaker.set_policy(breaker.policy().retry(Always()).permit(All())).unwrap();
    assert!(succeed(&breaker));
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn the_chance_of_an_opening_is_drawn_once() {
    let (breaker, _) = with(Policy::new().tripper(FailureStreak(1)).retry(Cooldown(100)));
    fail(&breaker);
    let wait = |seconds: i32, ratio: f64| {
        breaker.set_policy(breaker.policy().retry(Cooldown(seconds).jitter_ratio(ratio))).unwrap();
        breaker.info().retry_after.unwrap().as_secs_f64()
    };
    assert!((wait(100, 0.0) - 100.0).abs() < 1e-6);
    let drawn = wait(100, 0.5);
    assert!((50.0..150.0).contains(&drawn) && (drawn - 100.0).abs() > 1e-6);
    assert!((wait(200, 0.5) - 2.0 * drawn).abs() < 1e-6, "the same chance");
}

#[test]
fn what_a_service_has_asked_for_is_heeded_within_the_new_limit() {
    let (breaker, _) = with(Policy::new().tripper(FailureStreak(1)).retry(Cooldown(60)).honour_retry_after(600));
    breaker.try_acquire().unwrap().failure_with_retry_after(40 * SECOND);
    let wait = |policy: Policy| {
        breaker.set_policy(policy).unwrap();
        breaker.info().retry_after.unwrap().as_secs()
    };
    let short = Policy::new().tripper(FailureStreak(1)).retry(Cooldown(10));
    assert_eq!(wait(short.clone().honour_retry_after(600)), 40);
    assert_eq!(wait(short.clone().honour_retry_after(20)), 20);
    assert_eq!(wait(short), 10);
}

#[test]
fn a_probe_keeps_its_slot_and_none_is_taken_back() {
    let policy = Policy::new().tripper(FailureStreak(1)).retry(Always()).permit(All()).max_half_open_calls(3);
    let (breaker, _) = with(policy.clone());
    fail(&breaker);
    let mut probes = [(); 3].map(|()| Some(breaker.try_acquire().unwrap()));
    breaker.set_policy(policy.max_half_open_calls(2)).unwrap();
    assert_eq!((state(&breaker), breaker.info().probes_in_flight), (State::HalfOpen, 3));
    probes[0].take().unwrap().ignored();
    assert!(breaker.try_acquire().is_err(), "two of two are still in flight");
    probes[1].take().unwrap().ignored();
    let more = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err());
    more.ignored();
    probes[2].take().unwrap().success();
    assert_eq!(state(&breaker), State::Closed);
}

#[test]
fn a_call_that_is_given_up_is_judged_by_the_policy_of_then() {
    let (breaker, _) = with(patient().cancelled(Cancelled::Ignore));
    let call = breaker.try_acquire().unwrap();
    breaker.set_policy(patient().cancelled(Cancelled::Failure)).unwrap();
    drop(call);
    assert_eq!(counts(&breaker), (1, 1));
}

/// What a listener was told, in order.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Listener for Told {
    fn on_transition(&self, signal: &Signal) {
        self.0.lock().unwrap().push(signal.new_state().to_string());
    }

    fn on_policy_change(&self, change: &PolicyChange) {
        let told = format!("{}: {} / {}", change.label(), change.old_policy(), change.new_policy());
        self.0.lock().unwrap().push(told);
    }
}

#[test]
fn listeners_are_told_in_order_with_the_transitions() {
    let told = Told::default();
    let transitions = Recorder::default();
    let (breaker, _) =
        breaker_with("FailureStreak(1)", |builder| builder.listener(told.clone()).listener(transitions.clone()));
    fail(&breaker);
    let [old, new] = [breaker.policy(), breaker.policy().retry(Cooldown(5))];
    breaker.set_policy(new.clone()).unwrap();
    breaker.set_policy(Policy::new().window(CountWindow(0))).unwrap_err();
    breaker.reset();
    let change = format!("{}: {old} / {new}", breaker.label());
    assert_eq!(*told.0.lock().unwrap(), ["open".to_owned(), change, "closed".to_owned()]);
    assert_eq!(transitions.states(), [State::Open, State::Closed]);
}

#[test]
fn an_error_is_judged_by_the_policy_that_records_it() {
    let (breaker, _) = with(patient());
    let asked = Arc::new(AtomicU64::new(0));
    let old = {
        let (breaker, asked) = (breaker.clone(), Arc::clone(&asked));
        trackers::Custom(move |_: &Down| {
            asked.fetch_add(1, Ordering::Relaxed);
            breaker.set_policy(patient().tracker(!trackers::All())).unwrap();
            true
        })
    };
    breaker.set_policy(patient().tracker(old)).unwrap();
    assert!(fail(&breaker));
    assert_eq!((asked.load(Ordering::Relaxed), counts(&breaker)), (1, (0, 0)), "the new one ignores it");
}

#[test]
fn user_code_that_changes_the_policy_whenever_it_is_asked_hangs_nobody() {
    #[derive(Clone)]
    struct Meddler(Arc<Mutex<Option<CircuitBreaker>>>);
    impl Meddler {
        fn policy(&self) -> Policy {
            let [tracker, tripper] = [self.clone(), self.clone()];
            Policy::new()
                .tracker(trackers::Custom(move |_: &Down| tracker.meddle()))
                .tripper(trippers::Custom(move |_: &CallContext| tripper.meddle()))
        }
        fn meddle(&self) -> bool {
            let breaker = self.0.lock().unwrap().clone();
            breaker.is_none_or(|breaker| breaker.set_policy(self.policy()).is_ok())
        }
    }
    let meddler = Meddler(Arc::default());
    let (breaker, _) = with(meddler.policy());
    *meddler.0.lock().unwrap() = Some(breaker.clone());
    assert!(fail(&breaker));
    assert!(succeed(&breaker));
    assert!(counts(&breaker).0 <= 2);
    *meddler.0.lock().unwrap() = None;
}

#[test]
fn a_verdict_of_a_policy_that_has_gone_counts_for_nothing() {
    let (breaker, _) = with(patient());
    let eager = {
        let breaker = breaker.clone();
        trippers::Custom(move |_: &CallContext| breaker.set_policy(patient()).is_ok())
    };
    breaker.set_policy(Policy::new().tripper(eager)).unwrap();
    fail(&breaker);
    assert_eq!(state(&breaker), State::Closed);
}

/// Has calls counted.
struct Counting;

impl Listener for Counting {
    fn on_transition(&self, _: &Signal) {}
    fn counts_calls(&self) -> bool {
        true
    }
}

/// Every call of several threads is in the totals and in the window, whatever policy comes along.
#[test]
fn no_call_is_lost_or_counted_twice_while_policies_come_and_go() {
    const CALLS: u64 = 20_000;
    let slow = || SlowRate(1.0, 1_000) & FailureStreak(1_000_000);
    let patient = |window: fluxgate::Window| Policy::new().window(window).tripper(FailureStreak(1_000_000));
    let policies = [
        patient(CountWindow(1_000_000)),
        patient(CountWindow(900_000)).tripper(slow()),
        patient(CountWindow(1_000_000)).tracker(trackers::TypeOf::<Down>()),
        patient(CountWindow(800_000)).tripper(slow() | SlowRate(1.0, 500) & FailureStreak(1_000_000)),
    ];
    for counts_calls in [false, true] {
        let builder = CircuitBreaker::builder("load").policy(policies[0].clone());
        let builder = if counts_calls { builder.listener(Counting) } else { builder };
        let breaker = builder.build().unwrap();
        let running = AtomicBool::new(true);
        let threads = 4;
        thread::scope(|scope| {
            let callers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        for call in 0..CALLS {
                            let _ = if call % 10 == 9 { fail(&breaker) } else { succeed(&breaker) };
                        }
                    })
                })
                .collect();
            scope.spawn(|| {
                for policy in policies.iter().cycle().take_while(|_| running.load(Ordering::Relaxed)) {
                    breaker.set_policy(policy.clone()).unwrap();
                    let info = breaker.info();
                    assert!(info.calls >= info.failures);
                    thread::yield_now();
                }
            });
            for caller in callers {
                caller.join().unwrap();
            }
            running.store(false, Ordering::Relaxed);
        });
        let all = threads * CALLS;
        assert_eq!(counts(&breaker), (all, all / 10));
        if let Some(totals) = breaker.totals() {
            assert_eq!((totals.successes, totals.failures), (all - all / 10, all / 10));
        }
    }
}

/// One policy tracks an error of which it says that it opens the breaker, the other does neither.
#[test]
fn no_call_is_judged_by_half_a_policy() {
    let strict = Policy::new().tripper(FailureStreak(1));
    let lenient = Policy::new().tripper(HalfOpened() | FailureStreak(1_000_000));
    let blind = |policy: &Policy| policy.clone().tracker(!trackers::All());
    for (one, other) in [(blind(&strict), lenient.clone()), (lenient.clone(), blind(&lenient))] {
        let breaker = CircuitBreaker::builder("halves").policy(one.clone()).build().unwrap();
        let running = AtomicBool::new(true);
        thread::scope(|scope| {
            let callers = [(); 2].map(|()| {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        let result = breaker.call(|| Err::<(), _>(Down));
                        assert!(matches!(result, Err(Error::Inner(_))), "neither policy opens");
                    }
                })
            });
            scope.spawn(|| {
                while running.load(Ordering::Relaxed) {
                    breaker.set_policy(other.clone()).unwrap();
                    breaker.set_policy(one.clone()).unwrap();
                }
            });
            for caller in callers {
                caller.join().unwrap();
            }
            running.store(false, Ordering::Relaxed);
        });
        assert_eq!(state(&breaker), State::Closed);
    }
    let breaker = CircuitBreaker::builder("whole").policy(strict).build().unwrap();
    fail(&breaker);
    assert_eq!(state(&breaker), State::Open);
}
