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

use super::{KeyedBreakers, builder::Limits, factory::Factory, set_core::SetCore};
use crate::{
    breaker::{CircuitBreaker, builder::Builder},
    registry::{lazy::Lazy, making},
    user_code,
};

/// A set of breakers declared by [`breakers!`](crate::breakers).
///
/// It is built when it is first used, and dereferences to [`KeyedBreakers`]. The expressions of its own declaration, which
/// use it before it is built, get a stand-in for all keys: a breaker `per_host{*}` with the default policy, which is not
/// listed. So does every user of a declaration that panics, until a later evaluation succeeds. The log warns of both (feature
/// `tracing`).
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
    /// The set for code that runs while the set is being built.
    stand_in: OnceLock<KeyedBreakers<K>>,
}

/// The declaration of a set as the macros generate it, registered when the program is linked.
pub struct KeyedDeclaration {
    name: &'static str,
    max: Option<u64>,
    /// In nanoseconds.
    idle: Option<u64>,
    exported_keys: Option<u64>,
    configure: fn(Builder) -> Builder,
    core: OnceLock<Arc<SetCore>>,
    /// The part that does not depend on the type of the keys, so that a file can name a set before its first call.
    made: Lazy<(Factory, Limits)>,
    stand_in: OnceLock<Factory>,
}

/// The declaration of a set, as it is registered when the program is linked.
pub struct DeclaredSet(pub &'static KeyedDeclaration);

inventory::collect!(DeclaredSet);

/// Returns all declarations of sets of the program, in no particular order.
fn registered_sets() -> impl Iterator<Item = &'static KeyedDeclaration> {
    inventory::iter::<DeclaredSet>.into_iter().map(|declared| declared.0)
}

impl KeyedDeclaration {
    /// Creates the declaration of a set whose policy and settings the macro has checked: see
    /// [`KeyedBuilder`](super::KeyedBuilder). `idle` is in nanoseconds.
    pub const fn new(
        name: &'static str,
        max: Option<u64>,
        idle: Option<u64>,
        exported_keys: Option<u64>,
        configure: fn(Builder) -> Builder,
    ) -> Self {
        Self {
            name,
            max,
            idle,
            exported_keys,
            configure,
            core: OnceLock::new(),
            made: Lazy::new(),
            stand_in: OnceLock::new(),
        }
    }

    /// Returns the set, built if necessary. `None` if this thread is building it, or another thread is, and takes too long or is
    /// not waited for.
    fn made(&self, waits: bool) -> Option<&(Factory, Limits)> {
        self.made.get_or_make(waits, || {
            let limits = self.limits();
            let factory = Factory::new(Arc::clone(self.core(&limits)), Arc::new(self.configure));
            // The macro has made the same checks at compile time.
            (factory.unwrap_or_else(|error| unreachable!("the macro let a mistake pass: {error}")), limits)
        })
    }

    /// Like [`made`](Self::made), for calls, which a panic of the declaration does not stop.
    fn at_use(&self) -> Option<&(Factory, Limits)> {
        user_code::run("declaration", self.name, || self.made(true)).flatten()
    }

    fn limits(&self) -> Limits {
        let idle = self.idle.map(|nanos| Duration::from_nanos(nanos).into());
        let limits = Limits::check(self.max, idle, self.exported_keys);
        limits.unwrap_or_else(|error| unreachable!("the macro let a mistake pass: {error}"))
    }

    fn core(&self, limits: &Limits) -> &Arc<SetCore> {
        self.core.get_or_init(|| SetCore::new(self.name.into(), limits.exported_keys))
    }

    /// Returns the stand-in for code that runs while the set is being built, and for calls after a panic of the declaration.
    fn stand_in(&self) -> &Factory {
        if self.stand_in.get().is_none() {
            let is_first = self.stand_in.set(Factory::stand_in(Arc::clone(self.core(&self.limits())))).is_ok();
            if is_first {
                user_code::log(|| {
                    #[cfg(feature = "tracing")]
                    tracing::warn!(
                        target: "fluxgate",
                        set = self.name,
                        "a set of circuit breakers is used while its declaration is being evaluated, or has panicked: its \
                         keys share a stand-in with the default policy until it is made"
                    );
                });
            }
        }
        self.stand_in.get_or_init(|| unreachable!("it was set"))
    }

