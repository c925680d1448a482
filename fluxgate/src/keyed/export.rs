//! The metrics of sets: some keys have series of their own, the others are summed up.
//!
//! A call is counted once: in the series of its key, if that has one, or in the rest. Both only ever grow. A series belongs
//! to the key, not to a breaker: a breaker that is made for the key later goes on where the one before has stopped. While
//! there is room, the counters of a key without a breaker are shown as they stand. A series that has to give way to
//! others is remembered for when it returns; only if [`REMEMBERED`] times as many as are shown have come since, or
//! [`REMEMBERED_AT_LEAST`], it is forgotten, and would begin at zero again, long after it had vanished.
//!
//! Nothing is held while a set is looked through that a call or a look-up waits for: each breaker is asked by itself what
//! it has counted since the last time.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::{Arc, Weak},
};

use super::set_core::{Counts, Member, Series, SetCore};
use crate::{
    breaker::{CircuitBreaker, Shared, handle::Handle, place},
    name::Name,
    state::State,
    time::nanos::Nanos,
};

/// The key of what is summed up.
const REST: &str = "…";

/// The number of series that are remembered for each that is shown.
const REMEMBERED: usize = 10;

/// The number that is remembered at least: half a kilobyte each.
const REMEMBERED_AT_LEAST: usize = 1_000;

/// The breakers that share series: one of a key, none of a key whose breaker is gone, or the rest of a set. No handles, for
/// they would keep a set from evicting them.
pub(crate) struct Group {
    pub(crate) circuit_name: Name,
    pub(crate) key: String,
    pub(crate) breakers: Vec<Weak<Shared>>,
    pub(crate) counts: Counts,
}

/// The series of a set by their keys, as displayed.
#[derive(Default)]
pub(super) struct Exported(HashMap<Box<str>, Kept>);

struct Kept {
    series: Arc<Series>,
    /// The time of the last look-up of its key, on the clock of the set.
    used: Nanos,
}

struct Candidate {
    breaker: Weak<Shared>,
    member: Arc<Member>,
    is_closed: bool,
    last_used: Nanos,
    counts: Counts,
}

/// Returns everything of all sets whose breakers are `listed`.
pub(crate) fn groups(listed: impl Fn(&CircuitBreaker) -> bool) -> Vec<Group> {
    SetCore::all().iter().flat_map(|core| of_family(core, &listed)).collect()
}

fn of_family(core: &SetCore, listed: impl Fn(&CircuitBreaker) -> bool) -> Vec<Group> {
    let mut exported = core.exported.lock();
    let mut orphans = Vec::new();
    let candidates = candidates(core, listed, &mut orphans);
    let groups = candidates.map(|candidates| exported.groups(core, candidates)).unwrap_or_default();
    drop(exported);
    drop(orphans);
    groups
}

/// Lists the breakers of a set with what they have counted. `None` if none is listed. Those that turn out to be the last handles go to `orphans`, for what
/// they drop is the user's own.
fn candidates(
    core: &SetCore,
    listed: impl Fn(&CircuitBreaker) -> bool,
    orphans: &mut Vec<Shared>,
) -> Option<Vec<Candidate>> {
    let mut candidates = Vec::new();
    let mut is_listed = false;
    for breaker in place::of_set(core.id()) {
        let Some(handle) = CircuitBreaker::upgrade(&breaker) else { continue };
        if let Some(member) = Member::shared_by(&handle.shared).filter(|_| listed(&handle)) {
            is_listed = true;
            if !handle.shared.place.is_hidden() {
                candidates.push(Candidate {
                    breaker,
                    last_used: member.last_used(),
                    member,
                    is_closed: handle.shared.status.read().state() == State::Closed,
                    counts: Counts::of(&handle.shared).unwrap_or_default(),
                });
            }
        }
        if let Handle::Direct(shared) = handle.shared {
            orphans.extend(Arc::into_inner(shared));
        }
    }
    is_listed.then_some(candidates)
}

