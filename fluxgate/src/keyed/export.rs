//! Which breakers of the sets have series of their own in metrics, and what is summed up.

use std::{cmp::Reverse, collections::HashSet, sync::Arc};

use super::family::{Counts, Family, Member};
use crate::{breaker::CircuitBreaker, name::Name, registry, state::State};

/// The key of what is summed up.
const REST: &str = "…";

/// The breakers that share series: one of a key, or the rest of a set.
pub(crate) struct Group {
    pub(crate) circuit_name: Name,
    pub(crate) key: String,
    pub(crate) breakers: Vec<CircuitBreaker>,
    pub(crate) counts: Counts,
}

/// Everything of all sets whose breakers are `listed`.
pub(crate) fn groups(listed: impl Fn(&CircuitBreaker) -> bool) -> Vec<Group> {
    let families = Family::all();
    // All of them now, so that none of their breakers is evicted while they are added up.
    let retired: Vec<_> = families.iter().map(|family| family.retired()).collect();
    let living = registry::living();
    let mut groups = Vec::new();
    for (family, retired) in families.iter().zip(&retired) {
        let of_family = |member: &Arc<Member>| std::ptr::eq(member.family(), &raw const **family);
        let breakers: Vec<_> = living
            .iter()
            .filter_map(|breaker| Some((breaker, breaker.shared.name.member()?)))
            .filter(|(breaker, member)| of_family(member) && listed(breaker))
            .collect();
        if !breakers.is_empty() {
            groups.extend(of_family_grouped(family, **retired, breakers));
        }
    }
    drop(retired);
    // The last handle of a breaker may be here, and its listeners are the user's.
    drop(living);
    groups
}

fn of_family_grouped(
    family: &Family,
    retired: Counts,
    mut breakers: Vec<(&CircuitBreaker, &Arc<Member>)>,
) -> Vec<Group> {
    breakers.retain(|(_, member)| !member.is_in_reserve());
    breakers.sort_by_cached_key(|(breaker, member)| {
        let is_closed = breaker.shared.published.read().state() == State::Closed;
        (is_closed, Reverse(member.last_used()), !member.was_exported())
    });
    let mut rest =
        Group { circuit_name: family.label().clone(), key: REST.to_owned(), breakers: Vec::new(), counts: retired };
    // Two keys may be displayed alike.
    let mut keys = HashSet::from([REST]);
    let mut groups = Vec::new();
    for (breaker, member) in breakers {
        let counts = Counts::of(&breaker.shared).unwrap_or_default();
        if groups.len() < family.exported_keys && keys.insert(member.key()) {
            rest.counts.add(member.was_summed_up());
            groups.push(Group {
                circuit_name: family.label().clone(),
                key: member.key().to_owned(),
                breakers: vec![breaker.clone()],
                counts: member.own(counts),
            });
        } else {
            rest.counts.add(member.summed_up(counts));
            rest.breakers.push(breaker.clone());
        }
    }
    if !rest.breakers.is_empty() || rest.counts != Counts::default() {
        groups.push(rest);
    }
    groups
}
