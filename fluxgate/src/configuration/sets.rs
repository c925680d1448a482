//! What a configuration makes of sets of breakers.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Configuration, PolicyConfig,
    names::{Mistakes, names_a_key},
};
use crate::{
    keyed::{Aftermath, Family, Governing, Said},
    policy::Policy,
};

/// The policy that was set on a set by hand, before a configuration changed it.
pub(super) type Before = Option<Policy>;

pub(super) struct SetChange {
    family: Arc<Family>,
    before: Before,
    governing: Governing,
    /// Whether the configuration names the set or a key of it. If not, it did before.
    named: bool,
}

/// All that is to be changed; what is wrong with it goes to `mistakes`.
pub(super) fn changes(
    configuration: &Configuration,
    families: &[Arc<Family>],
    overridden: &BTreeMap<u64, Before>,
    mistakes: &mut Mistakes,
) -> Vec<SetChange> {
    let changes = families.iter().filter_map(|family| SetChange::of(configuration, family, overridden));
    let changes: Vec<SetChange> = changes.collect();
    for change in &changes {
        let Governing { all, some } = &change.governing;
        let said = [(change.family.name().as_str(), all)];
        for (name, said) in said.into_iter().chain(some.iter().map(|(name, said)| (name.as_str(), said))) {
            if let Some(policy) = &said.policy {
                mistakes.policy(name, policy);
            }
        }
    }
    changes
}

impl SetChange {
    fn of(configuration: &Configuration, family: &Arc<Family>, overridden: &BTreeMap<u64, Before>) -> Option<Self> {
        let known = overridden.get(&family.id());
        let set = configuration.of(family.name().as_str());
        let keys = configuration.breakers.keys().filter(|name| names_a_key(name, family.name().as_str()));
        let keys: Vec<&String> = keys.collect();
        let named = set.is_some() || !keys.is_empty();
        if known.is_none() && !named {
            return None;
        }
        let before = known.cloned().unwrap_or_else(|| family.governing().all.policy);
        let program = before.as_ref().unwrap_or(&family.own().policy).clone();
        let said = |config: &PolicyConfig| Said { policy: Some(config.over(program.clone())), shadow: config.shadow };
        let all = match &set {
            Some(config) => said(config),
            None => Said { policy: before.clone(), shadow: None },
        };
        let of_key = |name: &String| Some((name.clone(), said(&configuration.of_key(name, family.name().as_str())?)));
        let some = keys.into_iter().filter_map(of_key).collect();
        Some(Self { family: Arc::clone(family), before, governing: Governing { all, some }, named })
    }

    /// Returns what is to be dropped, and done, with nothing locked.
    pub(super) fn make(&self, overridden: &mut BTreeMap<u64, Before>) -> (Option<Before>, Aftermath) {
        let id = self.family.id();
        let known = if self.named { overridden.insert(id, self.before.clone()) } else { overridden.remove(&id) };
        (known, self.family.govern(|_| self.governing.clone()))
    }
}
