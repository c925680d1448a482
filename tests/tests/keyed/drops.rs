//! What the user's parts do when a set lets go of them: anything, for nothing is locked.

use std::{
    cell::Cell,
    fmt,
    hash::{Hash, Hasher},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use fluxgate::{
    Builder, KeyedBreakers, Listener, ManualClock, Signal, get,
    listeners::{PrometheusListener, prometheus},
    registry, sets,
    trackers::{All, Custom},
    trippers::FailureStreak,
};
use fluxgate_tests::{
    fixture::{Down, SECOND, fail, succeed},
    hanging::ends,
    process::turn,
};
use prometheus_client::{encoding::text, registry::Registry};

thread_local!(static DROPPING: Cell<bool> = const { Cell::new(false) });

/// Uses a set in every way when it is dropped.
struct Meddles<K: 'static>(Arc<OnceLock<KeyedBreakers<K>>>, Arc<AtomicUsize>, fn(&KeyedBreakers<K>));

impl<K> Drop for Meddles<K> {
    fn drop(&mut self) {
        let Some(set) = self.0.get() else { return };
        if DROPPING.replace(true) {
            return;
        }
        (self.2)(set);
        let _ = (registry(), sets(), get(set.name()), fluxgate::reset_all());
        let mut page = Registry::default();
        prometheus::register(&mut page);
        text::encode(&mut String::new(), &page).unwrap();
        self.1.fetch_add(1, Ordering::SeqCst);
        DROPPING.set(false);
    }
}

impl<K: Send + Sync> Listener for Meddles<K> {
    fn on_transition(&self, _: &Signal) {}
}

fn use_it(set: &KeyedBreakers<String>) {
    for key in ["a", "b", "c"] {
        succeed(&set.get(key));
        set.remove(key);
        fail(&set.get(key));
        let _ = (set.breakers(), set.len(), set.policy());
    }
}

fn meddling(name: &'static str) -> (KeyedBreakers<String>, ManualClock, Arc<AtomicUsize>) {
    let (set, clock, drops) = (Arc::new(OnceLock::new()), ManualClock::new(), Arc::new(AtomicUsize::new(0)));
    let (of_policy, of_breakers, counted) = (Arc::clone(&set), clock.clone(), Arc::clone(&drops));
    let policy = move |builder: Builder| {
        let meddles = || Meddles(Arc::clone(&of_policy), Arc::clone(&counted), use_it);
        let tracker = meddles();
        let tracker = Custom(move |_: &Down| {
            let _ = &tracker;
            true
        });
        let builder = builder.tracker(tracker).tripper(FailureStreak(1)).clock(of_breakers.clone());
        builder.listener(meddles()).listener(PrometheusListener)
    };
    set.set(KeyedBreakers::builder(name).max(3).idle(10).policy(policy).build().unwrap()).unwrap();
    (set.get().unwrap().clone(), clock, drops)
}

#[test]
fn a_replaced_policy_may_use_its_set() {
    let _turn = turn();
    ends(|| {
        let (set, _clock, drops) = meddling("replaced");
        set.get("a");
        set.set_policy(set.policy().tracker(All())).unwrap();
        let replaced = drops.load(Ordering::SeqCst);
        assert!(replaced > 0);
        // The policy of the program is made for each key, and gives way to the other.
        assert_eq!(set.get("a").name(), "replaced{a}");
        assert_eq!(set.get("new").name(), "replaced{new}");
        assert!(drops.load(Ordering::SeqCst) > replaced);
    });
}

#[test]
fn an_evicted_or_removed_breaker_may_use_its_set() {
    let _turn = turn();
    ends(|| {
        let (set, clock, drops) = meddling("evicted");
        for key in 0..10 {
            clock.advance(SECOND);
            assert!(set.get(format!("{key}").as_str()).name().starts_with("evicted{"));
        }
        let evicted = drops.load(Ordering::SeqCst);
        assert!(evicted > 0, "for want of room");
        for _ in 0..50 {
            clock.advance(SECOND);
            set.get("kept");
        }
        let idle = drops.load(Ordering::SeqCst);
        assert!(idle > evicted, "as idle");
        set.remove("kept");
        assert!(drops.load(Ordering::SeqCst) > idle);
    });
}

/// A key that uses its set when it is dropped.
#[derive(Clone)]
struct Key(u32, #[expect(dead_code, reason = "it is there to be dropped")] Option<Arc<Meddles<Key>>>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[test]
fn a_key_may_use_its_set_when_it_is_dropped() {
    let _turn = turn();
    ends(|| {
        let clock = ManualClock::new();
        let of_breakers = clock.clone();
        let policy = move |builder: Builder| builder.clock(of_breakers.clone());
        let set: KeyedBreakers<Key> = KeyedBreakers::builder("keys").max(8).idle(10).policy(policy).build().unwrap();
        let (this, drops) = (Arc::new(OnceLock::new()), Arc::new(AtomicUsize::new(0)));
        assert!(this.set(set.clone()).is_ok());
        for number in 0..1_000 {
            clock.advance(SECOND);
            let meddles = Meddles(Arc::clone(&this), Arc::clone(&drops), |set| {
                set.get(&Key(3, None));
                set.remove(&Key(3, None));
                set.get(&Key(4, None));
            });
            let key = Key(number, Some(Arc::new(meddles)));
            assert!(set.get(&key).name().starts_with("keys{"));
            drop(key);
            if number % 3 == 0 {
                set.remove(&Key(number, None));
            }
        }
        assert!(drops.load(Ordering::SeqCst) > 100);
        assert!(set.len() <= 8);
    });
}
