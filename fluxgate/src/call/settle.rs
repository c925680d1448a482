//! What the outcome of a call does to its breaker.

use std::sync::Arc;

use crate::{
    breaker::{CircuitBreaker, Core},
    call::{ending::Judged, inside_probe},
    machine::{Change, Occasion, Ticket, probes::Ended, reason::Reason, verdict},
    outcome::Outcome,
    policy::{
        compiled::CompiledPolicy,
        permits::{self, PermitContext},
        trippers::CallContext,
    },
    state::State,
    sync::{
        MutexGuard, Ordering,
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

/// What became of the end of a call.
enum Settled {
    /// Nothing: another policy than the breaker's has judged it.
    Superseded,
    /// It is taken in.
    Quietly,
    /// It is taken in, and user code was asked or a transition made.
    WithSignals,
}

impl CircuitBreaker {
    /// Ends an admitted call.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads on the way of every call")]
    pub(crate) fn finish(&self, ticket: Ticket, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.finish_success(ticket),
            Outcome::Failure | Outcome::Ignored => self.finish_locked(ticket, outcome, None),
        }
    }

    /// Ends an admitted call that its caller has dropped after waiting for so long.
    pub(crate) fn finish_dropped(&self, ticket: Ticket, outcome: Outcome, waited: Nanos) {
        self.finish_slow(ticket, &outcome.into(), None, Ended::Dropped { waited });
    }

    /// Ends a call that was no success. `false` if the policy that judged it is no longer the breaker's: then the call
    /// has not ended.
    pub(crate) fn finish_judged(&self, ticket: Ticket, judged: &Judged) -> bool {
        self.finish_slow(ticket, judged, None, Ended::ByItself)
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a few loads on the way of every call")]
    fn finish_success(&self, ticket: Ticket) {
        let status = self.shared.status.read();
        if status.generation() != ticket.generation_of_call() {
            // Stale, unrecorded, or a probe.
            return self.finish_locked(ticket, Outcome::Success, None);
        }
        if status.policy_has(PolicyFlags::MEASURES) {
            return self.finish_measured_success(ticket, status);
        }
        match status.success() {
            SuccessPath::Known => {}
            SuccessPath::Counted if self.is_counted(status) => {}
            SuccessPath::Counted | SuccessPath::Judged => self.finish_locked(ticket, Outcome::Success, None),
        }
    }

    /// Only a success that is quicker than every threshold is like the others.
    #[inline(never)]
    fn finish_measured_success(&self, ticket: Ticket, status: Status) {
        let now = self.now();
        let spared = self.is_fast(ticket, status, now)
            && match status.success() {
                SuccessPath::Known => true,
                SuccessPath::Counted => self.is_counted_at(status, now),
                SuccessPath::Judged => false,
            };
        if !spared {
            self.finish_locked(ticket, Outcome::Success, Some(now));
        }
    }

    /// Whether a call was quick by the policy of this status.
    #[inline]
    fn is_fast(&self, ticket: Ticket, status: Status, now: Nanos) -> bool {
        let fast_below = Nanos(self.shared.fast_below.load(Ordering::Acquire));
        // A new policy begins its generation before it says what is quick, so this was the one that the status knows. A
        // start that is not known was before the policy.
        self.shared.status.read().generation() == status.generation()
            && ticket.started() != Nanos::NEVER
            && now.since(ticket.started()) < fast_below
    }

    #[inline]
    fn is_counted(&self, status: Status) -> bool {
        if status.policy_has(PolicyFlags::BY_THE_SECOND) {
            return self.is_counted_now(status);
        }
        self.shared.successes.count(status.generation(), 0)
    }

    /// Out of line, so that guarded functions are small.
    #[inline(never)]
    fn is_counted_now(&self, status: Status) -> bool {
        self.is_counted_at(status, self.shared.clock.roughly_now())
    }

    #[inline]
    fn is_counted_at(&self, status: Status, now: Nanos) -> bool {
        let second = if status.policy_has(PolicyFlags::BY_THE_SECOND) { now.whole_seconds() } else { 0 };
        self.shared.successes.count(status.generation(), second)
    }

    #[inline(never)]
    fn finish_locked(&self, ticket: Ticket, outcome: Outcome, now: Option<Nanos>) {
        self.finish_slow(ticket, &outcome.into(), now, Ended::ByItself);
    }

    /// Ends a call by the long way. `false` if another policy than the breaker's has judged it.
    fn finish_slow(&self, ticket: Ticket, judged: &Judged, now: Option<Nanos>, ended: Ended) -> bool {
        #[cfg(feature = "recorder")]
        let end_for_tap = self.time_for_tap();
        if ticket.is_recorded() && !self.settle(ticket, judged, now, ended) {
            return false;
        }
        #[cfg(feature = "recorder")]
        if let Some(now) = end_for_tap {
            self.tap_end(ticket, judged.outcome, ended, now);
        }
        true
    }

    /// When a call ends that ends now, as exactly as the policy asks for it. A failure is placed in its very second.
    fn time_of_end(&self, ticket: Ticket, judged: &Judged, needs: Needs, exact: Option<Nanos>) -> Time {
        let is_exact = needs.durations
            || ticket.is_probe()
            || judged.retry_after.is_some()
            || (needs.seconds && judged.outcome == Outcome::Failure);
        let exact = exact.or_else(|| is_exact.then(|| self.now()));
        let at = match exact {
            Some(now) => now,
            None if needs.seconds => self.shared.clock.roughly_now(),
            None => Nanos(0),
        };
        Time { at, exact }
    }

    /// Records an outcome, judges it, and serves the listeners. `false` if that can't be, for another policy than the
    /// breaker's has judged it.
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
        let expected = Needs::of(self.shared.status.read());
        let mut time = self.time_of_end(ticket, judged, expected, exact);
        let mut core = self.shared.core.lock();
        if !judged.was_judged_under(&core.rules) {
            return Settled::Superseded;
        }
        let now_published = self.shared.status.read();
        if Needs::of(now_published) != expected {
            time = self.time_of_end(ticket, judged, Needs::of(now_published), time.exact);
        }
        let Time { at, exact } = time;
        // What other threads have counted comes before, unless it is all the same. A thread without a counter would pay
        // for a look at each of theirs.
        let is_one_more_success = outcome == Outcome::Success
            && now_published.success() != SuccessPath::Judged
            && thread_slot::slot().is_none();
        if !is_one_more_success {
            self.take_successes(&mut core);
        }
        let change = core.machine.record(ticket, outcome, ended, at, exact.unwrap_or_default());
        if let Some(totals) = &mut core.totals {
            totals.count(ticket, outcome, ended, change);
        }
        if change == Change::Nothing {
            return Settled::Quietly;
        }
        let core_now = &mut *core;
        if let (Some(wait), Some(honoured), Outcome::Failure) = (judged.retry_after, &core_now.rules.honoured, outcome)
        {
            let now = exact.unwrap_or_default(); // read, because there is a wait
            core_now.machine.delay_until(now.plus(Nanos::from(wait).min(honoured.limit)));
        }
        let occasion = core.occasion((change == Change::Recorded).then_some(outcome));
        if core.machine.judges() && asks_user_code(&core.rules, &occasion) {
            drop(self.judge_without_lock(core, occasion, exact));
            return Settled::WithSignals;
        }
        if let Some((to, reason)) = judge_under_lock(&mut core, &occasion, exact) {
            // Under the same lock that recorded it, so that no other call comes between.
            let now = exact.unwrap_or_else(|| self.now());
            self.enter(&mut core, to, now, reason);
            return Settled::WithSignals;
        }
        let status = self.publish(&core);
        if outcome == Outcome::Success && status.success() == SuccessPath::Counted {
            let core = &mut *core;
            let second = core.rules.second(at);
            self.shared.successes.enroll(&mut core.enrolled, core.machine.generation, second);
        }
        Settled::Quietly
    }

    /// Lets user code judge what has been recorded. A verdict counts in the generation that it was asked for in; a policy
    /// that came meanwhile is asked too.
    fn judge_without_lock<'a>(
        &'a self,
        mut core: MutexGuard<'a, Core>,
        occasion: Occasion,
        exact: Option<Nanos>,
    ) -> MutexGuard<'a, Core> {
        for _ in 0..MOST_POLICIES {
            let question = self.question(&mut core, occasion, exact);
            drop(core);
            let asked_in = question.generation;
            // The question goes with it: its policy may be the last handle of parts whose `Drop` is the user's.
            let verdict = question.judge();
            core = self.shared.core.lock();
            let Some((to, reason)) = verdict else { break };
            if !core.machine.counts(asked_in) {
                break;
            }
            if core.machine.generation == asked_in {
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

/// What a policy needs to know of the time at which a call ends.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Needs {
    durations: bool,
    seconds: bool,
}

impl Needs {
    fn of(status: Status) -> Self {
        Self {
            durations: status.policy_has(PolicyFlags::MEASURES),
            seconds: status.policy_has(PolicyFlags::BY_THE_SECOND),
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
        permits::CompiledPermit::Custom(_) => unreachable!("a permit of the user's own is asked without the lock"),
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
