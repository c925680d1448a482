use std::{fmt, ops::Deref, sync::OnceLock};

use crate::{
    breaker::{CircuitBreaker, builder::Builder},
    name::Name,
};

/// A breaker that was declared by [`breakers!`](crate::breakers).
///
/// It is made when it is first used or the [registry](crate::registry()) is asked, and can be used as the
/// [`CircuitBreaker`] that it dereferences to.
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

/// What is behind a declared breaker, and is registered when the program is linked: the breaker once it is made, and how
/// to make it until then.
pub struct Declaration {
    name: &'static str,
    configure: fn(Builder) -> Builder,
    breaker: OnceLock<CircuitBreaker>,
}

impl Declaration {
    /// Of a breaker whose policy the macro has checked.
    pub const fn new(name: &'static str, configure: fn(Builder) -> Builder) -> Self {
        Self { name, configure, breaker: OnceLock::new() }
    }

    #[inline]
    pub(crate) fn breaker(&self) -> &CircuitBreaker {
        match self.breaker.get() {
            Some(breaker) => breaker,
            None => self.made(),
        }
    }

    #[cold]
    fn made(&self) -> &CircuitBreaker {
        self.breaker.get_or_init(|| {
            let builder = (self.configure)(CircuitBreaker::builder(Name::from_static(self.name)));
            // The macro has made the same checks while it compiled.
            builder.build().unwrap_or_else(|error| unreachable!("the macro let a mistake pass: {error}"))
        })
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
    /// A handle of the breaker.
    fn from(declared: &DeclaredBreaker) -> Self {
        declared.0.breaker().clone()
    }
}

impl fmt::Debug for DeclaredBreaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeclaredBreaker").field("name", &self.0.name).finish_non_exhaustive()
    }
}
