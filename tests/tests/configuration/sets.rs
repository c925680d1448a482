//! A configuration, and sets of breakers.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use fluxgate::{
    CallNotPermitted, CircuitBreaker, Configuration, KeyedBreakers, Policy, State, breakers, circuit_breaker,
    configure, get, registry, retries::Cooldown, trippers::FailureStreak,
};
use fluxgate_tests::{
    fixture::{SECOND, fail, state},
    policy_file::{configured, mistakes, read, turn, unmatched},
    sets::set,
};

fn streak(of: u64) -> Policy {
    Policy::new().tripper(FailureStreak(of))
}

#[derive(Debug)]
struct Rejected;

impl From<CallNotPermitted> for Rejected {
    fn from(_: CallNotPermitted) -> Self {
        Self
    }
}

#[test]
fn a_declared_set_goes_by_the_file_before_any_call_has_reached_it() {
    breakers! {
        UNREACHED[max = 1] { name = "sets: unreached", tripper = FailureStreak(20), retry = Cooldown(30s) }
    }
    let _turn = turn();
    configured("[breakers.'sets: unreached']\ntripper = 'FailureStreak(1)'");
    let breaker = UNREACHED.get("a");
    fail(&breaker);
    assert_eq!(state(&breaker), State::Open);
    let expected = streak(1).retry(Cooldown(30));
    assert!(breaker.policy() == expected, "the program's own retry");
    let shared = UNREACHED.get("no room");
    assert_eq!((shared.name(), shared.policy() == expected), ("sets: unreached{*}", true));
    assert!(get("sets: unreached{*}").is_some());
}

#[test]
fn a_guarded_function_s_set_is_one_of_them() {
    #[circuit_breaker(name = "sets: guarded", key = host, tripper = FailureStreak(20))]
    fn guarded(host: &str) -> Result<(), Rejected> {
        let _ = host;
        Err(Rejected)
    }
    let _turn = turn();
    configured("[breakers.'sets: guarded']\ntripper = 'FailureStreak(1)'");
    let _ = guarded("a");
    assert_eq!(state(&get("sets: guarded{a}").unwrap()), State::Open);
    configured("[breakers.'sets: guarded']\ntripper = 'FailureStreak(2)'");
    let _ = guarded("b");
    assert!(["a", "b"].iter().all(|key| get(&format!("sets: guarded{{{key}}}")).unwrap().policy() == streak(2)));
}

#[test]
fn a_generic_function_s_set_is_one_for_keys_of_all_types() {
    #[allow(clippy::needless_pass_by_value, reason = "a key by value is what is tested")]
    #[circuit_breaker(name = "sets: generic", key = key)]
    fn generic<K>(key: K) -> Result<(), Rejected>
    where
        K: std::hash::Hash + Eq + std::fmt::Display + Clone + Send + Sync + 'static,
    {
        let _ = key;
        Ok(())
    }
    let _turn = turn();
    generic(1_u8).unwrap();
    configured("[breakers.'sets: generic']\ntripper = 'FailureStreak(6)'");
    generic("a".to_owned()).unwrap();
    generic(2_u64).unwrap();
    for key in ["1", "a", "2"] {
        assert!(get(&format!("sets: generic{{{key}}}")).unwrap().policy() == streak(6), "{key}");
    }
}

#[test]
fn each_breaker_keeps_its_state_and_waits_as_the_file_says() {
    let _turn = turn();
    let (hosts, clock) = set("sets: open", |builder| builder);
    fail(&hosts.get("a"));
    clock.advance(10 * SECOND);
    configured("[breakers.'sets: open']\nretry = 'Cooldown(15s)'");
    let info = hosts.get("a").info();
    assert_eq!((info.state, info.retry_after), (State::Open, Some(5 * SECOND)));
}

#[test]
fn the_result_depends_on_the_program_and_the_last_file_alone() {
    let _turn = turn();
    let (hosts, clock) = set("sets: last", |builder| builder.max(1));
    let is = |policy: &Policy, shadow: bool| {
        // One that was there, then one that is made now.
        for key in ["a", "b", "a"] {
            let breaker = hosts.get(key);
            assert!(breaker.policy() == *policy && breaker.info().shadow == shadow, "{key}: {}", breaker.policy());
            clock.advance(SECOND);
        }
        assert!(hosts.policy() == *policy);
    };
    is(&streak(1), false);
    configured("default.retry = 'Never()'\n[breakers.'sets: last']\ntripper = 'FailureStreak(3)'\nshadow = true");
    is(&streak(3).retry(fluxgate::retries::Never()), true);
    configured("[breakers.'sets: last']\nretry = 'Cooldown(5s)'");
    is(&streak(1).retry(Cooldown(5)), false);
    configured("");
    is(&streak(1), false);
}

