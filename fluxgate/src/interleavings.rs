//! Whole breakers, explored by loom: every order in which two or three threads may take their steps, up to the bound of
//! preemptions that `LOOM_MAX_PREEMPTIONS` sets.

use std::sync::{Arc, Mutex};

use loom::thread;

use crate::{
    Builder, Call, CircuitBreaker, Listener, ManualClock, Policy, Signal, State,
    outcome::Outcome,
    permits::All,
    retries::Cooldown,
    sync::{AtomicU64, Ordering},
    thread_slot::set_slot,
    trippers::{AvgLatency, FailureStreak, SlowRate},
    windows::{CountWindow, TimeWindow},
};

/// Hears of transitions. Its lock is never held while loom switches threads, so it need not be one of loom's.
#[derive(Clone, Default)]
struct Heard {
    transitions: Arc<Mutex<Vec<(State, State)>>>,
    /// Where another thread may come between two listeners, or two signals.
    switch: Arc<AtomicU64>,
}

impl Listener for Heard {
    fn on_transition(&self, signal: &Signal) {
        self.switch.fetch_add(1, Ordering::Relaxed);
        self.transitions.lock().unwrap().push((signal.old_state(), signal.new_state()));
        self.switch.fetch_add(1, Ordering::Relaxed);
    }
}

impl Heard {
    /// The states that were entered, each from the one before it.
    fn path(&self, breaker: &CircuitBreaker) -> Vec<State> {
        let heard = self.transitions.lock().unwrap().clone();
        let mut at = State::Closed;
        for (old, new) in &heard {
            assert_eq!(*old, at, "{heard:?}");
            at = *new;
        }
        assert_eq!(breaker.info().state, at, "{heard:?}");
        heard.into_iter().map(|(_, new)| new).collect()
    }
}

struct Stand {
    breaker: CircuitBreaker,
    clock: ManualClock,
    heard: Heard,
}

impl Stand {
    /// Trips at this streak, and recovers by one success.
    fn new(streak: u64, settings: impl FnOnce(Builder) -> Builder) -> Self {
        set_slot(0);
        let (clock, heard) = (ManualClock::new(), Heard::default());
        let builder = CircuitBreaker::builder("loom")
            .window(CountWindow(9))
            .tripper(FailureStreak(streak))
            .retry(Cooldown(10))
            .permit(All())
            .max_half_open_calls(1)
            .max_probe_time(5)
            .random_seed(1)
            .clock(clock.clone())
            .listener(heard.clone());
        let breaker = settings(builder).build().unwrap();
        // Made before the threads begin: how they are made is the standard library's affair.
        breaker.shared.successes.make_counters(3);
        Self { breaker, clock, heard }
    }

    /// One that has opened, and whose retry is due.
    fn due(settings: impl FnOnce(Builder) -> Builder) -> Self {
        let stand = Self::new(1, settings);
        fail(&stand.breaker);
        stand.pass(10);
        stand
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(std::time::Duration::from_secs(seconds));
    }

    /// Runs `code` in a thread of its own.
    fn spawn<R: 'static>(
        &self,
        slot: usize,
        code: impl FnOnce(&CircuitBreaker) -> R + 'static,
    ) -> thread::JoinHandle<R> {
        let breaker = self.breaker.clone();
        thread::spawn(move || {
            set_slot(slot);
            code(&breaker)
        })
    }
}

fn succeed(breaker: &CircuitBreaker) -> bool {
    breaker.call(|| Ok::<_, ()>(())).is_ok()
}

fn fail(breaker: &CircuitBreaker) -> bool {
    breaker.call(|| Err::<(), _>(())).unwrap_err().into_inner().is_some()
}

fn explore(scenario: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(4));
    builder.check(scenario);
}

#[test]
fn a_call_is_admitted_before_a_transition_and_counts_for_nothing_after_it_or_is_rejected() {
    explore(|| {
        let stand = Stand::new(1, |builder| builder);
        let other = stand.spawn(1, |breaker| [succeed(breaker), succeed(breaker)]);
        assert!(fail(&stand.breaker));
        let [first, second] = other.join().unwrap();
        assert!(first || !second, "admitted by a breaker that had rejected");
        let info = stand.breaker.info();
        assert_eq!((info.state, info.calls), (State::Open, 0));
        assert_eq!(info.rejected, u64::from(!first) + u64::from(!second));
        assert_eq!(stand.heard.path(&stand.breaker), [State::Open]);
    });
}

