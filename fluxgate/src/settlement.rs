//! What the outcome of a call does to its breaker.

use crate::{
    breaker::{CircuitBreaker, Core},
    machine::{Ticket, verdict},
    nanos::Nanos,
    outcome::Outcome,
    permits::{self, PermitContext},
    published::{SuccessIs, Summary},
    reason::Reason,
    state::State,
    sync::MutexGuard,
    totals::Ended,
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
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads on the way of every call")]
    pub(crate) fn end(&self, ticket: Ticket, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.end_well(ticket),
            Outcome::Failure | Outcome::Ignored => self.end_under_lock(ticket, outcome, None),
        }
    }

    /// Ends an admitted call whose caller has given it up.
    pub(crate) fn end_cancelled(&self, ticket: Ticket, outcome: Outcome) {
        #[cfg(feature = "recorder")]
        self.record_end(ticket, outcome, true);
        self.settle_under_lock(ticket, outcome, None);
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads on the way of every call")]
    fn end_well(&self, ticket: Ticket) {
        let summary = self.shared.published.read();
        if summary.generation() != ticket.generation_of_call() {
            // Stale, unrecorded, or a probe.
            return self.end_under_lock(ticket, Outcome::Success, None);
        }
        if self.shared.rules.measures {
            return self.end_measured(ticket, summary);
        }
        match summary.success() {
            SuccessIs::Known => {}
            SuccessIs::Counted if self.is_counted(summary) => {}
            SuccessIs::Counted | SuccessIs::Judged => self.end_under_lock(ticket, Outcome::Success, None),
        }
    }

    /// Only a success that is quicker than every threshold is like the others.
    #[inline(never)]
    fn end_measured(&self, ticket: Ticket, summary: Summary) {
        let now = self.now();
        let quick = now.since(ticket.started()) < self.shared.rules.quick;
        let spared = quick
            && match summary.success() {
                SuccessIs::Known => true,
                SuccessIs::Counted => self.is_counted_at(summary, now),
                SuccessIs::Judged => false,
            };
        if !spared {
            self.end_under_lock(ticket, Outcome::Success, Some(now));
        }
    }

    #[inline]
    fn is_counted(&self, summary: Summary) -> bool {
        if self.shared.rules.by_the_second {
            return self.is_counted_now(summary);
        }
        self.shared.successes.count(summary.generation(), 0)
    }

    /// Out of line, so that guarded functions are small.
    #[inline(never)]
    fn is_counted_now(&self, summary: Summary) -> bool {
        self.is_counted_at(summary, self.shared.clock.roughly_now())
    }

    #[inline]
    fn is_counted_at(&self, summary: Summary, now: Nanos) -> bool {
        self.shared.successes.count(summary.generation(), self.shared.rules.second(now))
    }

    #[inline(never)]
    fn end_under_lock(&self, ticket: Ticket, outcome: Outcome, now: Option<Nanos>) {
        #[cfg(feature = "recorder")]
        self.record_end(ticket, outcome, false);
        self.settle_under_lock(ticket, outcome, now);
    }

    fn settle_under_lock(&self, ticket: Ticket, outcome: Outcome, now: Option<Nanos>) {
        if !ticket.is_recorded() {
            return;
        }
        let rules = &self.shared.rules;
        let exact = now.or_else(|| (rules.measures || ticket.is_probe()).then(|| self.now()));
        let at = match exact {
            Some(now) => now,
            None if rules.by_the_second => self.shared.clock.roughly_now(),
            None => Nanos(0),
        };
        self.settle(ticket, outcome, at, exact, Ended::ByItself);
    }

    /// Records an outcome, judges it, and serves the listeners.
    ///
    /// `at` places it in the window; `exact` is the time to the nanosecond, where that was read.
    pub(crate) fn settle(&self, ticket: Ticket, outcome: Outcome, at: Nanos, exact: Option<Nanos>, ended: Ended) {
        let mut core = self.shared.core.lock();
        // What other threads have counted comes before.
        self.take_successes(&mut core);
        let recorded = core.machine.record(ticket, outcome, at, exact.unwrap_or_default());
        if let Some(totals) = &mut core.totals {
            totals.count(ticket, outcome, ended, recorded);
        }
        if !recorded {
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
            let summary = self.publish(&core);
            if outcome == Outcome::Success && summary.success() == SuccessIs::Counted {
                let core = &mut *core;
                let second = self.shared.rules.second(at);
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