#[test]
fn a_policy_that_was_set_by_hand_is_the_program_s() {
    let _turn = turn();
    let (hosts, _clock) = set("sets: by hand", |builder| builder);
    hosts.set_policy(streak(7)).unwrap();
    let single = hosts.get("single");
    single.set_policy(streak(8)).unwrap();
    configured("");
    assert!(single.policy() == streak(8) && hosts.get("a").policy() == streak(7), "no file has a say");
    configured("[breakers.'sets: by hand']\nretry = 'Cooldown(5s)'");
    assert!(hosts.get("a").policy() == streak(7).retry(Cooldown(5)) && single.policy() == hosts.policy());
    configured("");
    assert!(hosts.get("a").policy() == streak(7) && single.policy() == streak(7));
}

#[test]
fn a_single_key_may_be_named_before_it_comes_and_after_it_has_gone() {
    let _turn = turn();
    let (hosts, clock) = set("sets: key", |builder| builder.max(1));
    configured(
        "default.max_half_open_calls = 3
        [breakers.'sets: key']
        tripper = 'FailureStreak(2)'
        retry = 'Cooldown(5s)'
        [breakers.'sets: key{slow}']
        retry = 'Cooldown(9s)'",
    );
    let common = streak(2).max_half_open_calls(3);
    for key in ["slow", "a", "slow"] {
        clock.advance(SECOND);
        let wait = if key == "slow" { 9 } else { 5 };
        assert!(hosts.get(key).policy() == common.clone().retry(Cooldown(wait)), "{key}");
    }
    assert!(hosts.policy() == common.clone().retry(Cooldown(5)));

    // Without the set, and of a key that is there.
    configured("[breakers.'sets: key{slow}']\nshadow = true");
    let slow = hosts.get("slow");
    assert!(slow.policy() == streak(1) && slow.info().shadow);
    assert!(hosts.policy() == streak(1));
    configured("");
    assert!(!slow.info().shadow);
}

#[test]
fn what_no_file_speaks_of_stays_as_it_was_set_by_hand() {
    let _turn = turn();
    let (hosts, _clock) = set("sets: unspoken", |builder| builder);
    let [named, other] = ["named", "other"].map(|key| hosts.get(key));
    other.set_policy(streak(8)).unwrap();
    other.set_shadow(true);
    configured("[breakers.'sets: unspoken{named}']\ntripper = 'FailureStreak(2)'");
    assert!(named.policy() == streak(2) && other.policy() == streak(8) && other.info().shadow);
    configured("");
    assert!(named.policy() == streak(1) && other.policy() == streak(8) && other.info().shadow);
}

#[test]
fn a_name_that_no_set_has_is_returned_with_the_nearest() {
    let _turn = turn();
    let (hosts, _clock) = set("sets: known", |builder| builder);
    hosts.get("a");
    for (name, near) in [("sets: knwon", "sets: known"), ("sets: knwon{a}", "sets: known{a}")] {
        let expected = format!("no breaker is named `{name}`; did you mean `{near}`?");
        assert_eq!(configure(&read(&format!("[breakers.'{name}']"))).unwrap().to_string(), expected);
    }
    assert_eq!(unmatched("[breakers.'sets: known{a']\n[breakers.'sets: known']"), ["sets: known{a"], "no key");
    drop(hosts);
    assert_eq!(unmatched("[breakers.'sets: known{a}']").len(), 1, "it is gone");
}

#[test]
fn a_state_of_a_set_is_that_of_all_keys_and_one_of_a_key_takes_precedence() {
    let _turn = turn();
    let (hosts, _clock) = set("sets: switch", |builder| builder);
    let early = hosts.get("early");
    configured(
        "default.state = 'metrics_only'
        [breakers.'sets: switch']
        state = 'disabled'
        [breakers.'sets: switch{special}']
        state = 'forced_open'",
    );
    assert_eq!((state(&early), state(&hosts.get("late"))), (State::Disabled, State::Disabled));
    let special = hosts.get("special");
    assert_eq!(state(&special), State::ForcedOpen);
    special.reset();
    hosts.set_policy(streak(7)).unwrap();
    assert_eq!((state(&special), state(&early)), (State::Closed, State::Disabled), "a policy changes no state");
    configured("default.state = 'metrics_only'");
    assert_eq!((state(&special), state(&early)), (State::MetricsOnly, State::MetricsOnly));
    configured("");
    assert_eq!((state(&special), state(&early)), (State::Closed, State::Closed));
}

