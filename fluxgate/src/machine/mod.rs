//! The state machine: what a breaker remembers, and how an event changes it. It knows no lock, clock or listener.

pub(crate) mod probes;
pub(crate) mod reason;
mod ticket;
mod verdict;

pub(crate) use ticket::Ticket;
pub(crate) use verdict::{Occasion, verdict};

use std::{mem, time::Duration};

use crate::{
    machine::probes::{Ended, Probes},
    outcome::Outcome,
    policy::{
        retries,
        trippers::{self, Figures},
        windows::{Records, metrics::Metrics},
    },
    random::Random,
    state::State,
    sync::status_word::SuccessPath,
    time::nanos::Nanos,
};

/// What a breaker remembers.
pub(crate) struct Machine {
    pub(crate) state: State,
    /// When the state began, or began anew.
    pub(crate) since: Nanos,
    /// How long it had lasted by then: of a state that was restored and began before the breaker's clock.
    pub(crate) lasted_before: Nanos,
    /// Grows with every beginning of a state, with every new policy, and with the beginning of a recording.
    pub(crate) generation: u64,
    /// The generation in which the state began. The outcome of a call counts if this one or a later one admitted it.
    pub(crate) oldest: u64,
    pub(crate) reopens: u64,
    pub(crate) consecutive_failures: u64,
    pub(crate) records: Records,
    pub(crate) probes: Probes,
    /// The chance of this opening: drawn when it began, so that all its calls see one due time.
    pub(crate) draw: Option<f64>,
    /// In `open`: when it ends by itself or, where only a retry of the user's own knows, until when that is not to be
    /// asked. `Nanos::NEVER` where there is nothing to say, and in other states.
    pub(crate) due: Nanos,
    /// In an `open` that goes on from before a restart: a retry was under way, so the next is due whatever the policy says.
    pub(crate) retry_is_due: bool,
    /// Until when the service has asked to be left alone, by a `Retry-After`. Zero where it has not.
    pub(crate) delayed_until: Nanos,
    /// The policy is new, and no tripper of its has looked at the window yet.
    pub(crate) unjudged: bool,
    /// When the policy began. A call that was admitted before and not measured then is measured from here on.
    pub(crate) measured_from: Nanos,
}

/// What is known of an opening from before a restart.
#[cfg(feature = "serde")]
pub(crate) struct Opening {
    pub(crate) lasted: Nanos,
    pub(crate) draw: Option<f64>,
    /// For how much longer the service has asked to be left alone.
    pub(crate) delayed_for: Nanos,
    /// A retry was under way.
    pub(crate) is_due: bool,
}

/// What the end of a call has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// The outcome is in the window.
    Recorded,
    /// A probe has freed its slot, and nothing is in the window.
    Freed,
    /// Nothing: the outcome is of no interest, or from before the state.
    Nothing,
}

/// What a transition leaves behind, for the listeners.
pub(crate) struct Left {
    pub(crate) state: State,
    pub(crate) metrics: Metrics,
}

impl Machine {
    pub(crate) fn new(records: Records) -> Self {
        Self {
            state: State::Closed,
            since: Nanos(0),
            lasted_before: Nanos(0),
            generation: 0,
            oldest: 0,
            reopens: 0,
            consecutive_failures: 0,
            records,
            probes: Probes::default(),
            draw: None,
            due: Nanos::NEVER,
            retry_is_due: false,
            delayed_until: Nanos(0),
            unjudged: false,
            measured_from: Nanos(0),
        }
    }

    /// Takes in until when the service has asked to be left alone.
    pub(crate) fn delay_until(&mut self, until: Nanos) {
        self.delayed_until = self.delayed_until.max(until.min(Nanos::LAST));
    }

    /// Begins a generation in which the calls in flight still count.
    pub(crate) fn begin_generation(&mut self) {
        self.generation += 1;
    }

    /// Decides whether the outcome of a call that this generation admitted still counts.
    pub(crate) fn counts(&self, generation: u64) -> bool {
        (self.oldest..=self.generation).contains(&generation)
    }

    /// Returns whether this is a probe of the present state that has neither ended nor been abandoned.
    pub(crate) fn is_probing(&self, ticket: Ticket) -> bool {
        self.counts(ticket.generation()) && ticket.probe_id().is_some_and(|id| self.probes.contains(id))
    }

