//! Whether a call may run.

use std::{sync::Arc, time::Duration};

use parking_lot::MutexGuard;

use crate::{
    breaker::{CircuitBreaker, Core},
    error::CallNotPermitted,
    machine::Ticket,
    nanos::Nanos,
    outcome::Outcome,
    permits::{self, PermitContext},
    reason::Reason,
    retries::{self, RetryContext},
    state::State,
    user_code,
};

/// An admitted call: what it will have to show, and when it started if that is known already.
pub(crate) struct Admitted {
    pub(crate) ticket: Ticket,
    pub(crate) at: Option<Nanos>,
}

impl CircuitBreaker {
    /// Admits or rejects a call. It is the only place where a slot is taken.
    pub(crate) fn admit(&self) -> Result<Admitted, CallNotPermitted> {
        let mut core = self.shared.core.lock();
        match core.machine.state {
            State::Closed | State::MetricsOnly => Ok(Admitted { ticket: core.machine.ticket(), at: None }),
            State::Disabled => Ok(Admitted { ticket: Ticket::Unrecorded, at: None }),
            State::ForcedOpen => self.reject(&mut core, None),
            State::Open | State::HalfOpen => {
                drop(core);
                let admission = self.admit_recovering();
                self.shared.outbox.deliver();
                admission
            }
        }
    }

    /// Admission while the time matters. Whenever the lock was given up, for user code or for a probe that hung, the
    /// state is looked at afresh.
    fn admit_recovering(&self) -> Result<Admitted, CallNotPermitted> {
        let now = self.now();
        let mut core = self.shared.core.lock();
        loop {
            match core.machine.state {
                State::Open => match self.is_due(core, now) {
                    Asked::Stale(fresh) => core = fresh,
                    Asked::Answer(mut locked, Ok(())) => {
                        self.enter(&mut locked, State::HalfOpen, now, Reason::RetryDue);
                        core = locked;
                    }
                    Asked::Answer(mut locked, Err(retry_after)) => return self.reject(&mut locked, retry_after),
                },
                State::HalfOpen => {
                    if let Some((probe, ticket)) = core.machine.hung_probe(now, self.shared.rules.max_probe_time) {
                        drop(core);
                        self.settle(&ticket, Outcome::Failure, now.since(probe.started), Some(now));
                        core = self.shared.core.lock();
                        continue;
                    }
                    if core.machine.probes.in_flight() >= self.shared.rules.max_half_open_calls {
                        return self.reject(&mut core, None);
                    }
                    match self.is_permitted(core, now) {
                        Asked::Stale(fresh) => core = fresh,
                        Asked::Answer(mut locked, true) => {
                            return Ok(Admitted { ticket: locked.machine.probe_ticket(now), at: Some(now) });
                        }
                        Asked::Answer(mut locked, false) => return self.reject(&mut locked, None),
                    }
                }
                State::Closed | State::MetricsOnly => {
                    return Ok(Admitted { ticket: core.machine.ticket(), at: Some(now) });
                }
                State::Disabled => return Ok(Admitted { ticket: Ticket::Unrecorded, at: None }),
                State::ForcedOpen => return self.reject(&mut core, None),
            }
        }
    }

    /// Whether an open breaker's retry is due, and if not, how long that will take.
    fn is_due<'a>(&'a self, core: MutexGuard<'a, Core>, now: Nanos) -> Asked<'a, Result<(), Option<Duration>>> {
        let retries::Rule::Custom(custom) = &self.shared.rules.retry else {
            let due = core.machine.due.is_some_and(|due| now >= due);
            let answer = if due { Ok(()) } else { Err(core.machine.retry_after(now)) };
            return Asked::Answer(core, answer);
        };
        let context = RetryContext {
            open_for: now.since(core.machine.since).into(),
            reopens: core.machine.reopens,
            draw: core.machine.draw,
        };
        self.ask(core, || {
            if user_code::run("retry", || custom.is_due(&context)).unwrap_or(false) {
                return Ok(());
            }
            Err(user_code::run("retry", || custom.retry_after(&context)).flatten())
        })
    }

    /// Whether the permit of a half-open breaker with room for one more probe admits this call.
    fn is_permitted<'a>(&'a self, mut core: MutexGuard<'a, Core>, now: Nanos) -> Asked<'a, bool> {
        let half_open_for = now.since(core.machine.since);
        match &self.shared.rules.permit {
            permits::Rule::Ramp(ramp) => {
                let ratio = ramp.ratio(half_open_for);
                let admits = ratio >= 1.0 || (ratio > 0.0 && core.random.draw() < ratio);
                Asked::Answer(core, admits)
            }
            permits::Rule::Custom(custom) => {
                let context = PermitContext {
                    half_open_for: half_open_for.into(),
                    in_flight: core.machine.probes.in_flight(),
                    draw: core.random.draw(),
                };
                let answer = self.ask(core, || user_code::run("permit", || custom.admits(&context)).unwrap_or(false));
                match answer {
                    // Others may have been asked at the same time, for the same last slot.
                    Asked::Answer(core, true)
                        if core.machine.probes.in_flight() >= self.shared.rules.max_half_open_calls =>
                    {
                        Asked::Answer(core, false)
                    }
                    answer => answer,
                }
            }
        }
    }

    /// Asks user code without the lock. The answer counts only if the breaker has not changed its state meanwhile.
    fn ask<'a, A>(&'a self, core: MutexGuard<'a, Core>, question: impl FnOnce() -> A) -> Asked<'a, A> {
        let generation = core.machine.generation;
        drop(core);
        let answer = question();
        let core = self.shared.core.lock();
        if core.machine.generation == generation { Asked::Answer(core, answer) } else { Asked::Stale(core) }
    }

    fn reject(
        &self,
        core: &mut MutexGuard<'_, Core>,
        retry_after: Option<Duration>,
    ) -> Result<Admitted, CallNotPermitted> {
        if core.shadow {
            core.would_have_been_rejected += 1;
            return Ok(Admitted { ticket: Ticket::Unrecorded, at: None });
        }
        core.rejected += 1;
        Err(CallNotPermitted { breaker: Arc::clone(&self.shared.name), state: core.machine.state, retry_after })
    }
}

/// An answer, with the lock under which it holds.
enum Asked<'a, A> {
    Answer(MutexGuard<'a, Core>, A),
    Stale(MutexGuard<'a, Core>),
}
