//! The lock-free map from keys to slots.

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
    sync::Arc,
};

use papaya::{Equivalent, HashMap};

use super::{slot::Slot, thread_end};

/// The map of a set. Reads take no lock and write to no shared memory.
pub(super) struct Slots<K>(HashMap<Entry<K>, ()>);

impl<K> Slots<K> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Slots<K> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether this thread may only read, for it is about to end.
    #[inline]
    pub(super) fn thread_is_ending(&self) -> bool {
        thread_end::is_ending(|| drop(self.0.pin()))
    }

    /// Returns what `act` finds in the slot of a key, if there is one, on a thread that is not about to end.
    #[inline]
    pub(super) fn find<Q, R>(&self, key: &Q, act: impl FnOnce(&Arc<Slot<K>>) -> Option<R>) -> Option<R>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let slots = self.0.pin();
        slots.get_key_value(&ByKey(key)).and_then(|(entry, ())| act(&entry.0))
    }

    /// Returns the slot of a key, if there is one.
    pub(super) fn get<Q>(&self, key: &Q) -> Option<Arc<Slot<K>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if self.thread_is_ending() {
            return self.get_without_thread_local(key);
        }
        self.find(key, |slot| Some(Arc::clone(slot)))
    }

    /// Finds it by a guard that needs no thread-local, for the price of a lock.
    #[cold]
    pub(super) fn get_without_thread_local<Q>(&self, key: &Q) -> Option<Arc<Slot<K>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.pin_owned().get_key_value(&WithoutThreadLocal(ByKey(key))).map(|(entry, ())| Arc::clone(&entry.0))
    }

    /// Enters a slot, or returns that which has its key already.
    pub(super) fn insert(&self, slot: &Arc<Slot<K>>) -> Result<(), Arc<Slot<K>>> {
        let slots = self.0.pin();
        loop {
            if slots.try_insert(Entry(Arc::clone(slot)), ()).is_ok() {
                return Ok(());
            }
            if let Some((entry, ())) = slots.get_key_value(&ByKey(slot.key())) {
                return Err(Arc::clone(&entry.0));
            }
        }
    }

    /// Takes out this slot, and no later one of its key.
    pub(super) fn remove(&self, slot: &Arc<Slot<K>>) {
        self.0.pin().remove(&Exactly(slot));
    }
}

/// A slot as the map holds it, found by its key.
struct Entry<K>(Arc<Slot<K>>);

impl<K: Hash> Hash for Entry<K> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.key().hash(hasher);
    }
}

impl<K: Eq> PartialEq for Entry<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0.key() == other.0.key()
    }
}

impl<K: Eq> Eq for Entry<K> {}

/// A key as it is looked up.
struct ByKey<'q, Q: ?Sized>(&'q Q);

impl<Q: Hash + ?Sized> Hash for ByKey<'_, Q> {
    #[inline]
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

impl<K: Borrow<Q>, Q: Eq + ?Sized> Equivalent<Entry<K>> for ByKey<'_, Q> {
    #[inline]
    fn equivalent(&self, entry: &Entry<K>) -> bool {
        entry.0.key().borrow() == self.0
    }
}

/// A type of its own, so that the compiler writes the hashing of [`ByKey`] into the common look-up, which alone has it.
struct WithoutThreadLocal<'q, Q: ?Sized>(ByKey<'q, Q>);

impl<Q: Hash + ?Sized> Hash for WithoutThreadLocal<'_, Q> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

impl<K: Borrow<Q>, Q: Eq + ?Sized> Equivalent<Entry<K>> for WithoutThreadLocal<'_, Q> {
    fn equivalent(&self, entry: &Entry<K>) -> bool {
        self.0.equivalent(entry)
    }
}

struct Exactly<'s, K>(&'s Arc<Slot<K>>);

impl<K: Hash> Hash for Exactly<'_, K> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.key().hash(hasher);
    }
}

impl<K> Equivalent<Entry<K>> for Exactly<'_, K> {
    fn equivalent(&self, entry: &Entry<K>) -> bool {
        Arc::ptr_eq(self.0, &entry.0)
    }
}
