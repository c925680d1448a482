//! The time for which a failing service asks not to be called.

use std::{sync::Arc, time::Duration};

use crate::{policy::trackers::ErrorView, time::nanos::Nanos, user_code::Supplied};

/// The effect of a `Retry-After` on a breaker.
pub(crate) struct Honoured {
    /// The longest time that has an effect.
    pub(crate) limit: Nanos,
    pub(crate) of_error: Option<ReadRetryAfter>,
}

/// The user's function that reads it from an error.
#[derive(Clone)]
pub(crate) struct ReadRetryAfter(pub(crate) Supplied<Read>);

type Read = dyn Fn(ErrorView<'_>) -> Option<Duration> + Send + Sync;

impl ReadRetryAfter {
    pub(crate) fn new<E: 'static>(read: impl Fn(&E) -> Option<Duration> + Send + Sync + 'static) -> Self {
        Self(Supplied::new(Arc::new(move |error: ErrorView<'_>| error.downcast_ref().and_then(&read))))
    }
}

/// Two are equal if they are clones.
impl PartialEq for ReadRetryAfter {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }
}
