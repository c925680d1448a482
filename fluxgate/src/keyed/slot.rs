//! A key of a set, with the breaker that it has or had.

use std::{
    mem,
    sync::{Arc, OnceLock, Weak, atomic::AtomicU64},
};

use parking_lot::{Mutex, MutexGuard};

use super::{
    evictability::{Evictability, Seen, seen},
    set_core::Member,
    stripes::{self, Stripes},
};
use crate::{
    breaker::{CircuitBreaker, Shared, handle::Stripe, place},
    registry::making::{self, Begun, Turn},
    time::nanos::Nanos,
    user_code::Caught,
};

/// Held by the map of a set, where it is found by its key, and by the queue in which it waits to be evicted.
pub(super) struct Slot<K> {
    key: Caught<K>,
    /// For look-ups, which take no lock.
    living: OnceLock<Living>,
    /// The key's lock, never held while the user's code runs.
    owner: Mutex<Owner>,
    /// Its place in the queue. Written under the lock of the queue.
    pub(super) place: AtomicU64,
}

struct Living {
    /// Dead once the breaker is evicted.
    breaker: Weak<Shared>,
    member: Arc<Member>,
    stripes: Stripes,
}

/// Threads that look for a key within this time of each other share it.
const TOGETHER: Nanos = Nanos(100_000_000);

/// The one who keeps the breaker alive.
enum Owner {
    /// Nobody has made it yet.
    Vacant,
    /// The thread that makes it.
    Maker,
    /// The set does, and everybody who has a handle.
    Set(Owned),
    /// Nobody, any more, or whoever has a handle.
    Gone,
}

/// The references that a set has of a breaker.
struct Owned {
    shared: Arc<Shared>,
    stripes: Vec<Arc<Stripe>>,
}

/// The answer of a slot to a look-up.
pub(super) enum Found<'s, K> {
    Breaker(CircuitBreaker),
    /// It is to be made by whoever found it so.
    Vacant(Vacancy<'s, K>),
    /// This thread is making it.
    MadeHere,
    /// Another thread is making it.
    MadeElsewhere,
    Gone,
}

/// The right to give a slot its breaker. Dropped without, the slot is gone.
pub(super) struct Vacancy<'s, K> {
    slot: &'s Slot<K>,
    /// Until then others wait.
    _turn: Turn,
}

/// The result of an eviction.
pub(super) enum EvictOutcome<'s, K> {
    /// To be dropped where no lock is held, for its listeners are the user's.
    Evicted(Box<Shared>),
    /// Somebody needs it.
    Pinned,
    /// It was changed by a call that was in flight a moment ago. It has missed the changes of the set's policy since
    /// before it was tried.
    Changed(CircuitBreaker, Vacancy<'s, K>),
}

impl<K> Slot<K> {
    /// Not in the queue.
    pub(super) const NOWHERE: u64 = u64::MAX;

    pub(super) fn new(key: K) -> Self {
        Self {
            key: Caught::new(key),
            living: OnceLock::new(),
            owner: Mutex::new(Owner::Vacant),
            place: AtomicU64::new(Self::NOWHERE),
        }
    }

    #[inline]
    pub(super) fn key(&self) -> &K {
        &self.key
    }

    /// Returns a handle of the breaker, if it is there.
    ///
    /// A breaker is evicted by its reference count going from 1 to 0, and no handle is made of a count of 0: so whoever
    /// gets one here has it before the eviction, which then does not happen.
    #[inline]
    pub(super) fn handle(&self, now: Nanos) -> Option<CircuitBreaker> {
        let living = self.living.get()?;
        let breaker = match living.stripes.handle() {
            Some(breaker) => breaker,
            None => CircuitBreaker::upgrade(&living.breaker)?,
        };
        if let Some(before) = living.member.mark_used(now) {
            self.maybe_assign_stripe(living, now.since(before));
        }
        Some(breaker)
    }