    pub(crate) fn probe_ticket(&mut self, now: Nanos) -> Ticket {
        Ticket::of_probe(self.generation, self.probes.admit(now))
    }

    /// The ticket of the oldest probe, if that has been in flight for `limit` or longer.
    pub(crate) fn hung_probe(&self, now: Nanos, limit: Nanos) -> Option<Ticket> {
        let hangs = |since| limit != Nanos::NEVER && now.since(since) >= limit;
        let probe = self.probes.oldest().filter(|probe| hangs(probe.started))?;
        Some(Ticket::of_probe(self.generation, probe.id))
    }

    /// Takes in how a call ended, `now` and, for a policy that measures, with `exact` time.
    pub(crate) fn record(
        &mut self,
        ticket: Ticket,
        outcome: Outcome,
        ended: Ended,
        now: Nanos,
        exact: Nanos,
    ) -> Change {
        // By generation, not by state: the breaker may have tripped and recovered while this call was out.
        if !self.counts(ticket.generation()) {
            return Change::Nothing;
        }
        let started = match ticket.probe_id() {
            // A probe without a slot was abandoned: its failure is on record already.
            Some(id) => match self.probes.end(id, outcome, ended) {
                Some(probe) => probe.started,
                None => return Change::Nothing,
            },
            None => match ticket.started() {
                // A clock at the end of time says the same, and stands still.
                Nanos::NEVER if exact != Nanos::NEVER => self.measured_from,
                started => started,
            },
        };
        let duration = exact.since(started);
        let failed = match outcome {
            Outcome::Success => false,
            Outcome::Failure => true,
            Outcome::Ignored => return if ticket.is_probe() { Change::Freed } else { Change::Nothing },
        };
        self.records.record(failed, duration, now);
        self.consecutive_failures = if failed { self.consecutive_failures.saturating_add(1) } else { 0 };
        Change::Recorded
    }

    /// Whether recorded outcomes are judged in this state.
    pub(crate) fn judges(&self) -> bool {
        self.state != State::MetricsOnly
    }

    /// Takes in successes that were counted without the machine. They are ordered before whatever comes now.
    pub(crate) fn record_successes(&mut self, count: u64, second: u64) {
        self.records.record_successes(count, second);
        self.consecutive_failures = 0;
    }

    /// What the success of a call of this generation has to do from now on.
    pub(crate) fn success(&self, tripper: &trippers::CompiledTripper) -> SuccessPath {
        let countable = matches!(self.state, State::Closed | State::MetricsOnly)
            && !(self.judges() && (self.unjudged || tripper.may_hold_by_a_success(self.records.metrics().calls)))
            && !tripper.measures().is_some_and(|measures| measures.mean);
        match countable {
            false => SuccessPath::Judged,
            true if self.consecutive_failures == 0 && self.records.is_settled() => SuccessPath::Known,
            true => SuccessPath::Counted,
        }
    }

