//! The state machine: the memory of a breaker and its reaction to events. It knows no lock, clock or listener.

mod opening;
pub(crate) mod probes;
pub(crate) mod reason;
mod ticket;
mod verdict;

#[cfg(feature = "serde")]
pub(crate) use opening::SavedOpening;
pub(crate) use ticket::Ticket;
pub(crate) use verdict::{Occasion, verdict};

use std::mem;

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

/// The memory of a breaker.
pub(crate) struct Machine {
    pub(crate) state: State,
    /// The time at which the state was last entered.
    pub(crate) since: Nanos,
    /// The time that a restored state had lasted before the breaker's clock began.
    pub(crate) lasted_before_clock: Nanos,
    /// Grows whenever a state is entered, a policy is replaced, or a recording begins.
    pub(crate) generation: u64,
    /// The generation in which the state was entered. Outcomes count if this generation or a later one admitted the call.
    pub(crate) first_generation: u64,
    pub(crate) reopens: u64,
    pub(crate) consecutive_failures: u64,
    pub(crate) records: Records,
    pub(crate) probes: Probes,
    /// The random draw of this opening, made when it began, so that all its calls see one due time.
    pub(crate) draw: Option<f64>,
    /// In `open`, the time at which it ends by itself; under a custom retry, the time until which that is not asked.
    /// `Nanos::NEVER` if there is no such time, and in other states.
    pub(crate) due: Nanos,
    /// A retry was under way when the state was saved that is now restored as `open`. So the next retry is due at once,
    /// whatever the policy says.
    pub(crate) retry_is_due: bool,
    /// The time until which the service has asked for a pause, by a `Retry-After`. Zero if it has not.
    pub(crate) delayed_until: Nanos,
    /// The policy is new, and its tripper has not judged the window yet.
    pub(crate) unjudged: bool,
    /// The time from which the policy applies. A call whose start was not measured is measured from then on.
    pub(crate) measured_from: Nanos,
}

/// The effect of [`Machine::record`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RecordEffect {
    /// The outcome is in the window.
    Recorded,
    /// A probe has freed its slot. The window has not changed.
    SlotFreed,
    /// Nothing changed: the outcome is stale or ignored.
    Discarded,
}

/// The state that a transition has left, and its last figures.
pub(crate) struct PreviousState {
    pub(crate) state: State,
    pub(crate) metrics: Metrics,
}

