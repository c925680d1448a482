//! The counters under loom, without the rest of a breaker.

use loom::{sync::Arc, sync::Mutex, thread};

use super::*;
use crate::{
    state::State,
    sync::status_word::{Status, StatusWord, SuccessPath},
};

/// A breaker reduced to a generation and the number of successes in its window.
struct Model {
    status: StatusWord,
    successes: SuccessCounters,
    core: Mutex<Core>,
}

#[derive(Default)]
struct Core {
    generation: u64,
    window: u64,
    enrolled: Enrolled,
}

fn counted(generation: u64) -> Status {
    Status::new(State::Closed, false, SuccessPath::Counted, generation)
}

impl Model {
    fn new() -> Arc<Self> {
        let successes = SuccessCounters::new();
        // Allocated before the threads begin: loom does not explore `OnceLock`.
        for slot in 0..2 {
            successes.counter_or_init(slot);
        }
        Arc::new(Self { status: StatusWord::new(counted(0)), successes, core: Mutex::default() })
    }

    fn admit(&self) -> u64 {
        self.status.read().generation()
    }

    /// Ends a call like `CircuitBreaker::finish`.
    fn succeed(&self, slot: usize, ticket: u64) {
        if self.status.read().generation() == ticket && self.successes.count_in(slot, ticket, 0) {
            return;
        }
        let mut core = self.core.lock().unwrap();
        self.take(&mut core);
        if core.generation == ticket {
            core.window += 1;
            let core = &mut *core;
            self.successes.enroll_in(slot, &mut core.enrolled, core.generation, 0);
        }
    }

    fn take(&self, core: &mut Core) {
        let Core { window, enrolled, .. } = core;
        self.successes.take(enrolled, |count, _| *window += count);
    }

    fn transition(&self) {
        let mut core = self.core.lock().unwrap();
        self.take(&mut core);
        core.generation += 1;
        core.window = 0;
        core.enrolled.clear();
        self.status.write(counted(core.generation));
    }

    fn window(&self) -> (u64, u64) {
        let mut core = self.core.lock().unwrap();
        self.take(&mut core);
        (core.generation, core.window)
    }
}

#[test]
fn no_success_is_lost_or_counted_twice() {
    loom::model(|| {
        let model = Model::new();
        let other = {
            let model = Arc::clone(&model);
            thread::spawn(move || (0..2).for_each(|_| model.succeed(1, model.admit())))
        };
        (0..2).for_each(|_| model.succeed(0, model.admit()));
        model.window();
        other.join().unwrap();
        assert_eq!(model.window(), (0, 4));
    });
}

#[test]
fn a_success_counts_in_the_generation_that_admitted_it_or_not_at_all() {
    loom::model(|| {
        let model = Model::new();
        let other = {
            let model = Arc::clone(&model);
            thread::spawn(move || {
                let tickets = [model.admit(), model.admit(), model.admit()];
                tickets.into_iter().for_each(|ticket| model.succeed(1, ticket));
                tickets.into_iter().filter(|ticket| *ticket == 1).count() as u64
            })
        };
        model.transition();
        let admitted_later = other.join().unwrap();
        assert_eq!(model.window(), (1, admitted_later));
    });
}
