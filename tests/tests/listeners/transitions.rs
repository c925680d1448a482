//! Listeners: told once of every transition, in order, with its reason, outside every lock.

use std::{
    sync::{Arc, OnceLock},
    thread,
    time::SystemTime,
};

use fluxgate::{CircuitBreaker, Listener, Reason, Signal, State, permits::All, trippers::FailureStreak};
use fluxgate_tests::{
    fixture::{Down, Recorder, SECOND, breaker_with, fail, succeed},
    process::turn,
};

#[test]
fn each_transition_is_announced_once_with_its_reason() {
    let recorder = Recorder::default();
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| builder.permit(All()).listener(recorder.clone()));
    fail(&breaker);
    fail(&breaker);
    clock.advance(60 * SECOND);
    succeed(&breaker);
    breaker.disable();

    let told: Vec<_> = recorder
        .signals()
        .iter()
        .map(|signal| (signal.old_state(), signal.new_state(), signal.reason().to_string()))
        .collect();
    let expected = [
        (State::Closed, State::Open, "FailureStreak(2): 2 failures in a row"),
        (State::Open, State::HalfOpen, "the retry is due"),
        (State::HalfOpen, State::Closed, "recovered: a probe succeeded and the ramp is complete"),
        (State::Closed, State::Disabled, "by command"),
    ];
    assert_eq!(told, expected.map(|(from, to, reason)| (from, to, reason.to_owned())));
}

#[test]
fn a_signal_tells_the_breaker_the_time_and_the_figures_of_the_decision() {
    let recorder = Recorder::default();
    let (breaker, clock) =
        breaker_with("MinRequests(20) & FailureRate(0.6)", |builder| builder.listener(recorder.clone()));
    for _ in 0..7 {
        succeed(&breaker);
    }
    clock.advance(90 * SECOND);
    for _ in 0..13 {
        fail(&breaker);
    }
    let signals = recorder.signals();
    let [signal] = signals.as_slice() else { panic!("{signals:?}") };
    assert_eq!(signal.breaker(), "test");
    assert_eq!(signal.at(), SystemTime::UNIX_EPOCH + 90 * SECOND);
    assert_eq!((signal.metrics().calls(), signal.metrics().failures()), (20, 13));
    assert_eq!((signal.reopens(), signal.retry_after(), signal.shadow()), (0, Some(60 * SECOND), false));
    assert_eq!(signal.reason().to_string(), "FailureRate(0.6): 13 of the last 20 calls failed");
}

#[test]
fn a_reason_names_only_the_clauses_that_made_the_tripper_hold() {
    let recorder = Recorder::default();
    let text = "FailureStreak(9) | MinRequests(2) & (FailureRate(1) | SlowRate(0.5, 1s)) & (Closed() | HalfOpened())";
    let (breaker, clock) = breaker_with(text, |builder| builder.listener(recorder.clone()));
    succeed(&breaker);
    let _ = breaker.call(|| {
        clock.advance(SECOND);
        Ok::<_, Down>(())
    });
    let signals = recorder.signals();
    let Reason::Tripped(tripped) = signals[0].reason() else { panic!("{signals:?}") };
    let clauses: Vec<_> = tripped.clauses().iter().map(fluxgate::Evidence::clause).collect();
    assert_eq!(clauses, ["MinRequests(2)", "SlowRate(0.5, 1s)", "Closed()"]);
    assert_eq!(tripped.to_string(), "SlowRate(0.5, 1s): 1 of the last 2 calls took 1s or longer");
}

