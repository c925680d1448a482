//! Transitions, and the publication of changes.

use crate::{
    breaker::{CircuitBreaker, Core},
    events::signal::Signal,
    machine::{Machine, PreviousState, reason::Reason},
    policy::compiled::CompiledPolicy,
    random::Random,
    state::State,
    sync::{
        MutexGuard, Ordering,
        status_word::{Status, SuccessPath},
    },
    time::nanos::Nanos,
};

impl CircuitBreaker {
    /// Returns the time on the breaker's clock, which started at zero when the breaker was built.
    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        self.shared.clock.now()
    }

    /// Moves the successes that threads have counted into the window.
    pub(crate) fn take_successes(&self, core: &mut MutexGuard<'_, Core>) {
        let core = &mut **core;
        self.shared.successes.take(&core.enrolled, |count, second| core.machine.record_successes(count, second));
    }

    /// Publishes the status word. Call it after every change, while the lock is still held.
    pub(crate) fn publish(&self, core: &MutexGuard<'_, Core>) -> Status {
        let machine = &core.machine;
        let rules = &core.rules;
        let success = match machine.success_path(&rules.tripper) {
            _ if !core.spares_the_lock || core.tapped => SuccessPath::Judged,
            // Redundant for the window, but not for the totals.
            SuccessPath::Redundant if core.totals.is_some() => SuccessPath::Counted,
            success => success,
        };
        self.publish_with(core, success)
    }

    /// Like [`publish`](Self::publish), with a given path for successes.
    pub(crate) fn publish_with(&self, core: &MutexGuard<'_, Core>, success: SuccessPath) -> Status {
        let machine = &core.machine;
        let status = Status::new(machine.state, core.shadow, success, machine.generation)
            .with_tap(core.tapped)
            .with_policy(core.flags());
        self.shared.status.write(status);
        status
    }

    /// Enters the state `to` and queues a signal, which the caller delivers after it has released the lock.
    pub(crate) fn enter(&self, core: &mut MutexGuard<'_, Core>, to: State, now: Nanos, reason: Reason) {
        self.change_state(core, now, reason, |machine, rules, random| machine.enter(to, now, &rules.retry, random));
    }

    /// Like [`enter`](Self::enter), with a given change of the machine.
    pub(crate) fn change_state(
        &self,
        core: &mut MutexGuard<'_, Core>,
        now: Nanos,
        reason: Reason,
        enter: impl FnOnce(&mut Machine, &CompiledPolicy, &mut Random) -> Option<PreviousState>,
    ) {
        let previous = {
            let core = &mut **core;
            core.enrolled.clear();
            enter(&mut core.machine, &core.rules, &mut core.random)
        };
        let to = core.machine.state;
        core.state_is_configured = reason == Reason::Configured && to != State::Closed;
        self.shared.due.store(core.machine.due.0, Ordering::Release);
        self.publish(core);
        let Some(previous) = previous else { return };
        if let Some(totals) = &mut core.totals {
            totals.count_transition(previous.state, to);
        }
        let signal = Signal {
            breaker: self.shared.place.name().clone(),
            label: self.shared.place.label().clone(),
            old_state: previous.state,
            new_state: to,
            at: self.shared.clock.wall_time(),
            reopens: core.machine.reopens,
            metrics: previous.metrics,
            reason,
            retry_after: core.machine.retry_after(now),
            shadow: core.shadow,
        };
        if self.has_audience() {
            self.shared.outbox.post(signal.clone());
        }
        core.history.push(signal);
    }
}
