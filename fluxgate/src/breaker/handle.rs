//! Counted references to a breaker.

use std::{
    ops::Deref,
    sync::{Arc, Weak},
};

use crate::breaker::{CircuitBreaker, Shared};
#[cfg(feature = "keyed")]
use crate::sync::Padding;

/// A counted reference to the shared part of a breaker.
#[derive(Clone)]
pub(crate) enum Handle {
    /// Counted beside the breaker.
    Direct(Arc<Shared>),
    /// Counted in a stripe: for a breaker of a set whose key several threads use.
    #[cfg(feature = "keyed")]
    Striped(Arc<Stripe>),
}

/// A separate reference count of a breaker.
#[cfg(feature = "keyed")]
pub(crate) struct Stripe {
    pub(crate) shared: Arc<Shared>,
    /// Keeps the counts of two stripes in different cache lines.
    _padding: Padding,
}

#[cfg(feature = "keyed")]
impl Stripe {
    pub(crate) fn new(shared: &Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { shared: Arc::clone(shared), _padding: Padding::default() })
    }
}

impl Handle {
    /// Returns the reference with the breaker's own count.
    #[inline]
    pub(crate) fn direct(&self) -> &Arc<Shared> {
        match self {
            Self::Direct(shared) => shared,
            #[cfg(feature = "keyed")]
            Self::Striped(stripe) => &stripe.shared,
        }
    }
}

impl Deref for Handle {
    type Target = Shared;

    #[inline]
    fn deref(&self) -> &Shared {
        self.direct()
    }
}

impl From<Arc<Shared>> for CircuitBreaker {
    #[inline]
    fn from(shared: Arc<Shared>) -> Self {
        Self { shared: Handle::Direct(shared) }
    }
}

impl CircuitBreaker {
    /// Returns a handle of the breaker, if it is still alive.
    #[inline]
    pub(crate) fn upgrade(shared: &Weak<Shared>) -> Option<Self> {
        shared.upgrade().map(Self::from)
    }
}
