//! A configuration, and breakers that are made after it was read.

use std::{
    sync::{Arc, Mutex},
    thread,
};

use fluxgate::{
    Builder, CircuitBreaker, KeyedBreakers, Listener, Policy, PolicyChange, Signal, configure, retries::Cooldown,
    trippers::FailureStreak, windows::CountWindow,
};
use fluxgate_tests::policy_file::{read, turn};

/// A file of one table, for a breaker that is made later.
#[track_caller]
fn configured(name: &str, table: &str) {
    configure(&read(&format!("[breakers.'{name}']\n{table}")).expecting([name])).expect(table);
}

fn streak(of: u64) -> Policy {
    Policy::new().tripper(FailureStreak(of))
}

fn builder(name: &'static str) -> Builder {
    CircuitBreaker::builder(name).policy(streak(20)).configured()
}

#[test]
fn a_name_that_is_expected_is_no_mistake_and_any_other_still_is() {
    let _turn = turn();
    let file = read("[breakers.'later: expected']\n[breakers.'later: expcted']");
    assert_eq!(configure(&file).unwrap_err().unknown(), ["later: expcted", "later: expected"]);
    let error = configure(&file.expecting(["later: expected"])).unwrap_err();
    assert_eq!(error.mistakes(), ["no breaker is named `later: expcted`; did you mean `later: expected`?"]);
    configure(&read("[breakers.'later: shards{7}']").expecting(["later: shards"])).expect("a key of an expected set");
}

#[test]
fn a_breaker_that_is_made_later_begins_with_the_file_only_if_it_is_told_to() {
    let _turn = turn();
    configured("later: told", "retry = 'Cooldown(5s)'\nshadow = true");
    let told = builder("later: told").build().unwrap();
    assert!(told.policy() == streak(20).retry(Cooldown(5)), "what the file does not say is the program's");
    assert!(told.info().shadow);
    drop(told);
    let own = CircuitBreaker::builder("later: told").policy(streak(20)).build().unwrap();
    assert!(own.policy() == streak(20) && !own.info().shadow);
}

#[test]
fn it_may_be_told_where_no_file_names_it_or_none_was_read() {
    let _turn = turn();
    assert!(builder("later: unnamed").build().unwrap().policy() == streak(20));
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
fn what_is_wrong_only_together_with_the_program_is_found_when_it_is_built() {
    let _turn = turn();
    configured("later: narrow", "tripper = 'MinRequests(20)'");
    let narrow = || builder("later: narrow").window(CountWindow(10));
    let expected = "breaker `later: narrow`: MinRequests: 20 is more than CountWindow(10) can hold; write at most 10";
    assert_eq!(narrow().build().unwrap_err().mistakes(), [expected]);
    assert!(fluxgate::get("later: narrow").is_none());
    // A file may mend it, but the next may take that back.
    configured("later: narrow", "tripper = 'FailureStreak(5)'");
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
fn a_set_that_is_made_later_may_be_told_too() {
    let _turn = turn();
    configured("later: set", "tripper = 'FailureStreak(3)'");
    let set = || KeyedBreakers::<u64>::builder("later: set").policy(|builder| builder.policy(streak(20)).configured());
    let told = set().configured().build().unwrap();
    assert!(told.get(&1).policy() == streak(3));
    let own = set().build().unwrap();
    assert!(own.get(&1).policy() == streak(20), "its breakers are not asked one by one");
    configure(&read("")).unwrap();
    assert!(told.get(&1).policy() == streak(20) && told.get(&2).policy() == streak(20));

    drop((told, own));
    configured("later: set", "tripper = 'MinRequests(200)'");
    let error = set().configured().build().unwrap_err();
    assert!(error.to_string().starts_with("breaker `later: set`: MinRequests: 200"), "{error}");
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
                    _ if of == 20 => configure(&read("")).unwrap(),
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