    pub(crate) fn figures(&self) -> Figures<'_> {
        Figures { state: self.state, metrics: self.records.metrics(), consecutive_failures: self.consecutive_failures }
    }

    /// How long until a retry of an open breaker is due, if that is known.
    pub(crate) fn retry_after(&self, now: Nanos) -> Option<Duration> {
        (self.state == State::Open && self.due != Nanos::NEVER).then(|| self.due.since(now).into())
    }

    /// How long the state has lasted.
    pub(crate) fn lasted(&self, now: Nanos) -> Nanos {
        now.since(self.since).plus(self.lasted_before)
    }

    /// When this opening ends by itself, as [`Self::due`].
    pub(crate) fn end_of_opening(&self, retry: &retries::CompiledRetry) -> Nanos {
        if self.retry_is_due {
            return self.since;
        }
        match retry.wait(self.reopens, self.draw.unwrap_or_default()) {
            Some(wait) => self.since.plus(wait.since(self.lasted_before)).max(self.delayed_until).min(Nanos::LAST),
            None if retry.is_custom() && self.delayed_until > Nanos(0) => self.delayed_until,
            None => Nanos::NEVER,
        }
    }

    /// Goes by another policy from `now` on: by its retry, by the longest time for which it heeds a service, if it does,
    /// and with what its window could take over. Gives back the old window.
    pub(crate) fn follow(
        &mut self,
        retry: &retries::CompiledRetry,
        heeds: Option<Nanos>,
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
            // It was told before the breaker opened.
            self.delayed_until = heeds.map_or(Nanos(0), |limit| self.delayed_until.min(self.since.plus(limit)));
            self.due = self.end_of_opening(retry);
        } else {
            self.delayed_until = heeds.map_or(Nanos(0), |limit| self.delayed_until.min(now.plus(limit)));
        }
        mem::replace(&mut self.records, records)
    }

    /// Goes on with a state that has been entered anew for that.
    #[cfg(feature = "serde")]
    pub(crate) fn resume(
        &mut self,
        opening: &Opening,
        now: Nanos,
        retry: &retries::CompiledRetry,
        heeds: Option<Nanos>,
    ) {
        self.since = now.since(opening.lasted);
        self.lasted_before = opening.lasted.since(now);
        if self.state != State::Open {
            return;
        }
        // Where a chance is needed that was not drawn then, it has been drawn now.
        self.draw = self.draw.map(|drawn| opening.draw.unwrap_or(drawn));
        let delayed_for = heeds.map_or(Nanos(0), |limit| opening.delayed_for.min(limit));
        self.delayed_until = if delayed_for == Nanos(0) { Nanos(0) } else { now.plus(delayed_for) };
        self.retry_is_due = opening.is_due;
        self.due = self.end_of_opening(retry);
    }

    /// Begins the state `to`. `None` if that is the state it was in, begun anew, which nobody is told of.
    pub(crate) fn enter(
        &mut self,
        to: State,
        now: Nanos,
        retry: &retries::CompiledRetry,
        random: &mut Random,
    ) -> Option<Left> {
        let from = self.state;
        self.records.advance(now);
        let left = (from != to).then(|| Left { state: from, metrics: self.records.metrics().clone() });

        self.state = to;
        self.since = now;
        self.lasted_before = Nanos(0);
        self.generation += 1;
        self.oldest = self.generation;
        self.due = Nanos::NEVER;
        self.retry_is_due = false;
        let delayed_until = mem::take(&mut self.delayed_until);
        self.unjudged = false;
        self.records.clear(now);
        self.probes.clear();
        match to {
            State::Closed => {
                self.reopens = 0;
                self.consecutive_failures = 0;
            }
            State::HalfOpen => self.consecutive_failures = 0,
            State::Open => {
                self.reopens = self.reopens.saturating_add(u64::from(from == State::HalfOpen));
                self.draw = retry.needs_draw().then(|| random.draw());
                self.delayed_until = delayed_until;
                self.due = self.end_of_opening(retry);
            }
            State::MetricsOnly | State::Disabled | State::ForcedOpen => {}
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{component::AnyComponent, retries::Backoff};

    fn machine() -> Machine {
        Machine::new(Records::new(&fluxgate_policy::defaults::window(), None))
    }

    #[test]
    fn counts_at_their_end_stay_there_and_the_wait_is_the_longest() {
        let retry = retries::CompiledRetry::new(
            &retries::Retry::from(Backoff::new(10.0).multiplier(1e300).max_duration(1e9)).0,
        );
        let mut random = Random::seeded(1);
        let mut machine = machine();
        machine.reopens = u64::MAX - 1;
        machine.consecutive_failures = u64::MAX - 1;
        for _ in 0..3 {
            machine.enter(State::HalfOpen, Nanos(5), &retry, &mut random);
            machine.consecutive_failures = u64::MAX - 1;
            for _ in 0..3 {
                let ticket = machine.probe_ticket(Nanos(5));
                let change = machine.record(ticket, Outcome::Failure, Ended::ByItself, Nanos(5), Nanos(5));
                assert_eq!(change, Change::Recorded);
            }
            assert_eq!(machine.consecutive_failures, u64::MAX);
            machine.enter(State::Open, Nanos(5), &retry, &mut random);
            assert_eq!(machine.reopens, u64::MAX);
            assert_eq!(machine.due, Nanos(1_000_000_000 * Nanos::PER_SECOND + 5));
        }
    }

    #[test]
    fn the_end_of_an_opening_never_passes_the_end_of_time() {
        let retry = retries::CompiledRetry::new(&AnyComponent::BuiltIn(fluxgate_policy::defaults::retry()));
        let mut machine = machine();
        machine.enter(State::Open, Nanos(u64::MAX - 1), &retry, &mut Random::seeded(1));
        assert_eq!(machine.due, Nanos::LAST);
    }
}
