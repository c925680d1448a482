//! Whole breakers, explored by loom: every order in which two or three threads may take their steps, up to the bound of
//! preemptions that `LOOM_MAX_PREEMPTIONS` sets.

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

/// Hears of transitions. Its lock is never held while loom switches threads, so it need not be one of loom's.
#[derive(Clone, Default)]
struct Heard {
    transitions: Arc<Mutex<Vec<(State, State)>>>,
    /// Where another thread may come between two listeners, or two signals.
    switch: Arc<AtomicU64>,
}

impl Listener for Heard {
    fn on_transition(&self, signal: &Signal) {
        self.switch.fetch_add(1, Ordering::Relaxed);
        self.transitions.lock().unwrap().push((signal.old_state(), signal.new_state()));
        self.switch.fetch_add(1, Ordering::Relaxed);
    }
}

impl Heard {
    /// The states that were entered, each from the one before it.
    fn path(&self, breaker: &CircuitBreaker) -> Vec<State> {
        let heard = self.transitions.lock().unwrap().clone();
        let mut at = State::Closed;
        for (old, new) in &heard {
            assert_eq!(*old, at, "{heard:?}");
            at = *new;
        }
        assert_eq!(breaker.info().state, at, "{heard:?}");
        heard.into_iter().map(|(_, new)| new).collect()
    }
}

struct Stand {
    breaker: CircuitBreaker,
    clock: ManualClock,
    heard: Heard,
}

impl Stand {
    /// Trips at this streak, and recovers by one success.
    fn new(streak: u64, settings: impl FnOnce(Builder) -> Builder) -> Self {
        set_slot(0);
        let (clock, heard) = (ManualClock::new(), Heard::default());
        let builder = CircuitBreaker::builder("loom")
            .window(CountWindow(9))
            .tripper(FailureStreak(streak))
            .retry(Cooldown(10))
            .permit(All())
            .max_half_open_calls(1)
            .max_probe_time(5)
            .random_seed(1)
            .clock(clock.clone())
            .listener(heard.clone());
        let breaker = settings(builder).build().unwrap();
        // Made before the threads begin: how they are made is the standard library's affair.
        breaker.shared.successes.make_counters(3);
        Self { breaker, clock, heard }
    }

    /// One that has opened, and whose retry is due.
    fn due(settings: impl FnOnce(Builder) -> Builder) -> Self {
        let stand = Self::new(1, settings);
        fail(&stand.breaker);
        stand.pass(10);
        stand
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(std::time::Duration::from_secs(seconds));
    }

    /// Runs `code` in a thread of its own.
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

/// Of a long scenario, with fewer preemptions.
fn explore_with(preemptions: usize, scenario: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.max_branches = 10_000;
    builder.check(scenario);
}
