//! What declarations and the policies of sets are made of may look breakers up, also those that are being made.
//!
//! A binary of its own, for looking all breakers up makes those that other tests declare.

use std::{
    fmt,
    sync::{
        Arc, Barrier, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use fluxgate::{
    Builder, CircuitBreaker, Clock, KeyedBreakers, Listener, ManualClock, Signal, breakers, circuit_breaker, get,
    registry, sets,
};
use fluxgate_tests::{
    fixture::{Down, succeed},
    hanging::ends,
};

struct Quiet;

impl Listener for Quiet {
    fn on_transition(&self, _: &Signal) {}
}

/// What was found where a declaration was made.
type Seen = Mutex<Vec<String>>;

fn see(seen: &Seen, what: impl fmt::Display) {
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(what.to_string());
}

fn seen(seen: &Seen) -> Vec<String> {
    seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn name_of(breaker: Option<CircuitBreaker>) -> String {
    breaker.map_or_else(|| "none".to_owned(), |breaker| breaker.name().to_owned())
}

#[test]
fn a_declaration_may_look_up_others_and_itself() {
    static SEEN: Seen = Mutex::new(Vec::new());

    fn make() -> Quiet {
        see(&SEEN, name_of(get("up_first")));
        see(&SEEN, name_of(get("up_second")));
        see(&SEEN, registry().iter().any(|breaker| breaker.name() == "up_second"));
        let _ = sets();
        fluxgate::reset_all();
        Quiet
    }

    breakers! {
        UP_FIRST {}
        UP_SECOND { listeners = [make()] }
    }

    ends(|| {
        assert!(succeed(&UP_SECOND));
        assert_eq!(seen(&SEEN), ["up_first", "none", "false"]);
        assert_eq!((name_of(get("up_first")), name_of(get("up_second"))), ("up_first".into(), "up_second".into()));
        assert!(succeed(&UP_FIRST));
    });
}

#[test]
fn a_declaration_may_have_breakers_looked_up_by_another_thread_and_wait_for_it() {
    fn make() -> Quiet {
        thread::spawn(|| {
            assert!(get("waiting").is_none());
            assert!(registry().iter().all(|breaker| breaker.name() != "waiting"));
        })
        .join()
        .unwrap();
        Quiet
    }

    breakers! {
        WAITING { listeners = [make()] }
    }

    ends(|| assert_eq!(WAITING.name(), "waiting"));
}

#[test]
fn the_arguments_of_a_guarded_function_may_look_breakers_up() {
    fn make() -> Quiet {
        assert!(get("argument").is_none());
        assert!(registry().iter().all(|breaker| breaker.name() != "argument"));
        Quiet
    }

    fn clock() -> ManualClock {
        assert!(get("argument").is_none());
        ManualClock::new()
    }

    #[circuit_breaker(name = "argument", listeners = [make()], clock = clock())]
    fn guarded() -> anyhow::Result<u32> {
        Ok(1)
    }

    ends(|| {
        assert_eq!(guarded().unwrap(), 1);
        assert_eq!(get("argument").unwrap().info().calls, 1);
    });
}

#[test]
fn two_threads_make_two_breakers_that_look_for_each_other() {
    static TOGETHER: Barrier = Barrier::new(2);

    fn make(other: &str) -> Quiet {
        TOGETHER.wait();
        assert!(get(other).is_none(), "it is being made");
        let _ = registry();
        TOGETHER.wait();
        Quiet
    }

    breakers! {
        HERE { listeners = [make("there")] }
        THERE { listeners = [make("here")] }
    }

    ends(|| {
        thread::scope(|threads| {
            threads.spawn(|| assert!(succeed(&HERE)));
            threads.spawn(|| assert!(succeed(&THERE)));
        });
        assert_eq!((get("here").unwrap().info().calls, get("there").unwrap().info().calls), (1, 1));
    });
}

#[test]
fn a_declaration_that_uses_its_own_breaker_gets_a_stand_in_that_is_not_listed() {
    static SEEN: Seen = Mutex::new(Vec::new());

    fn make() -> Quiet {
        SELFISH.force_open();
        see(&SEEN, SELFISH.name());
        see(&SEEN, name_of(get("selfish")));
        Quiet
    }

    breakers! {
        SELFISH { listeners = [make()] }
    }

    ends(|| {
        assert!(succeed(&SELFISH), "what was done to the stand-in is no concern of the breaker");
        assert_eq!(seen(&SEEN), ["selfish", "none"]);
        assert_eq!(registry().iter().filter(|breaker| breaker.name() == "selfish").count(), 1);
        assert_eq!(SELFISH.label(), "selfish");
    });
}

#[test]
fn a_declaration_that_panics_once_is_made_at_the_next_use_and_harms_no_look_up() {
    static FAILS: AtomicBool = AtomicBool::new(true);

    fn make() -> Quiet {
        assert!(!FAILS.load(Ordering::SeqCst), "not yet");
        Quiet
    }

    breakers! {
        LATE { listeners = [make()] }
    }

    ends(|| {
        assert!(get("late").is_none());
        std::panic::catch_unwind(|| LATE.reset()).unwrap_err();
        FAILS.store(false, Ordering::SeqCst);
        assert!(succeed(&LATE));
        assert_eq!(name_of(get("late")), "late");
    });
}

#[test]
fn a_declared_set_that_panics_once_answers_with_a_stand_in_and_is_made_at_the_next_use() {
    static FAILS: AtomicBool = AtomicBool::new(true);

    fn make() -> Quiet {
        assert!(!FAILS.load(Ordering::SeqCst), "not yet");
        Quiet
    }

    breakers! {
        LATE_SET[max = 3] { listeners = [make()] }
    }

    #[circuit_breaker(name = "late function", key = number, listeners = [make()])]
    fn guarded(number: u32) -> anyhow::Result<u32> {
        Ok(number)
    }

    ends(|| {
        assert!(sets().iter().all(|set| !set.name().starts_with("late")));
        assert_eq!(LATE_SET.get("a").name(), "late_set{*}");
        assert_eq!((LATE_SET.len(), guarded(7).unwrap()), (0, 7));
        FAILS.store(false, Ordering::SeqCst);
        assert_eq!(LATE_SET.get("a").label(), "late_set{a}");
        assert_eq!((LATE_SET.len(), guarded(7).unwrap()), (1, 7));
        assert_eq!(get("late function{7}").unwrap().info().calls, 1);
        assert_eq!(sets().iter().filter(|set| set.name().starts_with("late")).count(), 2);
    });
}

#[test]
fn a_declaration_may_wait_for_a_thread_that_uses_its_breaker() {
    fn make() -> Quiet {
        thread::spawn(|| assert!(succeed(&AWAITED))).join().unwrap();
        Quiet
    }

    breakers! {
        AWAITED { listeners = [make()] }
    }

    ends(|| {
        assert!(succeed(&AWAITED));
        assert_eq!(AWAITED.info().calls, 1, "the other call went through the stand-in");
    });
}

#[test]
fn the_policy_of_a_declared_set_may_use_the_set_itself() {
    static SEEN: Seen = Mutex::new(Vec::new());

    fn make() -> Quiet {
        see(&SEEN, DECLARED.get("other").name());
        see(&SEEN, sets().iter().any(|set| set.name() == "declared"));
        see(&SEEN, name_of(get("declared{other}")));
        Quiet
    }

    breakers! {
        DECLARED[max = 10] { listeners = [make()] }
    }

    ends(|| {
        assert_eq!(DECLARED.get("first").name(), "declared{first}");
        assert_eq!(DECLARED.len(), 1);
        let first = ["declared{*}", "false", "none"];
        assert_eq!(seen(&SEEN)[..3], first, "there is no set yet");
        assert_eq!(seen(&SEEN)[3..], ["declared{*}", "true", "none"], "there is one");
        assert_eq!(DECLARED.get("other").name(), "declared{other}");
        let listed = registry();
        let labels: Vec<&str> = listed.iter().map(CircuitBreaker::label).collect();
        assert!(labels.contains(&"declared{first}") && labels.contains(&"declared{other}"), "{labels:?}");
    });
}

#[test]
fn the_set_of_a_guarded_function_may_be_looked_up_where_it_is_made() {
    fn make() -> Quiet {
        let _ = (get("tenants{7}"), registry(), sets());
        Quiet
    }

    #[circuit_breaker(name = "tenants", key = tenant, listeners = [make()])]
    fn bill(tenant: u64) -> anyhow::Result<u64> {
        Ok(tenant)
    }

    ends(|| {
        assert_eq!(bill(7).unwrap(), 7);
        assert!(get("tenants{7}").is_some());
    });
}

/// A set, and what asks it while it makes a breaker.
#[derive(Clone)]
struct Asking {
    set: Arc<OnceLock<KeyedBreakers<Key>>>,
    seen: Arc<Seen>,
}

/// A key whose text asks the set.
#[derive(Clone)]
struct Key {
    text: &'static str,
    asks: Option<Asking>,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Key {}

impl std::hash::Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.text.hash(hasher);
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(asking) = &self.asks {
            asking.ask();
        }
        formatter.write_str(self.text)
    }
}

fn key(text: &'static str) -> Key {
    Key { text, asks: None }
}

impl Asking {
    fn ask(&self) {
        let Some(set) = self.set.get() else { return };
        for text in ["known", "the same", "another"] {
            see(&self.seen, set.get(&key(text)).name());
        }
        let _ = (registry(), sets(), set.breakers(), set.len());
    }

    fn new(name: &'static str, policy: impl Fn(&Self, Builder) -> Builder + Send + Sync + 'static) -> Self {
        let asking = Self { set: Arc::default(), seen: Arc::default() };
        let asks = asking.clone();
        let set = KeyedBreakers::builder(name).policy(move |builder| policy(&asks, builder)).build().unwrap();
        set.get(&key("known"));
        asking.seen.lock().unwrap().clear();
        asking.set.set(set).unwrap();
        asking
    }

    fn check(&self, name: &str, asked: Key) {
        let set = self.set.get().unwrap().clone();
        let got = ends(move || set.get(&asked).name().to_owned());
        assert_eq!(got, format!("{name}{{the same}}"));
        let seen = seen(&self.seen);
        let answers = ["{known}", "{*}", "{*}"].map(|key| format!("{name}{key}"));
        assert!(!seen.is_empty() && seen.chunks(3).all(|round| round == answers), "{seen:?}");
        assert_eq!(self.set.get().unwrap().len(), 2);
    }
}

#[test]
fn the_policy_of_a_set_may_ask_the_set_for_any_key() {
    let asking = Asking::new("policy", |asking, builder| {
        asking.ask();
        builder
    });
    asking.check("policy", key("the same"));
}

#[test]
fn the_text_of_a_key_may_ask_its_set_for_any_key() {
    let asking = Asking::new("display", |_, builder| builder);
    asking.check("display", Key { text: "the same", asks: Some(asking.clone()) });
}

#[test]
fn the_clock_of_a_set_may_ask_the_set_for_any_key_while_a_breaker_is_made() {
    struct Curious(Asking, thread::ThreadId);
    impl Clock for Curious {
        fn now(&self) -> Duration {
            thread_local!(static ASKING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) });
            // Not again when the set it asks looks at the clock.
            if self.1 == thread::current().id() && !ASKING.replace(true) {
                self.0.ask();
                ASKING.set(false);
            }
            Duration::ZERO
        }
    }
    let asking = Asking::new("clock", |asking, builder| builder.clock(Curious(asking.clone(), thread::current().id())));
    let set = asking.set.get().unwrap().clone();
    assert_eq!(ends(move || set.get(&key("the same")).name().to_owned()), "clock{the same}");
}

