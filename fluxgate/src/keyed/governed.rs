//! How what a set goes by reaches all of its breakers, those included that are being made while it changes.

use std::sync::Arc;

use crate::sync::Mutex;

/// What a set goes by.
///
/// Who makes a breaker looks at what holds, makes it by that, lets it be listed, and then looks again ([`settle`]). Who
/// changes what holds does so first, and gives it to all that are listed then ([`change`]). Of the second look and the
/// change, one comes first: a look after the change sees it; one before it has listed its breaker earlier still, so that
/// the change finds it. So no breaker keeps what held before.
///
/// [`settle`]: Self::settle
/// [`change`]: Self::change
pub(super) struct Governed<G> {
    holds: Mutex<Arc<G>>,
    /// One change at a time, so that none gives to a breaker what a later one has replaced.
    changing: Mutex<()>,
}

impl<G> Governed<G> {
    pub(super) fn new(holds: G) -> Self {
        Self { holds: Mutex::new(Arc::new(holds)), changing: Mutex::new(()) }
    }

    pub(super) fn now(&self) -> Arc<G> {
        Arc::clone(&self.holds.lock())
    }

    /// For who has made a breaker by what `had` says, once it is listed and before it is handed out: `adopt` gives it
    /// what holds now, where that is something else.
    pub(super) fn settle(&self, mut had: Arc<G>, mut adopt: impl FnMut(&G)) {
        loop {
            let now = self.now();
            if Arc::ptr_eq(&now, &had) {
                return;
            }
            adopt(&now);
            // A change that came meanwhile may have been given to it before this one.
            had = now;
        }
    }

    /// Lets something else hold, and then has it given, with what held before, to all that are listed.
    pub(super) fn change<R>(&self, to: impl FnOnce(&G) -> G, give: impl FnOnce(&G, &G) -> R) -> R {
        let changing = self.changing.lock();
        let old = self.now();
        let new = Arc::new(to(&old));
        *self.holds.lock() = Arc::clone(&new);
        let given = give(&old, &new);
        drop(changing);
        given
    }
}

#[cfg(all(test, loom))]
mod interleavings {
    use loom::{
        sync::atomic::{AtomicU64, Ordering},
        thread,
    };

    use super::*;

    /// A set reduced to what holds, a number, and the list of its breakers, each of which goes by one.
    struct Model {
        governed: Governed<u64>,
        listed: Mutex<Vec<Arc<AtomicU64>>>,
    }

    impl Model {
        fn new() -> Arc<Self> {
            Arc::new(Self { governed: Governed::new(0), listed: Mutex::default() })
        }

        fn make(&self) -> Arc<AtomicU64> {
            let had = self.governed.now();
            let breaker = Arc::new(AtomicU64::new(*had));
            self.listed.lock().push(Arc::clone(&breaker));
            self.governed.settle(had, |now| breaker.store(*now, Ordering::Relaxed));
            breaker
        }

        fn set(&self, number: u64) {
            self.governed.change(
                |_| number,
                |_, new| {
                    let listed = self.listed.lock().clone();
                    listed.iter().for_each(|breaker| breaker.store(*new, Ordering::Relaxed));
                },
            );
        }

        fn spawn(self: &Arc<Self>, act: impl FnOnce(&Self) + 'static) -> thread::JoinHandle<()> {
            let model = Arc::clone(self);
            thread::spawn(move || act(&model))
        }
    }

    #[test]
    fn a_breaker_that_is_made_while_its_set_changes_twice_goes_by_the_last() {
        loom::model(|| {
            let model = Model::new();
            let maker = model.spawn(|model| drop(model.make()));
            model.set(1);
            model.set(2);
            maker.join().unwrap();
            assert_eq!(model.listed.lock()[0].load(Ordering::Relaxed), 2);
        });
    }

    #[test]
    fn of_two_changes_at_a_time_all_breakers_go_by_the_one_that_holds() {
        loom::model(|| {
            let model = Model::new();
            let threads = [model.spawn(|model| drop(model.make())), model.spawn(|model| model.set(1))];
            model.set(2);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            let holds = *model.governed.now();
            assert_eq!(model.listed.lock()[0].load(Ordering::Relaxed), holds);
        });
    }

    #[test]
    fn a_breaker_is_handed_out_with_what_holds_since_before_it_was_asked_for() {
        loom::model(|| {
            let model = Model::new();
            let other = model.spawn(|model| drop(model.make()));
            model.set(1);
            assert_eq!(model.make().load(Ordering::Relaxed), 1);
            other.join().unwrap();
        });
    }
}
