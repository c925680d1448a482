//! The policy of a set: what the program says of its breakers, and what was set since.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use super::family::Family;
use crate::{
    breaker::set_policy::Replaced,
    breaker::{CircuitBreaker, Shared, builder::Builder, handle::Handle, place},
    error::PolicyError,
    policy::Policy,
};

/// What the program says of every breaker of a set.
pub(crate) struct Own {
    pub(crate) policy: Policy,
    pub(crate) shadow: bool,
}

/// What is said of a breaker beside the program's own text. `None` leaves that as it is.
#[derive(Clone, Default)]
pub(crate) struct Said {
    pub(crate) policy: Option<Policy>,
    pub(crate) shadow: Option<bool>,
}

/// What is said of the breakers of a set.
#[derive(Clone, Default)]
pub(crate) struct Governing {
    pub(crate) all: Said,
    /// In place of that, by the name of a breaker.
    pub(crate) some: BTreeMap<String, Said>,
}

impl Said {
    /// What is said, over what `builder` has.
    fn over(&self, builder: Builder) -> Builder {
        let builder = match &self.policy {
            Some(policy) => builder.policy(policy.clone()),
            None => builder,
        };
        match self.shadow {
            Some(shadow) => builder.shadow(shadow),
            None => builder,
        }
    }

    fn is_nothing(&self) -> bool {
        self.policy.is_none() && self.shadow.is_none()
    }
}

impl Governing {
    pub(crate) fn of_all(said: Said) -> Self {
        Self { all: said, some: BTreeMap::new() }
    }

    fn of(&self, breaker: &str) -> &Said {
        self.some.get(breaker).unwrap_or(&self.all)
    }
}

/// The work that a change of a set leaves for when nothing is locked: breakers are told of it, and what they had before is
/// dropped, for both may be the user's own.
#[must_use = "listeners are to be told"]
#[derive(Default)]
pub(crate) struct Aftermath {
    replaced: Vec<Replaced>,
    policies: Vec<Policy>,
    /// No handles, for they would keep the set from evicting them.
    changed: Vec<Weak<Shared>>,
    /// Those that nobody else held any more.
    orphans: Vec<Shared>,
}

impl Aftermath {
    pub(crate) fn conclude(self) {
        let Self { replaced, policies, changed, orphans } = self;
        drop((replaced, policies, orphans));
        changed.iter().filter_map(CircuitBreaker::upgrade).for_each(|breaker| breaker.notify_listeners());
    }

    /// Gives a handle up. If it is the last, the breaker is dropped later.
    fn give_up(&mut self, breaker: CircuitBreaker) {
        match breaker.shared {
            Handle::Direct(shared) => self.orphans.extend(Arc::into_inner(shared)),
            // Only look-ups by key give such.
            Handle::Striped(_) => {}
        }
    }
}

impl Family {
    /// Returns what its breakers go by.
    pub(super) fn policy(&self) -> Policy {
        let set = self.governed.now().all.policy.clone();
        set.or_else(|| self.own.get().map(|own| own.policy.clone())).unwrap_or_default()
    }

    pub(super) fn set_policy(&self, policy: Policy) -> Result<(), PolicyError> {
        policy.check()?;
        self.govern(|now| Governing::of_all(Said { policy: Some(policy), shadow: now.all.shadow })).conclude();
        Ok(())
    }

    #[cfg(feature = "serde")]
    pub(crate) fn own(&self) -> &Own {
        self.own.get().unwrap_or_else(|| unreachable!("nobody knows of a set before it is made"))
    }

    #[cfg(feature = "serde")]
    pub(crate) fn governing(&self) -> Governing {
        Governing::clone(&self.governed.now())
    }

    /// Gives all breakers other policies, which are valid, and remembers them for those that are made later.
    pub(crate) fn govern(&self, governing: impl FnOnce(&Governing) -> Governing) -> Aftermath {
        let mut aftermath = Aftermath::default();
        self.governed.change(governing, |old, new| {
            for breaker in place::of_set(self.id()) {
                let Some(breaker) = CircuitBreaker::upgrade(&breaker) else { continue };
                self.give(&breaker, old.of(breaker.name()), new.of(breaker.name()), &mut aftermath);
                aftermath.give_up(breaker);
            }
        });
        aftermath
    }

    fn give(&self, breaker: &CircuitBreaker, old: &Said, new: &Said, aftermath: &mut Aftermath) {
        if old.is_nothing() && new.is_nothing() {
            // What was set on it by hand stays.
            return;
        }
        // A breaker is made when that is known.
        let Some(own) = self.own.get() else { return };
        if new.shadow.is_some() || old.shadow.is_some() {
            breaker.set_shadow(new.shadow.unwrap_or(own.shadow));
        }
        let policy = new.policy.as_ref().unwrap_or(&own.policy);
        let current = breaker.policy();
        if current != *policy {
            // Every policy is checked before it governs, and the program's own when the set is made.
            let replaced = breaker.adopt(policy.clone()).unwrap_or_else(|error| unreachable!("{error}"));
            aftermath.replaced.push(replaced);
            if breaker.shared.outbox.has_listeners() {
                aftermath.changed.push(Arc::downgrade(breaker.shared.direct()));
            }
        }
        aftermath.policies.push(current);
    }

    /// Makes the breaker of this name by what holds now.
    pub(super) fn make(
        &self,
        name: &str,
        builder: Builder,
        aftermath: &mut Aftermath,
    ) -> Result<CircuitBreaker, PolicyError> {
        let had = self.governed.now();
        let breaker = had.of(name).over(builder).build_untold()?;
        if breaker.shared.outbox.has_listeners() {
            aftermath.changed.push(Arc::downgrade(breaker.shared.direct()));
        }
        self.settle(had, &breaker, aftermath);
        Ok(breaker)
    }

    /// Gives a breaker what holds now, where that is not what it `had` when it was listed.
    pub(super) fn settle(&self, had: Arc<Governing>, breaker: &CircuitBreaker, aftermath: &mut Aftermath) {
        let mut before = had.of(breaker.name()).clone();
        self.governed.settle(had, |now| {
            let now = now.of(breaker.name());
            self.give(breaker, &before, now, aftermath);
            before = now.clone();
        });
    }
}
