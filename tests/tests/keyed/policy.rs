//! Another policy for a set of breakers while the program runs.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use fluxgate::{
    Builder, CircuitBreaker, KeyedBreakers, Listener, Policy, PolicyChange, Retry, Signal, State, permits, registry,
    retries::Cooldown, trippers::FailureStreak,
};
use fluxgate_tests::{
    fixture::{SECOND, fail, state, succeed},
    process::turn,
    sets::{names, set},
};

fn streak(of: u64) -> Policy {
    Policy::new().tripper(FailureStreak(of))
}

#[test]
fn it_holds_for_the_breakers_that_there_are_those_made_later_and_the_one_that_new_keys_share() {
    let _turn = turn();
    let (hosts, _clock) = set("changed", |builder| builder.max(2));
    let known = hosts.get("a");
    hosts.set_policy(hosts.policy().tripper(FailureStreak(2))).unwrap();
    let later = hosts.get("b");
    let shared = hosts.get("no room");
    assert_eq!(shared.name(), "changed{*}");
    for breaker in [&known, &later, &shared] {
        assert!(fail(breaker));
        assert_eq!(state(breaker), State::Closed, "{breaker:?}");
        assert!(fail(breaker));
        assert_eq!(state(breaker), State::Open, "{breaker:?}");
    }
    assert!(hosts.policy() == streak(2));
    // Once it is shown, it is changed like any other.
    hosts.set_policy(streak(3)).unwrap();
    assert!([known, later, shared].iter().all(|breaker| breaker.policy() == streak(3)));
}

#[test]
fn state_reopens_window_and_calls_in_flight_stay() {
    let _turn = turn();
    let (hosts, clock) = set("kept", |builder| builder);
    hosts.set_policy(streak(1).retry(Cooldown(10)).permit(permits::All())).unwrap();
    fail(&hosts.get("open"));
    clock.advance(10 * SECOND);
    fail(&hosts.get("open"));
    succeed(&hosts.get("well"));
    let call = hosts.get("well").try_acquire_owned().unwrap();
    clock.advance(3 * SECOND);

    hosts.set_policy(streak(5).retry(Cooldown(30))).unwrap();
    let open = hosts.get("open").info();
    assert_eq!((open.state, open.reopens, open.in_state_for), (State::Open, 1, 3 * SECOND));
    assert_eq!(open.retry_after, Some(27 * SECOND));
    call.failure();
    let well = hosts.get("well").info();
    assert_eq!((well.state, well.calls, well.failures), (State::Closed, 2, 1));
}

#[test]
fn a_mistake_changes_nothing() {
    let _turn = turn();
    let (hosts, _clock) = set("mistaken", |builder| builder);
    let known = hosts.get("a");
    let error = hosts.set_policy(streak(0)).unwrap_err().to_string();
    assert!(error.starts_with("FailureStreak: 0 is out of range"), "{error}");
    for breaker in [known, hosts.get("b")] {
        assert!(breaker.policy() == streak(1));
    }
    assert!(hosts.policy() == streak(1));
}

#[test]
fn a_key_whose_breaker_was_evicted_begins_with_it() {
    let _turn = turn();
    let (hosts, clock) = set("forgotten", |builder| builder.max(1));
    hosts.set_policy(streak(7)).unwrap();
    for key in ["a", "b", "a"] {
        clock.advance(SECOND);
        assert!(hosts.get(key).policy() == streak(7));
    }
    assert_eq!(names("forgotten").len(), 1);
}

/// Names the breakers that changed.
#[derive(Clone, Default)]
struct Hears(Arc<Mutex<Vec<String>>>);

impl Listener for Hears {
    fn on_transition(&self, signal: &Signal) {
        self.0.lock().unwrap().push(format!("{} {}", signal.breaker(), signal.new_state()));
    }

    fn on_policy_change(&self, change: &PolicyChange) {
        self.0.lock().unwrap().push(change.breaker().to_owned());
    }
}

#[test]
fn listeners_stay_and_each_breaker_tells_them_once() {
    let _turn = turn();
    let heard = Hears::default();
    let listener = heard.clone();
    let hosts: KeyedBreakers<String> =
        KeyedBreakers::builder("told").policy(move |builder| builder.listener(listener.clone())).build().unwrap();
    hosts.get("a");
    hosts.set_policy(streak(1)).unwrap();
    hosts.set_policy(streak(1)).unwrap();
    assert_eq!(*heard.0.lock().unwrap(), ["told{a}"], "nothing of a breaker that nobody has seen");
    fail(&hosts.get("b"));
    assert_eq!(*heard.0.lock().unwrap(), ["told{a}", "told{b} open"], "one that is made later just begins with it");
}

/// Changes its set once more when it hears of a change.
struct Changes(Arc<Mutex<Option<KeyedBreakers<String>>>>);

