//! What keeps a breaker alive.

use std::{
    ops::Deref,
    sync::{Arc, Weak},
};

use crate::breaker::{CircuitBreaker, Shared};
#[cfg(feature = "keyed")]
use crate::sync::Padding;

/// A counted reference to what the clones of a breaker share.
#[derive(Clone)]
pub(crate) enum Handle {
    /// Counted where the breaker is.
    Direct(Arc<Shared>),
    /// Counted apart from it: of a breaker in a set, for a thread that shares its key with others.
    #[cfg(feature = "keyed")]
    Striped(Arc<Stripe>),
}

/// A breaker, and a count of its own in front of it.
#[cfg(feature = "keyed")]
pub(crate) struct Stripe {
    pub(crate) shared: Arc<Shared>,
    /// So that the count of the next one is in another line.
    _gap: Padding,
}

#[cfg(feature = "keyed")]
impl Stripe {
    pub(crate) fn new(shared: &Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { shared: Arc::clone(shared), _gap: Padding::default() })
    }
}

impl Handle {
    /// The reference on which the breaker's own count is.
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
    /// A handle of the breaker, if it is still there.
    #[inline]
    pub(crate) fn upgrade(shared: &Weak<Shared>) -> Option<Self> {
        shared.upgrade().map(Self::from)
    }
}
