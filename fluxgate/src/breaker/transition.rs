//! How a breaker changes its state, and publishes that it did.

use crate::{
    breaker::{CircuitBreaker, Core},
    events::signal::Signal,
    machine::{Left, Machine, reason::Reason},
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
    /// The time on the breaker's own clock, which stood at zero when it was made.
    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        self.shared.clock.now()
    }

    /// Brings the machine up to what the threads have counted.
    pub(crate) fn take_successes(&self, core: &mut MutexGuard<'_, Core>) {
        let core = &mut **core;
        self.shared.successes.take(&core.enrolled, |count, second| core.machine.record_successes(count, second));
    }

    /// Lets be seen what has changed. To be called before the lock is given up.
    pub(crate) fn publish(&self, core: &MutexGuard<'_, Core>) -> Status {
        let machine = &core.machine;
        let rules = &core.rules;
        let success = match machine.success(&rules.tripper) {
            _ if !core.spares_the_lock || core.tapped => SuccessPath::Judged,
            // Of no consequence to the machine, but to the totals.
            SuccessPath::Known if core.totals.is_some() => SuccessPath::Counted,
            success => success,
        };
        self.publish_with(core, success)
    }

    /// The same where it is known what a success has to do.
    pub(crate) fn publish_with(&self, core: &MutexGuard<'_, Core>, success: SuccessPath) -> Status {
        let machine = &core.machine;
        let status = Status::new(machine.state, core.shadow, success, machine.generation)
            .with_tap(core.tapped)
            .with_policy(core.flags());
        self.shared.status.write(status);
        status
    }

    /// Begins the state `to` and leaves word of it for the listeners, who are to be served once the lock is free.
    pub(crate) fn enter(&self, core: &mut MutexGuard<'_, Core>, to: State, now: Nanos, reason: Reason) {
        self.change_state(core, now, reason, |machine, rules, random| machine.enter(to, now, &rules.retry, random));
    }

    /// The same, where the machine has more to do than to enter it.
    pub(crate) fn change_state(
        &self,
        core: &mut MutexGuard<'_, Core>,
        now: Nanos,
        reason: Reason,
        enter: impl FnOnce(&mut Machine, &CompiledPolicy, &mut Random) -> Option<Left>,
    ) {
        let left = {
            let core = &mut **core;
            core.enrolled.clear();
            enter(&mut core.machine, &core.rules, &mut core.random)
        };
        let to = core.machine.state;
        core.state_is_configured = reason == Reason::Configured && to != State::Closed;
        self.shared.due.store(core.machine.due.0, Ordering::Release);
        self.publish(core);
        let Some(left) = left else { return };
        if let Some(totals) = &mut core.totals {
            totals.count_transition(left.state, to);
        }
        let signal = Signal {
            breaker: self.shared.place.name().clone(),
            label: self.shared.place.label().clone(),
            old_state: left.state,
            new_state: to,
            at: self.shared.clock.wall_time(),
            reopens: core.machine.reopens,
            metrics: left.metrics,
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
