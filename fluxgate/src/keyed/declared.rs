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

/// A set of breakers that was declared by [`breakers!`](crate::breakers).
///
/// It is made when it is first used, and can be used as the [`KeyedBreakers`] that it dereferences to. To use it in the
/// expressions of its own declaration, before it is made, gives a stand-in for all keys: a breaker called `per_host{*}` with
/// the default policy, which is not listed. So does a declaration that panics, until one that does not is evaluated at a
/// later use. The log tells of it (feature `tracing`).
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
    /// For those who use the set while it is being made.
    stand_in: OnceLock<KeyedBreakers<K>>,
}

/// The declaration of a set as the macros write it, registered when the program is linked.
pub struct KeyedDeclaration {
    name: &'static str,
    max: Option<u64>,
    /// In nanoseconds.
    idle: Option<u64>,
    exported_keys: Option<u64>,
    configure: fn(Builder) -> Builder,
    core: OnceLock<Arc<SetCore>>,
    /// The part that does not depend on the type of the keys, so that a file can name a set that no call has reached.
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
    /// Of a set whose policy and settings the macro has checked: see [`KeyedBuilder`](super::KeyedBuilder). `idle` is in
    /// nanoseconds.
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

    /// Returns it, made if nobody has yet. `None` if this thread is making it, or another takes too long or is not waited
    /// for.
    fn made(&self, waits: bool) -> Option<&(Factory, Limits)> {
        self.made.get_or_make(waits, || {
            let limits = self.limits();
            let factory = Factory::new(Arc::clone(self.core(&limits)), Arc::new(self.configure));
            // The macro has made the same checks while it compiled.
            (factory.unwrap_or_else(|error| unreachable!("the macro let a mistake pass: {error}")), limits)
        })
    }

    /// Like [`made`](Self::made), for those who use the set. A panic of the declaration is no reason to lose their call.
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

    /// Returns what those get who use the set while it is being made, its own expressions and whatever they wait for, or
    /// whose use has made a declaration panic.
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

    /// Makes it, unless it is being made and not to be waited for.
    fn list(&self, waits: bool) {
        if self.made.get().is_none() {
            user_code::run("declaration", self.name, || self.made(waits).is_some());
        }
    }
}

/// The number of declarations that may be evaluated within each other before a look-up makes no more.
const DEEPEST: usize = 16;

/// Makes the declared sets that are not made yet known to the whole program.
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
        // Without room for any key.
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