#[test]
fn a_policy_may_wait_for_a_thread_that_asks_for_the_key_being_made() {
    let set: Arc<OnceLock<KeyedBreakers<String>>> = Arc::default();
    let of_policy = Arc::clone(&set);
    let policy = move |builder: Builder| {
        if let Some(set) = of_policy.get() {
            thread::scope(|threads| {
                threads.spawn(|| assert_eq!(set.get("a").name(), "patience{*}"));
            });
        }
        builder
    };
    set.set(KeyedBreakers::builder("patience").policy(policy).build().unwrap()).unwrap();
    ends(move || assert_eq!(set.get().unwrap().get("a").name(), "patience{a}"));
}

#[test]
fn two_threads_make_two_keys_whose_policies_ask_for_each_other() {
    let set: Arc<OnceLock<KeyedBreakers<String>>> = Arc::default();
    let together = Arc::new(Barrier::new(2));
    let of_policy = (Arc::clone(&set), Arc::clone(&together));
    let policy = move |builder: Builder| {
        let (set, together) = &of_policy;
        if let Some(set) = set.get() {
            together.wait();
            assert_eq!([set.get("a"), set.get("b")].map(|breaker| breaker.name().to_owned()), ["crossed{*}"; 2]);
            together.wait();
        }
        builder
    };
    set.set(KeyedBreakers::builder("crossed").policy(policy).build().unwrap()).unwrap();
    ends(move || {
        let set = set.get().unwrap();
        thread::scope(|threads| {
            for key in ["a", "b"] {
                threads.spawn(move || assert_eq!(set.get(key).name(), format!("crossed{{{key}}}")));
            }
        });
    });
}

