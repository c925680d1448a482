//! Admission: decides whether a call may run.

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

/// The number of stale answers of user code after which an admission rejects the call.
const MAX_STALE_ANSWERS: usize = 8;

/// A rejection. The larger [`CallNotPermitted`] is built in place for the caller, which saves a copy.
#[derive(Clone, Copy)]
pub(crate) struct Rejected {
    pub(crate) state: State,
    pub(crate) retry_after: Nanos,
}

enum Admission {
    Call(Ticket),
    /// The call belongs to a probe that this thread is running.
    PartOfProbe,
}

impl Core {
    /// Returns the time until a retry is due or, for a half-open breaker with a free slot, until its ramp admits every
    /// call. `None` if that is not known.
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
    /// Builds the error for the caller of a rejected call.
    #[inline]
    pub(crate) fn not_permitted(&self, rejected: Rejected) -> CallNotPermitted {
        let Rejected { state, retry_after } = rejected;
        CallNotPermitted { breaker: self.shared.place.name().clone(), state, retry_after }
    }

    /// Admits or rejects a call. On a healthy breaker this only reads the status word.
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

    /// Out of line to keep guarded functions small: the jump costs little beside reading the clock.
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

    /// Rejects a call without the lock, if no retry is due for a while.
    #[inline]
    fn reject_unlocked(&self, status: Status) -> Option<Rejected> {
        if status.shadow() || !status.policy_has(PolicyFlags::SPARES_THE_LOCK) {
            return None;
        }
        let retry_after = match status.state() {
            State::ForcedOpen => Nanos::NEVER,
            State::Open if status.policy_has(PolicyFlags::NEVER_DUE) => Nanos::NEVER,
            State::Open if status.policy_has(PolicyFlags::DUE_IS_KNOWN) => {
                // This may be the end of a later opening, or under a later policy, than the status that was read: then
                // the call is ordered after that change.
                let due = Nanos(self.shared.due.load(Ordering::Acquire));
                let now = self.shared.clock.coarse_now();
                // Near the end, or if no end is known, the locked path decides by the exact time.
                if now.plus(BreakerClock::MAX_LAG) >= due || due == Nanos::NEVER {
                    return None;
                }
                due.since(now)
            }
            _ => return None,
        };
        let counted = self.shared.successes.count_rejection();
        counted.then(|| Rejected { state: status.state(), retry_after })
    }

    /// Admits or rejects a call under the lock.
    ///
    /// The loop reads the state again whenever the lock was released, for user code or to settle a hung probe.
    #[inline(never)]
    fn admit_locked(&self) -> Result<Admission, Rejected> {
        let now = self.now();
        let mut core = self.shared.core.lock();
        let mut stale = 0;
        loop {
            match core.machine.state {
                // The user code itself may change the policy each time it runs.
                State::Open | State::HalfOpen if stale > MAX_STALE_ANSWERS => return self.reject(&mut core, None),
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

    /// Checks whether the retry of an open breaker is due. `Err` holds the remaining wait, if it is known.
    pub(crate) fn is_due<'a>(
        &'a self,
        core: MutexGuard<'a, Core>,
        now: Nanos,
    ) -> Asked<'a, Result<(), Option<Duration>>> {
        let retries::CompiledRetry::Custom(custom) = &core.rules.retry else {
            let is_due = core.machine.due != Nanos::NEVER && now >= core.machine.due;
            let answer = if is_due { Ok(()) } else { Err(core.machine.retry_after(now)) };
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
            open_for: core.machine.time_in_state(now).into(),
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

    /// Checks whether the permit of a half-open breaker with a free slot admits this call.
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
                    // Another thread may have taken the last slot while the permit ran.
                    Asked::Answer(core, true) if core.rules.is_full(core.machine.probes.in_flight()) => {
                        Asked::Answer(core, false)
                    }
                    answer => answer,
                }
            }
        }
    }

    /// Runs user code without the lock. The answer is stale if the state or the policy changed meanwhile.
    ///
    /// `question` owns its component of the policy and is dropped before the lock is taken again: it may hold the last
    /// handle, whose `Drop` is user code.
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
        self.shared.successes.prepare_for_rejections(core.rejected);
        let retry_after = retry_after.map_or(Nanos::NEVER, Nanos::from);
        Err(Rejected { state: core.machine.state, retry_after })
    }
}

/// An answer, and the lock under which it is valid.
pub(crate) enum Asked<'a, A> {
    Answer(MutexGuard<'a, Core>, A),
    Stale(MutexGuard<'a, Core>),
}
