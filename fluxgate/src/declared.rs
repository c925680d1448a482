use std::{fmt, ops::Deref, sync::OnceLock};

use crate::{breaker::CircuitBreaker, builder::Builder};

/// A breaker that was declared by [`breakers!`](crate::breakers) or belongs to a guarded function.
///
/// It is made when it is first used, and can be used as the [`CircuitBreaker`] that it dereferences to.
pub struct DeclaredBreaker {
    name: &'static str,
    configure: fn(Builder) -> Builder,
    breaker: OnceLock<CircuitBreaker>,
}

impl DeclaredBreaker {
    #[doc(hidden)]
    pub const fn new(name: &'static str, configure: fn(Builder) -> Builder) -> Self {
        Self { name, configure, breaker: OnceLock::new() }
    }

    pub(crate) fn breaker(&self) -> &CircuitBreaker {
        self.breaker.get_or_init(|| {
            let builder = (self.configure)(CircuitBreaker::builder(self.name));
            // The macro has made the same checks while it compiled.
            builder.build().unwrap_or_else(|error| unreachable!("the macro let a mistake pass: {error}"))
        })
    }
}

impl Deref for DeclaredBreaker {
    type Target = CircuitBreaker;

    fn deref(&self) -> &CircuitBreaker {
        self.breaker()
    }
}

impl fmt::Debug for DeclaredBreaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeclaredBreaker").field("name", &self.name).finish_non_exhaustive()
    }
}