#[test]
fn everything_is_checked_before_anything_is_changed() {
    let _turn = turn();
    let single = CircuitBreaker::builder("sets: single").tripper(FailureStreak(20)).build().unwrap();
    let (hosts, _clock) = set("sets: narrow", |builder| {
        builder.policy(|builder| builder.window(fluxgate::windows::CountWindow(10)).tripper(FailureStreak(20)))
    });
    let before = hosts.get("a").policy();
    let file = "
        [breakers.'sets: single']
        tripper = 'FailureStreak(1)'
        [breakers.'sets: narrow']
        shadow = true
        [breakers.'sets: narrow{b}']
        tripper = 'MinRequests(20)'
    ";
    let expected = "breaker `sets: narrow{b}`: MinRequests: 20 is more than CountWindow(10) can hold; write at most 10";
    assert_eq!(mistakes(file), [expected]);
    assert_eq!(mistakes("[breakers.'sets: narrow']\ntripper = 'MinRequests(20)'").len(), 1, "and so of the set itself");
    assert!(single.policy() == streak(20) && hosts.get("a").policy() == before && hosts.get("b").policy() == before);
    assert!(!hosts.get("a").info().shadow);
}

#[test]
fn how_many_breakers_a_set_may_have_is_for_the_program_to_say() {
    for key in ["max = 5", "idle = '10m'", "exported_keys = 7"] {
        let error = toml::from_str::<Configuration>(&format!("[breakers.per_host]\n{key}")).unwrap_err().to_string();
        let name = key.split(' ').next().unwrap();
        let expected = format!("breaker `per_host`: `{name}` can only be set in code; remove it from the file");
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn a_set_that_is_gone_is_forgotten() {
    let _turn = turn();
    let (hosts, _clock) = set("sets: gone", |builder| builder);
    configured("[breakers.'sets: gone']\ntripper = 'FailureStreak(2)'");
    drop(hosts);
    configured("");
    let (hosts, _clock) = set("sets: gone", |builder| builder);
    assert!(hosts.get("a").policy() == streak(1), "another set");
    configured("[breakers.'sets: gone']\ntripper = 'FailureStreak(2)'");
    assert!(hosts.get("a").policy() == streak(2));
}

#[test]
fn of_files_at_the_same_time_one_wins_for_breakers_that_are_being_made_too() {
    let _turn = turn();
    let (hosts, _clock) = set("sets: racing", |builder| builder.max(8));
    let single = CircuitBreaker::new("sets: racing beside");
    let file = |of: u64| {
        ["sets: racing", "sets: racing beside"]
            .map(|name| format!("[breakers.'{name}']\ntripper = 'FailureStreak({of})'\n"))
    };
    let files = [3, 4].map(|of| read(&file(of).concat()));
    let over = AtomicBool::new(false);
    for _ in 0..30 {
        over.store(false, Ordering::Relaxed);
        thread::scope(|threads| {
            for thread in 0..2 {
                let (hosts, over) = (&hosts, &over);
                threads.spawn(move || {
                    for step in 0.. {
                        hosts.get(format!("{}", (step * 7 + thread) % 40).as_str());
                        if over.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                });
            }
            let configuring = files.each_ref().map(|file| threads.spawn(|| configure(file).unwrap()));
            for thread in configuring {
                thread.join().unwrap();
            }
            over.store(true, Ordering::Relaxed);
        });
        let holds = hosts.policy();
        assert!(single.policy() == holds && [streak(3), streak(4)].contains(&holds));
        let all = registry();
        assert!(all.iter().filter(|one| one.name().starts_with("sets: racing{")).all(|one| one.policy() == holds));
    }
}

#[test]
fn a_key_is_named_as_it_is_displayed() {
    let _turn = turn();
    let tenants: KeyedBreakers<u64> = KeyedBreakers::builder("sets: tenants").build().unwrap();
    configured("[breakers.'sets: tenants{7}']\ntripper = 'FailureStreak(5)'");
    assert!(tenants.get(&7).policy() == streak(5) && tenants.get(&8).policy() == Policy::new());
}
