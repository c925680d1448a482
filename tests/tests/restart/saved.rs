//! The states of all breakers of a process, saved and restored.
//!
//! What waits for breakers that are not made yet is of the whole process, so tests take turns.

use std::sync::{Mutex, MutexGuard};

use fluxgate::{
    CircuitBreaker, KeyedBreakers, Reason, Restored, Saved, SavedState, State, breakers,
    retries::{Cooldown, Never},
    trippers::FailureStreak,
};
use fluxgate_tests::{
    fixture::{Recorder, SECOND, breaker_with, fail, state, succeed},
    process,
};
use serde_json::{Value, json};

fn turn() -> MutexGuard<'static, ()> {
    let turn = process::turn();
    fluxgate::restore(Saved::default());
    turn
}

/// What a file has of the breakers whose name begins so, as it comes back.
fn written(prefix: &str) -> Saved {
    let mut saved = serde_json::to_value(fluxgate::save()).unwrap();
    let is_meant = |record: &Value| record["name"].as_str().is_some_and(|name| name.starts_with(prefix));
    saved["breakers"].as_array_mut().unwrap().retain(is_meant);
    serde_json::from_str(&saved.to_string()).unwrap()
}

fn counts(restored: Restored) -> (usize, usize, usize) {
    (restored.restored, restored.waiting, restored.refused)
}

fn breaker(name: &str) -> CircuitBreaker {
    CircuitBreaker::builder(name).tripper(FailureStreak(1)).retry(Cooldown(600)).build().unwrap()
}

#[test]
fn every_breaker_goes_on_where_it_was() {
    let _turn = turn();
    let [open, disabled, closed] = ["all: open", "all: disabled", "all: closed"].map(breaker);
    fail(&open);
    disabled.disable();
    succeed(&closed);
    let saved = written("all: ");
    assert_eq!(saved.breakers().count(), 3);
    for breaker in [&open, &disabled, &closed] {
        breaker.reset();
        assert!(succeed(breaker));
    }
    assert_eq!(counts(fluxgate::restore(saved)), (3, 0, 0));
    assert_eq!([&open, &disabled, &closed].map(state), [State::Open, State::Disabled, State::Closed]);
    assert_eq!(closed.info().calls, 0, "like a new one");
}

#[test]
fn saving_changes_nothing_and_makes_no_breaker() {
    breakers! {
        UNUSED { name = "saving: unused" }
    }
    let _turn = turn();
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.listener(recorder.clone()));
    fail(&breaker);
    clock.advance(600 * SECOND);
    let before = breaker.info();
    let saved = fluxgate::save();
    assert_eq!(breaker.info(), before);
    assert_eq!(recorder.states(), [State::Open]);
    assert!(saved.breakers().all(|breaker| breaker.name() != "saving: unused"), "nobody has used it");
    assert_eq!(UNUSED.info().state, State::Closed);
}

#[test]
fn namesakes_each_get_their_own_state() {
    let _turn = turn();
    let saved = {
        let namesakes = ["db: namesake"; 3].map(breaker);
        fail(&namesakes[1]);
        written("db: namesake")
    };
    let namesakes = ["db: namesake"; 3].map(breaker);
    assert_eq!(counts(fluxgate::restore(saved)), (3, 0, 0));
    assert_eq!(namesakes.each_ref().map(state), [State::Closed, State::Open, State::Closed]);
}

#[test]
fn a_breaker_that_is_made_later_begins_where_it_was() {
    let _turn = turn();
    let saved = {
        let breaker = breaker("later: by hand");
        fail(&breaker);
        written("later: ")
    };
    assert_eq!(counts(fluxgate::restore(saved)), (0, 1, 0));
    let recorder = Recorder::default();
    let listener = recorder.clone();
    let builder = CircuitBreaker::builder("later: by hand").retry(Cooldown(600)).listener(listener);
    let breaker = builder.build().unwrap();
    assert_eq!(state(&breaker), State::Open);
    assert_eq!(*recorder.signals()[0].reason(), Reason::Restored);
    // The record is used up.
    assert_eq!(state(&self::breaker("later: by hand")), State::Closed);
}

#[test]
fn a_declared_breaker_finds_its_state_at_its_first_call() {
    breakers! {
        DECLARED { name = "declared: later", retry = Cooldown(600s) }
    }
    let _turn = turn();
    let saved = json!({ "breakers": [
        { "version": 1, "name": "declared: later", "label": "declared: later", "state": "forced_open", "since": 0 },
    ] });
    assert_eq!(counts(fluxgate::restore(serde_json::from_value(saved).unwrap())), (0, 1, 0));
    assert!(!succeed(&DECLARED));
    assert_eq!(DECLARED.info().state, State::ForcedOpen);
}

