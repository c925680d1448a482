use std::{
    any::{Any, TypeId},
    borrow::Borrow,
    fmt::{self, Display},
    hash::Hash,
    ops::Deref,
    sync::{Arc, OnceLock},
    time::Duration,
};

use parking_lot::Mutex;

use super::{KeyedBreakers, builder::Limits, common::Common};
use crate::{breaker::CircuitBreaker, breaker::builder::Builder};

/// A set of breakers that was declared by [`breakers!`](crate::breakers).
///
/// It is made when it is first used, and can be used as the [`KeyedBreakers`] that it dereferences to.
///
/// # Examples
///
/// ```
/// use fluxgate::{breakers, circuit_breaker};
///
/// breakers! {
///     PER_HOST[max = 10_000, idle = 10m] { tripper = FailureStreak(5) }
///     PER_TENANT[key = u64] {}
/// }
///
/// #[circuit_breaker(PER_HOST.get(host))]
/// fn size(host: &str) -> anyhow::Result<usize> {
///     Ok(host.len())
/// }
///
/// assert_eq!(size("api.example.com")?, 15);
/// assert_eq!(PER_HOST.get("api.example.com").info().calls, 1);
/// assert_eq!(PER_TENANT.get(&7).name(), "per_tenant{7}");
/// # Ok::<(), anyhow::Error>(())
/// ```
pub struct DeclaredKeyedBreakers<K: 'static> {
    declaration: &'static KeyedDeclaration,
    set: OnceLock<KeyedBreakers<K>>,
}

/// What the macros know of a set, registered when the program is linked.
pub struct KeyedDeclaration {
    name: &'static str,
    max: Option<u64>,
    /// In nanoseconds.
    idle: Option<u64>,
    exported_keys: Option<u64>,
    configure: fn(Builder) -> Builder,
    /// What does not depend on the type of the keys: so a file can name a set that no call has reached.
    made: OnceLock<(Common, Limits)>,
}

impl KeyedDeclaration {
    /// Of a set whose policy and settings the macro has checked: see [`KeyedBuilder`](super::KeyedBuilder). `idle` is in
    /// nanoseconds.
    pub const fn new(
        name: &'static str,
        max: Option<u64>,
        idle: Option<u64>,
        exported_keys: Option<u64>,
        configure: fn(Builder) -> Builder,
    ) -> Self {
        Self { name, max, idle, exported_keys, configure, made: OnceLock::new() }
    }

    fn made(&self) -> &(Common, Limits) {
        self.made.get_or_init(|| {
            let idle = self.idle.map(|nanos| Duration::from_nanos(nanos).into());
            let made = Limits::check(self.max, idle, self.exported_keys).and_then(|limits| {
                Ok((Common::new(self.name.into(), Arc::new(self.configure), limits.exported_keys)?, limits))
            });
            // The macro has made the same checks while it compiled.
            made.unwrap_or_else(|error| unreachable!("the macro let a mistake pass: {error}"))
        })
    }

    /// A set of this declaration. Those of several types of keys, as a generic function has them, are one in all else.
    fn set<K: Hash + Eq + Display + Send + Sync + 'static>(&self) -> KeyedBreakers<K> {
        let (common, limits) = self.made();
        KeyedBreakers::new(common.clone(), limits)
    }
}

/// Makes the declared sets that are not made yet known to the whole program.
#[cfg(feature = "serde")]
pub(crate) fn make_declared() {
    for declaration in crate::__private::registered_sets() {
        declaration.made();
    }
}

impl<K> DeclaredKeyedBreakers<K> {
    #[doc(hidden)]
    pub const fn new(declaration: &'static KeyedDeclaration) -> Self {
        Self { declaration, set: OnceLock::new() }
    }
}

impl<K: Hash + Eq + Display + Send + Sync + 'static> Deref for DeclaredKeyedBreakers<K> {
    type Target = KeyedBreakers<K>;

    #[inline]
    fn deref(&self) -> &KeyedBreakers<K> {
        self.set.get_or_init(|| self.declaration.set())
    }
}

impl<K> fmt::Debug for DeclaredKeyedBreakers<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeclaredKeyedBreakers").field("name", &self.declaration.name).finish_non_exhaustive()
    }
}

/// The set of a guarded function, whose type of keys is that of an expression: only the compiler knows it.
pub struct OfFunction {
    declaration: &'static KeyedDeclaration,
    set: OnceLock<Box<dyn Any + Send + Sync>>,
    /// The sets of a generic function whose instances have keys of several types.
    others: Mutex<Vec<(TypeId, Box<dyn Any + Send + Sync>)>>,
}

impl OfFunction {
    #[doc(hidden)]
    pub const fn new(declaration: &'static KeyedDeclaration) -> Self {
        Self { declaration, set: OnceLock::new(), others: Mutex::new(Vec::new()) }
    }

    /// The breaker of a key.
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> CircuitBreaker
    where
        Q: Hash + Eq + ToOwned + ?Sized,
        Q::Owned: Borrow<Q> + Hash + Eq + Display + Send + Sync + 'static,
    {
        let set = self.set.get_or_init(|| Box::new(self.declaration.set::<Q::Owned>()));
        match set.downcast_ref::<KeyedBreakers<Q::Owned>>() {
            Some(set) => set.get(key),
            None => self.other::<Q::Owned>().get(key),
        }
    }

    #[cold]
    fn other<K: Hash + Eq + Display + Send + Sync + 'static>(&self) -> KeyedBreakers<K> {
        let mut others = self.others.lock();
        let known = others.iter().find(|(of, _)| *of == TypeId::of::<K>());
        if let Some(set) = known.and_then(|(_, set)| set.downcast_ref::<KeyedBreakers<K>>()) {
            return set.clone();
        }
        let made = self.declaration.set::<K>();
        others.push((TypeId::of::<K>(), Box::new(made.clone())));
        made
    }
}
