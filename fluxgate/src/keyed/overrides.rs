//! The policy of a set: the program's own, and the overrides of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use super::set_core::SetCore;
#[cfg(feature = "config")]
use crate::breaker::overrides::{Current, log_refused};
use crate::{
    breaker::{
        CircuitBreaker, Shared, builder::Builder, handle::Handle, overrides::Override, place, set_policy::Replaced,
    },
    policy::{Policy, error::PolicyError},
};

/// The program's own settings of every breaker of a set.
pub(crate) struct Own {
    pub(crate) policy: Policy,
    pub(crate) shadow: bool,
}

/// Replaces settings of the breakers of a set.
#[derive(Clone, Default)]
pub(crate) struct SetOverrides {
    /// The policy from [`SetCore::set_policy`], in place of the program's.
    by_hand: Option<Policy>,
    all: Override,
    /// In place of `all`, by the name of a breaker.
    some: BTreeMap<String, Override>,
}

impl SetOverrides {
    fn of(&self, breaker: &str) -> &Override {
        self.some.get(breaker).unwrap_or(&self.all)
    }

    fn policy_of(&self, breaker: &str) -> Option<&Policy> {
        self.of(breaker).policy.as_ref().or(self.by_hand.as_ref())
    }

    /// Returns these overrides with one policy for all breakers.
    fn with_policy(&self, policy: Policy) -> Self {
        let without_policy = |over: &Override| Override { policy: None, ..over.clone() };
        Self {
            by_hand: Some(policy),
            all: without_policy(&self.all),
            some: self.some.iter().map(|(name, over)| (name.clone(), without_policy(over))).collect(),
        }
    }

    /// Returns these overrides with those of `current` in place of former ones. `program` is the program's policy.
    #[cfg(feature = "config")]
    fn replaced_by(&self, current: &Current, set: &str, program: &Policy) -> Self {
        let program = self.by_hand.as_ref().unwrap_or(program);
        let (all, some) = match current {
            Some(overrides) => (overrides.of(set, program), overrides.of_keys(set, program)),
            None => Default::default(),
        };
        Self { by_hand: self.by_hand.clone(), all, some }
    }

    /// Takes the errors of overrides that do not fit.
    #[cfg(feature = "config")]
    fn take_refused(&mut self, set: &str) -> Vec<(String, PolicyError)> {
        let all = [(set.to_owned(), &mut self.all)];
        let some = self.some.iter_mut().map(|(name, over)| (name.clone(), over));
        all.into_iter().chain(some).filter_map(|(name, over)| Some((name, over.refused.take()?))).collect()
    }
}

/// The reason for a change of the overrides of a set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Somebody sets the policy, which replaces those that were set on single breakers.
    ByHand,
    #[cfg_attr(not(feature = "config"), allow(dead_code, reason = "overrides come from policy files"))]
    Configured,
}

/// The work that a change of a set leaves for when nothing is locked: listeners are told, and parts of old policies are
/// dropped, because both may run user code.
#[must_use = "listeners must be told"]
#[derive(Default)]
pub(crate) struct Aftermath {
    replaced: Vec<Replaced>,
    policies: Vec<Policy>,
    /// No handles, because they would keep the set from evicting the breakers.
    changed: Vec<Weak<Shared>>,
    /// Breakers whose last handle was dropped here.
    orphans: Vec<Shared>,
    #[cfg(feature = "config")]
    refused: Vec<(String, PolicyError)>,
}

impl Aftermath {
    pub(crate) fn conclude(self) {
        #[cfg(feature = "config")]
        self.refused.iter().for_each(|(name, error)| log_refused(name, error));
        let Self { replaced, policies, changed, orphans, .. } = self;
        drop((replaced, policies, orphans));
        changed.iter().filter_map(CircuitBreaker::upgrade).for_each(|breaker| breaker.notify_listeners());
    }

    /// Drops a handle. If it is the last, the breaker is dropped later.
    fn give_up(&mut self, breaker: CircuitBreaker) {
        match breaker.shared {
            Handle::Direct(shared) => self.orphans.extend(Arc::into_inner(shared)),
            // Only look-ups by key return these.
            Handle::Striped(_) => {}
        }
    }
}

impl SetCore {
    /// Returns the policy of its breakers.
    pub(super) fn policy(&self) -> Policy {
        let overrides = self.overrides.now();
        let overridden = overrides.all.policy.as_ref().or(overrides.by_hand.as_ref()).cloned();
        overridden.or_else(|| self.own.get().map(|own| own.policy.clone())).unwrap_or_default()
    }

