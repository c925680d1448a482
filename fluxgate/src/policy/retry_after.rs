//! How long a failing service asks to be left alone.

use std::{sync::Arc, time::Duration};

use crate::{
    policy::{compiled::Rules, trackers::ErrorView},
    time::nanos::Nanos,
    user_code::{self, Supplied},
};

/// What a breaker makes of it, if anything.
pub(crate) struct Honoured {
    /// For no longer than this is it heeded.
    pub(crate) limit: Nanos,
    pub(crate) classify_error: Option<ReadRetryAfter>,
}

/// The user's way to read it from an error.
#[derive(Clone)]
pub(crate) struct ReadRetryAfter(Supplied<Read>);

type Read = dyn Fn(ErrorView<'_>) -> Option<Duration> + Send + Sync;

impl ReadRetryAfter {
    pub(crate) fn new<E: 'static>(read: impl Fn(&E) -> Option<Duration> + Send + Sync + 'static) -> Self {
        Self(Supplied::new(Arc::new(move |error: ErrorView<'_>| error.downcast_ref().and_then(&read))))
    }
}

/// Two are equal if they are one and the same.
impl PartialEq for ReadRetryAfter {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }
}

impl Rules {
    /// What the error of a failed call says. The view is taken only if somebody looks.
    pub(crate) fn retry_after_of<'a>(&self, breaker: &str, view: impl FnOnce() -> ErrorView<'a>) -> Option<Duration> {
        let ReadRetryAfter(read) = self.honoured.as_ref()?.classify_error.as_ref()?;
        user_code::run("retry_after", breaker, || read(view())).flatten()
    }
}
