//! A configuration, and the breakers of a running program.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use fluxgate::{
    CircuitBreaker, Listener, ManualClock, Policy, Reason, Signal, State, breakers, configure, retries::Cooldown,
    trackers::Custom, trippers::FailureStreak, windows::CountWindow,
};
use fluxgate_tests::{
    fixture::{Down, SECOND, fail, state, succeed},
    policy_file::{configured, mistakes, read, turn},
};

fn breaker(name: &str, policy: Policy) -> CircuitBreaker {
    CircuitBreaker::builder(name.to_owned()).policy(policy).build().expect("a valid policy")
}

/// `tripper = …` of its policy.
fn tripper(breaker: &CircuitBreaker) -> String {
    let printed = breaker.policy().to_string();
    let after = printed.split("tripper = ").nth(1).expect("a tripper");
    after.split(", retry = ").next().expect("a retry after it").to_owned()
}

#[test]
fn a_declared_breaker_goes_by_the_file_before_any_call_has_reached_it() {
    breakers! {
        UNREACHED { name = "configure: unreached", tripper = FailureStreak(20), retry = Cooldown(30s) }
    }
    let _turn = turn();
    configured("[breakers.'configure: unreached']\ntripper = 'FailureStreak(1)'");
    fail(&UNREACHED);
    assert_eq!(state(&UNREACHED), State::Open);
    let wait = UNREACHED.info().retry_after.unwrap();
    assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(30), "the program's own retry: {wait:?}");
}

#[test]
fn a_guarded_function_s_breaker_is_one_of_them() {
    #[fluxgate::circuit_breaker(name = "configure: guarded", wrap_error)]
    fn guarded() -> Result<(), Down> {
        Err(Down)
    }
    let _turn = turn();
    configured("[breakers.'configure: guarded']\ntripper = 'FailureStreak(1)'");
    assert!(matches!(guarded(), Err(fluxgate::Error::Inner(Down))));
    assert!(matches!(guarded(), Err(fluxgate::Error::NotPermitted(_))));
}