    /// Gives this thread a stripe, if it shares the key with others. Asked when its use is noted, not at each look-up.
    #[cold]
    fn maybe_assign_stripe(&self, living: &Living, unused: Nanos) {
        if !living.stripes.detect_sharing() || unused > TOGETHER {
            return;
        }
        let Some(mut owner) = self.owner.try_lock() else { return };
        if let Owner::Set(Owned { shared, stripes }) = &mut *owner {
            stripes.extend(living.stripes.make(shared));
        }
    }

    /// Returns the breaker, or the right to make it: part of `set`, by its address.
    pub(super) fn find(&self, now: Nanos, set: usize) -> Found<'_, K> {
        let mut owner = self.owner.lock();
        match &*owner {
            Owner::Set(kept) => {
                if let Some(member) = Member::of(&kept.shared) {
                    member.mark_used(now);
                }
                Found::Breaker(Arc::clone(&kept.shared).into())
            }
            Owner::Gone => Found::Gone,
            Owner::Vacant => {
                let Some(making) = self.make(set) else { return Found::MadeElsewhere };
                *owner = Owner::Maker;
                Found::Vacant(making)
            }
            Owner::Maker => match making::begin(making::address(self), set) {
                Begun::ByThisThread => Found::MadeHere,
                // It has just been made.
                Begun::Turn(_) | Begun::ByAnother => Found::MadeElsewhere,
            },
        }
    }

    fn make(&self, set: usize) -> Option<Vacancy<'_, K>> {
        match making::begin(making::address(self), set) {
            Begun::Turn(turn) => Some(Vacancy { slot: self, _turn: turn }),
            Begun::ByThisThread | Begun::ByAnother => None,
        }
    }

    /// Waits for the thread that makes the breaker. `false` if it takes too long.
    pub(super) fn wait(&self) -> bool {
        making::wait(making::address(self))
    }

    /// Returns the breaker, if it is made. To look at it, not to use it.
    pub(super) fn breaker(&self) -> Option<CircuitBreaker> {
        match &*self.owner.lock() {
            Owner::Set(kept) => Some(Arc::clone(&kept.shared).into()),
            Owner::Vacant | Owner::Maker | Owner::Gone => None,
        }
    }

    /// Takes the breaker from the set, in whatever state it is.
    pub(super) fn remove(&self) -> Option<CircuitBreaker> {
        let mut owner = self.owner.lock();
        let kept = match mem::replace(&mut *owner, Owner::Gone) {
            Owner::Set(kept) => kept,
            other => {
                *owner = other;
                return None;
            }
        };
        drop(owner);
        // Now, so that the name is free for the next breaker of this key.
        place::forget(&kept.shared);
        Some(kept.shared.into())
    }

    /// Tells whether it is worth trying to evict it.
    pub(super) fn evictability(&self) -> Evictability {
        match self.owner.try_lock().as_deref() {
            Some(Owner::Set(kept)) if !kept.is_in_use() => seen(&kept.shared),
            _ => Evictability::Pinned,
        }
    }

    /// Asks the breaker's clock, if that is necessary, whether it is still due.
    pub(super) fn is_due(&self, seen: Seen) -> bool {
        if !seen.asks_clock {
            return true;
        }
        let Some(breaker) = self.breaker() else { return false };
        breaker.now() >= seen.due
    }

    /// Takes the breaker from the set, if it is as it was seen and the set has the only handle of it. `set` is its
    /// address.
    pub(super) fn evict(&self, seen: Seen, set: usize) -> EvictOutcome<'_, K> {
        // Who holds it is about to use the breaker.
        let Some(mut owner) = self.owner.try_lock() else { return EvictOutcome::Pinned };
        match mem::replace(&mut *owner, Owner::Gone) {
            Owner::Set(kept) if seen.is_still(&kept.shared) && !kept.is_in_use() => self.let_go(owner, kept, seen, set),
            other => {
                *owner = other;
                EvictOutcome::Pinned
            }
        }
    }

    /// Completes an eviction, unless a look-up comes in between.
    fn let_go(&self, mut owner: MutexGuard<'_, Owner>, kept: Owned, seen: Seen, set: usize) -> EvictOutcome<'_, K> {
        let shared = match release(kept) {
            Ok(shared) => shared,
            Err(kept) => {
                *owner = Owner::Set(kept);
                return EvictOutcome::Pinned;
            }
        };
        if seen.is_still(&shared) {
            // Now, so that the name is free for the next breaker of this key.
            place::forget(&shared);
            return EvictOutcome::Evicted(Box::new(shared));
        }
        // Look-ups find it through the key's lock from now on.
        let shared = Arc::new(shared);
        place::enter(&shared);
        let Some(making) = self.make(set) else {
            *owner = Owner::Set(Owned { shared, stripes: Vec::new() });
            return EvictOutcome::Pinned;
        };
        *owner = Owner::Maker;
        EvictOutcome::Changed(shared.into(), making)
    }
}

