//! Listeners that panic, block, or call back: neither the calls nor the other listeners notice.

use std::{
    sync::{
        Arc, Barrier, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use fluxgate::{CircuitBreaker, Listener, Signal, State, permits::All, retries::Always, trippers::FailureStreak};
use fluxgate_tests::fixture::{Down, Recorder, fail, state, succeed};

/// A breaker that trips at once and recovers at once, with a listener that knows it, and one behind that.
fn with_hurtful(hurt: impl Fn(&CircuitBreaker, &Signal) + Send + Sync + 'static) -> (CircuitBreaker, Recorder) {
    let this: Arc<OnceLock<CircuitBreaker>> = Arc::default();
    let recorder = Recorder::default();
    let breaker = CircuitBreaker::builder("hurtful")
        .tripper(FailureStreak(1))
        .retry(Always())
        .permit(All())
        .listener({
            let this = Arc::clone(&this);
            move |signal: &Signal| hurt(this.get().unwrap(), signal)
        })
        .listener(recorder.clone())
        .build()
        .unwrap();
    this.set(breaker.clone()).unwrap();
    (breaker, recorder)
}

/// Every signal begins where the one before it ended, and the last is where the breaker is.
fn assert_chain(recorder: &Recorder, breaker: &CircuitBreaker) {
    recorder.catch_up(breaker);
    assert_linked(recorder, breaker);
}

fn assert_linked(recorder: &Recorder, breaker: &CircuitBreaker) {
    let signals = recorder.signals();
    assert_eq!(signals[0].old_state(), State::Closed);
    assert!(signals.iter().all(|signal| signal.old_state() != signal.new_state()));
    assert!(signals.windows(2).all(|pair| pair[0].new_state() == pair[1].old_state()));
    assert_eq!(signals.last().unwrap().new_state(), state(breaker));
}

/// Transitions of all kinds from several threads at a time.
fn stir(breaker: &CircuitBreaker) {
    let commands: [fn(&CircuitBreaker); 4] =
        [CircuitBreaker::reset, CircuitBreaker::disable, CircuitBreaker::metrics_only, CircuitBreaker::force_open];
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for step in 0..200 {
                    fail(breaker);
                    succeed(breaker);
                    if step % 3 == 0 {
                        commands[(thread + step) % 4](breaker);
                    }
                }
            });
        }
    });
}

#[test]
fn one_that_panics_hurts_neither_the_call_nor_the_others() {
    let (breaker, recorder) = with_hurtful(|_, _| panic!("a listener of the user's"));
    assert_eq!(breaker.call(|| Err::<(), _>(Down)), Err(fluxgate::Error::Inner(Down)), "the call has its own outcome");
    assert_eq!(breaker.call(|| Ok::<_, Down>(7)), Ok(7));
    assert_eq!(recorder.states(), [State::Open, State::HalfOpen, State::Closed]);
    stir(&breaker);
    assert_chain(&recorder, &breaker);
}