#[test]
fn the_keys_of_a_set_are_saved_and_wait_for_their_first_call() {
    let hosts = || -> KeyedBreakers<String> {
        let policy = |builder: fluxgate::Builder| builder.tripper(FailureStreak(1)).retry(Cooldown(600));
        KeyedBreakers::builder("saved hosts").policy(policy).build().unwrap()
    };
    let _turn = turn();
    let saved = {
        let hosts = hosts();
        fail(&hosts.get("down.example.com"));
        succeed(&hosts.get("api.example.com"));
        written("saved hosts")
    };
    let keys: Vec<_> =
        saved.breakers().map(|breaker| (breaker.label().to_owned(), breaker.key().map(str::to_owned))).collect();
    assert!(keys.contains(&("saved hosts".to_owned(), Some("down.example.com".to_owned()))), "{keys:?}");
    let hosts = hosts();
    // One that was asked for before.
    assert!(succeed(&hosts.get("api.example.com")));
    assert_eq!(counts(fluxgate::restore(saved)), (1, 1, 0));
    assert_eq!(hosts.len(), 1, "a record makes no breaker");
    assert_eq!(state(&hosts.get("down.example.com")), State::Open);
    assert!(!succeed(&hosts.get("down.example.com")));
    assert_eq!(state(&hosts.get("other.example.com")), State::Closed);
}

#[test]
fn a_record_that_can_not_be_read_is_refused_alone() {
    let _turn = turn();
    let breaker = breaker("refused: good");
    let saved = json!({ "breakers": [
        { "version": 2, "name": "refused: later version", "state": "melted", "since": "yesterday" },
        { "version": 1, "name": "refused: good", "state": "forced_open", "since": 0 },
        { "version": 1, "name": "refused: good", "state": "disabled", "since": 0 },
        { "version": 1, "name": "refused: no such state", "state": "ajar", "since": 0 },
        { "name": "refused: nothing else" },
        "refused: no record at all",
        null,
    ] });
    let saved: Saved = serde_json::from_value(saved).unwrap();
    let restored = fluxgate::restore(saved);
    assert_eq!(restored.refused, 6);
    assert_eq!((restored.restored, restored.waiting), (1, 0));
    assert_eq!(state(&breaker), State::ForcedOpen, "the first of two records");
}

#[test]
fn what_waits_is_replaced_by_the_next_restore() {
    let _turn = turn();
    let saved = |state: &str| -> Saved {
        let record = json!({ "version": 1, "name": "waits: twice", "state": state, "since": 0 });
        serde_json::from_value(json!({ "breakers": [record] })).unwrap()
    };
    fluxgate::restore(saved("disabled"));
    fluxgate::restore(saved("metrics_only"));
    assert_eq!(state(&breaker("waits: twice")), State::MetricsOnly);
    fluxgate::restore(saved("disabled"));
    fluxgate::restore(Saved::default());
    assert_eq!(state(&breaker("waits: twice")), State::Closed);
}

#[test]
fn a_breaker_that_was_half_open_is_open_with_its_retry_due() {
    let _turn = turn();
    let saved = {
        let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder);
        fail(&breaker);
        clock.advance(60 * SECOND);
        assert!(!succeed(&breaker), "the ramp begins at 0");
        assert_eq!(state(&breaker), State::HalfOpen);
        written("test")
    };
    assert_eq!(counts(fluxgate::restore(saved)), (0, 1, 0));
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder);
    assert_eq!((state(&breaker), breaker.info().retry_after), (State::Open, Some(std::time::Duration::ZERO)));
}

#[test]
fn saved_states_go_through_other_formats_than_json() {
    let _turn = turn();
    let breaker = breaker("formats: one");
    fail(&breaker);
    let text = toml::to_string(&written("formats: ")).unwrap();
    breaker.reset();
    assert_eq!(counts(fluxgate::restore(toml::from_str(&text).unwrap())), (1, 0, 0));
    assert_eq!(state(&breaker), State::Open);
}

#[test]
fn a_single_snapshot_names_its_breaker_by_label_and_key() {
    let _turn = turn();
    let first = breaker("labelled");
    let second = breaker("labelled");
    let snapshot: SavedState = serde_json::from_str(&serde_json::to_string(&second.saved_state()).unwrap()).unwrap();
    assert_eq!((snapshot.name(), snapshot.label(), snapshot.key()), ("labelled", second.label(), None));
    drop(first);
    // One that was written before there were labels.
    let record = json!({ "version": 1, "name": "old", "state": "open", "since": 0 });
    let snapshot: SavedState = serde_json::from_value(record).unwrap();
    assert_eq!((snapshot.label(), snapshot.key()), ("old", None));
}

#[test]
fn what_still_waits_is_saved_again() {
    let _turn = turn();
    let record = json!({ "version": 1, "name": "twice saved", "state": "forced_open", "since": 0 });
    let saved: Saved = serde_json::from_value(json!({ "breakers": [record] })).unwrap();
    assert_eq!(counts(fluxgate::restore(saved)), (0, 1, 0));
    let again = written("twice saved");
    assert_eq!(again.breakers().count(), 1, "its breaker was not used in this run of the program");
    let breaker = breaker("twice saved");
    assert_eq!(state(&breaker), State::ForcedOpen);
    assert_eq!(written("twice saved").breakers().count(), 1);
}

