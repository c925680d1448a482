//! Which breakers of the sets have series of their own in metrics, and what is summed up.

use std::{
    cmp::Reverse,
    collections::HashSet,
    sync::{Arc, Weak},
};

use super::family::{Counts, Family, Member};
use crate::{
    breaker::{CircuitBreaker, Shared},
    name::Name,
    registry,
    state::State,
};

/// The key of what is summed up.
const REST: &str = "…";

/// The breakers that share series: one of a key, or the rest of a set. No handles, for they would keep a set from
/// evicting them.
pub(crate) struct Group {
    pub(crate) circuit_name: Name,
    pub(crate) key: String,
    pub(crate) breakers: Vec<Weak<Shared>>,
    pub(crate) counts: Counts,
}

struct Candidate {
    breaker: Weak<Shared>,
    member: Arc<Member>,
    is_closed: bool,
    counts: Counts,
}

/// Everything of all sets whose breakers are `listed`.
pub(crate) fn groups(listed: impl Fn(&CircuitBreaker) -> bool) -> Vec<Group> {
    let families = Family::all();
    // All of them now, so that none of their breakers is evicted while they are added up.
    let retired: Vec<_> = families.iter().map(|family| family.retired()).collect();
    let mut candidates: Vec<Vec<Candidate>> = families.iter().map(|_| Vec::new()).collect();
    let mut orphans = Vec::new();
    for breaker in registry::living() {
        let Some(handle) = CircuitBreaker::upgrade(&breaker) else { continue };
        if let Some(member) = handle.shared.name.member()
            && let Some(family) = families.iter().position(|family| std::ptr::eq(&raw const **family, member.family()))
            && listed(&handle)
        {
            candidates[family].push(Candidate {
                breaker,
                member: Arc::clone(member),
                is_closed: handle.shared.published.read().state() == State::Closed,
                counts: Counts::of(&handle.shared).unwrap_or_default(),
            });
        }
        if Arc::strong_count(handle.shared.direct()) == 1 {
            // It has just lost its set, and its listeners are the user's: they go when no lock is held.
            orphans.push(handle);
        }
    }
    let of_families = families.iter().zip(&retired).zip(candidates).filter(|(_, candidates)| !candidates.is_empty());
    let groups = of_families.flat_map(|((family, retired), candidates)| grouped(family, retired, candidates)).collect();
    drop(retired);
    drop(orphans);
    groups
}

fn grouped(family: &Family, retired: &Counts, mut candidates: Vec<Candidate>) -> Vec<Group> {
    candidates.retain(|candidate| !candidate.member.is_in_reserve());
    candidates.sort_by_cached_key(|Candidate { member, is_closed, .. }| {
        (*is_closed, Reverse(member.last_used()), !member.was_exported())
    });
    let group = |key: &str, counts| Group {
        circuit_name: family.label().clone(),
        key: key.to_owned(),
        breakers: Vec::new(),
        counts,
    };
    let mut rest = group(REST, *retired);
    // Two keys may be displayed alike.
    let mut keys = HashSet::from([REST.to_owned()]);
    let mut groups = Vec::new();
    for Candidate { breaker, member, counts, .. } in candidates {
        if groups.len() < family.exported_keys && keys.insert(member.key().to_owned()) {
            rest.counts.add(&member.was_summed_up());
            groups.push(Group { breakers: vec![breaker], ..group(member.key(), member.own(&counts)) });
        } else {
            rest.counts.add(&member.summed_up(&counts));
            rest.breakers.push(breaker);
        }
    }
    if !rest.breakers.is_empty() || rest.counts != Counts::default() {
        groups.push(rest);
    }
    groups
}