#[test]
fn no_success_is_lost_or_counted_twice_beside_failures_and_readers() {
    explore(|| {
        let stand = Stand::new(9, |builder| builder);
        succeed(&stand.breaker);
        let successes = stand.spawn(1, |breaker| {
            succeed(breaker);
            succeed(breaker);
        });
        fail(&stand.breaker);
        assert!((2..=4).contains(&stand.breaker.info().calls));
        successes.join().unwrap();
        let info = stand.breaker.info();
        assert_eq!((info.calls, info.failures), (4, 1));
    });
}

#[test]
fn a_success_breaks_a_streak_or_comes_before_or_after_it() {
    explore(|| {
        let stand = Stand::new(2, |builder| builder);
        succeed(&stand.breaker);
        let success = stand.spawn(1, succeed);
        fail(&stand.breaker);
        fail(&stand.breaker);
        success.join().unwrap();
        let info = stand.breaker.info();
        match info.state {
            State::Open => assert_eq!(info.calls, 0),
            // Between the two: then all four are there, and the last one failed.
            State::Closed => assert_eq!((info.calls, info.failures, info.consecutive_failures), (4, 2, 1)),
            other => panic!("{other}"),
        }
    });
}

#[test]
fn successes_count_in_the_generation_that_admitted_them_or_not_at_all() {
    explore(|| {
        let stand = Stand::new(9, |builder| builder);
        let other = stand.spawn(1, |breaker| {
            let tickets = [(); 3].map(|()| breaker.admit().ok().unwrap());
            // The latest first, so that its thread may be counting for the new generation when the early ones end.
            tickets.iter().rev().for_each(|ticket| breaker.end(*ticket, Outcome::Success));
            tickets.iter().filter(|ticket| ticket.generation_of_call() == 1).count() as u64
        });
        stand.breaker.reset();
        let of_the_new_generation = other.join().unwrap();
        assert_eq!(stand.breaker.info().calls, of_the_new_generation);
    });
}

#[test]
fn who_sees_a_success_sees_what_came_before_it() {
    explore(|| {
        let stand = Stand::new(9, |builder| builder);
        let written = Arc::new(AtomicU64::new(0));
        let other = {
            let written = Arc::clone(&written);
            stand.spawn(1, move |breaker| {
                succeed(breaker);
                written.store(1, Ordering::Relaxed);
                succeed(breaker);
            })
        };
        if stand.breaker.info().calls == 2 {
            assert_eq!(written.load(Ordering::Relaxed), 1);
        }
        other.join().unwrap();
    });
}

