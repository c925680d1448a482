//! Whether a call may run.

use std::time::Duration;

use crate::{
    breaker::{CircuitBreaker, Core},
    call::inside_probe,
    error::CallNotPermitted,
    machine::{Ticket, probes::Ended, reason::Reason},
    outcome::Outcome,
    policy::{
        permits::{self, PermitContext},
        retries::{self, RetryContext},
    },
    state::State,
    sync::{
        MutexGuard, Ordering,
        status_word::{PolicyFlags, Status},
    },
    time::{BreakerClock, nanos::Nanos},
    user_code,
};

/// So often is the user's own code asked anew in one admission.
const MOST_STALE: usize = 8;

/// Why a call may not run. The error for its caller is made of it where that is to stand, for a copy would cost more.
#[derive(Clone, Copy)]
pub(crate) struct Rejected {
    pub(crate) state: State,
    pub(crate) retry_after: Nanos,
}

/// Why a call may run.
enum Admission {
    /// It is one of its own.
    Call(Ticket),
    /// It is part of a probe that this thread is running.
    PartOfProbe,
}

impl Core {
    /// Returns how long until a retry is due, or until the ramp of a half-open breaker with room for a probe admits every
    /// call, where that is known.
    pub(crate) fn retry_after(&self, now: Nanos) -> Option<Duration> {
        match (self.machine.state, &self.rules.permit) {
            (State::HalfOpen, permits::CompiledPermit::Ramp(ramp))
                if !self.rules.is_full(self.machine.probes.in_flight()) =>
            {
                ramp.admits_all_after(now.since(self.machine.since)).map(Duration::from)
            }
            _ => self.machine.retry_after(now),
        }
    }
}

impl CircuitBreaker {
    /// What the caller of a rejected call is told.
    #[inline]
    pub(crate) fn not_permitted(&self, rejected: Rejected) -> CallNotPermitted {
        let Rejected { state, retry_after } = rejected;
        CallNotPermitted { breaker: self.shared.place.name().clone(), state, retry_after }
    }

    /// Admits or rejects a call. A well breaker is read and no more.
    #[inline]
    pub(crate) fn admit(&self) -> Result<Ticket, Rejected> {
        let status = self.shared.status.read();
        if status.admits_all() { Ok(self.ticket(status)) } else { self.admit_slow(status) }
    }

    #[inline]
    fn ticket(&self, status: Status) -> Ticket {
        let started = if status.policy_has(PolicyFlags::MEASURES) { self.exact_time() } else { Nanos::NEVER };
        Ticket::of_call(status.generation(), started)
    }

    /// Out of line, so that guarded functions are small: reading the clock takes far longer than getting there.
    #[inline(never)]
    fn exact_time(&self) -> Nanos {
        self.now()
    }

    #[inline(never)]
    fn admit_slow(&self, status: Status) -> Result<Ticket, Rejected> {
        if let Some(rejection) = self.reject_unlocked(status) {
            return Err(rejection);
        }
        let admission = if status.state() == State::Disabled {
            Ok(Admission::Call(Ticket::UNRECORDED))
        } else {
            let admission = self.admit_locked();
            self.shared.outbox.deliver();
            admission
        };
        match admission? {
            #[cfg(feature = "recorder")]
            Admission::Call(ticket) => Ok(self.tap_start(ticket)),
            #[cfg(not(feature = "recorder"))]
            Admission::Call(ticket) => Ok(ticket),
            Admission::PartOfProbe => Ok(Ticket::UNRECORDED),
        }
    }

    /// A rejection that needs no lock, because nothing is due for a while.
    #[inline]
    fn reject_unlocked(&self, status: Status) -> Option<Rejected> {
        if status.shadow() || !status.policy_has(PolicyFlags::SPARES_THE_LOCK) {
            return None;
        }
        let retry_after = match status.state() {
            State::ForcedOpen => Nanos::NEVER,
            State::Open if status.policy_has(PolicyFlags::NEVER_DUE) => Nanos::NEVER,
            State::Open if status.policy_has(PolicyFlags::DUE_IS_KNOWN) => {
                // An opening or a policy after the one that was read may have another end: then the call is ordered
                // after that.
                let due = Nanos(self.shared.due.load(Ordering::Acquire));
                let now = self.shared.clock.roughly_now();
                // Near its end, and where there is none, the lock and the exact time decide.
                if now.plus(BreakerClock::LAG) >= due || due == Nanos::NEVER {
                    return None;
                }
                due.since(now)
            }
            _ => return None,
        };
        let counted = self.shared.successes.count_rejection();
        counted.then(|| Rejected { state: status.state(), retry_after })
    }