#[test]
fn what_a_file_can_not_name_stays_as_the_program_has_it() {
    #[derive(Debug)]
    enum ApiError {
        Declined,
        Unavailable,
    }
    let _turn = turn();
    let tracker = Custom(|error: &ApiError| matches!(error, ApiError::Unavailable));
    let breaker = breaker("configure: tracked", Policy::new().tracker(tracker).tripper(FailureStreak(20)));
    configured("[breakers.'configure: tracked']\ntripper = 'FailureStreak(1)'");
    let _ = breaker.call(|| Err::<(), _>(ApiError::Declined));
    assert_eq!(state(&breaker), State::Closed);
    let _ = breaker.call(|| Err::<(), _>(ApiError::Unavailable));
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn an_unknown_name_is_returned_and_the_others_apply() {
    let _turn = turn();
    let known = breaker("configure: known", Policy::new().tripper(FailureStreak(20)));
    let file = "
        [breakers.'configure: known']
        tripper = 'FailureStreak(1)'
        shadow = true
        [breakers.'configure: knwon']
    ";
    let unmatched = configure(&read(file)).unwrap();
    let [unknown] = unmatched.names() else { panic!("{unmatched}") };
    assert_eq!((unknown.name(), unknown.nearest()), ("configure: knwon", Some("configure: known")));
    let expected = "no breaker is named `configure: knwon`; did you mean `configure: known`?";
    assert_eq!(unmatched.to_string(), expected);
    assert_eq!(tripper(&known), "FailureStreak(1)");
    assert!(known.info().shadow);

    let far = configure(&read("[breakers.somewhere_else_entirely]")).unwrap().to_string();
    assert!(far.starts_with("no breaker is named `somewhere_else_entirely`; there are `"), "{far}");
}

#[test]
fn a_default_applies_to_every_breaker_and_is_checked_with_each() {
    let _turn = turn();
    let own = Policy::new().tripper(FailureStreak(20));
    let [plain, named] = ["configure: plain", "configure: named"].map(|name| breaker(name, own.clone()));
    configured("default.max_half_open_calls = 3\n[breakers.'configure: named']\nmax_half_open_calls = 4");
    assert!(
        plain.policy() == own.clone().max_half_open_calls(3) && named.policy() == own.clone().max_half_open_calls(4)
    );
    let narrow = breaker("configure: narrow by default", Policy::new().window(CountWindow(10)));
    let expected = "breaker `configure: narrow by default`: \
                    MinRequests: 20 is more than CountWindow(10) can hold; write at most 10";
    assert_eq!(mistakes("default.tripper = 'MinRequests(20) & FailureRate(0.5)'"), [expected]);
    drop(narrow);
    configured("");
    assert!(plain.policy() == own && named.policy() == own);
}

type Heard = Arc<Mutex<Vec<(State, Reason)>>>;

/// Returns a breaker, and its transitions with their reasons.
fn switched(name: &'static str) -> (CircuitBreaker, Heard) {
    let heard = Heard::default();
    let listener = Arc::clone(&heard);
    let listener = move |signal: &Signal| listener.lock().unwrap().push((signal.new_state(), signal.reason().clone()));
    (CircuitBreaker::builder(name).listener(listener).build().unwrap(), heard)
}

#[test]
fn a_state_in_a_file_is_set_by_each_configure_and_a_command_holds_until_then() {
    let _turn = turn();
    let (breaker, heard) = switched("configure: kill switch");
    for (text, expected) in
        [("disabled", State::Disabled), ("forced_open", State::ForcedOpen), ("metrics_only", State::MetricsOnly)]
    {
        let file = format!("[breakers.'configure: kill switch']\nstate = '{text}'");
        configured(&file);
        assert_eq!(state(&breaker), expected);
        breaker.reset();
        assert_eq!(state(&breaker), State::Closed);
        configured(&file);
        assert_eq!(state(&breaker), expected);
    }
    // Again, which changes nothing and tells nobody.
    configured("[breakers.'configure: kill switch']\nstate = 'metrics_only'");
    configured("[breakers.'configure: kill switch']");
    assert_eq!(state(&breaker), State::Closed);
    let by_file = heard.lock().unwrap().iter().filter(|(_, reason)| *reason == Reason::Configured).count();
    assert_eq!(by_file, 7);
}

#[test]
fn a_state_of_the_default_applies_to_all_and_a_breaker_that_has_left_it_stays() {
    let _turn = turn();
    let [(one, _), (other, _)] = ["configure: one switch", "configure: other switch"].map(switched);
    configured("default.state = 'forced_open'");
    assert_eq!([&one, &other].map(state), [State::ForcedOpen; 2]);
    one.disable();
    configured("");
    assert_eq!((state(&one), state(&other)), (State::Disabled, State::Closed));
}

#[test]
fn a_configured_state_is_saved_as_closed_and_survives_a_restore() {
    let _turn = turn();
    let (breaker, _) = switched("configure: saved");
    configured("[breakers.'configure: saved']\nstate = 'disabled'");
    let saved = fluxgate::save();
    let snapshot = saved.breakers().find(|snapshot| snapshot.name() == "configure: saved").unwrap();
    assert_eq!(snapshot.state(), State::Closed);
    breaker.restore(&snapshot).unwrap();
    assert_eq!(state(&breaker), State::Disabled);
    breaker.force_open();
    assert_eq!(breaker.saved_state().state(), State::ForcedOpen, "a command is saved");
}

#[test]
fn every_policy_is_checked_with_what_the_program_says_before_any_is_changed() {
    let _turn = turn();
    let sound = breaker("configure: a sound one", Policy::new().tripper(FailureStreak(20)));
    let narrow = breaker("configure: narrow", Policy::new().window(CountWindow(10)).tripper(FailureStreak(20)));
    let file = "
        [breakers.'configure: a sound one']
        tripper = 'FailureStreak(1)'
        [breakers.'configure: narrow']
        tripper = 'MinRequests(20) & FailureRate(0.5)'
    ";
    let expected =
        "breaker `configure: narrow`: MinRequests: 20 is more than CountWindow(10) can hold; write at most 10";
    assert_eq!(mistakes(file), [expected]);
    assert_eq!((tripper(&sound), tripper(&narrow)), ("FailureStreak(20)".to_owned(), "FailureStreak(20)".to_owned()));

    configured(
        &file.replace("[breakers.'configure: narrow']", "[breakers.'configure: narrow']\nwindow = 'CountWindow(20)'"),
    );
    assert_eq!(tripper(&narrow), "MinRequests(20) & FailureRate(0.5)");
}

#[test]
fn the_result_depends_on_the_program_and_the_last_file_alone() {
    let _turn = turn();
    let own = Policy::new().tripper(FailureStreak(20)).retry(Cooldown(30));
    let [first, second] = ["configure: first", "configure: second"].map(|name| breaker(name, own.clone()));
    configured(
        "default.retry = 'Never()'
        [breakers.'configure: first']
        tripper = 'FailureStreak(1)'
        [breakers.'configure: second']
        shadow = true",
    );
    assert!(second.info().shadow);
    let first_expected = own.clone().tripper(FailureStreak(1)).retry("Never()".parse::<fluxgate::Retry>().unwrap());
    assert!(first.policy() == first_expected);

    configured("[breakers.'configure: first']\nretry = 'Cooldown(5s)'");
    assert!(first.policy() == own.clone().retry(Cooldown(5)), "{}", first.policy());
    assert!(second.policy() == own && !second.info().shadow);

    configured("");
    assert!(first.policy() == own);
}

#[test]
fn what_was_set_by_hand_stays_where_no_file_has_a_say() {
    let _turn = turn();
    let breaker = breaker("configure: by hand", Policy::new());
    breaker.set_shadow(true);
    breaker.set_policy(Policy::new().tripper(FailureStreak(7))).unwrap();
    configured("");
    assert!(breaker.info().shadow);
    assert_eq!(tripper(&breaker), "FailureStreak(7)");
    // What a file does not say of it is as it was when a file first spoke of it.
    configured("[breakers.'configure: by hand']\nretry = 'Never()'");
    assert!(breaker.info().shadow);
    assert_eq!(tripper(&breaker), "FailureStreak(7)");
    configured("[breakers.'configure: by hand']\nshadow = false");
    assert!(!breaker.info().shadow);
    configured("");
    assert!(breaker.info().shadow);
    breaker.set_shadow(false);
    configured("");
    assert!(!breaker.info().shadow, "it was put back, and is the program's own again");
}

#[test]
fn an_open_breaker_stays_open_and_waits_as_the_file_says() {
    let _turn = turn();
    let clock = ManualClock::new();
    let policy = Policy::new().tripper(FailureStreak(1)).retry(Cooldown(60));
    let breaker =
        CircuitBreaker::builder("configure: open").policy(policy).clock(clock.clone()).build().expect("a valid policy");
    fail(&breaker);
    clock.advance(10 * SECOND);
    configured("[breakers.'configure: open']\nretry = 'Cooldown(15s)'");
    assert_eq!((state(&breaker), breaker.info().retry_after), (State::Open, Some(5 * SECOND)));
}

/// Counts policies, and may do something more.
struct Hears<F>(Arc<Mutex<usize>>, F);

impl<F: Fn() + Send + Sync + 'static> Listener for Hears<F> {
    fn on_transition(&self, _: &Signal) {}

    fn on_policy_change(&self, _: &fluxgate::PolicyChange) {
        *self.0.lock().unwrap() += 1;
        (self.1)();
    }
}

