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

/// A breaker that was declared by [`breakers!`](crate::breakers).
///
/// It is made when it is first used or the [registry](crate::registry()) is asked, and can be used as the
/// [`CircuitBreaker`] that it dereferences to.
///
/// The expressions of a declaration may look breakers up, by [`get`](crate::get()) or [`registry`](crate::registry()). The
/// breaker that is being made is not listed yet. To use it directly there gives a stand-in: a breaker of its name with
/// the default policy, which is not listed and of no use later. Other threads wait for the breaker, for a second at most,
/// and then use the stand-in for that call too. The log tells of it (feature `tracing`).
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

/// A declaration, registered when the program is linked: the breaker once it is made, and how to make it until then.
pub struct Declaration {
    name: &'static str,
    configure: fn(Builder) -> Builder,
    breaker: Lazy<CircuitBreaker>,
    /// For those who use it while it is being made.
    stand_in: OnceLock<CircuitBreaker>,
}

impl Declaration {
    /// Creates the declaration of a breaker whose policy the macro has checked.
    pub const fn new(name: &'static str, configure: fn(Builder) -> Builder) -> Self {
        Self { name, configure, breaker: Lazy::new(), stand_in: OnceLock::new() }
    }

    #[inline]
    pub(crate) fn breaker(&self) -> &CircuitBreaker {
        match self.breaker.get() {
            Some(breaker) => breaker,
            None => self.at_first_use(),
        }
    }

    #[cold]
    fn at_first_use(&self) -> &CircuitBreaker {
        match self.breaker.get_or_make(true, || self.made()) {
            Some(breaker) => {
                // Now that it can be found, also through this.
                breaker.tell();
                breaker
            }
            None => self.stand_in(),
        }
    }

    fn made(&self) -> CircuitBreaker {
        let builder = (self.configure)(CircuitBreaker::builder(Name::from_static(self.name)));
        // The macro has made the same checks while it compiled.
        builder.build_untold().unwrap_or_else(|error| unreachable!("the macro let a mistake pass: {error}"))
    }

    fn stand_in(&self) -> &CircuitBreaker {
        if self.stand_in.get().is_none() {
            let stand_in = CircuitBreaker::builder(Name::from_static(self.name)).build_stand_in();
            // The name is not empty, which the macro has checked, and the default policy is valid.
            let stand_in = stand_in.unwrap_or_else(|error| unreachable!("the macro let a mistake pass: {error}"));
            let is_first = self.stand_in.set(stand_in).is_ok();
            if is_first {
                user_code::log(|| {
                    #[cfg(feature = "tracing")]
                    tracing::warn!(
                        target: "fluxgate",
                        breaker = self.name,
                        "a circuit breaker is used while its declaration is being evaluated: it has a stand-in with the \
                         default policy until then"
                    );
                });
            }
        }
        self.stand_in.get_or_init(|| unreachable!("it was set"))
    }

    /// Makes the breaker, if nobody has and `waits` does not say otherwise while another thread does. A panic of the
    /// declaration is for those who use the breaker.
    fn list(&self, waits: bool) {
        if self.breaker.get().is_none() {
            let made =
                user_code::run("declaration", self.name, || self.breaker.get_or_make(waits, || self.made())).flatten();
            if let Some(breaker) = made {
                breaker.tell();
            }
        }
    }
}

/// A declaration, as it is registered when the program is linked.
pub struct Declared(pub &'static Declaration);

inventory::collect!(Declared);

/// Returns all declarations of the program, in no particular order.
fn registered() -> impl Iterator<Item = &'static Declaration> {
    inventory::iter::<Declared>.into_iter().map(|declared| declared.0)
}

/// The number of declarations that may be evaluated within each other before a look-up makes no more.
const DEEPEST: usize = 16;

/// Makes the declared breakers that are not made yet, so that they are listed.
pub(super) fn make_all() {
    let depth = making::depth();
    if depth < DEEPEST {
        registered().for_each(|declaration| declaration.list(depth == 0));
    }
}

/// The same for those of one name.
pub(super) fn make_named(name: &str) {
    static BY_NAME: LazyLock<HashMap<&'static str, Vec<&'static Declaration>>> = LazyLock::new(|| {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        registered().for_each(|declaration| by_name.entry(declaration.name).or_default().push(declaration));
        by_name
    });
    let Some(named) = BY_NAME.get(name) else { return };
    let depth = making::depth();
    if depth < DEEPEST {
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
