//! A value that reaches all of its users, including those that are being made while it changes.

use std::sync::Arc;

use crate::sync::Mutex;

/// A value with a current version, which some list of users follow.
///
/// A new user reads the current version, adopts it, is listed, and then looks again ([`settle`](Self::settle)). A change
/// first stores the new version, and then gives it to all listed users ([`change`](Self::change)). Either the second look or
/// the change comes first: a look after the change sees the new version; a look before it means that the user was already
/// listed, so the change finds it. So no user keeps an old version.
pub(crate) struct Versioned<V> {
    current: Mutex<Arc<V>>,
    /// One change at a time, so that no change gives a version that a later one has replaced.
    changing: Mutex<()>,
}

impl<V> Versioned<V> {
    pub(crate) fn new(value: V) -> Self {
        Self { current: Mutex::new(Arc::new(value)), changing: Mutex::new(()) }
    }

    pub(crate) fn now(&self) -> Arc<V> {
        Arc::clone(&self.current.lock())
    }

    /// Looks again for a new user that has adopted the version `had`, once it is listed and before anybody uses it. `adopt`
    /// gives it the current version if that is another one.
    #[cfg(feature = "keyed")]
    pub(crate) fn settle(&self, mut had: Arc<V>, mut adopt: impl FnMut(&Arc<V>)) {
        loop {
            let now = self.now();
            if Arc::ptr_eq(&now, &had) {
                return;
            }
            adopt(&now);
            // A change that came meanwhile may have reached the user before this one.
            had = now;
        }
    }

    /// Like [`settle`](Self::settle), but waits for a change under way, so that the user adopts one version at a time.
    #[cfg(feature = "config")]
    pub(crate) fn settle_in_turn<R>(&self, had: &Arc<V>, adopt: impl FnOnce(&V) -> R) -> Option<R> {
        if Arc::ptr_eq(&self.now(), had) {
            return None;
        }
        let changing = self.changing.lock();
        let adopted = adopt(&self.now());
        drop(changing);
        Some(adopted)
    }

    /// Replaces the current version, and then lets `give` pass it, with the old one, to all listed users.
    #[cfg(feature = "keyed")]
    pub(crate) fn change<R>(&self, to: impl FnOnce(&V) -> V, give: impl FnOnce(&V, &V) -> R) -> R {
        let changed = self.try_change(|old| Ok::<_, std::convert::Infallible>(to(old)), give);
        changed.unwrap_or_else(|never| match never {})
    }

    /// Like [`change`](Self::change), but changes nothing if `to` fails.
    ///
    /// # Errors
    ///
    /// The error of `to`.
    pub(crate) fn try_change<R, E>(
        &self,
        to: impl FnOnce(&V) -> Result<V, E>,
        give: impl FnOnce(&V, &V) -> R,
    ) -> Result<R, E> {
        let changing = self.changing.lock();
        let old = self.now();
        let new = Arc::new(to(&old)?);
        *self.current.lock() = Arc::clone(&new);
        let given = give(&old, &new);
        drop(changing);
        Ok(given)
    }
}

#[cfg(all(test, loom))]
mod interleavings {
    use loom::{
        sync::atomic::{AtomicU64, Ordering},
        thread,
    };

    use super::*;

    /// A set reduced to a number and the list of its breakers, each of which has adopted one.
    struct Model {
        versioned: Versioned<u64>,
        listed: Mutex<Vec<Arc<AtomicU64>>>,
    }

    impl Model {
        fn new() -> Arc<Self> {
            Arc::new(Self { versioned: Versioned::new(0), listed: Mutex::default() })
        }

        fn make(&self) -> Arc<AtomicU64> {
            let had = self.versioned.now();
            let breaker = Arc::new(AtomicU64::new(*had));
            self.listed.lock().push(Arc::clone(&breaker));
            self.versioned.settle(had, |now| breaker.store(**now, Ordering::Relaxed));
            breaker
        }

        fn set(&self, number: u64) {
            self.versioned.change(
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
    fn a_breaker_that_is_made_while_its_set_changes_twice_has_the_last_version() {
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
    fn of_two_concurrent_changes_all_breakers_have_the_current_one() {
        loom::model(|| {
            let model = Model::new();
            let threads = [model.spawn(|model| drop(model.make())), model.spawn(|model| model.set(1))];
            model.set(2);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            let current = *model.versioned.now();
            assert_eq!(model.listed.lock()[0].load(Ordering::Relaxed), current);
        });
    }

    #[test]
    fn a_breaker_is_handed_out_with_a_version_no_older_than_the_request() {
        loom::model(|| {
            let model = Model::new();
            let other = model.spawn(|model| drop(model.make()));
            model.set(1);
            assert_eq!(model.make().load(Ordering::Relaxed), 1);
            other.join().unwrap();
        });
    }
}