    /// Builds the set, unless another thread is building it and `waits` is false.
    fn list(&self, waits: bool) {
        if self.made.get().is_none() {
            user_code::run("declaration", self.name, || self.made(waits).is_some());
        }
    }
}

/// The depth of declarations evaluated within each other from which on a look-up builds no more.
const DEEPEST: usize = 16;

/// Builds the declared sets that do not exist yet.
pub(crate) fn make_declared() {
    let depth = making::depth();
    if depth < DEEPEST {
        registered_sets().for_each(|declaration| declaration.list(depth == 0));
    }
}

impl<K> DeclaredKeyedBreakers<K> {
    #[doc(hidden)]
    pub const fn new(declaration: &'static KeyedDeclaration) -> Self {
        Self { declaration, set: OnceLock::new(), stand_in: OnceLock::new() }
    }
}

impl<K: Hash + Eq + Display + Send + Sync + 'static> DeclaredKeyedBreakers<K> {
    #[cold]
    fn at_first_use(&self) -> &KeyedBreakers<K> {
        if let Some((factory, limits)) = self.declaration.at_use() {
            return self.set.get_or_init(|| KeyedBreakers::new(factory.clone(), limits));
        }
        let factory = self.declaration.stand_in();
        // It has no room for any key.
        let limits = Limits { max: 0, ..self.declaration.limits() };
        self.stand_in.get_or_init(|| KeyedBreakers::new(factory.clone(), &limits))
    }
}

impl<K: Hash + Eq + Display + Send + Sync + 'static> Deref for DeclaredKeyedBreakers<K> {
    type Target = KeyedBreakers<K>;

    #[inline]
    fn deref(&self) -> &KeyedBreakers<K> {
        match self.set.get() {
            Some(set) => set,
            None => self.at_first_use(),
        }
    }
}

impl<K> fmt::Debug for DeclaredKeyedBreakers<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeclaredKeyedBreakers").field("name", &self.declaration.name).finish_non_exhaustive()
    }
}

/// The set of a guarded function. The type of its keys is that of an expression, which only the compiler knows.
pub struct OfFunction {
    declaration: &'static KeyedDeclaration,
    set: OnceLock<Box<dyn Any + Send + Sync>>,
    /// The sets of a generic function with keys of several types.
    others: Mutex<Vec<(TypeId, Box<dyn Any + Send + Sync>)>>,
}

impl OfFunction {
    #[doc(hidden)]
    pub const fn new(declaration: &'static KeyedDeclaration) -> Self {
        Self { declaration, set: OnceLock::new(), others: Mutex::new(Vec::new()) }
    }

    /// Returns the breaker of a key.
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> CircuitBreaker
    where
        Q: Hash + Eq + ToOwned + ?Sized,
        Q::Owned: Borrow<Q> + Hash + Eq + Display + Send + Sync + 'static,
    {
        match self.set.get().and_then(|set| set.downcast_ref::<KeyedBreakers<Q::Owned>>()) {
            Some(set) => set.get(key),
            None => self
                .first_or_other::<Q::Owned>()
                .map_or_else(|| self.declaration.stand_in().overflow.clone(), |set| set.get(key)),
        }
    }

    #[cold]
    fn first_or_other<K: Hash + Eq + Display + Send + Sync + 'static>(&self) -> Option<KeyedBreakers<K>> {
        let (factory, limits) = self.declaration.at_use()?;
        let set = self.set.get_or_init(|| Box::new(KeyedBreakers::<K>::new(factory.clone(), limits)));
        if let Some(set) = set.downcast_ref::<KeyedBreakers<K>>() {
            return Some(set.clone());
        }
        let mut others = self.others.lock();
        let known = others.iter().find(|(of, _)| *of == TypeId::of::<K>());
        if let Some(set) = known.and_then(|(_, set)| set.downcast_ref::<KeyedBreakers<K>>()) {
            return Some(set.clone());
        }
        let made = KeyedBreakers::<K>::new(factory.clone(), limits);
        others.push((TypeId::of::<K>(), Box::new(made.clone())));
        Some(made)
    }
}