#[test]
fn a_late_outcome_and_a_reopening_end_in_one_order_or_the_other() {
    explore(|| {
        let stand = Stand::due(|builder| builder.max_half_open_calls(2));
        let late = stand.breaker.try_acquire_owned().unwrap();
        let probe = stand.breaker.try_acquire_owned().unwrap();
        let other = stand.spawn(1, move |_| late.success());
        probe.failure();
        other.join().unwrap();
        let info = stand.breaker.info();
        assert_eq!((info.calls, info.probes_in_flight), (0, 0), "whichever was late is stale");
        match stand.heard.path(&stand.breaker).as_slice() {
            [State::Open, State::HalfOpen, State::Closed] => assert_eq!(info.reopens, 0),
            [State::Open, State::HalfOpen, State::Open] => assert_eq!(info.reopens, 1),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn an_outcome_from_before_never_touches_a_breaker_that_reopens() {
    explore(|| {
        let stand = Stand::new(1, |builder| builder);
        let early = stand.breaker.try_acquire_owned().unwrap();
        fail(&stand.breaker);
        stand.pass(10);
        let other = stand.spawn(1, move |_| early.success());
        assert!(fail(&stand.breaker), "the probe");
        other.join().unwrap();
        let info = stand.breaker.info();
        assert_eq!((info.state, info.reopens, info.calls), (State::Open, 1, 0));
        assert_eq!(stand.heard.path(&stand.breaker), [State::Open, State::HalfOpen, State::Open]);
    });
}

#[test]
fn the_last_slot_is_taken_once() {
    explore(|| {
        let stand = Stand::due(|builder| builder);
        let other = stand.spawn(1, |breaker| breaker.try_acquire_owned().ok());
        let own = stand.breaker.try_acquire_owned().ok();
        let other = other.join().unwrap();
        assert!(own.is_some() != other.is_some(), "exactly one is admitted");
        assert_eq!(stand.breaker.info().probes_in_flight, 1);
        assert_eq!(stand.heard.path(&stand.breaker), [State::Open, State::HalfOpen]);
        own.or(other).map(Call::ignored);
        assert_eq!(stand.breaker.info().probes_in_flight, 0);
    });
}

#[test]
fn a_slot_that_is_given_back_is_there_for_one_other() {
    explore(|| {
        let stand = Stand::due(|builder| builder);
        let held = stand.breaker.try_acquire_owned().unwrap();
        let other = stand.spawn(1, |breaker| breaker.try_acquire_owned().ok());
        held.ignored();
        let other = other.join().unwrap();
        assert_eq!(stand.breaker.info().probes_in_flight, usize::from(other.is_some()));
        drop(other);
        assert!(stand.breaker.try_acquire().is_ok(), "no slot is lost");
    });
}

#[test]
fn a_hung_probe_ends_or_is_given_up_and_never_both() {
    explore(|| {
        let stand = Stand::due(|builder| builder);
        let hung = stand.breaker.try_acquire_owned().unwrap();
        stand.pass(5);
        let other = stand.spawn(1, move |_| hung.success());
        let admitted = stand.breaker.try_acquire_owned();
        other.join().unwrap();
        let path = stand.heard.path(&stand.breaker);
        match (path.as_slice(), &admitted) {
            // It ended, and the other call found the breaker closed, or half-open with a free slot just before.
            ([State::Open, State::HalfOpen, State::Closed], Ok(_)) => {}
            // It was given up, which opened the breaker anew.
            ([State::Open, State::HalfOpen, State::Open], Err(_)) => assert_eq!(stand.breaker.info().reopens, 1),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn listeners_hear_every_transition_once_and_in_order() {
    explore(|| {
        let second = Heard::default();
        let stand = Stand::new(1, |builder| builder.listener(second.clone()));
        let other = stand.spawn(1, |breaker| {
            breaker.force_open();
            breaker.reset();
        });
        stand.breaker.disable();
        other.join().unwrap();
        let path = stand.heard.path(&stand.breaker);
        assert_eq!(path, second.path(&stand.breaker));
        // `reset` after `disable` or before it; and it is no transition if `disable` came first of all three.
        let expected: [&[State]; 3] = [
            &[State::Disabled, State::ForcedOpen, State::Closed],
            &[State::ForcedOpen, State::Disabled, State::Closed],
            &[State::ForcedOpen, State::Closed, State::Disabled],
        ];
        assert!(expected.contains(&path.as_slice()), "{path:?}");
    });
}

#[test]
fn three_threads_that_race_for_two_slots_take_two() {
    explore(|| {
        let stand = Stand::due(|builder| builder.max_half_open_calls(2));
        let others = [1, 2].map(|slot| stand.spawn(slot, |breaker| breaker.try_acquire_owned().ok()));
        let own = stand.breaker.try_acquire_owned().ok();
        let probes: Vec<_> = others.into_iter().map(|other| other.join().unwrap()).chain([own]).flatten().collect();
        assert_eq!((probes.len(), stand.breaker.info().probes_in_flight), (2, 2));
        assert_eq!(stand.heard.path(&stand.breaker), [State::Open, State::HalfOpen]);
    });
}

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
        let stand = Stand::new(1, |builder| builder.tracker(!crate::trackers::All()));
        let failure = stand.spawn(1, fail);
        stand.breaker.set_policy(streak(9)).unwrap();
        assert!(failure.join().unwrap());
        let info = stand.breaker.info();
        assert_eq!(info.state, State::Closed, "tracked by the one and tripped by the other");
        assert!(info.calls <= 1);
        // The other way round.
        stand.breaker.reset();
        let failure = stand.spawn(1, fail);
        stand.breaker.set_policy(streak(1).tracker(!crate::trackers::All())).unwrap();
        assert!(failure.join().unwrap());
        assert_eq!(stand.breaker.info().state, State::Closed);
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
