//! How the map of a set finds slots by their keys.

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
    sync::Arc,
};

use papaya::Equivalent;

use super::entry::Slot;

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

impl<K: Borrow<Q>, Q: Eq + ?Sized> Equivalent<Entry<K>> for ByKey<'_, Q> {
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