impl Machine {
    pub(crate) fn new(records: Records) -> Self {
        Self {
            state: State::Closed,
            since: Nanos(0),
            lasted_before_clock: Nanos(0),
            generation: 0,
            first_generation: 0,
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

    /// Begins a generation in which the calls in flight still count.
    pub(crate) fn begin_generation(&mut self) {
        self.generation += 1;
    }

    /// Returns whether outcomes of calls that `generation` admitted still count.
    pub(crate) fn accepts(&self, generation: u64) -> bool {
        (self.first_generation..=self.generation).contains(&generation)
    }

    /// Returns whether this is a probe of the current state that has neither ended nor been abandoned.
    pub(crate) fn is_probing(&self, ticket: Ticket) -> bool {
        self.accepts(ticket.generation()) && ticket.probe_id().is_some_and(|id| self.probes.contains(id))
    }

    pub(crate) fn probe_ticket(&mut self, now: Nanos) -> Ticket {
        Ticket::of_probe(self.generation, self.probes.admit(now))
    }

    /// Returns the ticket of the oldest probe, if that has been in flight for at least `limit`.
    pub(crate) fn hung_probe(&self, now: Nanos, limit: Nanos) -> Option<Ticket> {
        let is_hung = |since| limit != Nanos::NEVER && now.since(since) >= limit;
        let probe = self.probes.oldest().filter(|probe| is_hung(probe.started))?;
        Some(Ticket::of_probe(self.generation, probe.id))
    }

    /// Records the end of a call at `now`. `exact` is the exact time, which a policy that measures durations needs.
    pub(crate) fn record(
        &mut self,
        ticket: Ticket,
        outcome: Outcome,
        ended: Ended,
        now: Nanos,
        exact: Nanos,
    ) -> RecordEffect {
        // Compared by generation, not by state: the breaker may have tripped and recovered while the call was out.
        if !self.accepts(ticket.generation()) {
            return RecordEffect::Discarded;
        }
        let started = match ticket.probe_id() {
            // A probe without a slot was abandoned: its failure is already recorded.
            Some(id) => match self.probes.end(id, outcome, ended) {
                Some(probe) => probe.started,
                None => return RecordEffect::Discarded,
            },
            None => match ticket.started() {
                // A clock that has reached the end of time reads `NEVER` too, but then for `exact` as well.
                Nanos::NEVER if exact != Nanos::NEVER => self.measured_from,
                started => started,
            },
        };
        let duration = exact.since(started);
        let failed = match outcome {
            Outcome::Success => false,
            Outcome::Failure => true,
            Outcome::Ignored if ticket.is_probe() => return RecordEffect::SlotFreed,
            Outcome::Ignored => return RecordEffect::Discarded,
        };
        self.records.record(failed, duration, now);
        self.consecutive_failures = if failed { self.consecutive_failures.saturating_add(1) } else { 0 };
        RecordEffect::Recorded
    }

    /// Returns whether recorded outcomes are judged in this state.
    pub(crate) fn judges(&self) -> bool {
        self.state != State::MetricsOnly
    }

    /// Records successes that threads have counted. They are ordered before whatever is recorded next.
    pub(crate) fn record_successes(&mut self, count: u64, second: u64) {
        self.records.record_successes(count, second);
        self.consecutive_failures = 0;
    }

    /// Returns the path for the next successes of calls of this generation.
    pub(crate) fn success_path(&self, tripper: &trippers::CompiledTripper) -> SuccessPath {
        let countable = matches!(self.state, State::Closed | State::MetricsOnly)
            && !(self.judges() && (self.unjudged || tripper.may_hold_by_a_success(self.records.metrics().calls)))
            && !tripper.measures().is_some_and(|measures| measures.mean);
        match countable {
            false => SuccessPath::Judged,
            true if self.consecutive_failures == 0 && self.records.is_settled() => SuccessPath::Redundant,
            true => SuccessPath::Counted,
        }
    }

    pub(crate) fn figures(&self) -> Figures<'_> {
        Figures { state: self.state, metrics: self.records.metrics(), consecutive_failures: self.consecutive_failures }
    }

    /// Returns the time since the state began, across restarts.
    pub(crate) fn time_in_state(&self, now: Nanos) -> Nanos {
        now.since(self.since).plus(self.lasted_before_clock)
    }

    /// Enters the state `to`. Returns `None` if that was the state already: entering it again is no transition.
    pub(crate) fn enter(
        &mut self,
        to: State,
        now: Nanos,
        retry: &retries::CompiledRetry,
        random: &mut Random,
    ) -> Option<PreviousState> {
        let from = self.state;
        self.records.advance(now);
        let previous = (from != to).then(|| PreviousState { state: from, metrics: self.records.metrics().clone() });

        self.state = to;
        self.since = now;
        self.lasted_before_clock = Nanos(0);
        self.generation += 1;
        self.first_generation = self.generation;
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
        previous
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
    fn counters_saturate_and_the_backoff_stays_at_its_maximum() {
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
                let effect = machine.record(ticket, Outcome::Failure, Ended::ByItself, Nanos(5), Nanos(5));
                assert_eq!(effect, RecordEffect::Recorded);
            }
            assert_eq!(machine.consecutive_failures, u64::MAX);
            machine.enter(State::Open, Nanos(5), &retry, &mut random);
            assert_eq!(machine.reopens, u64::MAX);
            assert_eq!(machine.due, Nanos(1_000_000_000 * Nanos::PER_SECOND + 5));
        }
    }

    #[test]
    fn an_opening_ends_no_later_than_the_last_representable_time() {
        let retry = retries::CompiledRetry::new(&AnyComponent::BuiltIn(fluxgate_policy::defaults::retry()));
        let mut machine = machine();
        machine.enter(State::Open, Nanos(u64::MAX - 1), &retry, &mut Random::seeded(1));
        assert_eq!(machine.due, Nanos::LAST);
    }
}
