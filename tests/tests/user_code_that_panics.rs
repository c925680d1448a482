//! What the application supplies may panic anywhere: in the log, when it is dropped, in the drop of a payload. No call and
//! no other listener notices.

use std::{
    io,
    panic::panic_any,
    sync::{
        Arc, Barrier, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, ThreadId},
};

use fluxgate::{
    CircuitBreaker, Clock, Listener, ManualClock, Policy, Signal, State,
    listeners::LogListener,
    permits::All,
    retries::Always,
    trackers::Custom,
    trippers::{self, FailureStreak},
};
use fluxgate_tests::fixture::{Down, Recorder, breaker_with, fail, state, succeed};

/// Panics when it is dropped, with another of its kind.
struct Explosive;

impl Drop for Explosive {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic_any(Self);
        }
    }
}

/// The subscriber of a process whose standard output is closed.
fn broken_log() {
    struct Broken;
    impl io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("failed printing to stdout: broken pipe")
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    static SET: OnceLock<()> = OnceLock::new();
    SET.get_or_init(|| {
        let subscriber = tracing_subscriber::fmt().with_writer(|| Broken).finish();
        tracing::subscriber::set_global_default(subscriber).expect("the first subscriber of the process");
    });
}

#[test]
fn a_log_that_panics_silences_no_listener() {
    broken_log();
    let recorder = Recorder::default();
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| {
        builder.retry(Always()).permit(All()).listener(LogListener).listener(recorder.clone())
    });
    for _ in 0..3 {
        assert!(fail(&breaker));
        assert!(succeed(&breaker));
    }
    assert_eq!(recorder.signals().len(), 9);
    breaker.set_policy(breaker.policy()).unwrap();
}

#[test]
fn a_log_that_panics_while_it_tells_of_another_panic_hurts_nobody() {
    broken_log();
    let recorder = Recorder::default();
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| {
        let panics = |_: &Signal| panic!("a listener of the user's");
        builder.listener(panics).listener(recorder.clone())
    });
    assert!(fail(&breaker));
    breaker.reset();
    assert_eq!(recorder.states(), [State::Open, State::Closed]);
}

#[test]
fn a_log_that_panics_hurts_no_breaker_that_is_made() {
    broken_log();
    let twins = [CircuitBreaker::new("twin in a broken log"), CircuitBreaker::new("twin in a broken log")];
    assert_eq!(twins[1].label(), "twin in a broken log#2");
}

#[test]
fn payloads_that_panic_when_they_are_dropped_end_where_they_were_thrown() {
    broken_log();
    let recorder = Recorder::default();
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| {
        let tripper = trippers::Custom(|_: &trippers::CallContext| panic_any(Explosive));
        builder
            .tripper(FailureStreak(1) | tripper)
            .tracker(Custom(|_: &Down| panic_any(Explosive)))
            .listener(|_: &Signal| panic_any(Explosive))
            .listener(recorder.clone())
    });
    assert!(fail(&breaker));
    assert_eq!(recorder.states(), [State::Open]);
}

#[test]
fn parts_of_a_policy_that_panic_when_they_are_dropped_do_so_unnoticed() {
    broken_log();
    let explosive = || {
        let (tracker, tripper) = (Arc::new(Explosive), Arc::new(Explosive));
        Policy::new()
            .tracker(Custom(move |_: &Down| Arc::strong_count(&tracker) > 0))
            .tripper(
                FailureStreak(1) | trippers::Custom(move |_: &trippers::CallContext| Arc::strong_count(&tripper) == 0),
            )
            .honour_retry_after(60)
            .retry_after({
                let reader = Explosive;
                move |_: &Down| {
                    let _ = &reader;
                    None
                }
            })
    };
    let breaker = CircuitBreaker::builder("explosive").policy(explosive()).build().unwrap();
    breaker.set_policy(explosive()).unwrap();
    assert!(fail(&breaker));
    assert_eq!(state(&breaker), State::Open);
    breaker.set_policy(Policy::new()).unwrap();
    breaker.reset();
    assert!(succeed(&breaker));
}

#[test]
fn listeners_and_clocks_that_panic_when_they_are_dropped_do_so_unnoticed() {
    struct Fragile<T>(T, Explosive);
    impl Listener for Fragile<()> {
        fn on_transition(&self, _: &Signal) {}
    }
    impl Clock for Fragile<ManualClock> {
        fn now(&self) -> std::time::Duration {
            self.0.now()
        }
    }
    broken_log();
    let breaker = CircuitBreaker::builder("fragile")
        .listener(Fragile((), Explosive))
        .listener(Fragile((), Explosive))
        .clock(Fragile(ManualClock::new(), Explosive))
        .build()
        .unwrap();
    breaker.force_open();
    drop(breaker);
    assert!(fluxgate::get("fragile").is_none());
}

