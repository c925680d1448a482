//! A key of a set, with the breaker that it has or had.

use std::{
    mem,
    sync::{Arc, OnceLock, Weak},
};

use parking_lot::Mutex;

use super::{
    family::{Counts, Member},
    stripes::{self, Stripe, Stripes},
};
use crate::{
    breaker::{CircuitBreaker, Shared},
    error::PolicyError,
    registry,
    state::State,
    time::nanos::Nanos,
};

/// Held by the map of a set, where it is found by its key, and by the queue in which it waits to be evicted.
pub(super) struct Slot<K> {
    pub(super) key: K,
    /// For look-ups, which take no lock.
    living: OnceLock<Living>,
    /// The key's lock.
    owner: Mutex<Owner>,
}

struct Living {
    /// Dead once the breaker is evicted.
    breaker: Weak<Shared>,
    member: Arc<Member>,
    stripes: Stripes,
}

/// Threads that look for a key within this time of each other share it.
const TOGETHER: Nanos = Nanos(100_000_000);

/// Who keeps the breaker alive.
enum Owner {
    /// Nobody has made it yet.
    Unmade,
    /// The set does, and everybody who has a handle.
    Set(Owned),
    /// Nobody, any more.
    Evicted,
}

/// What a set has of a breaker.
struct Owned {
    shared: Arc<Shared>,
    stripes: Vec<Arc<Stripe>>,
}

/// What a slot is found to be.
pub(super) enum Found {
    Breaker(CircuitBreaker),
    Evicted,
}

/// Whether a slot could be evicted.
pub(super) enum Standing {
    /// Its breaker is not closed, has calls in flight, or is being made.
    Needed,
    /// It was last asked for at this time of the set's clock.
    Idle { since: Nanos },
}

impl<K> Slot<K> {
    pub(super) fn new(key: K) -> Self {
        Self { key, living: OnceLock::new(), owner: Mutex::new(Owner::Unmade) }
    }

    /// A handle of the breaker, if it is there.
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
        if let Some(before) = living.member.touch(now) {
            self.look_around(living, now.since(before));
        }
        Some(breaker)
    }

    /// Gives this thread a stripe, if it shares the key with others. Asked when its use is noted, not at each look-up.
    #[cold]
    fn look_around(&self, living: &Living, unused: Nanos) {
        if !living.stripes.meet() || unused > TOGETHER {
            return;
        }
        let Some(mut owner) = self.owner.try_lock() else { return };
        if let Owner::Set(Owned { shared, stripes }) = &mut *owner {
            stripes.extend(living.stripes.make(shared));
        }
    }

    /// The breaker, made by `make` if nobody has yet. Whoever else asks for this key waits for it.
    pub(super) fn find_or_make(
        &self,
        now: Nanos,
        make: impl FnOnce(&K) -> Result<(CircuitBreaker, Arc<Member>), PolicyError>,
    ) -> Result<Found, PolicyError> {
        let mut owner = self.owner.lock();
        match &*owner {
            Owner::Set(kept) => {
                if let Some(member) = kept.shared.name.member() {
                    member.touch(now);
                }
                Ok(Found::Breaker(Arc::clone(&kept.shared).into()))
            }
            Owner::Evicted => Ok(Found::Evicted),
            Owner::Unmade => {
                let (breaker, member) = make(&self.key)?;
                let shared = Arc::clone(breaker.shared.direct());
                let stripes = Stripes::new();
                // Under the key's lock nobody else has set it.
                let _ = self.living.set(Living { breaker: Arc::downgrade(&shared), member, stripes });
                *owner = Owner::Set(Owned { shared, stripes: Vec::new() });
                Ok(Found::Breaker(breaker))
            }
        }
    }

    /// Whether it is worth trying to evict it.
    pub(super) fn standing(&self) -> Standing {
        match self.owner.try_lock().as_deref() {
            Some(Owner::Set(kept)) if !kept.is_needed() => {
                Standing::Idle { since: kept.shared.name.member().map_or(Nanos(0), |member| member.last_used()) }
            }
            _ => Standing::Needed,
        }
    }

    /// Takes the breaker from the set, if it is closed and the set has the only handle of it.
    ///
    /// What is returned is to be dropped where no lock is held, for its listeners are the user's.
    pub(super) fn evict(&self) -> Option<Shared> {
        // Who holds it is about to use the breaker.
        let mut owner = self.owner.try_lock()?;
        let kept = match mem::replace(&mut *owner, Owner::Evicted) {
            Owner::Set(kept) if !kept.is_needed() => kept,
            other => {
                *owner = other;
                return None;
            }
        };
        match release(kept) {
            Ok(shared) => Some(shared),
            Err(kept) => {
                *owner = Owner::Set(kept);
                None
            }
        }
    }
}

