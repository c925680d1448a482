//! An eviction against look-ups, reduced to what is atomic: the reference count, the published state, and the key's lock.

use loom::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use crate::sync::Mutex;

struct Model {
    /// Of the breaker that the set began with.
    handles: AtomicUsize,
    is_open: AtomicBool,
    owner: Mutex<Owner>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Owner {
    Set,
    /// The set again, by a count of its own, for the breaker opened at the last moment.
    SetAnew,
    Gone,
}

impl Model {
    fn new() -> Arc<Self> {
        Arc::new(Self { handles: AtomicUsize::new(1), is_open: AtomicBool::new(false), owner: Mutex::new(Owner::Set) })
    }

    /// Takes a handle as `Weak::upgrade` does.
    fn handle(&self) -> bool {
        let mut count = self.handles.load(Ordering::Relaxed);
        while count > 0 {
            match self.handles.compare_exchange(count, count + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => count = now,
            }
        }
        false
    }

    /// Looks the breaker up and makes a call that opens it, if it is there.
    fn look_up(&self) -> bool {
        let found = self.handle();
        if found {
            self.is_open.store(true, Ordering::Release);
            self.handles.fetch_sub(1, Ordering::Release);
            return true;
        }
        match *self.owner.lock() {
            Owner::Set => unreachable!("its count is above zero"),
            Owner::SetAnew => {
                assert!(self.is_open.load(Ordering::Acquire), "it is kept for that");
                true
            }
            Owner::Gone => false,
        }
    }

    fn evict(&self) -> bool {
        let mut owner = self.owner.lock();
        if *owner != Owner::Set
            || self.is_open.load(Ordering::Acquire)
            || self.handles.compare_exchange(1, 0, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return false;
        }
        // Nobody has a handle, so that this is the last word.
        let is_open = self.is_open.load(Ordering::Acquire);
        *owner = if is_open { Owner::SetAnew } else { Owner::Gone };
        !is_open
    }
}

#[test]
fn a_breaker_that_a_look_up_found_is_not_evicted_or_was_as_the_call_had_left_it() {
    loom::model(|| {
        let model = Model::new();
        let others = Arc::clone(&model);
        let caller = thread::spawn(move || others.look_up());
        let evicted = model.evict();
        let found = caller.join().unwrap();
        assert_ne!(found, evicted, "either it was there, or it had gone before");
        assert_eq!(*model.owner.lock() == Owner::Gone, evicted);
        assert_eq!(model.is_open.load(Ordering::Acquire), found);
    });
}

#[test]
fn of_two_that_evict_one_breaker_one_does_and_no_look_up_gets_it_afterwards() {
    loom::model(|| {
        let model = Model::new();
        let others = Arc::clone(&model);
        let evictor = thread::spawn(move || others.evict());
        let caller = {
            let others = Arc::clone(&model);
            thread::spawn(move || others.look_up())
        };
        let evicted = [model.evict(), evictor.join().unwrap()];
        let found = caller.join().unwrap();
        assert!(evicted != [true; 2]);
        assert_ne!(found, evicted.contains(&true));
    });
}