#[test]
fn a_panic_is_told_with_the_name_of_the_breaker_and_its_own_message() {
    // In a process of its own: the others have a broken log.
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "told_in_a_process_of_its_own", "--nocapture", "--include-ignored"])
        .env("FLUXGATE_TOLD", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    for expected in ["part=\"listener\"", "breaker=\"told\"", "panic=\"a listener of the user's\""] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[test]
fn told_in_a_process_of_its_own() {
    if std::env::var_os("FLUXGATE_TOLD").is_none() {
        return; // run by the test above
    }
    tracing_subscriber::fmt().with_ansi(false).with_writer(io::stdout).init();
    let panics = |_: &Signal| panic!("a listener of the user's");
    CircuitBreaker::builder("told").listener(panics).build().unwrap().force_open();
}

#[test]
fn a_caller_delivers_no_more_than_64_signals_and_a_thread_the_rest_in_order() {
    // Each signal causes the next, a thousand times.
    let threads: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
    let (this, left) = (Arc::new(OnceLock::<CircuitBreaker>::new()), AtomicUsize::new(1_000));
    let recorder = Recorder::default();
    let breaker = CircuitBreaker::builder("chain")
        .listener({
            let (this, threads) = (Arc::clone(&this), Arc::clone(&threads));
            move |signal: &Signal| {
                threads.lock().unwrap().push(thread::current().id());
                let breaker = this.get().unwrap();
                if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                    if signal.new_state() == State::Closed { breaker.force_open() } else { breaker.reset() }
                }
            }
        })
        .listener(recorder.clone())
        .build()
        .unwrap();
    this.set(breaker.clone()).unwrap();
    breaker.force_open();
    recorder.wait_for(1_001);
    let threads = threads.lock().unwrap();
    let by_the_caller = threads.iter().filter(|thread| **thread == thread::current().id()).count();
    assert_eq!(by_the_caller, 64);
    assert!(threads[64..].iter().all(|thread| *thread == threads[64]), "one thread delivers the rest");
    let signals = recorder.signals();
    assert!(signals.windows(2).all(|pair| pair[0].new_state() == pair[1].old_state()));
}

#[test]
fn a_caller_does_not_deliver_without_end_what_others_leave_with_it() {
    let (entered, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let threads: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
    let recorder = Recorder::default();
    let breaker = CircuitBreaker::builder("left with one")
        .listener({
            let (entered, leave, threads) = (Arc::clone(&entered), Arc::clone(&leave), Arc::clone(&threads));
            move |_: &Signal| {
                threads.lock().unwrap().push(thread::current().id());
                if threads.lock().unwrap().len() == 1 {
                    entered.wait();
                    leave.wait();
                }
            }
        })
        .listener(recorder.clone())
        .build()
        .unwrap();
    let caller = thread::scope(|scope| {
        let caller = scope.spawn(|| {
            breaker.force_open();
            thread::current().id()
        });
        entered.wait();
        for _ in 0..100 {
            breaker.reset();
            breaker.force_open();
        }
        leave.wait();
        caller.join().unwrap()
    });
    recorder.wait_for(201);
    let threads = threads.lock().unwrap();
    assert_eq!(threads.iter().filter(|thread| **thread == caller).count(), 64);
    assert!(!threads.contains(&thread::current().id()), "who finds somebody delivering leaves it there");
}

#[test]
fn keys_that_panic_when_they_are_dropped_do_so_unnoticed() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Key(u64);
    impl std::fmt::Display for Key {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt(formatter)
        }
    }
    impl Drop for Key {
        fn drop(&mut self) {
            // The ones of this test panic for themselves.
            if self.0 < 10 && !thread::panicking() {
                panic_any(Explosive);
            }
        }
    }
    broken_log();
    let set = fluxgate::KeyedBreakers::<Key>::builder("explosive keys").max(1).build().unwrap();
    let ask = |key| {
        let key = std::mem::ManuallyDrop::new(Key(key));
        assert!(succeed(&set.get(&*key)));
    };
    ask(1);
    ask(2);
    assert_eq!(set.len(), 1);
    assert!(set.remove(&*std::mem::ManuallyDrop::new(Key(2))).is_some());
    ask(3);
    drop(set);
}

#[test]
fn guarded_code_can_be_caught_like_any_other() {
    fluxgate::breakers! {
        CAUGHT { name = "caught: declared" }
    }
    fn is_unwind_safe<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>(_: &T) {}

    let breaker = CircuitBreaker::new("caught");
    is_unwind_safe(&breaker);
    is_unwind_safe(&fluxgate::KeyedBreakers::<u64>::builder("caught").build().unwrap());
    is_unwind_safe(&CAUGHT);
    let result = std::panic::catch_unwind(|| breaker.call(|| -> Result<(), Down> { panic!("the user's code") }));
    assert!(result.is_err());
    assert_eq!(breaker.info().failures, 1);
}