#[test]
fn a_stand_in_takes_no_record() {
    struct Listens;
    impl fluxgate::Listener for Listens {
        fn on_transition(&self, _: &fluxgate::Signal) {}
    }
    fn uses_it() -> Listens {
        assert_eq!(WAITED_FOR.info().state, State::Closed, "a stand-in");
        Listens
    }
    breakers! {
        WAITED_FOR { name = "waited for", listeners = [uses_it()] }
    }
    let _turn = turn();
    let record = json!({ "version": 1, "name": "waited for", "state": "forced_open", "since": 0 });
    fluxgate::restore(serde_json::from_value(json!({ "breakers": [record] })).unwrap());
    assert_eq!(WAITED_FOR.info().state, State::ForcedOpen);
}

#[test]
fn the_breaker_that_new_keys_share_goes_on_where_it_was_and_is_no_key() {
    let hosts = |name: &str| -> KeyedBreakers<String> {
        let policy = |builder: fluxgate::Builder| builder.tripper(FailureStreak(1)).retry(Cooldown(600));
        KeyedBreakers::builder(name).policy(policy).max(1).build().unwrap()
    };
    let _turn = turn();
    let saved = {
        let hosts = hosts("full hosts");
        let needed = hosts.get("*");
        assert!(fail(&hosts.get("another")));
        assert_eq!((state(&needed), state(&hosts.get("another"))), (State::Closed, State::Open));
        written("full hosts")
    };
    assert_eq!(saved.breakers().filter(|breaker| breaker.key().is_some()).count(), 1);
    // Made before it is restored, and after.
    let before = hosts("full hosts");
    let of_the_key = before.get("*");
    assert_eq!(counts(fluxgate::restore(saved.clone())), (2, 0, 0));
    assert_eq!((state(&of_the_key), state(&before.get("another"))), (State::Closed, State::Open));
    drop((before, of_the_key));
    assert_eq!(counts(fluxgate::restore(saved)), (0, 2, 0));
    let after = hosts("full hosts");
    assert_eq!(written("full hosts").breakers().count(), 2, "nothing is lost where it is not used");
    let of_the_key = after.get("*");
    assert_eq!((state(&of_the_key), state(&after.get("another"))), (State::Closed, State::Open));
}

#[test]
fn a_retry_that_was_under_way_is_due_under_every_policy() {
    struct NotYet;
    impl fluxgate::retries::CustomRetry for NotYet {
        fn is_due(&self, _: &fluxgate::retries::RetryContext) -> bool {
            false
        }
    }
    // Its breakers have the name of the fixture, and would take what waits for others of that name.
    let _turn = turn();
    let retries: [fluxgate::Retry; 3] = [Cooldown(600).into(), Never(), NotYet.into()];
    for retry in retries {
        let snapshot = json!({ "version": 1, "name": "test", "state": "half_open", "since": 0 });
        let snapshot: SavedState = serde_json::from_value(snapshot).unwrap();
        let permit = fluxgate::permits::All();
        let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.retry(retry.clone()).permit(permit));
        breaker.restore(&snapshot).unwrap();
        assert_eq!((state(&breaker), breaker.info().retry_after), (State::Open, Some(std::time::Duration::ZERO)));
        assert!(breaker.would_reject().is_none(), "{retry}");
        assert!(fail(&breaker), "{retry}");
        assert!(!succeed(&breaker), "from then on it goes by {retry}");
    }
}

#[test]
fn a_listener_that_hears_of_a_restored_state_finds_its_breaker() {
    static SEEN: Mutex<Vec<State>> = Mutex::new(Vec::new());

    struct Looks;
    impl fluxgate::Listener for Looks {
        fn on_transition(&self, signal: &fluxgate::Signal) {
            let found = fluxgate::get(signal.breaker()).map(|breaker| breaker.info().state);
            let declared = (signal.breaker() == "found: declared").then(|| FOUND.info().state);
            SEEN.lock().unwrap().extend([found, declared].into_iter().flatten());
        }
    }
    breakers! {
        FOUND { name = "found: declared", listeners = [Looks] }
    }
    let _turn = turn();
    let records = ["found: declared", "found: by hand"]
        .map(|name| json!({ "version": 1, "name": name, "state": "forced_open", "since": 0 }));
    fluxgate::restore(serde_json::from_value(json!({ "breakers": records })).unwrap());
    assert!(!succeed(&FOUND));
    let _by_hand = CircuitBreaker::builder("found: by hand").listener(Looks).build().unwrap();
    assert_eq!(*SEEN.lock().unwrap(), [State::ForcedOpen; 3]);
}