#[test]
fn a_listener_may_use_the_breaker_it_listens_to() {
    let _turn = turn();
    let this: Arc<OnceLock<CircuitBreaker>> = Arc::default();
    let recorder = Recorder::default();
    let listener = {
        let this = Arc::clone(&this);
        move |signal: &Signal| {
            let breaker = this.get().unwrap();
            breaker.info();
            let _ = breaker.call(|| Ok::<_, Down>(()));
            assert!(fluxgate::registry().iter().any(|known| known.name() == signal.breaker()));
            if signal.new_state() == State::Open {
                breaker.reset();
            }
        }
    };
    let breaker = CircuitBreaker::builder("reentrant")
        .tripper(FailureStreak(1))
        .listener(listener)
        .listener(recorder.clone())
        .build()
        .unwrap();
    this.set(breaker.clone()).unwrap();
    fail(&breaker);
    assert_eq!(recorder.states(), [State::Open, State::Closed]);
    assert_eq!(breaker.info().state, State::Closed);
}

#[test]
fn signals_form_one_chain_whatever_threads_cause_them() {
    let recorder = Recorder::default();
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.listener(recorder.clone()));
    let commands: [fn(&CircuitBreaker); 4] =
        [CircuitBreaker::reset, CircuitBreaker::disable, CircuitBreaker::metrics_only, CircuitBreaker::force_open];
    thread::scope(|scope| {
        for thread in 0..8 {
            let breaker = &breaker;
            scope.spawn(move || {
                for step in 0..500 {
                    commands[(thread * 7 + step * 3) % 4](breaker);
                    fail(breaker);
                }
            });
        }
    });
    recorder.catch_up(&breaker);
    let signals = recorder.signals();
    assert_eq!(signals[0].old_state(), State::Closed);
    assert!(signals.iter().all(|signal| signal.old_state() != signal.new_state()));
    assert!(signals.windows(2).all(|pair| pair[0].new_state() == pair[1].old_state()));
    assert_eq!(signals.last().unwrap().new_state(), breaker.info().state);
}

#[test]
fn the_log_tells_each_transition_at_the_level_of_its_state() {
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .without_time()
        .with_max_level(tracing::Level::DEBUG)
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let listener = fluxgate::listeners::LogListener.level(State::HalfOpen, tracing::Level::DEBUG);
        let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(All()).listener(listener));
        fail(&breaker);
        clock.advance(60 * SECOND);
        succeed(&breaker);
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().map(str::trim_start).filter(|line| line.contains("changed its state")).collect();
    assert_eq!(lines.len(), 3, "{text}");
    for part in [
        "WARN fluxgate: ",
        "breaker=\"test\"",
        "from=\"closed\"",
        "to=\"open\"",
        "reason=FailureStreak(1): 1 failure in a row",
        "calls=1",
        "failure_rate=1.0",
        "retry_after=60.0",
    ] {
        assert!(lines[0].contains(part), "{part} in {}", lines[0]);
    }
    assert!(lines[1].starts_with("DEBUG fluxgate:") && lines[1].contains("to=\"half_open\""), "{}", lines[1]);
    assert!(lines[2].starts_with("INFO fluxgate:") && lines[2].contains("to=\"closed\""), "{}", lines[2]);
}

#[test]
fn a_slow_listener_holds_up_nobody_else() {
    let (entered, leave) = (Arc::new(std::sync::Barrier::new(2)), Arc::new(std::sync::Barrier::new(2)));
    let listener = {
        let (entered, leave) = (Arc::clone(&entered), Arc::clone(&leave));
        move |signal: &Signal| {
            if signal.new_state() == State::Open {
                entered.wait();
                leave.wait();
            }
        }
    };
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.listener(listener));
    let tripping = {
        let breaker = breaker.clone();
        thread::spawn(move || fail(&breaker))
    };
    entered.wait();
    breaker.reset();
    assert!(succeed(&breaker));
    assert_eq!(breaker.info().state, State::Closed);
    leave.wait();
    assert!(tripping.join().unwrap());
}

#[test]
fn only_for_a_listener_that_asks_for_it_are_calls_counted() {
    struct Deaf;
    impl Listener for Deaf {
        fn on_transition(&self, _: &Signal) {}
    }
    let (breaker, _) = breaker_with("FailureStreak(9)", |builder| builder.listener(Deaf));
    fail(&breaker);
    assert_eq!(breaker.totals(), None);
}
