//! Breakers and sets while a thread, or the process, is about to end.
//!
//! A panic there aborts the process, so each of these runs in one of its own.

use std::{cell::RefCell, sync::OnceLock, thread};

use fluxgate::{CircuitBreaker, KeyedBreakers, State, breakers, get, registry, sets, trippers::FailureStreak};
use fluxgate_tests::{
    fixture::{fail, state, succeed},
    process,
};

/// Runs `part` in a process of its own, in which nothing panics.
fn alone(test: &str, part: impl FnOnce()) {
    if let Some(told) = process::alone(module_path!(), test, part) {
        assert!(told.contains("at the end") && !told.contains("panicked"), "{told}");
    }
}

/// Runs what it holds when the thread ends.
struct AtEnd(Box<dyn FnOnce()>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        std::mem::replace(&mut self.0, Box::new(|| ()))();
        eprintln!("at the end");
    }
}

thread_local! {
    static FIRST: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
    static SECOND: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
}

fn set() -> KeyedBreakers<String> {
    KeyedBreakers::builder("ending").max(3).policy(|builder| builder.tripper(FailureStreak(1))).build().unwrap()
}

fn use_it(set: &KeyedBreakers<String>) {
    set.set_policy(set.policy().tripper(FailureStreak(1))).unwrap();
    set.remove("new");
    assert!(succeed(&set.get("known")));
    assert_eq!(set.get("known").name(), "ending{known}");
    assert!(fail(&set.get("new")) && !succeed(&set.get("new")));
    assert_eq!(set.get("new").name(), "ending{new}");
    assert!(set.get_if_present("other").is_none() && set.get_if_present("new").is_some());
    assert_eq!(get("ending{new}").map(|breaker| state(&breaker)), Some(State::Open));
    assert!(
        registry().len() >= 2
            && sets().iter().any(|listed| listed.name() == "ending")
            && set.breakers().len() == set.len()
    );
    // More keys than there is room for.
    (0..20).for_each(|key| drop(set.get(key.to_string().as_str()).name().to_owned()));
    assert!(set.len() <= 3);
    assert!(set.remove("new").is_some_and(|breaker| !succeed(&breaker)));
    assert!(set.get_if_present("new").is_none());
    assert!(succeed(&set.get("new")), "a new one");
    set.set_policy(set.policy().tripper(FailureStreak(7))).unwrap();
    fluxgate::reset_all();
}

/// On a thread that ends after `before` has used the set, if at all.
fn on_a_thread(before: impl FnOnce(&KeyedBreakers<String>) + Send + 'static) {
    let set = set();
    set.get("known");
    let of_thread = set.clone();
    thread::spawn(move || {
        let of_end = of_thread.clone();
        FIRST.set(Some(AtEnd(Box::new(move || use_it(&of_end)))));
        before(&of_thread);
        // Dropped before the other, for it was made later.
        let of_end = of_thread.clone();
        SECOND.set(Some(AtEnd(Box::new(move || use_it(&of_end)))));
    })
    .join()
    .unwrap();
    assert_eq!(set.get("after").name(), "ending{after}");
    assert!(set.len() <= 3);
}

#[test]
fn a_set_works_in_the_destructors_of_a_thread_that_used_it() {
    alone("a_set_works_in_the_destructors_of_a_thread_that_used_it", || {
        on_a_thread(|set| drop(set.get("known")));
    });
}

#[test]
fn a_set_works_in_the_destructors_of_a_thread_that_did_not_use_it_before() {
    alone("a_set_works_in_the_destructors_of_a_thread_that_did_not_use_it_before", || on_a_thread(|_| ()));
}

#[test]
fn a_set_that_a_thread_local_owns_may_be_dropped_with_it() {
    alone("a_set_that_a_thread_local_owns_may_be_dropped_with_it", || {
        let set = set();
        thread::spawn(move || {
            set.get("known");
            FIRST.set(Some(AtEnd(Box::new(move || use_it(&set)))));
        })
        .join()
        .unwrap();
    });
}

breakers! {
    FIRST_USED_AT_THE_END {}
    SET_FIRST_USED_AT_THE_END[max = 3] {}
}

#[test]
fn a_declaration_works_that_is_first_used_when_a_thread_ends() {
    alone("a_declaration_works_that_is_first_used_when_a_thread_ends", || {
        thread::spawn(|| {
            FIRST.set(Some(AtEnd(Box::new(|| {
                assert!(succeed(&FIRST_USED_AT_THE_END));
                assert_eq!(SET_FIRST_USED_AT_THE_END.get("a").name(), "set_first_used_at_the_end{a}");
                assert!(get("first_used_at_the_end").is_some());
                drop(CircuitBreaker::new("made at the end"));
            }))));
        })
        .join()
        .unwrap();
    });
}

/// `exit` runs the destructors of the thread that calls it.
#[test]
fn a_set_works_in_the_destructors_of_a_thread_that_ends_the_process() {
    alone("a_set_works_in_the_destructors_of_a_thread_that_ends_the_process", || {
        let set = set();
        set.get("known");
        FIRST.set(Some(AtEnd(Box::new(move || use_it(&set)))));
        std::process::exit(0);
    });
}

static OF_HANDLER: OnceLock<KeyedBreakers<String>> = OnceLock::new();

extern "C" fn handler() {
    use_it(OF_HANDLER.get_or_init(set));
    assert_eq!(SET_FIRST_USED_AT_THE_END.get("a").name(), "set_first_used_at_the_end{a}");
    assert!(succeed(&FIRST_USED_AT_THE_END));
    eprintln!("at the end");
}

#[test]
fn a_set_works_in_a_handler_of_atexit() {
    alone("a_set_works_in_a_handler_of_atexit", || {
        // The destructors of this thread have run by then.
        OF_HANDLER.get_or_init(set).get("known");
        assert!(shutdown_hooks::add_shutdown_hook(handler));
        std::process::exit(0);
    });
}

#[test]
fn a_set_works_that_is_first_used_in_a_handler_of_atexit() {
    alone("a_set_works_that_is_first_used_in_a_handler_of_atexit", || {
        assert!(shutdown_hooks::add_shutdown_hook(handler));
        std::process::exit(0);
    });
}
