//! How long a failing service asks to be left alone.

use std::{sync::Arc, time::Duration};

use crate::{
    breaker::CircuitBreaker, machine::Ticket, policy::compiled::Rules, policy::trackers::ErrorView,
    sync::status_word::Glance, time::nanos::Nanos, user_code,
};

/// What a breaker makes of it, if anything.
pub(crate) struct Honoured {
    /// For no longer than this is it heeded.
    pub(crate) limit: Nanos,
    pub(crate) of_error: Option<Arc<ReadRetryAfter>>,
}

/// The user's way to read it from an error.
pub(crate) struct ReadRetryAfter(Box<dyn Fn(ErrorView<'_>) -> Option<Duration> + Send + Sync>);

impl ReadRetryAfter {
    pub(crate) fn new<E: 'static>(read: impl Fn(&E) -> Option<Duration> + Send + Sync + 'static) -> Self {
        Self(Box::new(move |error| error.downcast_ref().and_then(&read)))
    }
}

impl Rules {
    /// What the error of a failed call says. The view is taken only if somebody looks.
    pub(crate) fn retry_after_of<'a>(&self, view: impl FnOnce() -> ErrorView<'a>) -> Option<Duration> {
        let read = self.honoured.as_ref()?.of_error.as_ref()?;
        user_code::run("retry_after", || (read.0)(view())).flatten()
    }
}

impl CircuitBreaker {
    /// Takes in what a call has to say that is about to end as a failure. Of no effect where that is not honoured, and
    /// from a call that was admitted before the last transition.
    #[cold]
    pub(crate) fn hear_retry_after(&self, ticket: Ticket, wait: Duration) {
        if !self.heeds_retry_after() || !ticket.is_recorded() {
            return;
        }
        let now = self.now();
        let core = &mut *self.shared.core.lock();
        if let Some(honoured) = &core.rules.honoured {
            core.machine.put_off(ticket, now.plus(Nanos::from(wait).min(honoured.limit)));
        }
    }

    /// Whether it is of any use to know for how long the service asks to be left alone.
    pub(crate) fn heeds_retry_after(&self) -> bool {
        self.shared.published.read().policy_has(Glance::HEEDS_RETRY_AFTER)
    }
}
