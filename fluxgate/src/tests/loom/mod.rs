//! Tests of whole breakers under loom, which explores every interleaving of two or three threads with a bounded number of
//! preemptions. `LOOM_MAX_PREEMPTIONS` overrides the bound.

mod calls;
mod new_policy;
mod retry_after;
#[cfg(feature = "serde")]
mod saved;
mod slots;

use std::sync::{Arc, Mutex};

use loom::thread;

use crate::{
    Builder, CircuitBreaker, Listener, ManualClock, Signal, State,
    policy::{permits::All, retries::Cooldown, trippers::FailureStreak, windows::CountWindow},
    sync::{AtomicU64, Ordering, thread_slot::set_slot},
};

/// A listener that records transitions. Its lock need not be loom's: loom never switches threads while it is held.
#[derive(Clone, Default)]
struct TransitionLog {
    transitions: Arc<Mutex<Vec<(State, State)>>>,
    /// An access lets loom switch threads between two listeners or two signals.
    switch: Arc<AtomicU64>,
}

impl Listener for TransitionLog {
    fn on_transition(&self, signal: &Signal) {
        self.switch.fetch_add(1, Ordering::Relaxed);
        self.transitions.lock().unwrap().push((signal.old_state(), signal.new_state()));
        self.switch.fetch_add(1, Ordering::Relaxed);
    }
}

impl TransitionLog {
    /// Returns the states that were entered, and checks that each transition begins where the one before it ended.
    fn path(&self, breaker: &CircuitBreaker) -> Vec<State> {
        let transitions = self.transitions.lock().unwrap().clone();
        let mut state = State::Closed;
        for (old, new) in &transitions {
            assert_eq!(*old, state, "{transitions:?}");
            state = *new;
        }
        assert_eq!(breaker.info().state, state, "{transitions:?}");
        transitions.into_iter().map(|(_, new)| new).collect()
    }
}

struct Fixture {
    breaker: CircuitBreaker,
    clock: ManualClock,
    log: TransitionLog,
}

impl Fixture {
    /// Creates a breaker that trips at `streak` failures and recovers by one success.
    fn new(streak: u64, settings: impl FnOnce(Builder) -> Builder) -> Self {
        set_slot(0);
        let (clock, log) = (ManualClock::new(), TransitionLog::default());
        let builder = CircuitBreaker::builder("loom")
            .window(CountWindow(9))
            .tripper(FailureStreak(streak))
            .retry(Cooldown(10))
            .permit(All())
            .max_half_open_calls(1)
            .max_probe_time(5)
            .random_seed(1)
            .clock(clock.clone())
            .listener(log.clone());
        let breaker = settings(builder).build().unwrap();
        // Allocated before the threads begin: loom does not explore `OnceLock`.
        breaker.shared.successes.init_counters(3);
        Self { breaker, clock, log }
    }

    /// Creates an open breaker whose retry is due.
    fn due(settings: impl FnOnce(Builder) -> Builder) -> Self {
        let fixture = Self::new(1, settings);
        fail(&fixture.breaker);
        fixture.advance(10);
        fixture
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(std::time::Duration::from_secs(seconds));
    }

    /// Runs `code` in a new thread.
    fn spawn<R: 'static>(
        &self,
        slot: usize,
        code: impl FnOnce(&CircuitBreaker) -> R + 'static,
    ) -> thread::JoinHandle<R> {
        let breaker = self.breaker.clone();
        thread::spawn(move || {
            set_slot(slot);
            code(&breaker)
        })
    }
}

fn succeed(breaker: &CircuitBreaker) -> bool {
    breaker.call(|| Ok::<_, ()>(())).is_ok()
}

fn fail(breaker: &CircuitBreaker) -> bool {
    breaker.call(|| Err::<(), _>(())).unwrap_err().into_inner().is_some()
}

fn explore(scenario: impl Fn() + Send + Sync + 'static) {
    explore_with(4, scenario);
}

/// Like [`explore`], with another bound on preemptions: a long scenario needs a lower one.
fn explore_with(preemptions: usize, scenario: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.max_branches = 10_000;
    builder.check(scenario);
}
