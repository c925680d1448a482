//! The policy of a set: what the program says of its breakers, and what was set since.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use super::family::Family;
use crate::{
    breaker::builder::Builder,
    breaker::{CircuitBreaker, Shared},
    error::PolicyError,
    events::policy_change::Replaced,
    policy::Policy,
    registry,
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

/// What a change of a set leaves to be done when nothing is locked: breakers are told of it, and what they had before is
/// dropped, for both may be the user's own.
#[must_use = "listeners are to be told"]
#[derive(Default)]
pub(crate) struct Aftermath {
    replaced: Vec<Replaced>,
    /// No handles, for they would keep the set from evicting them.
    changed: Vec<Weak<Shared>>,
    /// Those whose set went while they were looked at.
    orphans: Vec<CircuitBreaker>,
}

impl Aftermath {
    pub(crate) fn conclude(self) {
        drop((self.replaced, self.orphans));
        self.changed.iter().filter_map(CircuitBreaker::upgrade).for_each(|breaker| breaker.tell());
    }
}

impl Family {
    /// What its breakers go by.
    pub(super) fn policy(&self) -> Policy {
        self.governed.now().all.policy.clone().unwrap_or_else(|| self.own().policy.clone())
    }

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
            for id in registry::of_set(self.id()) {
                // A breaker that turned out to be needed while it was evicted is listed anew.
                let found = {
                    let _no_eviction = self.retired();
                    registry::by_id(id)
                };
                let Some(breaker) = found else { continue };
                self.give(&breaker, old.of(breaker.name()), new.of(breaker.name()), &mut aftermath);
                if Arc::strong_count(breaker.shared.direct()) == 1 {
                    aftermath.orphans.push(breaker);
                }
            }
        });
        aftermath
    }

    fn give(&self, breaker: &CircuitBreaker, old: &Said, new: &Said, aftermath: &mut Aftermath) {
        if old.is_nothing() && new.is_nothing() {
            // What was set on it by hand stays.
            return;
        }
        if new.shadow.is_some() || old.shadow.is_some() {
            breaker.set_shadow(new.shadow.unwrap_or(self.own().shadow));
        }
        let policy = new.policy.as_ref().unwrap_or(&self.own().policy);
        if breaker.policy() != *policy {
            // Every policy is checked before it governs, and the program's own when the set is made.
            let replaced = breaker.adopt(policy.clone()).unwrap_or_else(|error| unreachable!("{error}"));
            aftermath.replaced.push(replaced);
            if breaker.shared.outbox.has_listeners() {
                aftermath.changed.push(Arc::downgrade(breaker.shared.direct()));
            }
        }
    }

    /// The breaker of this name that `builder` is to make, by what holds now. `aftermath` is for when the key is no longer
    /// locked.
    pub(super) fn make(
        &self,
        name: &str,
        builder: Builder,
        aftermath: &mut Aftermath,
    ) -> Result<CircuitBreaker, PolicyError> {
        let had = self.governed.now();
        let breaker = had.of(name).over(builder).build()?;
        let mut before = had.of(name).clone();
        self.governed.settle(had, |now| {
            self.give(&breaker, &before, now.of(name), aftermath);
            before = now.of(name).clone();
        });
        Ok(breaker)
    }
}