impl Exported {
    fn groups(&mut self, core: &SetCore, mut candidates: Vec<Candidate>) -> Vec<Group> {
        candidates.sort_by_cached_key(|Candidate { member, is_closed, last_used, .. }| {
            (*is_closed, Reverse(*last_used), !member.has_series())
        });
        let group = |key: &str, breakers, counts| Group {
            circuit_name: core.label().clone(),
            key: key.to_owned(),
            breakers,
            counts,
        };
        let mut rest = Vec::new();
        let mut groups = Vec::new();
        // Two keys may be displayed alike.
        let mut keys = HashSet::from([REST.to_owned()]);
        let mut shown = HashSet::new();
        for Candidate { breaker, member, last_used, counts, .. } in candidates {
            let is_new = keys.insert(member.key().to_owned());
            if groups.len() < core.exported_keys && is_new {
                let series = self.series(member.key(), last_used);
                member.attribute_to(Some(&series), &counts);
                shown.insert(member.key().to_owned());
                groups.push(group(member.key(), vec![breaker], series.counts()));
            } else {
                member.attribute_to(None, &counts);
                rest.push(breaker);
            }
        }
        for key in self.latest(core.exported_keys - groups.len(), &keys) {
            groups.push(group(
                &key,
                Vec::new(),
                self.0.get(&*key).map(|kept| kept.series.counts()).unwrap_or_default(),
            ));
            shown.insert(key.into());
        }
        self.forget(core.exported_keys.saturating_mul(REMEMBERED).max(REMEMBERED_AT_LEAST), &shown);
        // At last, for the breakers have added to it.
        let counts = *core.rest.lock();
        if !rest.is_empty() || counts != Counts::default() {
            groups.push(group(REST, rest, counts));
        }
        groups
    }

    fn series(&mut self, key: &str, used: Nanos) -> Arc<Series> {
        let kept = self.0.entry(key.into()).or_insert_with(|| Kept { series: Arc::default(), used });
        kept.used = used;
        Arc::clone(&kept.series)
    }

    /// Returns the most recently used keys that no breaker has.
    fn latest(&self, count: usize, of_breakers: &HashSet<String>) -> Vec<Box<str>> {
        let mut gone: Vec<_> = self.0.iter().filter(|(key, _)| !of_breakers.contains(&***key)).collect();
        gone.sort_unstable_by_key(|(key, kept)| (Reverse(kept.used), *key));
        gone.into_iter().take(count).map(|(key, _)| key.clone()).collect()
    }

    /// Forgets the least recently used series beyond `most`, of those that are not shown.
    fn forget(&mut self, most: usize, shown: &HashSet<String>) {
        let Some(more) = self.0.len().checked_sub(most).filter(|more| *more > 0) else { return };
        let mut hidden: Vec<_> = self.0.iter().filter(|(key, _)| !shown.contains(&***key)).collect();
        hidden.sort_unstable_by_key(|(_, kept)| kept.used);
        let hidden: Vec<Box<str>> = hidden.into_iter().take(more).map(|(key, _)| key.clone()).collect();
        for key in hidden {
            self.0.remove(&key);
        }
    }
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
    fn of_ever_new_keys_the_latest_are_remembered_and_one_that_was_forgotten_begins_anew() {
        let _turn = turn();
        let set = set("export: new", |builder| builder.max(1).exported_keys(1));
        for key in 0..REMEMBERED_AT_LEAST + 10 {
            set.1.advance(std::time::Duration::from_secs(1));
            call(&set, &key.to_string());
            assert_eq!(shown(&set), [group(&key.to_string(), 1, 1)]);
        }
        let core = &set.0.0.factory.core;
        assert_eq!(core.exported.lock().0.len(), REMEMBERED_AT_LEAST);
        for (key, calls) in [("0", 1), ("100", 2)] {
            set.1.advance(std::time::Duration::from_secs(1));
            call(&set, key);
            assert_eq!(shown(&set), [group(key, 1, calls)]);
        }
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
