//! What the outcome of a call does to its breaker.

use crate::{
    breaker::CircuitBreaker,
    machine::{Ticket, verdict},
    nanos::Nanos,
    outcome::Outcome,
    permits::{self, PermitContext},
    reason::Reason,
    state::State,
    trippers::CallContext,
    user_code,
};

/// A copy of what user code needs to judge an outcome without the lock.
struct Question {
    generation: u64,
    context: CallContext,
    permit: PermitContext,
}

impl CircuitBreaker {
    /// Records the outcome of a call that was admitted with `ticket`, judges it, and serves the listeners.
    ///
    /// `now` is `None` where neither window nor permit has a use for the time; `duration` is 0 where nobody measures.
    pub(crate) fn settle(&self, ticket: &Ticket, outcome: Outcome, duration: Nanos, now: Option<Nanos>) {
        let rules = &self.shared.rules;
        let question = {
            let mut core = self.shared.core.lock();
            if !core.machine.record(ticket, outcome, duration, now.unwrap_or_default()) {
                return;
            }
            if !self.asks_user_code(core.machine.state, outcome) {
                // Judged under the same lock that recorded it, so that no other call comes between.
                let figures = core.machine.figures();
                let tripped = rules.tripper.holds(figures).then(|| rules.tripper.reason(figures));
                let half_open_for = now.unwrap_or_default().since(core.machine.since);
                let is_final = || match &rules.permit {
                    permits::Rule::Ramp(ramp) => ramp.is_final(half_open_for),
                    permits::Rule::Custom(_) => unreachable!("a permit of the user's own is asked without the lock"),
                };
                let Some((to, reason)) = verdict(core.machine.state, outcome, tripped, is_final) else { return };
                let now = now.unwrap_or_else(|| self.now());
                self.enter(&mut core, to, now, reason);
                None
            } else {
                let machine = &core.machine;
                let (state, metrics) = (machine.state, machine.records.metrics().clone());
                let consecutive_failures = machine.consecutive_failures;
                let half_open_for = now.unwrap_or_default().since(machine.since).into();
                let in_flight = machine.probes.in_flight();
                Some(Question {
                    generation: machine.generation,
                    context: CallContext { state, metrics, consecutive_failures },
                    permit: PermitContext { half_open_for, in_flight, draw: core.random.draw() },
                })
            }
        };
        if let Some(question) = question {
            let Some((to, reason)) = self.judge(&question, outcome) else { return };
            self.enter_if_unchanged(question.generation, to, now, reason);
        }
        self.shared.outbox.deliver();
    }

    fn asks_user_code(&self, state: State, outcome: Outcome) -> bool {
        let rules = &self.shared.rules;
        let asks_permit = state == State::HalfOpen && outcome == Outcome::Success;
        rules.tripper.has_user_code() || (asks_permit && matches!(rules.permit, permits::Rule::Custom(_)))
    }

    fn judge(&self, question: &Question, outcome: Outcome) -> Option<(State, Reason)> {
        let rules = &self.shared.rules;
        let tripped = rules.tripper.judge(&question.context);
        let is_final = || match &rules.permit {
            permits::Rule::Ramp(ramp) => ramp.is_final(question.permit.half_open_for.into()),
            permits::Rule::Custom(custom) => {
                user_code::run("permit", || custom.is_final(&question.permit)).unwrap_or(false)
            }
        };
        verdict(question.context.state, outcome, tripped, is_final)
    }

    fn enter_if_unchanged(&self, generation: u64, to: State, now: Option<Nanos>, reason: Reason) {
        let mut core = self.shared.core.lock();
        if core.machine.generation == generation {
            let now = now.unwrap_or_else(|| self.now());
            self.enter(&mut core, to, now, reason);
        }
    }
}