#[test]
fn two_sets_may_ask_each_other_while_they_make_breakers() {
    type Sets = Arc<[OnceLock<KeyedBreakers<String>>; 2]>;
    let both: Sets = Arc::default();
    for (number, name) in ["left", "right"].into_iter().enumerate() {
        let of_policy = Arc::clone(&both);
        let policy = move |builder: Builder| {
            if let Some(other) = of_policy[1 - number].get() {
                let _ = other.get("a").call(|| Err::<(), _>(Down));
            }
            builder
        };
        let set = KeyedBreakers::builder(name).policy(policy).build().unwrap();
        both[number].set(set).unwrap();
    }
    ends(move || {
        assert_eq!(both[0].get().unwrap().get("a").name(), "left{a}");
        assert_eq!(both[1].get().unwrap().get("a").name(), "right{a}");
    });
}

#[test]
fn a_set_whose_policy_changes_it_comes_to_an_end() {
    let set: Arc<OnceLock<KeyedBreakers<String>>> = Arc::default();
    let of_policy = Arc::clone(&set);
    let policy = move |builder: Builder| {
        if let Some(set) = of_policy.get() {
            set.set_policy(set.policy()).unwrap();
        }
        builder
    };
    set.set(KeyedBreakers::builder("changes").policy(policy).build().unwrap()).unwrap();
    ends(move || assert_eq!(set.get().unwrap().get("a").name(), "changes{a}"));
}