#[test]
fn one_that_panics_is_told_of_in_the_log() {
    struct Line(mpsc::Sender<Vec<u8>>);
    impl std::io::Write for Line {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.send(bytes.to_vec());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (sender, lines) = mpsc::channel();
    let subscriber = tracing_subscriber::fmt().with_writer(move || Line(sender.clone())).with_ansi(false).finish();
    // For the whole process, whose other tests panic too: whoever is first registers the event.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let (breaker, _) = with_hurtful(|_, _| panic!("a listener of the user's"));
    fail(&breaker);
    let text = String::from_utf8(lines.try_iter().flatten().collect()).unwrap();
    assert!(text.contains("ERROR fluxgate: ") && text.contains("panicked part=\"listener\""), "{text}");
}

#[test]
fn one_that_blocks_holds_up_no_other_call_and_hears_of_all_in_order_afterwards() {
    let (entered, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let first = Arc::new(AtomicUsize::new(0));
    let heard = Recorder::default();
    let (breaker, recorder) = with_hurtful({
        let (entered, leave, heard) = (Arc::clone(&entered), Arc::clone(&leave), heard.clone());
        move |_, signal| {
            if first.fetch_add(1, Ordering::SeqCst) == 0 {
                entered.wait();
                leave.wait();
            }
            heard.on_transition(signal);
        }
    });
    thread::scope(|scope| {
        let tripping = scope.spawn(|| fail(&breaker));
        entered.wait();
        stir(&breaker);
        assert!(recorder.signals().is_empty(), "nobody hears of anything out of turn");
        leave.wait();
        assert!(tripping.join().unwrap());
    });
    assert_chain(&recorder, &breaker);
    assert_linked(&heard, &breaker);
    assert_eq!(heard.states(), recorder.states());
}

#[test]
fn one_that_blocks_for_long_costs_no_memory_without_end_and_hears_of_the_latest() {
    let (entered, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let first = AtomicUsize::new(0);
    let (breaker, recorder) = with_hurtful({
        let (entered, leave) = (Arc::clone(&entered), Arc::clone(&leave));
        move |_, _| {
            if first.fetch_add(1, Ordering::SeqCst) == 0 {
                entered.wait();
                leave.wait();
            }
        }
    });
    thread::scope(|scope| {
        let tripping = scope.spawn(|| fail(&breaker));
        entered.wait();
        for _ in 0..40_000 {
            breaker.reset();
            breaker.force_open();
        }
        leave.wait();
        tripping.join().unwrap();
    });
    recorder.wait_for(1 + 65_536);
    let heard = recorder.signals();
    assert_eq!(heard.len(), 1 + 65_536, "the one that it blocked on, and what waited");
    assert!(heard[1..].windows(2).all(|pair| pair[0].new_state() == pair[1].old_state()), "the latest, without a gap");
    assert_eq!(heard.last().unwrap().new_state(), state(&breaker));
}

#[test]
fn one_may_ask_command_and_call_its_own_breaker() {
    let (breaker, recorder) = with_hurtful(|breaker, signal| {
        let info = breaker.info();
        assert_eq!(info.name, "hurtful");
        let _ = breaker.call(|| Ok::<_, Down>(()));
        let _ = breaker.try_acquire();
        breaker.set_shadow(false);
        match signal.new_state() {
            State::Open => breaker.disable(),
            State::Disabled => breaker.reset(),
            _ => {}
        }
    });
    assert!(fail(&breaker));
    // The guarded call in the listener was the probe that closed the breaker, before `disable`.
    let expected = [State::Open, State::HalfOpen, State::Closed, State::Disabled, State::Closed];
    assert_eq!(recorder.states(), expected);
    stir(&breaker);
    assert_chain(&recorder, &breaker);
}

#[test]
fn a_guarded_call_in_a_listener_may_itself_trip_the_breaker() {
    let trips = Arc::new(AtomicUsize::new(0));
    let (breaker, recorder) = with_hurtful({
        let trips = Arc::clone(&trips);
        move |breaker, signal| {
            if signal.new_state() == State::Closed && trips.fetch_add(1, Ordering::SeqCst) < 100 {
                fail(breaker);
                succeed(breaker);
            }
        }
    });
    fail(&breaker);
    succeed(&breaker);
    recorder.wait_for(3 * 101);
    assert_eq!(trips.load(Ordering::SeqCst), 101);
    assert_eq!(recorder.states().len(), 3 * 101);
    assert_chain(&recorder, &breaker);
}

#[test]
fn one_may_make_other_breakers_and_drop_them() {
    let others = Recorder::default();
    let (breaker, recorder) = with_hurtful({
        let others = others.clone();
        move |breaker, signal| {
            let name = format!("made because of {}", signal.new_state());
            let other = CircuitBreaker::builder(name.clone()).listener(others.clone()).build().unwrap();
            other.force_open();
            assert!(fluxgate::registry().iter().any(|known| known.name() == breaker.name()));
            assert!(fluxgate::get(&name).is_some());
        }
    });
    fail(&breaker);
    breaker.reset();
    assert_eq!(recorder.states(), [State::Open, State::Closed]);
    assert_eq!(others.states(), [State::ForcedOpen; 2]);
    stir(&breaker);
    assert_chain(&recorder, &breaker);
    assert_eq!(others.states().len(), recorder.states().len());
}

#[test]
fn two_breakers_may_command_each_other() {
    let other: Arc<OnceLock<CircuitBreaker>> = Arc::default();
    let (first, recorder) = with_hurtful({
        let other = Arc::clone(&other);
        move |_, signal| {
            if signal.new_state() == State::Open {
                other.get().unwrap().force_open();
            }
        }
    });
    let back = first.clone();
    let second = CircuitBreaker::builder("commanded").listener(move |_: &Signal| back.reset()).build().unwrap();
    other.set(second.clone()).unwrap();
    fail(&first);
    assert_eq!(recorder.states(), [State::Open, State::Closed]);
    assert_eq!(state(&second), State::ForcedOpen);
}
