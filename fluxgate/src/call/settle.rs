//! What the outcome of a call does to its breaker.

use std::sync::Arc;

use crate::{
    breaker::totals::Ended,
    breaker::{CircuitBreaker, Core},
    call::ending::Judged,
    machine::reason::Reason,
    machine::{Ticket, verdict},
    outcome::Outcome,
    policy::compiled::Rules,
    policy::permits::{self, PermitContext},
    policy::trippers::CallContext,
    state::State,
    sync::status_word::{Glance, PolicyNumber, SuccessIs, Summary},
    sync::{MutexGuard, Ordering},
    time::nanos::Nanos,
    user_code,
};

/// A copy of what user code needs to judge an outcome without the lock.
struct Question {
    generation: u64,
    policy: PolicyNumber,
    rules: Arc<Rules>,
    context: CallContext,
    permit: PermitContext,
}

/// So often is an outcome judged anew because the policy has changed while user code judged it.
const MOST_POLICIES: usize = 4;

/// When a call has ended.
#[derive(Clone, Copy)]
struct Time {
    /// Its place in the window.
    at: Nanos,
    /// To the nanosecond, where that was read.
    exact: Option<Nanos>,
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
        self.settle_recorded(ticket, outcome.into(), None);
    }

    /// Ends a call that was no success. `false` if the policy that judged it is no longer the breaker's: then the call
    /// has not ended.
    pub(crate) fn end_judged(&self, ticket: Ticket, judged: Judged) -> bool {
        if let Some(wait) = judged.retry_after {
            self.hear_retry_after(ticket, wait);
        }
        #[cfg(feature = "recorder")]
        self.record_end(ticket, judged.outcome, false);
        self.settle_recorded(ticket, judged, None)
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads on the way of every call")]
    fn end_well(&self, ticket: Ticket) {
        let summary = self.shared.published.read();
        if summary.generation() != ticket.generation_of_call() {
            // Stale, unrecorded, or a probe.
            return self.end_under_lock(ticket, Outcome::Success, None);
        }
        if summary.policy_has(Glance::MEASURES) {
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
        let spared = self.is_quick(ticket, summary, now)
            && match summary.success() {
                SuccessIs::Known => true,
                SuccessIs::Counted => self.is_counted_at(summary, now),
                SuccessIs::Judged => false,
            };
        if !spared {
            self.end_under_lock(ticket, Outcome::Success, Some(now));
        }
    }

    /// Whether a call was quick by the policy of this summary.
    #[inline]
    fn is_quick(&self, ticket: Ticket, summary: Summary, now: Nanos) -> bool {
        let quick = Nanos(self.shared.quick.load(Ordering::Acquire));
        // A new policy takes its number before it says what is quick, so this was the one that the summary knows. A
        // start that is not known was before the policy.
        self.shared.published.read().policy_number() == summary.policy_number()
            && ticket.started() != Nanos::NEVER
            && now.since(ticket.started()) < quick
    }

    #[inline]
    fn is_counted(&self, summary: Summary) -> bool {
        if summary.policy_has(Glance::BY_THE_SECOND) {
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
        let second = if summary.policy_has(Glance::BY_THE_SECOND) { now.whole_seconds() } else { 0 };
        self.shared.successes.count(summary.generation(), second)
    }

    #[inline(never)]
    fn end_under_lock(&self, ticket: Ticket, outcome: Outcome, now: Option<Nanos>) {
        #[cfg(feature = "recorder")]
        self.record_end(ticket, outcome, false);
        self.settle_recorded(ticket, outcome.into(), now);
    }

    fn settle_recorded(&self, ticket: Ticket, judged: Judged, now: Option<Nanos>) -> bool {
        !ticket.is_recorded() || self.settle(ticket, judged, now, Ended::ByItself)
    }

    /// When a call ends that ends now, as exactly as the policy asks for it.
    fn time_of_end(&self, ticket: Ticket, measures: bool, by_the_second: bool, exact: Option<Nanos>) -> Time {
        let exact = exact.or_else(|| (measures || ticket.is_probe()).then(|| self.now()));
        let at = match exact {
            Some(now) => now,
            None if by_the_second => self.shared.clock.roughly_now(),
            None => Nanos(0),
        };
        Time { at, exact }
    }

    /// Records an outcome, judges it, and serves the listeners. `false` if that can't be, for another policy than the
    /// breaker's has judged it.
    pub(crate) fn settle(&self, ticket: Ticket, judged: Judged, exact: Option<Nanos>, ended: Ended) -> bool {
        let outcome = judged.outcome;
        let summary = self.shared.published.read();
        let [measures, by_the_second] = [Glance::MEASURES, Glance::BY_THE_SECOND].map(|bit| summary.policy_has(bit));
        let mut time = self.time_of_end(ticket, measures, by_the_second, exact);
        let mut core = self.shared.core.lock();
        if judged.by.is_some_and(|policy| policy != core.policy_number) {
            return false;
        }
        if summary.policy_number() != core.policy_number {
            time = self.time_of_end(ticket, core.rules.measures, core.rules.by_the_second, time.exact);
        }
        let Time { at, exact } = time;
        // What other threads have counted comes before.
        self.take_successes(&mut core);
        let recorded = core.machine.record(ticket, outcome, at, exact.unwrap_or_default());
        if let Some(totals) = &mut core.totals {
            totals.count(ticket, outcome, ended, recorded);
        }
        if !recorded {
            return true;
        }
        if core.machine.judges() && Self::asks_user_code(&core.rules, core.machine.state, outcome) {
            drop(self.judge_without_lock(core, outcome, exact));
        } else if let Some((to, reason)) = Self::judge_under_lock(&mut core, outcome, exact) {
            // Under the same lock that recorded it, so that no other call comes between.
            let now = exact.unwrap_or_else(|| self.now());
            self.enter(&mut core, to, now, reason);
            drop(core);
        } else {
            let summary = self.publish(&core);
            if outcome == Outcome::Success && summary.success() == SuccessIs::Counted {
                let core = &mut *core;
                let second = core.rules.second(at);
                self.shared.successes.enroll(&mut core.enrolled, core.machine.generation, second);
            }
            return true;
        }
        self.shared.outbox.deliver();
        true
    }

    /// Lets user code judge what has been recorded. A verdict counts in the generation and by the policy that it was
    /// asked for in; a policy that came meanwhile is asked too.
    fn judge_without_lock<'a>(
        &'a self,
        mut core: MutexGuard<'a, Core>,
        outcome: Outcome,
        exact: Option<Nanos>,
    ) -> MutexGuard<'a, Core> {
        for _ in 0..MOST_POLICIES {
            let question = Self::question(&mut core, exact);
            drop(core);
            let verdict = question.judge(outcome);
            core = self.shared.core.lock();
            let Some((to, reason)) = verdict else { break };
            if core.machine.generation != question.generation {
                break;
            }
            if core.policy_number == question.policy {
                let now = exact.unwrap_or_else(|| self.now());
                self.enter(&mut core, to, now, reason);
                break;
            }
        }
        core
    }

    fn asks_user_code(rules: &Rules, state: State, outcome: Outcome) -> bool {
        let asks_permit = state == State::HalfOpen && outcome == Outcome::Success;
        rules.tripper.has_user_code() || (asks_permit && matches!(rules.permit, permits::Rule::Custom(_)))
    }

    fn judge_under_lock(
        core: &mut MutexGuard<'_, Core>,
        outcome: Outcome,
        exact: Option<Nanos>,
    ) -> Option<(State, Reason)> {
        if !core.machine.judges() {
            return None;
        }
        core.machine.unjudged = false;
        let rules = &core.rules;
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
            policy: core.policy_number,
            rules: Arc::clone(&core.rules),
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
}

impl Question {
    fn judge(&self, outcome: Outcome) -> Option<(State, Reason)> {
        let tripped = self.rules.tripper.judge(&self.context);
        verdict(self.context.state, outcome, tripped, || match &self.rules.permit {
            permits::Rule::Ramp(ramp) => ramp.is_final(self.permit.half_open_for.into()),
            permits::Rule::Custom(custom) => {
                user_code::run("permit", || custom.is_final(&self.permit)).unwrap_or(false)
            }
        })
    }
}
