//! What a `tracing` subscriber sees of `LogListener`.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt::Debug,
    sync::{
        Arc, Once, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use fluxgate::{CircuitBreaker, KeyedBreakers, State, listeners::LogListener, permits::All};
use fluxgate_tests::fixture::{SECOND, breaker_with, fail, succeed};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// An event: its target, its level, and its fields by name, each printed with its type.
type Told = (String, Level, BTreeMap<&'static str, String>);

thread_local! {
    static TOLD: RefCell<Vec<Told>> = const { RefCell::new(Vec::new()) };
}

/// The subscriber of the whole process: keeps what is told apart by thread, which is by test.
struct Capture;

impl Capture {
    /// What is told while `work` runs.
    fn of(work: impl FnOnce()) -> Vec<Told> {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
        work();
        TOLD.take()
    }
}

impl Subscriber for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        // Breakers of the other tests, on other threads, have the name of the fixture too.
        if fields.0.contains_key("to") || fields.0.get("breaker").is_none_or(|name| name != "str test") {
            let told = (event.metadata().target().to_owned(), *event.metadata().level(), fields.0);
            TOLD.with_borrow_mut(|all| all.push(told));
        }
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), format!("str {value}"));
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name(), format!("f64 {value}"));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name(), format!("u64 {value}"));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name(), format!("bool {value}"));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

#[test]
fn a_transition_is_an_event_with_structured_fields() {
    let told = Capture::of(|| {
        // A name of its own: namesakes would be told apart by one field more.
        let breaker = CircuitBreaker::builder("log: fields")
            .tripper("MinRequests(4) & FailureRate(0.5)".parse::<fluxgate::Tripper>().unwrap())
            .clock(fluxgate::ManualClock::new())
            .listener(LogListener)
            .build()
            .unwrap();
        let _: [bool; 4] = [succeed(&breaker), fail(&breaker), succeed(&breaker), fail(&breaker)];
        breaker.disable();
    });
    let [(target, level, tripped), (_, _, disabled)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((target.as_str(), *level), ("fluxgate", Level::WARN));
    let expected = [
        ("breaker", "str log: fields"),
        ("calls", "u64 4"),
        ("failure_rate", "f64 0.5"),
        ("from", "str closed"),
        ("message", "circuit breaker changed its state"),
        ("reason", "FailureRate(0.5): 2 of the last 4 calls failed"),
        ("retry_after", "f64 60"),
        ("shadow", "bool false"),
        ("to", "str open"),
    ];
    assert_eq!(*tripped, expected.map(|(name, value)| (name, value.to_owned())).into());
    assert_eq!(disabled["reason"], "by command");
    assert!(!disabled.contains_key("failure_rate") && !disabled.contains_key("retry_after"), "the window is empty");
}

#[test]
fn the_level_of_each_state_can_be_changed() {
    let walk = |listener: LogListener| {
        Capture::of(|| {
            let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(All()).listener(listener));
            fail(&breaker);
            clock.advance(60 * SECOND);
            succeed(&breaker);
            breaker.metrics_only();
            breaker.disable();
            breaker.force_open();
        })
    };
    let levels =
        |told: Vec<Told>| -> Vec<_> { told.into_iter().map(|(_, level, told)| (told["to"].clone(), level)).collect() };
    let order =
        ["open", "half_open", "closed", "metrics_only", "disabled", "forced_open"].map(|to| format!("str {to}"));
    let usual = [Level::WARN, Level::INFO, Level::INFO, Level::INFO, Level::INFO, Level::WARN];
    assert_eq!(levels(walk(LogListener)), order.clone().into_iter().zip(usual).collect::<Vec<_>>());

    for level in [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE] {
        let all = State::ALL.iter().copied().fold(LogListener, |listener, state| listener.level(state, level));
        assert_eq!(levels(walk(all)), order.clone().map(|to| (to, level)));
    }
}

#[test]
fn the_log_says_so_in_shadow_mode() {
    let told = Capture::of(|| {
        let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.shadow(true).listener(LogListener));
        fail(&breaker);
    });
    assert_eq!(told[0].2["shadow"], "bool true");
}

