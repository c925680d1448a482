//! Breakers declared by the macros.

use std::{
    collections::HashMap,
    fmt,
    ops::Deref,
    sync::{LazyLock, OnceLock},
};

use super::{lazy::Lazy, making};
use crate::{
    breaker::{CircuitBreaker, builder::Builder},
    name::Name,
    user_code,
};

/// A breaker declared by [`breakers!`](crate::breakers). It dereferences to [`CircuitBreaker`].
///
/// It is built when it is first used, or when the [registry](crate::registry()) is queried.
///
/// The expressions of a declaration may look up breakers by [`get`](crate::get()) or [`registry`](crate::registry()), which
/// do not return the breaker that is being built. Code that uses that breaker directly gets a stand-in: an unlisted breaker
/// of the same name with the default policy, which is not used later. Other threads wait for the breaker for at most one
/// second, and then use the stand-in for that call. This is logged (feature `tracing`).
///
/// # Examples
///
/// ```
/// fluxgate::breakers! {
///     PAYMENT_API { tripper = FailureStreak(5) }
/// }
///
/// let receipt = PAYMENT_API.call(|| "42".parse::<u32>())?;
/// assert_eq!(receipt, 42);
/// # Ok::<(), fluxgate::Error<std::num::ParseIntError>>(())
/// ```
pub struct DeclaredBreaker(&'static Declaration);

impl DeclaredBreaker {
    #[doc(hidden)]
    pub const fn new(declaration: &'static Declaration) -> Self {
        Self(declaration)
    }
}

/// The declaration of a breaker, and the breaker once it is built.
pub struct Declaration {
    name: &'static str,
    configure: fn(Builder) -> Builder,
    breaker: Lazy<CircuitBreaker>,
    /// Used while the breaker is being built.
    stand_in: OnceLock<CircuitBreaker>,
}

impl Declaration {
    /// Creates a declaration. The macro has checked the policy.
    pub const fn new(name: &'static str, configure: fn(Builder) -> Builder) -> Self {
        Self { name, configure, breaker: Lazy::new(), stand_in: OnceLock::new() }
    }

    #[inline]
    pub(crate) fn breaker(&self) -> &CircuitBreaker {
        match self.breaker.get() {
            Some(breaker) => breaker,
            None => self.init(),
        }
    }

    #[cold]
    fn init(&self) -> &CircuitBreaker {
        match self.breaker.get_or_make(true, || self.build()) {
            Some(breaker) => {
                // Only now, when listeners can use the breaker through this declaration.
                breaker.notify_listeners();
                breaker
            }
            None => self.stand_in(),
        }
    }

    fn build(&self) -> CircuitBreaker {
        let builder = (self.configure)(CircuitBreaker::builder(Name::from_static(self.name)));
        // The macro has made the same checks at compile time.
        builder.build_untold().unwrap_or_else(|error| unreachable!("the macro accepts an invalid policy: {error}"))
    }

    fn stand_in(&self) -> &CircuitBreaker {
        if self.stand_in.get().is_none() {
            let stand_in = CircuitBreaker::builder(Name::from_static(self.name)).build_stand_in();
            // The macro has checked that the name is not empty, and the default policy is valid.
            let stand_in = stand_in.unwrap_or_else(|error| unreachable!("the macro accepts an empty name: {error}"));
            let is_first = self.stand_in.set(stand_in).is_ok();
            if is_first {
                user_code::log(|| {
                    #[cfg(feature = "tracing")]
                    tracing::warn!(
                        target: "fluxgate",
                        breaker = self.name,
                        "circuit breaker used while its declaration is being evaluated; a stand-in with the default \
                         policy is used until the breaker is built"
                    );
                });
            }
        }
        self.stand_in.get_or_init(|| unreachable!("the stand-in was just set"))
    }

    /// Builds the breaker for the registry, if it is not built yet. `waits` decides whether to wait for another thread that
    /// is building it.
    ///
    /// A panic of the declaration is caught: it concerns only code that uses the breaker.
    fn list(&self, waits: bool) {
        if self.breaker.get().is_none() {
            let built =
                user_code::run("declaration", self.name, || self.breaker.get_or_make(waits, || self.build())).flatten();
            if let Some(breaker) = built {
                breaker.notify_listeners();
            }
        }
    }
}

/// An entry of the inventory, which collects all declarations when the program is linked.
pub struct Declared(pub &'static Declaration);

inventory::collect!(Declared);

/// Returns all declarations of the program, in no particular order.
fn registered() -> impl Iterator<Item = &'static Declaration> {
    inventory::iter::<Declared>.into_iter().map(|declared| declared.0)
}

/// The depth of nested declarations at which a look-up builds no more breakers.
const MAX_DEPTH: usize = 16;

/// Builds all declared breakers that are not built yet.
pub(super) fn make_all() {
    let depth = making::depth();
    if depth < MAX_DEPTH {
        registered().for_each(|declaration| declaration.list(depth == 0));
    }
}

/// Builds the declared breakers of one name that are not built yet.
pub(super) fn make_named(name: &str) {
    static BY_NAME: LazyLock<HashMap<&'static str, Vec<&'static Declaration>>> = LazyLock::new(|| {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        registered().for_each(|declaration| by_name.entry(declaration.name).or_default().push(declaration));
        by_name
    });
    let Some(named) = BY_NAME.get(name) else { return };
    let depth = making::depth();
    if depth < MAX_DEPTH {
        for declaration in named {
            declaration.list(depth == 0);
        }
    }
}

impl Deref for Declaration {
    type Target = CircuitBreaker;

    #[inline]
    fn deref(&self) -> &CircuitBreaker {
        self.breaker()
    }
}

impl Deref for DeclaredBreaker {
    type Target = CircuitBreaker;

    #[inline]
    fn deref(&self) -> &CircuitBreaker {
        self.0.breaker()
    }
}

impl From<&DeclaredBreaker> for CircuitBreaker {
    /// Returns a handle of the breaker.
    fn from(declared: &DeclaredBreaker) -> Self {
        declared.0.breaker().clone()
    }
}

impl fmt::Debug for DeclaredBreaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeclaredBreaker").field("name", &self.0.name).finish_non_exhaustive()
    }
}
