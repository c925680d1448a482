//! Policy changes concurrent with calls, counters, probes and a transition.

use crate::{
    Policy, State,
    policy::{
        permits::All,
        retries::Cooldown,
        trippers::{AvgLatency, FailureStreak, SlowRate},
        windows::{CountWindow, TimeWindow, Window},
    },
};

use super::{Fixture, explore, explore_with, fail, succeed};

/// Returns a policy that trips only at `streak` failures.
fn streak(streak: u64) -> Policy {
    Policy::new().window(CountWindow(9)).tripper(FailureStreak(streak)).retry(Cooldown(10)).permit(All())
}

#[test]
fn no_success_is_lost_or_counted_twice_beside_a_new_policy() {
    let policies: [fn(Policy) -> Policy; 3] = [
        |policy| policy.window(CountWindow(5)),
        |policy| policy.tripper(SlowRate(1.0, 3) & FailureStreak(9)),
        |policy| policy.tripper(AvgLatency(9)),
    ];
    for change in policies {
        explore(move || {
            let fixture = Fixture::new(9, |builder| builder);
            succeed(&fixture.breaker);
            let successes = fixture.spawn(1, |breaker| {
                succeed(breaker);
                succeed(breaker);
            });
            fixture.breaker.set_policy(change(streak(9))).unwrap();
            let measures_the_mean = fixture.breaker.policy().to_string().contains("AvgLatency");
            let least = u64::from(!measures_the_mean);
            assert!((least..=3).contains(&fixture.breaker.info().calls));
            successes.join().unwrap();
            let info = fixture.breaker.info();
            // Successes from before the new policy have no duration, so they are not in a window with a mean.
            assert!(info.calls == 3 || measures_the_mean && info.calls <= 2, "{info:?}");
        });
    }
}

#[test]
fn a_call_that_skips_the_lock_is_fast_under_the_current_policy() {
    explore(|| {
        // A full window of fast calls, in which one more is redundant.
        let fixture = Fixture::new(9, |builder| builder.window(CountWindow(1)).tripper(SlowRate(1.0, 2)));
        succeed(&fixture.breaker);
        let call = fixture.breaker.try_acquire_owned().unwrap();
        fixture.advance(3);
        let success = fixture.spawn(1, move |_| call.success());
        fixture.breaker.set_policy(streak(9).tripper(SlowRate(1.0, 4) & FailureStreak(9))).unwrap();
        success.join().unwrap();
        let info = fixture.breaker.info();
        assert!(
            info.state == State::Open || info.calls == 2,
            "slow under the old policy, or recorded under the new one: {info:?}"
        );
    });
}

#[test]
fn a_success_beside_a_change_of_the_window_kind_is_in_the_new_window_or_was_before_it() {
    let windows = || [Window::from(CountWindow(9)), TimeWindow(9).into()];
    for (old, new) in windows().into_iter().zip(windows().into_iter().rev()) {
        explore(move || {
            let by_time = new.to_string().starts_with("Time");
            let fixture = Fixture::new(9, |builder| builder.window(old.clone()));
            fixture.advance(3);
            succeed(&fixture.breaker);
            let successes = fixture.spawn(1, |breaker| {
                succeed(breaker);
                succeed(breaker);
            });
            fixture.breaker.set_policy(streak(9).window(new.clone())).unwrap();
            let before_join = fixture.breaker.info().calls;
            successes.join().unwrap();
            let calls = fixture.breaker.info().calls;
            assert!(before_join <= calls && calls <= 3);
            assert!(by_time || calls == 3, "a count window keeps all calls");
        });
    }
}

#[test]
fn a_new_policy_comes_before_a_transition_or_after_it() {
    explore(|| {
        let fixture = Fixture::new(1, |builder| builder);
        let failure = fixture.spawn(1, fail);
        fixture.breaker.set_policy(streak(2).retry(Cooldown(20))).unwrap();
        assert!(failure.join().unwrap());
        let info = fixture.breaker.info();
        match info.state {
            State::Open => assert_eq!(info.retry_after, Some(std::time::Duration::from_secs(20))),
            State::Closed => assert_eq!((info.calls, info.failures, info.consecutive_failures), (1, 1, 1)),
            other => panic!("{other}"),
        }
        fixture.log.path(&fixture.breaker);
    });
}

#[test]
fn a_call_is_judged_by_one_policy() {
    explore(|| {
        let fixture = Fixture::new(1, |builder| builder.tracker(!crate::policy::trackers::All()));
        let failure = fixture.spawn(1, fail);
        fixture.breaker.set_policy(streak(9)).unwrap();
        assert!(failure.join().unwrap());
        let info = fixture.breaker.info();
        assert_eq!(info.state, State::Closed, "tracked by one policy and tripped by the other");
        assert!(info.calls <= 1);
        // The reverse change.
        fixture.breaker.reset();
        let failure = fixture.spawn(1, fail);
        fixture.breaker.set_policy(streak(1).tracker(!crate::policy::trackers::All())).unwrap();
        assert!(failure.join().unwrap());
        assert_eq!(fixture.breaker.info().state, State::Closed);
    });
}

#[test]
fn a_call_is_judged_by_one_policy_however_often_it_changes() {
    for (changes, preemptions) in [(2, 4), (8, 2)] {
        explore_with(preemptions, move || {
            let fixture = Fixture::new(1, |builder| builder.tripper(FailureStreak(9)).tracker(tracks_all()));
            let failure = fixture.spawn(1, fail);
            for _ in 1..changes {
                fixture.breaker.set_policy(streak(9).tracker(tracks_all())).unwrap();
            }
            fixture.breaker.set_policy(streak(1).tracker(!tracks_all())).unwrap();
            assert!(failure.join().unwrap());
            assert_eq!(fixture.breaker.info().state, State::Closed, "tracked by the first and tripped by the last");
        });
    }
}

/// Returns a tracker that is called for each error, unlike `All()`.
fn tracks_all() -> crate::Tracker {
    !!crate::policy::trackers::All()
}

#[test]
fn no_success_is_lost_beside_two_new_policies() {
    explore(|| {
        let fixture = Fixture::new(9, |builder| builder);
        succeed(&fixture.breaker);
        let successes = fixture.spawn(1, |breaker| {
            succeed(breaker);
            succeed(breaker);
        });
        for size in [8, 7] {
            fixture.breaker.set_policy(streak(9).window(CountWindow(size))).unwrap();
        }
        successes.join().unwrap();
        assert_eq!(fixture.breaker.info().calls, 3);
    });
}

#[test]
fn probes_keep_their_slots_beside_a_new_policy() {
    explore(|| {
        let fixture = Fixture::due(|builder| builder.max_half_open_calls(2));
        let probe = fixture.breaker.try_acquire_owned().unwrap();
        let other = fixture.spawn(1, move |breaker| {
            probe.ignored();
            breaker.try_acquire_owned().ok()
        });
        fixture.breaker.set_policy(streak(1).max_half_open_calls(1)).unwrap();
        let more = other.join().unwrap();
        assert!(more.is_some());
        assert_eq!(fixture.breaker.info().probes_in_flight, 1);
        assert!(fixture.breaker.try_acquire().is_err());
    });
}