    /// Admission while the time matters. Whenever the lock was given up, for user code or for a probe that hung, the
    /// state is looked at afresh.
    #[inline(never)]
    fn admit_locked(&self) -> Result<Admission, Rejected> {
        let now = self.now();
        let mut core = self.shared.core.lock();
        let mut stale = 0;
        loop {
            match core.machine.state {
                // The user's own code changes the policy whenever it is asked.
                State::Open | State::HalfOpen if stale > MOST_STALE => return self.reject(&mut core, None),
                State::Open => match self.is_due(core, now) {
                    Asked::Stale(fresh) => {
                        core = fresh;
                        stale += 1;
                    }
                    Asked::Answer(mut locked, Ok(())) => {
                        self.enter(&mut locked, State::HalfOpen, now, Reason::RetryDue);
                        core = locked;
                    }
                    Asked::Answer(mut locked, Err(retry_after)) => return self.reject(&mut locked, retry_after),
                },
                State::HalfOpen if inside_probe::is_inside(self, &core) => return Ok(Admission::PartOfProbe),
                State::HalfOpen => {
                    if let Some(hung) = core.machine.hung_probe(now, core.rules.max_probe_time) {
                        drop(core);
                        self.settle(hung, &Outcome::Failure.into(), Some(now), Ended::Abandoned);
                        core = self.shared.core.lock();
                        continue;
                    }
                    if core.rules.is_full(core.machine.probes.in_flight()) {
                        return self.reject(&mut core, None);
                    }
                    match self.is_permitted(core, now) {
                        Asked::Stale(fresh) => {
                            core = fresh;
                            stale += 1;
                        }
                        Asked::Answer(mut locked, true) => {
                            return Ok(Admission::Call(locked.machine.probe_ticket(now)));
                        }
                        Asked::Answer(mut locked, false) => {
                            let retry_after = locked.retry_after(now);
                            return self.reject(&mut locked, retry_after);
                        }
                    }
                }
                State::Closed | State::MetricsOnly => {
                    return Ok(Admission::Call(Ticket::of_call(core.machine.generation, now)));
                }
                State::Disabled => return Ok(Admission::Call(Ticket::UNRECORDED)),
                State::ForcedOpen => return self.reject(&mut core, None),
            }
        }
    }

    /// Whether an open breaker's retry is due, and if not, how long that will take.
    pub(crate) fn is_due<'a>(
        &'a self,
        core: MutexGuard<'a, Core>,
        now: Nanos,
    ) -> Asked<'a, Result<(), Option<Duration>>> {
        let retries::CompiledRetry::Custom(custom) = &core.rules.retry else {
            let due = core.machine.due != Nanos::NEVER && now >= core.machine.due;
            let answer = if due { Ok(()) } else { Err(core.machine.retry_after(now)) };
            return Asked::Answer(core, answer);
        };
        if core.machine.due != Nanos::NEVER && now < core.machine.due {
            let answer = Err(core.machine.retry_after(now));
            return Asked::Answer(core, answer);
        }
        if core.machine.retry_is_due {
            return Asked::Answer(core, Ok(()));
        }
        let context = RetryContext {
            open_for: core.machine.lasted(now).into(),
            reopens: core.machine.reopens,
            draw: core.machine.draw.unwrap_or_default(),
        };
        let custom = custom.clone();
        self.ask(core, move || {
            if user_code::run("retry", self.name(), || custom.is_due(&context)).unwrap_or(false) {
                return Ok(());
            }
            Err(user_code::run("retry", self.name(), || custom.retry_after(&context)).flatten())
        })
    }

    /// Whether the permit of a half-open breaker with room for one more probe admits this call.
    fn is_permitted<'a>(&'a self, mut core: MutexGuard<'a, Core>, now: Nanos) -> Asked<'a, bool> {
        let half_open_for = now.since(core.machine.since);
        let locked = &mut *core;
        match &locked.rules.permit {
            permits::CompiledPermit::Ramp(ramp) => {
                let ratio = ramp.ratio(half_open_for);
                let admits = ratio >= 1.0 || (ratio > 0.0 && locked.random.draw() < ratio);
                Asked::Answer(core, admits)
            }
            permits::CompiledPermit::Custom(custom) => {
                let custom = custom.clone();
                let context = PermitContext {
                    half_open_for: half_open_for.into(),
                    in_flight: core.machine.probes.in_flight(),
                    draw: core.random.draw(),
                };
                let admits = move || user_code::run("permit", self.name(), || custom.admits(&context)).unwrap_or(false);
                let answer = self.ask(core, admits);
                match answer {
                    // Others may have been asked at the same time, for the same last slot.
                    Asked::Answer(core, true) if core.rules.is_full(core.machine.probes.in_flight()) => {
                        Asked::Answer(core, false)
                    }
                    answer => answer,
                }
            }
        }
    }

    /// Asks user code without the lock. The answer counts only if the breaker has changed neither its state nor its
    /// policy meanwhile. The question owns its part of the policy: that may be the last handle, whose `Drop` is the user's.
    fn ask<'a, A>(&'a self, core: MutexGuard<'a, Core>, question: impl FnOnce() -> A) -> Asked<'a, A> {
        let generation = core.machine.generation;
        drop(core);
        let answer = question();
        let core = self.shared.core.lock();
        if core.machine.generation == generation { Asked::Answer(core, answer) } else { Asked::Stale(core) }
    }

    fn reject(&self, core: &mut MutexGuard<'_, Core>, retry_after: Option<Duration>) -> Result<Admission, Rejected> {
        if core.shadow {
            core.would_have_been_rejected += 1;
            return Ok(Admission::Call(Ticket::UNRECORDED));
        }
        core.rejected += 1;
        self.shared.successes.prepare(core.rejected);
        let retry_after = retry_after.map_or(Nanos::NEVER, Nanos::from);
        Err(Rejected { state: core.machine.state, retry_after })
    }
}

/// An answer, with the lock under which it holds.
pub(crate) enum Asked<'a, A> {
    Answer(MutexGuard<'a, Core>, A),
    Stale(MutexGuard<'a, Core>),
}
