use std::{
    any::{Any, TypeId},
    borrow::Borrow,
    fmt::{self, Display},
    hash::Hash,
    ops::Deref,
    sync::OnceLock,
};

use parking_lot::Mutex;

use super::{KeyedBreakers, KeyedBuilder};
use crate::{breaker::CircuitBreaker, builder::Builder};

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
    declaration: KeyedDeclaration,
    set: OnceLock<KeyedBreakers<K>>,
}

/// What the macros know of a set.
pub struct KeyedDeclaration {
    /// The name of the set.
    pub name: &'static str,
    /// See [`KeyedBuilder::max`].
    pub max: Option<u64>,
    /// In nanoseconds: see [`KeyedBuilder::idle`].
    pub idle: Option<u64>,
    /// See [`KeyedBuilder::exported_keys`].
    pub exported_keys: Option<u64>,
    /// The policy.
    pub configure: fn(Builder) -> Builder,
}

impl KeyedDeclaration {
    fn make<K: Hash + Eq + Display + Send + Sync + 'static>(&self) -> KeyedBreakers<K> {
        let mut builder: KeyedBuilder<K> = KeyedBreakers::builder(self.name).policy(self.configure);
        if let Some(max) = self.max {
            builder = builder.max(max);
        }
        if let Some(idle) = self.idle {
            builder = builder.idle(std::time::Duration::from_nanos(idle));
        }
        if let Some(keys) = self.exported_keys {
            builder = builder.exported_keys(keys);
        }
        // The macro has made the same checks while it compiled.
        builder.build().unwrap_or_else(|error| unreachable!("the macro let a mistake pass: {error}"))
    }
}

impl<K> DeclaredKeyedBreakers<K> {
    #[doc(hidden)]
    pub const fn new(declaration: KeyedDeclaration) -> Self {
        Self { declaration, set: OnceLock::new() }
    }
}

impl<K: Hash + Eq + Display + Send + Sync + 'static> Deref for DeclaredKeyedBreakers<K> {
    type Target = KeyedBreakers<K>;

    #[inline]
    fn deref(&self) -> &KeyedBreakers<K> {
        self.set.get_or_init(|| self.declaration.make())
    }
}

impl<K> fmt::Debug for DeclaredKeyedBreakers<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeclaredKeyedBreakers").field("name", &self.declaration.name).finish_non_exhaustive()
    }
}

/// The set of a guarded function, whose type of keys is that of an expression: only the compiler knows it.
pub struct OfFunction {
    declaration: KeyedDeclaration,
    set: OnceLock<Box<dyn Any + Send + Sync>>,
    /// The sets of a generic function whose instances have keys of several types.
    others: Mutex<Vec<(TypeId, Box<dyn Any + Send + Sync>)>>,
}

impl OfFunction {
    #[doc(hidden)]
    pub const fn new(declaration: KeyedDeclaration) -> Self {
        Self { declaration, set: OnceLock::new(), others: Mutex::new(Vec::new()) }
    }

    /// The breaker of a key.
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> CircuitBreaker
    where
        Q: Hash + Eq + ToOwned + ?Sized,
        Q::Owned: Borrow<Q> + Hash + Eq + Display + Send + Sync + 'static,
    {
        let set = self.set.get_or_init(|| Box::new(self.declaration.make::<Q::Owned>()));
        match set.downcast_ref::<KeyedBreakers<Q::Owned>>() {
            Some(set) => set.get(key),
            None => self.other::<Q::Owned>().get(key),
        }
    }

    #[cold]
    fn other<K: Hash + Eq + Display + Send + Sync + 'static>(&self) -> KeyedBreakers<K> {
        let known = |others: &[(TypeId, Box<dyn Any + Send + Sync>)]| {
            let (_, set) = others.iter().find(|(of, _)| *of == TypeId::of::<K>())?;
            set.downcast_ref::<KeyedBreakers<K>>().cloned()
        };
        if let Some(set) = known(&self.others.lock()) {
            return set;
        }
        // Outside the lock, for the policy is the user's.
        let made = self.declaration.make::<K>();
        let mut others = self.others.lock();
        known(&others).unwrap_or_else(|| {
            others.push((TypeId::of::<K>(), Box::new(made.clone())));
            made
        })
    }
}
