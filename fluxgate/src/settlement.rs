//! What the outcome of a call does to its breaker.

use parking_lot::MutexGuard;

use crate::{
    admission::Admitted,
    breaker::{CircuitBreaker, Core},
    machine::{Ticket, verdict},
    nanos::Nanos,
    outcome::Outcome,
    permits::{self, PermitContext},
    published::SuccessIs,
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
    /// Ends an admitted call.
    #[inline]
    pub(crate) fn end(&self, admitted: Admitted, outcome: Outcome) {
        if outcome != Outcome::Success || !self.shared.rules.measures {
            if outcome == Outcome::Success && self.is_spared(admitted.ticket, None) {
                return;
            }
            return self.end_under_lock(admitted, outcome, None);
        }
        let now = self.now();
        let quick = now.since(admitted.started) < self.shared.rules.quick;
        if !(quick && self.is_spared(admitted.ticket, Some(now))) {
            self.end_under_lock(admitted, outcome, Some(now));
        }
    }

    /// Whether a success (a quick one, where durations matter) is dealt with already: see [`SuccessIs`].
    #[inline]
    fn is_spared(&self, ticket: Ticket, now: Option<Nanos>) -> bool {
        let summary = self.shared.published.read();
        if summary.generation() != ticket.generation() {
            // Stale, or unrecorded. A probe's slot went with its generation.
            return true;
        }
        match summary.success() {
            SuccessIs::Known => true,
            SuccessIs::Counted => {
                let second = if self.shared.rules.by_the_second {
                    now.unwrap_or_else(|| self.shared.clock.roughly_now()).whole_seconds()
                } else {
                    0
                };
                self.shared.successes.count(summary.generation(), second)
            }
            SuccessIs::Judged => false,
        }
    }

    #[inline(never)]
    fn end_under_lock(&self, admitted: Admitted, outcome: Outcome, now: Option<Nanos>) {
        let ticket = admitted.ticket;
        if !ticket.is_recorded() {
            return;
        }
        let rules = &self.shared.rules;
        let exact = now.or_else(|| (rules.measures || ticket.is_probe()).then(|| self.now()));
        let duration = exact.unwrap_or_default().since(admitted.started);
        let at = match exact {
            Some(now) => now,
            None if rules.by_the_second => self.shared.clock.roughly_now(),
            None => Nanos(0),
        };
        self.settle(ticket, outcome, duration, at, exact);
    }

    /// Records an outcome, judges it, and serves the listeners.
    ///
    /// `at` places it in the window; `exact` is the time to the nanosecond, if that is known already.
    pub(crate) fn settle(&self, ticket: Ticket, outcome: Outcome, duration: Nanos, at: Nanos, exact: Option<Nanos>) {
        let mut core = self.shared.core.lock();
        // What other threads have counted comes before.
        self.take_successes(&mut core);
        if !core.machine.record(ticket, outcome, duration, at) {
            return;
        }
        if core.machine.judges() && self.asks_user_code(core.machine.state, outcome) {
            let question = Self::question(&mut core, exact);
            drop(core);
            let Some((to, reason)) = self.judge(&question, outcome) else { return };
            let mut core = self.shared.core.lock();
            if core.machine.generation == question.generation {
                let now = exact.unwrap_or_else(|| self.now());
                self.enter(&mut core, to, now, reason);
            }
        } else if let Some((to, reason)) = self.judge_under_lock(&core, outcome, exact) {
            // Under the same lock that recorded it, so that no other call comes between.
            let now = exact.unwrap_or_else(|| self.now());
            self.enter(&mut core, to, now, reason);
            drop(core);
        } else {
            self.publish(&core);
            if outcome == Outcome::Success && self.shared.published.read().success() == SuccessIs::Counted {
                let core = &mut *core;
                let second = if self.shared.rules.by_the_second { at.whole_seconds() } else { 0 };
                self.shared.successes.enroll(&mut core.enrolled, core.machine.generation, second);
            }
            return;
        }
        self.shared.outbox.deliver();
    }

    fn asks_user_code(&self, state: State, outcome: Outcome) -> bool {
        let rules = &self.shared.rules;
        let asks_permit = state == State::HalfOpen && outcome == Outcome::Success;
        rules.tripper.has_user_code() || (asks_permit && matches!(rules.permit, permits::Rule::Custom(_)))
    }

    fn judge_under_lock(
        &self,
        core: &MutexGuard<'_, Core>,
        outcome: Outcome,
        exact: Option<Nanos>,
    ) -> Option<(State, Reason)> {
        if !core.machine.judges() {
            return None;
        }
        let rules = &self.shared.rules;
        let figures = core.machine.figures();
        let tripped = rules.tripper.holds(figures).then(|| rules.tripper.reason(figures));
        verdict(core.machine.state, outcome, tripped, || match &rules.permit {
            permits::Rule::Ramp(ramp) => ramp.is_final(exact.unwrap_or_default().since(core.machine.since)),
            permits::Rule::Custom(_) => unreachable!("a permit of the user's own is asked without the lock"),
        })
    }

    fn question(core: &mut MutexGuard<'_, Core>, exact: Option<Nanos>) -> Question {
        let draw = core.random.draw();
        let machine = &core.machine;
        Question {
            generation: machine.generation,
            context: CallContext {
                state: machine.state,
                metrics: machine.records.metrics().clone(),
                consecutive_failures: machine.consecutive_failures,
            },
            permit: PermitContext {
                half_open_for: exact.unwrap_or_default().since(machine.since).into(),
                in_flight: machine.probes.in_flight(),
                draw,
            },
        }
    }

    fn judge(&self, question: &Question, outcome: Outcome) -> Option<(State, Reason)> {
        let rules = &self.shared.rules;
        let tripped = rules.tripper.judge(&question.context);
        verdict(question.context.state, outcome, tripped, || match &rules.permit {
            permits::Rule::Ramp(ramp) => ramp.is_final(question.permit.half_open_for.into()),
            permits::Rule::Custom(custom) => {
                user_code::run("permit", || custom.is_final(&question.permit)).unwrap_or(false)
            }
        })
    }
}