#[test]
fn two_of_one_name_are_told_of_once_and_then_told_apart() {
    let make = || CircuitBreaker::builder("log: twin").listener(LogListener).build().unwrap();
    let told = Capture::of(|| {
        let (first, second, _third) = (make(), make(), make());
        first.disable();
        second.disable();
    });
    let [(_, level, warning), (_, _, first), (_, _, second)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((*level, warning["breaker"].as_str()), (Level::WARN, "str log: twin"));
    assert!(warning["message"].contains("same name"), "{warning:?}");
    assert!(!first.contains_key("label"), "{first:?}");
    assert_eq!((second["breaker"].as_str(), second["label"].as_str()), ("str log: twin", "str log: twin#2"));
}

#[test]
fn a_new_policy_is_told_with_both_as_text() {
    let told = Capture::of(|| {
        let breaker = CircuitBreaker::builder("log: policy").listener(LogListener).build().unwrap();
        breaker.set_policy(breaker.policy().retry(fluxgate::retries::Cooldown(5))).unwrap();
    });
    let [(target, level, change)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((target.as_str(), *level), ("fluxgate", Level::INFO));
    assert_eq!(change["breaker"], "str log: policy");
    assert_eq!(change["message"], "circuit breaker goes by a new policy");
    assert!(change["old_policy"].contains("retry = Cooldown(60s)"), "{change:?}");
    assert!(change["new_policy"].contains("retry = Cooldown(5s)"), "{change:?}");
}

#[test]
fn transitions_that_a_listener_was_too_slow_for_are_counted_in_the_log() {
    let told = Capture::of(|| {
        let this: Arc<OnceLock<CircuitBreaker>> = Arc::default();
        let (breaker, is_first) = (Arc::clone(&this), AtomicBool::new(true));
        // While it is at work on the first, nothing is delivered.
        let slow = move |_: &fluxgate::Signal| {
            if is_first.swap(false, Ordering::SeqCst) {
                (0..35_000).for_each(|_| {
                    breaker.get().unwrap().reset();
                    breaker.get().unwrap().disable();
                });
            }
        };
        let breaker = CircuitBreaker::builder("log: slow").listener(slow).build().unwrap();
        this.set(breaker.clone()).unwrap();
        breaker.disable();
    });
    let [(target, level, event)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((target.as_str(), *level, event["breaker"].as_str()), ("fluxgate", Level::ERROR, "str log: slow"));
    assert_eq!(event["lost"], "u64 4464", "of 70,000 it keeps the latest 65,536");
}

#[test]
fn a_set_that_is_full_is_told_of_once() {
    let told = Capture::of(|| {
        let hosts: KeyedBreakers<String> = KeyedBreakers::builder("log: full").max(1).build().unwrap();
        let _needed = hosts.get("a");
        let _shared = ["b", "c", "d"].map(|key| hosts.get(key));
    });
    let [(target, level, warning)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((target.as_str(), *level, warning["set"].as_str()), ("fluxgate", Level::WARN, "str log: full"));
    assert!(warning["message"].contains("is full"), "{warning:?}");
}

#[test]
fn a_long_duration_without_a_unit_in_a_file_is_told() {
    let read = |file: &str| {
        let told = Capture::of(|| drop(toml::from_str::<fluxgate::Configuration>(file).unwrap()));
        told.into_iter().map(|(_, level, fields)| (level, fields["message"].clone())).collect::<Vec<_>>()
    };
    let expected = "breaker `a`, retry: Cooldown: 30000 has no unit, so it means seconds (8h 20m); if you mean milliseconds, write 30s";
    assert_eq!(read("[breakers.a]\nretry = 'Cooldown(30000)'"), [(Level::WARN, expected.to_owned())]);
    let expected =
        "default, max_probe_time: 60000 has no unit, so it means seconds (16h 40m); if you mean milliseconds, write 1m";
    assert_eq!(read("[default]\nmax_probe_time = 60000"), [(Level::WARN, expected.to_owned())]);
    assert_eq!(read("[default]\nretry = 'Cooldown(30000s)'\nwindow = 'TimeWindow(3600)'\nmax_probe_time = 90"), []);
}