    pub(super) fn set_policy(&self, policy: Policy) -> Result<(), PolicyError> {
        policy.check()?;
        self.change(Change::ByHand, |overrides| overrides.with_policy(policy)).conclude();
        Ok(())
    }

    /// Returns the program's policy, or the one that was set by hand.
    #[cfg(feature = "config")]
    pub(crate) fn program_policy(&self) -> Policy {
        let by_hand = self.overrides.now().by_hand.clone();
        by_hand.or_else(|| self.own.get().map(|own| own.policy.clone())).unwrap_or_default()
    }

    /// Applies the overrides that hold now, in place of former ones, to all breakers, and keeps them for later ones.
    #[cfg(feature = "config")]
    pub(crate) fn apply(&self, current: &Current) -> Aftermath {
        let Some(own) = self.own.get() else { return Aftermath::default() };
        let mut refused = Vec::new();
        let aftermath = self.change(Change::Configured, |overrides| {
            let mut overrides = overrides.replaced_by(current, self.name().as_str(), &own.policy);
            refused = overrides.take_refused(self.name().as_str());
            overrides
        });
        Aftermath { refused, ..aftermath }
    }

    /// Replaces the overrides, applies them to all breakers, and keeps them for later ones.
    fn change(&self, change: Change, to: impl FnOnce(&SetOverrides) -> SetOverrides) -> Aftermath {
        let mut aftermath = Aftermath::default();
        self.overrides.change(to, |old, new| {
            for breaker in place::of_set(self.id()) {
                let Some(breaker) = CircuitBreaker::upgrade(&breaker) else { continue };
                self.give(&breaker, change, old, new, &mut aftermath);
                aftermath.give_up(breaker);
            }
        });
        aftermath
    }

    /// Applies `new` overrides to a breaker in place of `old` ones.
    fn give(
        &self,
        breaker: &CircuitBreaker,
        change: Change,
        old: &SetOverrides,
        new: &SetOverrides,
        aftermath: &mut Aftermath,
    ) {
        let name = breaker.name();
        let (old_override, new_override) = (old.of(name), new.of(name));
        if change == Change::Configured && old_override.is_empty() && new_override.is_empty() {
            // A policy that was set on it by hand stays.
            return;
        }
        // It is known before the first breaker is built.
        let Some(own) = self.own.get() else { return };
        if old_override.shadow.is_some() || new_override.shadow.is_some() {
            breaker.set_shadow(new_override.shadow.unwrap_or(own.shadow));
        }
        let policy = new.policy_of(name).unwrap_or(&own.policy);
        let current = breaker.policy();
        if current != *policy {
            // Every policy here was checked.
            aftermath.replaced.extend(breaker.adopt(policy.clone()));
        }
        aftermath.policies.push(current);
        #[cfg(feature = "config")]
        if change == Change::Configured {
            breaker.apply_state(old_override.state, new_override.state);
        }
        if breaker.shared.outbox.has_listeners() {
            aftermath.changed.push(Arc::downgrade(breaker.shared.direct()));
        }
    }

    /// Builds the breaker of this name with the current overrides.
    pub(super) fn make(
        &self,
        name: &str,
        builder: Builder,
        aftermath: &mut Aftermath,
    ) -> Result<CircuitBreaker, PolicyError> {
        let had = self.overrides.now();
        // Breakers of one policy share its compiled form.
        let builder = match self.own.get() {
            Some(own) if *builder.own().0 == own.policy => builder.policy(own.policy.clone()),
            _ => builder,
        };
        let by = Override { policy: had.policy_of(name).cloned(), ..had.of(name).clone() };
        let breaker = builder.overridden_by(&by).build_untold()?;
        if breaker.shared.outbox.has_listeners() {
            aftermath.changed.push(Arc::downgrade(breaker.shared.direct()));
        }
        self.settle(had, &breaker, aftermath);
        Ok(breaker)
    }

    /// Applies the current overrides to a breaker, unless they are those that it `had` when it was listed.
    pub(super) fn settle(&self, had: Arc<SetOverrides>, breaker: &CircuitBreaker, aftermath: &mut Aftermath) {
        let mut before = Arc::clone(&had);
        self.overrides.settle(had, |now| {
            let now = Arc::clone(now);
            let change = if before.by_hand == now.by_hand { Change::Configured } else { Change::ByHand };
            self.give(breaker, change, &before, &now, aftermath);
            before = now;
        });
    }
}
