//! Which breakers of the sets have series of their own in metrics, and what is summed up.

use std::{
    cmp::Reverse,
    collections::HashSet,
    ptr,
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
        let member = handle.shared.name.member().filter(|_| listed(&handle));
        let family_of =
            |member: &Member| families.iter().position(|family| ptr::eq(&raw const **family, member.family()));
        if let Some((member, family)) = member.and_then(|member| Some((member, family_of(member)?))) {
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

#[cfg(test)]
mod tests {
    use parking_lot::{Mutex, MutexGuard};

    use super::*;
    use crate::{Builder, KeyedBreakers, Listener, ManualClock, Signal, keyed::KeyedBuilder};

    /// The tests take turns: who adds up the sets holds handles of the breakers of all, which are not evicted meanwhile.
    fn turn() -> MutexGuard<'static, ()> {
        static TURN: Mutex<()> = Mutex::new(());
        TURN.lock()
    }

    struct Counting;

    impl Listener for Counting {
        fn on_transition(&self, _: &Signal) {}
        fn counts_calls(&self) -> bool {
            true
        }
    }

    type Set = (KeyedBreakers<String>, ManualClock);

    fn set(name: &'static str, settings: impl FnOnce(KeyedBuilder<String>) -> KeyedBuilder<String>) -> Set {
        let clock = ManualClock::new();
        let of_breakers = clock.clone();
        let policy = move |builder: Builder| builder.clock(of_breakers.clone()).listener(Counting);
        (settings(KeyedBreakers::builder(name).policy(policy)).build().unwrap(), clock)
    }

    fn call(set: &Set, key: &str) {
        set.0.get(key).call(|| Ok::<_, ()>(())).unwrap();
    }

    /// The key of each group, how many breakers it has, and how many calls.
    fn shown(set: &Set) -> Vec<(String, usize, u64)> {
        let of_set = format!("{}{{", set.0.name());
        let groups = groups(|breaker| breaker.name().starts_with(&of_set));
        groups.into_iter().map(|group| (group.key, group.breakers.len(), group.counts.calls.successes)).collect()
    }

    fn group(key: &str, breakers: usize, calls: u64) -> (String, usize, u64) {
        (key.to_owned(), breakers, calls)
    }

    #[test]
    fn where_each_key_has_series_of_its_own_there_is_no_rest() {
        let _turn = turn();
        let set = set("export: all", |builder| builder.exported_keys(2));
        call(&set, "a");
        assert_eq!(shown(&set), [group("a", 1, 1)]);
    }

    #[test]
    fn a_rest_that_has_counted_nothing_yet_is_shown() {
        let _turn = turn();
        let set = set("export: idle", |builder| builder.exported_keys(1));
        set.0.get("a");
        set.0.get("b");
        let shown = shown(&set);
        assert_eq!((shown.len(), &shown[1]), (2, &group(REST, 1, 0)));
    }

    #[test]
    fn what_evicted_keys_have_counted_is_shown_though_no_key_is_left_over() {
        let _turn = turn();
        let set = set("export: evicted", |builder| builder.exported_keys(5).max(1));
        call(&set, "a");
        call(&set, "b");
        call(&set, "b");
        assert_eq!(shown(&set), [group("b", 1, 2), group(REST, 0, 1)]);
    }

    #[test]
    fn the_transitions_of_evicted_keys_are_summed_up_too() {
        let _turn = turn();
        let set = set("export: transitions", |builder| builder.exported_keys(5).max(1));
        let breaker = set.0.get("a");
        breaker.force_open();
        breaker.reset();
        drop(breaker);
        call(&set, "b");
        let groups = groups(|breaker| breaker.name().starts_with("export: transitions{"));
        let rest = groups.iter().find(|group| group.key == REST).unwrap();
        assert_eq!(rest.counts.transitions.count(State::Closed, State::ForcedOpen), 1);
        assert_eq!(rest.counts.transitions.count(State::ForcedOpen, State::Closed), 1);
    }

    #[test]
    fn of_keys_that_were_used_at_the_same_time_one_that_had_series_of_its_own_keeps_them() {
        let _turn = turn();
        let set = set("export: tie", |builder| builder.exported_keys(1));
        call(&set, "a");
        set.1.advance(std::time::Duration::from_secs(1));
        call(&set, "b");
        assert_eq!(shown(&set)[0].0, "b");
        call(&set, "a");
        assert_eq!(shown(&set)[0].0, "b");
    }

    #[test]
    fn what_a_key_added_to_the_rest_stays_there_when_it_gets_series_of_its_own() {
        let _turn = turn();
        let set = set("export: moved", |builder| builder.exported_keys(1));
        let tick = || set.1.advance(std::time::Duration::from_secs(1));
        call(&set, "a");
        call(&set, "a");
        tick();
        call(&set, "b");
        assert_eq!(shown(&set), [group("b", 1, 1), group(REST, 1, 2)]);
        tick();
        call(&set, "a");
        assert_eq!(shown(&set), [group("a", 1, 1), group(REST, 1, 2)]);
    }
}
