//! A configuration, and breakers that are made after it was read.

use std::{
    sync::{Arc, Mutex},
    thread,
};

use fluxgate::{
    Builder, CircuitBreaker, KeyedBreakers, Listener, Policy, PolicyChange, Signal, State, configure,
    retries::Cooldown, trippers::FailureStreak, windows::CountWindow,
};
use fluxgate_tests::{
    fixture::state,
    policy_file::{read, turn, unmatched},
};

/// Applies a file of one table, for a breaker that may be built later.
#[track_caller]
fn configured(name: &str, table: &str) {
    unmatched(&format!("[breakers.'{name}']\n{table}"));
}

fn streak(of: u64) -> Policy {
    Policy::new().tripper(FailureStreak(of))
}

fn builder(name: &'static str) -> Builder {
    CircuitBreaker::builder(name).policy(streak(20))
}

#[test]
fn names_that_match_nothing_yet_are_returned() {
    let _turn = turn();
    let names = unmatched("[breakers.'later: expected']\n[breakers.'later: expcted']\n[breakers.'later: shards{7}']");
    assert_eq!(names, ["later: expcted", "later: expected", "later: shards{7}"]);
}

#[test]
fn a_breaker_that_is_built_later_begins_as_configured() {
    let _turn = turn();
    configured("later: told", "retry = 'Cooldown(5s)'\nshadow = true");
    let told = builder("later: told").build().unwrap();
    assert!(told.policy() == streak(20).retry(Cooldown(5)), "settings that the file omits are the program's");
    assert!(told.info().shadow);
}

#[test]
fn a_breaker_that_no_file_names_has_the_policy_of_the_program() {
    let _turn = turn();
    assert!(builder("later: unnamed").build().unwrap().policy() == streak(20));
}

#[test]
fn a_default_applies_to_breakers_that_are_built_later() {
    let _turn = turn();
    configure(&read("default = { retry = 'Cooldown(5s)', state = 'disabled' }")).unwrap();
    let breaker = builder("later: by default").build().unwrap();
    assert!(breaker.policy() == streak(20).retry(Cooldown(5)));
    assert_eq!(state(&breaker), State::Disabled);
    let set = KeyedBreakers::<u64>::builder("later: set by default").policy(|builder| builder.policy(streak(20)));
    let set = set.build().unwrap();
    assert_eq!((state(&set.get(&1)), set.get(&1).policy()), (State::Disabled, breaker.policy()));
    configure(&read("")).unwrap();
    assert!(breaker.policy() == streak(20) && set.get(&1).policy() == streak(20) && set.get(&2).policy() == streak(20));
    assert!([&breaker, &set.get(&1), &set.get(&2)].into_iter().all(|breaker| state(breaker) == State::Closed));
}

#[test]
fn a_later_file_changes_it_and_one_that_does_not_name_it_leaves_it_as_the_program_has_it() {
    let _turn = turn();
    configured("later: reloaded", "retry = 'Cooldown(5s)'\nshadow = true");
    let breaker = builder("later: reloaded").build().unwrap();
    configured("later: reloaded", "tripper = 'FailureStreak(3)'");
    assert!(breaker.policy() == streak(3) && !breaker.info().shadow);
    configured("later: reloaded", "shadow = true");
    configure(&read("")).unwrap();
    assert!(breaker.policy() == streak(20) && !breaker.info().shadow);
}

#[test]
fn a_shadow_of_the_program_s_own_comes_back() {
    let _turn = turn();
    configured("later: shadow", "shadow = false");
    let breaker = builder("later: shadow").shadow(true).build().unwrap();
    assert!(!breaker.info().shadow);
    configure(&read("")).unwrap();
    assert!(breaker.info().shadow);
}

#[test]
fn a_file_that_does_not_fit_leaves_the_policy_of_the_program() {
    let _turn = turn();
    configured("later: narrow", "tripper = 'MinRequests(20)'\nshadow = true\nstate = 'disabled'");
    let narrow = || builder("later: narrow").window(CountWindow(10));
    let breaker = narrow().build().unwrap();
    assert!(breaker.policy() == streak(20).window(CountWindow(10)));
    assert!(breaker.info().shadow && state(&breaker) == State::Disabled, "these fit");
    // A file that fits does not make up for a mistake of the program.
    configured("later: narrow", "tripper = 'FailureStreak(5)'");
    assert!(breaker.policy() == streak(5).window(CountWindow(10)));
    assert!(narrow().tripper(FailureStreak(0)).build().is_err());
}

#[derive(Clone, Default)]
struct Hears(Arc<Mutex<usize>>);

impl Listener for Hears {
    fn on_transition(&self, _: &Signal) {}

    fn on_policy_change(&self, _: &PolicyChange) {
        *self.0.lock().unwrap() += 1;
    }
}

#[test]
fn its_listeners_are_told_of_no_change() {
    let _turn = turn();
    configured("later: told of", "retry = 'Cooldown(5s)'");
    let heard = Hears::default();
    let _breaker = builder("later: told of").listener(heard.clone()).build().unwrap();
    assert_eq!(*heard.0.lock().unwrap(), 0);
}

#[test]
fn a_set_that_is_built_later_begins_as_configured() {
    let _turn = turn();
    configured("later: set", "tripper = 'FailureStreak(3)'");
    let set =
        || KeyedBreakers::<u64>::builder("later: set").policy(|builder| builder.policy(streak(20))).build().unwrap();
    let told = set();
    assert!(told.get(&1).policy() == streak(3));
    configure(&read("")).unwrap();
    assert!(told.get(&1).policy() == streak(20) && told.get(&2).policy() == streak(20));

    drop(told);
    configured("later: set", "tripper = 'MinRequests(200)'");
    assert!(set().get(&1).policy() == streak(20), "the file does not fit");
}

#[test]
fn breakers_that_are_made_while_files_are_read_all_go_by_the_last() {
    let _turn = turn();
    for round in 0..100 {
        let breakers: Vec<CircuitBreaker> = thread::scope(|threads| {
            let make = || (0..20).map(|_| builder("later: racing").build().unwrap()).collect::<Vec<_>>();
            let making = [threads.spawn(make), threads.spawn(make)];
            for of in 1..=20 {
                match round % 2 {
                    0 => configured("later: racing", &format!("tripper = 'FailureStreak({of})'")),
                    // The last takes back what the others have said.
                    _ if of == 20 => drop(configure(&read("")).unwrap()),
                    _ => configured("later: racing", "tripper = 'FailureStreak(3)'"),
                }
            }
            making.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(breakers.iter().all(|breaker| breaker.policy() == streak(20)), "round {round}");
        configure(&read("")).unwrap();
        assert!(breakers.iter().all(|breaker| breaker.policy() == streak(20)), "round {round}");
    }
}
