//! The effect of a call's outcome on its breaker: recorded and judged under the lock.

use std::sync::Arc;

use crate::{
    breaker::{CircuitBreaker, Core},
    call::{ending::Judged, inside_probe},
    machine::{Occasion, RecordEffect, Ticket, probes::Ended, reason::Reason, verdict},
    outcome::Outcome,
    policy::{
        compiled::CompiledPolicy,
        permits::{self, PermitContext},
        trippers::CallContext,
    },
    state::State,
    sync::{
        MutexGuard,
        status_word::{PolicyFlags, Status, SuccessPath},
        thread_slot,
    },
    time::nanos::Nanos,
    user_code,
};

/// A copy of what user code needs to judge an outcome without the lock.
struct Question<'a> {
    breaker: &'a str,
    generation: u64,
    rules: Arc<CompiledPolicy>,
    occasion: Occasion,
    context: CallContext,
    permit: PermitContext,
}

/// The number of policies that judge one outcome, if the policy changes while user code runs.
const MAX_JUDGEMENTS: usize = 4;

/// The time at which a call ended.
#[derive(Clone, Copy)]
struct EndTime {
    /// The place of the call in the window.
    at: Nanos,
    /// The exact time, if it was read.
    exact: Option<Nanos>,
}

/// The precision with which a policy needs the end time of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
struct TimeNeeds {
    durations: bool,
    seconds: bool,
}

impl TimeNeeds {
    fn of(status: Status) -> Self {
        Self {
            durations: status.policy_has(PolicyFlags::MEASURES),
            seconds: status.policy_has(PolicyFlags::BY_THE_SECOND),
        }
    }
}

/// The result of settling a call.
enum Settled {
    /// Nothing changed: the policy that judged the call is no longer the breaker's.
    Superseded,
    /// The outcome was processed. There is nothing to deliver.
    Quietly,
    /// The outcome was processed. User code ran or a transition was made, so signals may wait for delivery.
    WithSignals,
}

impl CircuitBreaker {
    /// Returns the end time of a call that ends now, as exactly as the policy needs it.
    ///
    /// A failure needs the exact time to fall into its own second.
    fn time_of_end(&self, ticket: Ticket, judged: &Judged, needs: TimeNeeds, exact: Option<Nanos>) -> EndTime {
        let is_exact = needs.durations
            || ticket.is_probe()
            || judged.retry_after.is_some()
            || (needs.seconds && judged.outcome == Outcome::Failure);
        let exact = exact.or_else(|| is_exact.then(|| self.now()));
        let at = match exact {
            Some(now) => now,
            None if needs.seconds => self.shared.clock.coarse_now(),
            None => Nanos(0),
        };
        EndTime { at, exact }
    }

    /// Records an outcome, judges it, and delivers signals to listeners. Returns `false` if the policy that judged the
    /// call is no longer the breaker's.
    pub(crate) fn settle(&self, ticket: Ticket, judged: &Judged, exact: Option<Nanos>, ended: Ended) -> bool {
        if ticket.is_probe() {
            inside_probe::leave(self, ticket);
        }
        match self.settle_silently(ticket, judged, exact, ended) {
            Settled::Superseded => false,
            Settled::Quietly => true,
            Settled::WithSignals => {
                self.shared.outbox.deliver();
                true
            }
        }
    }

    fn settle_silently(&self, ticket: Ticket, judged: &Judged, exact: Option<Nanos>, ended: Ended) -> Settled {
        let outcome = judged.outcome;
        let expected = TimeNeeds::of(self.shared.status.read());
        let mut time = self.time_of_end(ticket, judged, expected, exact);
        let mut core = self.shared.core.lock();
        if !judged.was_judged_under(&core.rules) {
            return Settled::Superseded;
        }
        let published = self.shared.status.read();
        if TimeNeeds::of(published) != expected {
            time = self.time_of_end(ticket, judged, TimeNeeds::of(published), time.exact);
        }
        let EndTime { at, exact } = time;
        // Successes that other threads have counted come first, unless the order does not matter: for one more success
        // of a thread without a counter, which would otherwise pay for a look at every counter each time.
        let is_one_more_success = outcome == Outcome::Success
            && published.success_path() != SuccessPath::Judged
            && thread_slot::slot().is_none();
        if !is_one_more_success {
            self.take_successes(&mut core);
        }
        let effect = core.machine.record(ticket, outcome, ended, at, exact.unwrap_or_default());
        if let Some(totals) = &mut core.totals {
            totals.count(ticket, outcome, ended, effect);
        }
        if effect == RecordEffect::Discarded {
            return Settled::Quietly;
        }
        let locked = &mut *core;
        if let (Some(wait), Some(honoured), Outcome::Failure) = (judged.retry_after, &locked.rules.honoured, outcome) {
            let now = exact.unwrap_or_default(); // known: `time_of_end` reads it if there is a wait
            locked.machine.delay_until(now.plus(Nanos::from(wait).min(honoured.limit)));
        }
        let occasion = core.occasion((effect == RecordEffect::Recorded).then_some(outcome));
        if core.machine.judges() && asks_user_code(&core.rules, &occasion) {
            drop(self.judge_without_lock(core, occasion, exact));
            return Settled::WithSignals;
        }
        if let Some((to, reason)) = judge_under_lock(&mut core, &occasion, exact) {
            // Under the lock that recorded the outcome, so that no other call comes between.
            let now = exact.unwrap_or_else(|| self.now());
            self.enter(&mut core, to, now, reason);
            return Settled::WithSignals;
        }
        let status = self.publish(&core);
        if outcome == Outcome::Success && status.success_path() == SuccessPath::Counted {
            let core = &mut *core;
            let second = core.rules.second(at);
            self.shared.successes.enroll(&mut core.enrolled, core.machine.generation, second);
        }
        Settled::Quietly
    }