impl<K> Vacancy<'_, K> {
    /// Lets the breaker be found.
    pub(super) fn done(self, breaker: &CircuitBreaker) {
        let shared = Arc::clone(breaker.shared.direct());
        if let Some(member) = Member::shared_by(&shared) {
            // Set already where it was nearly evicted.
            let _ = self.slot.living.set(Living { breaker: Arc::downgrade(&shared), member, stripes: Stripes::new() });
        }
        *self.slot.owner.lock() = Owner::Set(Owned { shared, stripes: Vec::new() });
    }
}

impl<K> Drop for Vacancy<'_, K> {
    fn drop(&mut self) {
        let mut owner = self.slot.owner.lock();
        if matches!(*owner, Owner::Maker) {
            *owner = Owner::Gone;
        }
    }
}

impl Owned {
    /// Every call in flight has a handle: it borrows the one that its caller has, or owns one.
    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.shared) > 1 + self.stripes.len() || stripes::are_in_use(&self.stripes)
    }
}

/// Makes an end of all references of the set, unless somebody has another.
fn release(mut kept: Owned) -> Result<Shared, Owned> {
    if !stripes::end(&mut kept.stripes) {
        // Threads whose stripe has gone count with the breaker itself from now on.
        return Err(kept);
    }
    Arc::try_unwrap(kept.shared).map_err(|shared| Owned { shared, stripes: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{State, breaker::handle::Handle, keyed::set_core::SetCore};

    /// The address of a set that is none.
    const SET: usize = 1;

    fn made(set: &'static str) -> Slot<&'static str> {
        let core = SetCore::new(set.into(), 1);
        let slot = Slot::new("a");
        let Found::Vacant(making) = slot.find(Nanos(0), SET) else { panic!("nobody has made it") };
        let member = Member::new(&core, slot.key(), Nanos(0));
        making.done(&member.builder().build().unwrap());
        slot
    }

    fn handle<K>(slot: &Slot<K>, millis: u64) -> CircuitBreaker {
        slot.handle(Nanos(millis * 1_000_000)).expect("it is there")
    }

    fn is_striped(breaker: &CircuitBreaker) -> bool {
        matches!(breaker.shared, Handle::Striped(_))
    }

    /// In a thread of its own, which has another number than this one.
    fn elsewhere<R: Send>(act: impl FnOnce() -> R + Send) -> R {
        std::thread::scope(|threads| threads.spawn(act).join().unwrap())
    }

    /// One for which two threads have stripes: this one, and one that goes on with `act`.
    fn shared<R: Send>(
        set: &'static str,
        act: impl FnOnce(&Slot<&'static str>) -> R + Send,
    ) -> (Slot<&'static str>, R) {
        let slot = made(set);
        handle(&slot, 1);
        let result = elsewhere(|| {
            handle(&slot, 2);
            assert!(is_striped(&handle(&slot, 3)));
            act(&slot)
        });
        handle(&slot, 4);
        assert!(is_striped(&handle(&slot, 5)));
        (slot, result)
    }

    fn evict<'s>(slot: &'s Slot<&'static str>) -> EvictOutcome<'s, &'static str> {
        match slot.evictability() {
            Evictability::Evictable(seen) => slot.evict(seen, SET),
            Evictability::Pinned => EvictOutcome::Pinned,
        }
    }

    #[test]
    fn a_breaker_that_was_opened_since_it_was_seen_is_not_evicted() {
        let slot = made("opened since");
        let Evictability::Evictable(seen) = slot.evictability() else { panic!("it is closed") };
        handle(&slot, 1).force_open();
        assert!(matches!(slot.evict(seen, SET), EvictOutcome::Pinned));
        assert_eq!(handle(&slot, 2).info().state, State::ForcedOpen);
    }

    /// The moment between the look at a breaker and its release is too short for a test to detect_sharing.
    #[test]
    fn a_breaker_that_opened_at_the_last_moment_lives_on_under_its_key_and_in_the_registry() {
        let slot = made("opened");
        let Evictability::Evictable(seen) = slot.evictability() else { panic!("it is closed") };
        let mut owner = slot.owner.lock();
        let Owner::Set(kept) = mem::replace(&mut *owner, Owner::Gone) else { panic!("it was made") };
        CircuitBreaker::from(Arc::clone(&kept.shared)).force_open();
        let EvictOutcome::Changed(breaker, making) = slot.let_go(owner, kept, seen, SET) else {
            panic!("it is not closed")
        };
        assert!(matches!(slot.find(Nanos(1), SET), Found::MadeHere), "it is not found before it has the set's policy");
        making.done(&breaker);
        drop(breaker);
        assert!(matches!(slot.evictability(), Evictability::Pinned));
        let Found::Breaker(breaker) = slot.find(Nanos(0), SET) else { panic!("it is not evicted") };
        assert_eq!(breaker.info().state, State::ForcedOpen);
        let listed = crate::get("opened{a}").unwrap();
        assert!(Arc::ptr_eq(listed.shared.direct(), breaker.shared.direct()));
    }

    #[test]
    fn threads_have_stripes_only_of_a_key_that_they_share_at_the_same_time() {
        let slot = made("stripes");
        for now in 1..10 {
            assert!(!is_striped(&handle(&slot, now)), "alone");
        }
        let later = 10_000;
        let found = elsewhere(|| [later, later + 1, later + 2].map(|now| is_striped(&handle(&slot, now))));
        assert_eq!(found, [false; 3], "the other thread was here long ago");
        assert!(!is_striped(&handle(&slot, later + 3)), "it finds that it is not alone");
        assert!(is_striped(&handle(&slot, later + 4)));
    }

    #[test]
    fn a_handle_that_is_counted_in_a_stripe_keeps_its_breaker() {
        let (slot, ()) = shared("counted", |_| ());
        let first = handle(&slot, 6);
        let second = first.clone();
        for held in [first, second] {
            assert!(is_striped(&held));
            assert!(matches!(slot.evictability(), Evictability::Pinned));
            assert!(is_striped(&handle(&slot, 7)), "it was not even tried");
            drop(held);
        }
        assert!(matches!(slot.evictability(), Evictability::Evictable(_)));
        assert!(matches!(evict(&slot), EvictOutcome::Evicted(_)));
        assert!(slot.handle(Nanos(8)).is_none());
    }

    /// The moment between the look at the counts and the end of the first is too short for a test to detect_sharing.
    #[test]
    fn a_breaker_of_which_a_handle_was_made_while_its_stripes_ended_lives_on() {
        // In the stripe that ends last.
        let (slot, held) = shared("ended", |slot| handle(slot, 3));
        let mut owner = slot.owner.lock();
        let Owner::Set(kept) = mem::replace(&mut *owner, Owner::Gone) else { panic!("it was made") };
        assert_eq!(kept.stripes.len(), 2);
        let Err(kept) = release(kept) else { panic!("it is in use") };
        assert_eq!(kept.stripes.len(), 1);
        *owner = Owner::Set(kept);
        drop(owner);
        let direct = handle(&slot, 6);
        assert!(!is_striped(&direct), "its stripe has ended");
        assert!(Arc::ptr_eq(direct.shared.direct(), held.shared.direct()));
        drop(direct);
        assert!(matches!(slot.evictability(), Evictability::Pinned));
        drop(held);
        assert!(matches!(evict(&slot), EvictOutcome::Evicted(_)));
    }
}