impl Listener for Changes {
    fn on_transition(&self, _: &Signal) {}

    fn on_policy_change(&self, _: &PolicyChange) {
        let hosts = self.0.lock().unwrap().clone().expect("it is made");
        hosts.get("c");
        if hosts.policy() != streak(3) {
            hosts.set_policy(streak(3)).unwrap();
        }
    }
}

#[test]
fn a_listener_may_change_the_set_too() {
    let _turn = turn();
    let itself: Arc<Mutex<Option<KeyedBreakers<String>>>> = Arc::default();
    let told = Arc::clone(&itself);
    let policy = move |builder: Builder| builder.listener(Changes(Arc::clone(&told)));
    let hosts: KeyedBreakers<String> = KeyedBreakers::builder("changes itself").policy(policy).build().unwrap();
    *itself.lock().unwrap() = Some(hosts.clone());
    let breakers = ["a", "b"].map(|key| hosts.get(key));
    hosts.set_policy(streak(2)).unwrap();
    assert!(breakers.iter().chain([&hosts.get("c")]).all(|breaker| breaker.policy() == streak(3)));
    // They hold each other.
    itself.lock().unwrap().take();
}

#[test]
fn what_one_breaker_was_given_by_hand_gives_way() {
    let _turn = turn();
    let (hosts, _clock) = set("by hand", |builder| builder);
    let special = hosts.get("a");
    special.set_policy(streak(9)).unwrap();
    assert!(hosts.policy() == streak(1) && hosts.get("b").policy() == streak(1));
    hosts.set_policy(streak(2)).unwrap();
    assert!(special.policy() == streak(2));
}

#[test]
fn sets_of_one_name_have_policies_of_their_own() {
    let _turn = turn();
    let [(first, _), (second, _)] = [set("namesakes", |builder| builder), set("namesakes", |builder| builder)];
    first.set_policy(streak(4)).unwrap();
    assert!(first.get("a").policy() == streak(4) && second.get("a").policy() == streak(1));
}

/// Ends the others when it is dropped, in a panic too.
struct Ends<'f>(&'f AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn no_breaker_keeps_an_old_policy_that_is_made_evicted_or_used_while_its_set_changes() {
    let _turn = turn();
    let rounds = if cfg!(debug_assertions) { 300 } else { 3_000 };
    let (hosts, _clock) = set("storm", |builder| builder.max(16).policy(|builder| builder));
    let over = AtomicBool::new(false);
    thread::scope(|threads| {
        for thread in 0..3_u64 {
            let (hosts, over) = (&hosts, &over);
            threads.spawn(move || {
                let mut step = thread;
                while !over.load(Ordering::Relaxed) {
                    step = step.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let breaker = hosts.get((step >> 33 & 63).to_string().as_str());
                    // Some are open when they would be evicted, and are closed again.
                    if step >> 60 == 0 { breaker.force_open() } else { breaker.reset() }
                }
            });
        }
        let _end = Ends(&over);
        for round in 1..=rounds {
            hosts.set_policy(streak(round)).unwrap();
            for key in 0..64 {
                let breaker = hosts.get_if_present(key.to_string().as_str());
                assert!(breaker.is_none_or(|breaker| breaker.policy() == streak(round)), "{key} in round {round}");
            }
        }
    });
    let all = registry();
    let mine: Vec<&CircuitBreaker> = all.iter().filter(|breaker| breaker.name().starts_with("storm{")).collect();
    let stale: Vec<String> = mine
        .iter()
        .filter(|breaker| breaker.policy() != streak(rounds))
        .map(|breaker| format!("{breaker:?}: {}", breaker.policy()))
        .collect();
    assert_eq!(stale, [""; 0]);
    drop(all);
    // A place that two threads wanted for one key is free again.
    (0..64).for_each(|key| drop(hosts.get(key.to_string().as_str())));
    assert_eq!(hosts.len(), 16);
}

#[test]
fn of_policies_that_are_set_at_the_same_time_one_holds_everywhere() {
    let _turn = turn();
    let (hosts, _clock) = set("at once", |builder| builder.max(1_000_000));
    let retry = |seconds: u64| streak(1).retry(format!("Cooldown({seconds}s)").parse::<Retry>().unwrap());
    for round in 0..50_u64 {
        thread::scope(|threads| {
            for seconds in [1, 2] {
                let (hosts, retry) = (&hosts, &retry);
                threads.spawn(move || hosts.set_policy(retry(seconds)).unwrap());
                threads.spawn(move || {
                    (0..20).for_each(|key| drop(hosts.get(format!("{round} {seconds} {key}").as_str())));
                });
            }
        });
        let holds = hosts.policy();
        let all = registry();
        let mut mine = all.iter().filter(|breaker| breaker.name().starts_with("at once{"));
        assert!(holds != streak(1) && mine.all(|breaker| breaker.policy() == holds));
    }
}