    /// Lets user code judge the outcome that was recorded.
    ///
    /// A verdict is valid only in the generation in which it was requested. If the policy changed meanwhile, the new one
    /// judges too.
    fn judge_without_lock<'a>(
        &'a self,
        mut core: MutexGuard<'a, Core>,
        occasion: Occasion,
        exact: Option<Nanos>,
    ) -> MutexGuard<'a, Core> {
        for _ in 0..MAX_JUDGEMENTS {
            let question = self.question(&mut core, occasion, exact);
            drop(core);
            let generation = question.generation;
            // Consumes the question, with the lock released: its policy may be the last handle of components whose
            // `Drop` is user code.
            let verdict = question.judge();
            core = self.shared.core.lock();
            let Some((to, reason)) = verdict else { break };
            if !core.machine.accepts(generation) {
                break;
            }
            if core.machine.generation == generation {
                let now = exact.unwrap_or_else(|| self.now());
                self.enter(&mut core, to, now, reason);
                break;
            }
        }
        core
    }

    fn question(&self, core: &mut MutexGuard<'_, Core>, occasion: Occasion, exact: Option<Nanos>) -> Question<'_> {
        let draw = core.random.draw();
        let machine = &core.machine;
        Question {
            breaker: self.name(),
            generation: machine.generation,
            rules: Arc::clone(&core.rules),
            occasion: Occasion { limits: core.rules.probe_limits(), ..occasion },
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

impl Core {
    fn occasion(&self, recorded: Option<Outcome>) -> Occasion {
        let limits = self.rules.probe_limits();
        Occasion { state: self.machine.state, recorded, probes: self.machine.probes.ended(), limits }
    }
}

fn asks_user_code(rules: &CompiledPolicy, occasion: &Occasion) -> bool {
    let asks_tripper = occasion.recorded.is_some() && rules.tripper.has_user_code();
    asks_tripper || (occasion.asks_permit() && matches!(rules.permit, permits::CompiledPermit::Custom(_)))
}

fn judge_under_lock(
    core: &mut MutexGuard<'_, Core>,
    occasion: &Occasion,
    exact: Option<Nanos>,
) -> Option<(State, Reason)> {
    if !core.machine.judges() {
        return None;
    }
    let core = &mut **core;
    let rules = &core.rules;
    let tripped = occasion.recorded.and_then(|_| {
        core.machine.unjudged = false;
        let figures = core.machine.figures();
        rules.tripper.holds(figures).then(|| rules.tripper.reason(figures))
    });
    verdict(occasion, tripped, || match &rules.permit {
        permits::CompiledPermit::Ramp(ramp) => ramp.is_final(exact.unwrap_or_default().since(core.machine.since)),
        permits::CompiledPermit::Custom(_) => unreachable!("a custom permit runs without the lock"),
    })
}

impl Question<'_> {
    fn judge(self) -> Option<(State, Reason)> {
        let tripped = self.occasion.recorded.and_then(|_| self.rules.tripper.judge(self.breaker, &self.context));
        verdict(&self.occasion, tripped, || match &self.rules.permit {
            permits::CompiledPermit::Ramp(ramp) => ramp.is_final(self.permit.half_open_for.into()),
            permits::CompiledPermit::Custom(custom) => {
                user_code::run("permit", self.breaker, || custom.is_final(&self.permit)).unwrap_or(false)
            }
        })
    }
}
