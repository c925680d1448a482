//! The end of an opening, and its changes by a new policy or a restart.

use std::{mem, time::Duration};

use super::Machine;
use crate::{
    policy::{retries, windows::Records},
    random::Random,
    state::State,
    time::nanos::Nanos,
};

/// The part of a saved state that concerns an opening.
#[cfg(feature = "serde")]
pub(crate) struct SavedOpening {
    pub(crate) lasted: Nanos,
    pub(crate) draw: Option<f64>,
    /// The rest of the pause that the service has asked for.
    pub(crate) delayed_for: Nanos,
    /// A retry was under way.
    pub(crate) is_due: bool,
}

impl Machine {
    /// Delays the next opening, or the end of this one, by a pause that the service has asked for.
    pub(crate) fn delay_until(&mut self, until: Nanos) {
        self.delayed_until = self.delayed_until.max(until.min(Nanos::LAST));
    }

    /// Returns the time until the retry of an open breaker is due, if it is known.
    pub(crate) fn retry_after(&self, now: Nanos) -> Option<Duration> {
        (self.state == State::Open && self.due != Nanos::NEVER).then(|| self.due.since(now).into())
    }

    /// Computes the end of this opening, for [`Self::due`].
    pub(super) fn end_of_opening(&self, retry: &retries::CompiledRetry) -> Nanos {
        if self.retry_is_due {
            return self.since;
        }
        match retry.wait(self.reopens, self.draw.unwrap_or_default()) {
            Some(wait) => {
                let end = self.since.plus(wait.since(self.lasted_before_clock));
                end.max(self.delayed_until).min(Nanos::LAST)
            }
            None if retry.is_custom() && self.delayed_until > Nanos(0) => self.delayed_until,
            None => Nanos::NEVER,
        }
    }

    /// Replaces the policy from `now` on. Returns the old window.
    ///
    /// `max_pause` is the policy's limit for a `Retry-After`, if it honours one. `records` is the new window, which holds
    /// the calls taken over from the old one.
    pub(crate) fn replace_policy(
        &mut self,
        retry: &retries::CompiledRetry,
        max_pause: Option<Nanos>,
        records: Records,
        now: Nanos,
        random: &mut Random,
    ) -> Records {
        self.unjudged = true;
        self.measured_from = now;
        if self.state == State::Open {
            if retry.needs_draw() && self.draw.is_none() {
                self.draw = Some(random.draw());
            }
            // Limited from the start of the opening: the service asked for the pause before that.
            self.delayed_until = max_pause.map_or(Nanos(0), |limit| self.delayed_until.min(self.since.plus(limit)));
            self.due = self.end_of_opening(retry);
        } else {
            self.delayed_until = max_pause.map_or(Nanos(0), |limit| self.delayed_until.min(now.plus(limit)));
        }
        mem::replace(&mut self.records, records)
    }

    /// Continues a saved state, which the machine has just entered.
    #[cfg(feature = "serde")]
    pub(crate) fn resume(
        &mut self,
        opening: &SavedOpening,
        now: Nanos,
        retry: &retries::CompiledRetry,
        max_pause: Option<Nanos>,
    ) {
        self.since = now.since(opening.lasted);
        self.lasted_before_clock = opening.lasted.since(now);
        if self.state != State::Open {
            return;
        }
        // If the policy needs a draw and the saved state has none, the one made on entering is kept.
        self.draw = self.draw.map(|drawn| opening.draw.unwrap_or(drawn));
        let delayed_for = max_pause.map_or(Nanos(0), |limit| opening.delayed_for.min(limit));
        self.delayed_until = if delayed_for == Nanos(0) { Nanos(0) } else { now.plus(delayed_for) };
        self.retry_is_due = opening.is_due;
        self.due = self.end_of_opening(retry);
    }
}
