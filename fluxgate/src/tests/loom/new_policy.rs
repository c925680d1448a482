//! A new policy beside calls, counters, probes and a transition.

use crate::{
    Policy, State,
    policy::{
        permits::All,
        retries::Cooldown,
        trippers::{AvgLatency, FailureStreak, SlowRate},
        windows::{CountWindow, TimeWindow},
    },
};

use super::{Stand, explore, explore_with, fail, succeed};

/// A policy that trips at this streak alone.
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
            let stand = Stand::new(9, |builder| builder);
            succeed(&stand.breaker);
            let successes = stand.spawn(1, |breaker| {
                succeed(breaker);
                succeed(breaker);
            });
            stand.breaker.set_policy(change(streak(9))).unwrap();
            let measures_the_mean = stand.breaker.policy().to_string().contains("AvgLatency");
            let least = u64::from(!measures_the_mean);
            assert!((least..=3).contains(&stand.breaker.info().calls));
            successes.join().unwrap();
            let info = stand.breaker.info();
            // What was before the mean was asked for is no part of it.
            assert!(info.calls == 3 || measures_the_mean && info.calls <= 2, "{info:?}");
        });
    }
}

#[test]
fn a_call_is_quick_by_the_policy_that_spares_it_the_lock() {
    explore(|| {
        // A full window of quick calls, in which one more is of no consequence.
        let stand = Stand::new(9, |builder| builder.window(CountWindow(1)).tripper(SlowRate(1.0, 2)));
        succeed(&stand.breaker);
        let call = stand.breaker.try_acquire_owned().unwrap();
        stand.pass(3);
        let success = stand.spawn(1, move |_| call.success());
        stand.breaker.set_policy(streak(9).tripper(SlowRate(1.0, 4) & FailureStreak(9))).unwrap();
        success.join().unwrap();
        let info = stand.breaker.info();
        assert!(info.state == State::Open || info.calls == 2, "slow by the one, or recorded by the other: {info:?}");
    });
}

#[test]
fn a_success_that_overlaps_a_new_kind_of_window_is_in_it_or_was_before_it() {
    for (old, new) in [(CountWindow(9), TimeWindow(9)), (TimeWindow(9), CountWindow(9))] {
        explore(move || {
            let by_time = new.to_string().starts_with("Time");
            let stand = Stand::new(9, |builder| builder.window(old.clone()));
            stand.pass(3);
            succeed(&stand.breaker);
            let successes = stand.spawn(1, |breaker| {
                succeed(breaker);
                succeed(breaker);
            });
            stand.breaker.set_policy(streak(9).window(new.clone())).unwrap();
            let at_the_change = stand.breaker.info().calls;
            successes.join().unwrap();
            let calls = stand.breaker.info().calls;
            assert!(at_the_change <= calls && calls <= 3);
            assert!(by_time || calls == 3, "a count window knows them all");
        });
    }
}

#[test]
fn a_new_policy_comes_before_a_transition_or_after_it() {
    explore(|| {
        let stand = Stand::new(1, |builder| builder);
        let failure = stand.spawn(1, fail);
        stand.breaker.set_policy(streak(2).retry(Cooldown(20))).unwrap();
        assert!(failure.join().unwrap());
        let info = stand.breaker.info();
        match info.state {
            State::Open => assert_eq!(info.retry_after, Some(std::time::Duration::from_secs(20))),
            State::Closed => assert_eq!((info.calls, info.failures, info.consecutive_failures), (1, 1, 1)),
            other => panic!("{other}"),
        }
        stand.heard.path(&stand.breaker);
    });
}

#[test]
fn a_call_is_judged_by_one_policy() {
    explore(|| {
        let stand = Stand::new(1, |builder| builder.tracker(!crate::policy::trackers::All()));
        let failure = stand.spawn(1, fail);
        stand.breaker.set_policy(streak(9)).unwrap();
        assert!(failure.join().unwrap());
        let info = stand.breaker.info();
        assert_eq!(info.state, State::Closed, "tracked by the one and tripped by the other");
        assert!(info.calls <= 1);
        // The other way round.
        stand.breaker.reset();
        let failure = stand.spawn(1, fail);
        stand.breaker.set_policy(streak(1).tracker(!crate::policy::trackers::All())).unwrap();
        assert!(failure.join().unwrap());
        assert_eq!(stand.breaker.info().state, State::Closed);
    });
}

#[test]
fn a_call_is_judged_by_one_policy_however_often_that_changes() {
    for (changes, preemptions) in [(2, 4), (8, 2)] {
        explore_with(preemptions, move || {
            let stand = Stand::new(1, |builder| builder.tripper(FailureStreak(9)).tracker(tracks_all()));
            let failure = stand.spawn(1, fail);
            for _ in 1..changes {
                stand.breaker.set_policy(streak(9).tracker(tracks_all())).unwrap();
            }
            stand.breaker.set_policy(streak(1).tracker(!tracks_all())).unwrap();
            assert!(failure.join().unwrap());
            assert_eq!(stand.breaker.info().state, State::Closed, "tracked by the first and tripped by the last");
        });
    }
}

/// A tracker that is asked, unlike `All()`.
fn tracks_all() -> crate::Tracker {
    !!crate::policy::trackers::All()
}

#[test]
fn no_success_is_lost_beside_two_new_policies() {
    explore(|| {
        let stand = Stand::new(9, |builder| builder);
        succeed(&stand.breaker);
        let successes = stand.spawn(1, |breaker| {
            succeed(breaker);
            succeed(breaker);
        });
        for size in [8, 7] {
            stand.breaker.set_policy(streak(9).window(CountWindow(size))).unwrap();
        }
        successes.join().unwrap();
        assert_eq!(stand.breaker.info().calls, 3);
    });
}

#[test]
fn probes_keep_their_slots_beside_a_new_policy() {
    explore(|| {
        let stand = Stand::due(|builder| builder.max_half_open_calls(2));
        let probe = stand.breaker.try_acquire_owned().unwrap();
        let other = stand.spawn(1, move |breaker| {
            probe.ignored();
            breaker.try_acquire_owned().ok()
        });
        stand.breaker.set_policy(streak(1).max_half_open_calls(1)).unwrap();
        let more = other.join().unwrap();
        assert!(more.is_some());
        assert_eq!(stand.breaker.info().probes_in_flight, 1);
        assert!(stand.breaker.try_acquire().is_err());
    });
}