#[test]
fn the_same_file_again_changes_nothing_and_tells_nobody() {
    let _turn = turn();
    let heard = Arc::default();
    let breaker =
        CircuitBreaker::builder("configure: again").listener(Hears(Arc::clone(&heard), || ())).build().unwrap();
    let file = "[breakers.'configure: again']\nwindow = 'TimeWindow(60s)'\nmax_probe_time = 30";
    configured(file);
    succeed(&breaker);
    configured(file);
    configured(&file.replace("30", "'0.5m'"));
    assert_eq!((*heard.lock().unwrap(), breaker.info().calls), (1, 1));
}

#[test]
fn a_listener_may_configure_too() {
    let _turn = turn();
    let inner = breaker("configure: inner", Policy::new());
    let heard = Arc::default();
    let file = "[breakers.'configure: outer']\nretry = 'Never()'\n[breakers.'configure: inner']\nretry = 'Never()'";
    let listener = Hears(Arc::clone(&heard), move || configured(file));
    let outer = CircuitBreaker::builder("configure: outer").listener(listener).build().unwrap();
    configured("[breakers.'configure: outer']\nretry = 'Never()'");
    assert_eq!(*heard.lock().unwrap(), 1);
    assert!(inner.policy() == outer.policy());
}

#[test]
fn breakers_of_one_name_are_all_changed() {
    let _turn = turn();
    let twins = [breaker("configure: twin", Policy::new()), breaker("configure: twin", Policy::new())];
    configured("[breakers.'configure: twin']\ntripper = 'FailureStreak(3)'");
    assert_eq!(twins.each_ref().map(tripper), ["FailureStreak(3)", "FailureStreak(3)"]);
    let mistakes = mistakes("[breakers.'configure: twin']\ntripper = 'MinRequests(200)'");
    assert_eq!(mistakes.len(), 1);
}

#[test]
fn a_breaker_that_is_gone_is_forgotten() {
    let _turn = turn();
    let held = Arc::new(());
    let watched = Arc::downgrade(&held);
    let gone = breaker("configure: gone", Policy::new().tracker(Custom(move |_: &Down| Arc::strong_count(&held) > 0)));
    configured("[breakers.'configure: gone']\ntracker = 'All()'");
    assert!(watched.upgrade().is_some());
    drop(gone);
    configured("");
    assert!(watched.upgrade().is_none());
}

#[test]
fn of_files_at_the_same_time_one_wins_everywhere() {
    let _turn = turn();
    let all: Vec<_> = (0..20).map(|number| breaker(&format!("configure: racing {number}"), Policy::new())).collect();
    let file = |streak: u32| {
        let tables =
            all.iter().map(|one| format!("[breakers.'{}']\ntripper = 'FailureStreak({streak})'\n", one.name()));
        read(&tables.collect::<String>())
    };
    let files = [file(3), file(4)];
    for _ in 0..50 {
        std::thread::scope(|threads| {
            for file in &files {
                threads.spawn(|| configure(file).unwrap());
            }
        });
        assert!(all.iter().all(|one| tripper(one) == tripper(&all[0])));
    }
}