impl Owned {
    /// Every call in flight has a handle: it borrows the one that its caller has, or owns one.
    fn is_needed(&self) -> bool {
        self.shared.published.read().state() != State::Closed
            || Arc::strong_count(&self.shared) > 1 + self.stripes.len()
            || stripes::are_in_use(&self.stripes)
    }
}

/// Makes an end of a breaker, unless it turns out to be needed after all.
///
/// Its counts go to the family in the same moment, so that whoever adds up the family finds them here or there.
fn release(mut kept: Owned) -> Result<Shared, Owned> {
    let member = kept.shared.name.member().cloned();
    let mut retired = member.as_ref().map(|member| member.family().retired());
    if !stripes::end(&mut kept.stripes) {
        // Threads whose stripe has gone count with the breaker itself from now on.
        return Err(kept);
    }
    let shared = match Arc::try_unwrap(kept.shared) {
        Ok(shared) => shared,
        Err(shared) => return Err(Owned { shared, stripes: Vec::new() }),
    };
    if shared.published.read().state() != State::Closed {
        // It was left by a call that was in flight a moment ago. Look-ups find it through the key's lock from now on.
        let shared = Arc::new(shared);
        registry::enter(&shared);
        return Err(Owned { shared, stripes: Vec::new() });
    }
    if let (Some(retired), Some(member), Some(counts)) = (&mut retired, &member, Counts::of(&shared)) {
        retired.add(&member.summed_up(&counts));
    }
    // Now, so that the name is free for the next breaker of this key.
    registry::forget(&shared);
    Ok(shared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{breaker::handle::Handle, keyed::family::Family, name::Name};

    fn made(set: &'static str) -> Slot<&'static str> {
        let family = Family::new(set.into(), 1);
        let slot = Slot::new("a");
        let made = slot.find_or_make(Nanos(0), |key| {
            let member = Member::new(&family, key, Nanos(0));
            Ok((CircuitBreaker::new(Name::from(Arc::clone(&member))), member))
        });
        drop(made);
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

    /// The moment between the look at a breaker and its release is too short for a test to meet.
    #[test]
    fn a_breaker_that_opened_at_the_last_moment_lives_on_under_its_key_and_in_the_registry() {
        let slot = made("opened");
        let mut owner = slot.owner.lock();
        let Owner::Set(kept) = mem::replace(&mut *owner, Owner::Evicted) else { panic!("it was made") };
        CircuitBreaker::from(Arc::clone(&kept.shared)).force_open();
        let Err(kept) = release(kept) else { panic!("it is not closed") };
        *owner = Owner::Set(kept);
        drop(owner);
        assert!(matches!(slot.standing(), Standing::Needed));
        let Ok(Found::Breaker(breaker)) = slot.find_or_make(Nanos(0), |_| unreachable!("it is there")) else {
            panic!("it is not evicted")
        };
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
            assert!(matches!(slot.standing(), Standing::Needed) && slot.evict().is_none());
            assert!(is_striped(&handle(&slot, 7)), "it was not even tried");
            drop(held);
        }
        assert!(matches!(slot.standing(), Standing::Idle { .. }));
        assert!(slot.evict().is_some());
        assert!(slot.handle(Nanos(8)).is_none());
    }

    /// The moment between the look at the counts and the end of the first is too short for a test to meet.
    #[test]
    fn a_breaker_of_which_a_handle_was_made_while_its_stripes_ended_lives_on() {
        // In the stripe that ends last.
        let (slot, held) = shared("ended", |slot| handle(slot, 3));
        let mut owner = slot.owner.lock();
        let Owner::Set(kept) = mem::replace(&mut *owner, Owner::Evicted) else { panic!("it was made") };
        assert_eq!(kept.stripes.len(), 2);
        let Err(kept) = release(kept) else { panic!("it is in use") };
        assert_eq!(kept.stripes.len(), 1);
        *owner = Owner::Set(kept);
        drop(owner);
        let direct = handle(&slot, 6);
        assert!(!is_striped(&direct), "its stripe has ended");
        assert!(Arc::ptr_eq(direct.shared.direct(), held.shared.direct()));
        drop(direct);
        assert!(matches!(slot.standing(), Standing::Needed));
        drop(held);
        assert!(slot.evict().is_some());
    }
}
