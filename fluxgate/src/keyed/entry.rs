//! A key of a set, with the breaker that it has or had.

use std::{
    hash::{Hash, Hasher},
    mem,
    sync::{Arc, OnceLock, Weak},
};

use papaya::Equivalent;
use parking_lot::Mutex;

use super::family::{Counts, Member};
use crate::{
    breaker::{CircuitBreaker, Shared},
    error::PolicyError,
    nanos::Nanos,
    registry,
    state::State,
};

/// Held by the map of a set, where it is found by its key, and by the queue in which it waits to be evicted.
pub(super) struct Slot<K> {
    key: K,
    /// For look-ups, which take no lock.
    living: OnceLock<Living>,
    /// The key's lock.
    owner: Mutex<Owner>,
}

struct Living {
    /// Dead once the breaker is evicted.
    breaker: Weak<Shared>,
    member: Arc<Member>,
}

/// Who keeps the breaker alive.
enum Owner {
    /// Nobody has made it yet.
    Unmade,
    /// The set does, and everybody who has a handle.
    Set(CircuitBreaker),
    /// Nobody, any more.
    Evicted,
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
        let shared = living.breaker.upgrade()?;
        living.member.touch(now);
        Some(CircuitBreaker { shared })
    }

    /// The breaker, made by `make` if nobody has yet. Whoever else asks for this key waits for it.
    pub(super) fn find_or_make(
        &self,
        now: Nanos,
        make: impl FnOnce(&K) -> Result<(CircuitBreaker, Arc<Member>), PolicyError>,
    ) -> Result<Found, PolicyError> {
        let mut owner = self.owner.lock();
        match &*owner {
            Owner::Set(breaker) => {
                if let Some(member) = breaker.shared.name.member() {
                    member.touch(now);
                }
                Ok(Found::Breaker(breaker.clone()))
            }
            Owner::Evicted => Ok(Found::Evicted),
            Owner::Unmade => {
                let (breaker, member) = make(&self.key)?;
                // Under the key's lock nobody else has set it.
                let _ = self.living.set(Living { breaker: Arc::downgrade(&breaker.shared), member });
                *owner = Owner::Set(breaker.clone());
                Ok(Found::Breaker(breaker))
            }
        }
    }

    /// Whether it is worth trying to evict it.
    pub(super) fn standing(&self) -> Standing {
        match self.owner.try_lock().as_deref() {
            Some(Owner::Set(breaker)) if !is_needed(breaker) => {
                Standing::Idle { since: breaker.shared.name.member().map_or(Nanos(0), |member| member.last_used()) }
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
        let breaker = match mem::replace(&mut *owner, Owner::Evicted) {
            Owner::Set(breaker) if !is_needed(&breaker) => breaker,
            other => {
                *owner = other;
                return None;
            }
        };
        match release(breaker) {
            Ok(shared) => Some(shared),
            Err(breaker) => {
                *owner = Owner::Set(breaker);
                None
            }
        }
    }
}

/// Every call in flight has a handle: it borrows the one that its caller has, or owns one.
fn is_needed(breaker: &CircuitBreaker) -> bool {
    breaker.shared.published.read().state() != State::Closed || Arc::strong_count(&breaker.shared) > 1
}

/// Makes an end of a breaker, unless it turns out to be needed after all.
///
/// Its counts go to the family in the same moment, so that whoever adds up the family finds them here or there.
fn release(breaker: CircuitBreaker) -> Result<Shared, CircuitBreaker> {
    let member = breaker.shared.name.member().cloned();
    let mut retired = member.as_ref().map(|member| member.family().retired());
    let shared = match Arc::try_unwrap(breaker.shared) {
        Ok(shared) => shared,
        Err(shared) => return Err(CircuitBreaker { shared }),
    };
    if shared.published.read().state() != State::Closed {
        // It was left by a call that was in flight a moment ago. Look-ups find it through the key's lock from now on.
        let shared = Arc::new(shared);
        registry::enter(&shared);
        return Err(CircuitBreaker { shared });
    }
    if let (Some(retired), Some(member), Some(counts)) = (&mut retired, &member, Counts::of(&shared)) {
        retired.add(&member.summed_up(&counts));
    }
    // Now, so that the name is free for the next breaker of this key.
    registry::forget(&shared);
    Ok(shared)
}

/// How the map holds a slot: found by its key.
pub(super) struct Entry<K>(pub(super) Arc<Slot<K>>);

impl<K: Hash> Hash for Entry<K> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.key.hash(hasher);
    }
}

impl<K: Eq> PartialEq for Entry<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl<K: Eq> Eq for Entry<K> {}

/// A key as it is looked up.
pub(super) struct ByKey<'q, Q: ?Sized>(pub(super) &'q Q);

impl<Q: Hash + ?Sized> Hash for ByKey<'_, Q> {
    #[inline]
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

impl<K: std::borrow::Borrow<Q>, Q: Eq + ?Sized> Equivalent<Entry<K>> for ByKey<'_, Q> {
    #[inline]
    fn equivalent(&self, entry: &Entry<K>) -> bool {
        entry.0.key.borrow() == self.0
    }
}

/// A slot itself, and no later one of the same key.
pub(super) struct Exactly<'s, K>(pub(super) &'s Arc<Slot<K>>);

impl<K: Hash> Hash for Exactly<'_, K> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.key.hash(hasher);
    }
}

impl<K> Equivalent<Entry<K>> for Exactly<'_, K> {
    fn equivalent(&self, entry: &Entry<K>) -> bool {
        Arc::ptr_eq(self.0, &entry.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keyed::family::Family, name::Name};

    /// The moment between the look at a breaker and its release is too short for a test to meet.
    #[test]
    fn a_breaker_that_opened_at_the_last_moment_lives_on_under_its_key_and_in_the_registry() {
        let family = Family::new("opened".into(), 1);
        let slot = Slot::new("a");
        let made = slot.find_or_make(Nanos(0), |key| {
            let member = Member::new(&family, key, Nanos(0));
            Ok((CircuitBreaker::new(Name::from(Arc::clone(&member))), member))
        });
        drop(made);
        let mut owner = slot.owner.lock();
        let Owner::Set(breaker) = mem::replace(&mut *owner, Owner::Evicted) else { panic!("it was made") };
        breaker.force_open();
        let Err(breaker) = release(breaker) else { panic!("it is not closed") };
        *owner = Owner::Set(breaker);
        drop(owner);
        assert!(matches!(slot.standing(), Standing::Needed));
        let Ok(Found::Breaker(breaker)) = slot.find_or_make(Nanos(0), |_| unreachable!("it is there")) else {
            panic!("it is not evicted")
        };
        assert_eq!(breaker.info().state, State::ForcedOpen);
        let listed = crate::get("opened{a}").unwrap();
        assert!(Arc::ptr_eq(&listed.shared, &breaker.shared));
    }
}
