//! Every breaker of the process, by name.

mod book;
#[cfg(feature = "macros")]
pub(crate) mod declared;
#[cfg(feature = "macros")]
pub(crate) mod lazy;
#[cfg(any(feature = "macros", feature = "keyed"))]
pub(crate) mod making;
#[cfg(feature = "serde")]
pub(crate) mod saved;
#[cfg(feature = "serde")]
pub(crate) mod snapshot;

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;

#[cfg(feature = "keyed")]
pub(crate) use book::release;
pub(crate) use book::{Place, reserve};

use crate::breaker::{CircuitBreaker, Shared};

/// All that are listed. In parts, by set and then by age, so that one set can be walked through.
static LISTED: Mutex<BTreeMap<Key, Weak<Shared>>> = Mutex::new(BTreeMap::new());

/// The id of the set, or [`SINGLE`], and that of the breaker. Ids are given in the order in which breakers are made.
type Key = (u64, u64);

/// The set of those that are of none.
const SINGLE: u64 = 0;

/// How many are read under the lock at a time, which those wait for who make breakers meanwhile.
const AT_A_TIME: usize = 256;

/// Lists every breaker of the process that is still in use, in the order in which they were made, declared ones included
/// that no call has reached yet.
///
/// It may be called anywhere, also where breakers are declared: one that is being made is not listed yet.
///
/// Nothing is evicted from a set (feature `keyed`) while its handle is in the list.
///
/// # Examples
///
/// ```
/// use fluxgate::CircuitBreaker;
///
/// let is_listed = || fluxgate::registry().iter().any(|known| known.name() == "thumbnails");
/// let breaker = CircuitBreaker::new("thumbnails");
/// assert!(is_listed());
/// drop(breaker);
/// assert!(!is_listed());
/// ```
#[doc(alias("CircuitBreakerRegistry", "list", "all"))]
pub fn registry() -> Vec<CircuitBreaker> {
    listed().collect()
}

/// Returns the breaker of this name: what a test or an admin page takes to command a guarded function's breaker.
///
/// Of several with one name it is the first that was made. Another one is found by its [`label`](CircuitBreaker::label),
/// such as `payment_api#2`. A declared breaker is made if no call has reached it yet. It takes the same time however many
/// breakers there are. `None` if there is none.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State};
///
/// let breaker = CircuitBreaker::new("search");
/// fluxgate::get("search").unwrap().force_open();
/// assert_eq!(breaker.info().state, State::ForcedOpen);
/// assert!(fluxgate::get("archive").is_none());
/// ```
#[doc(alias("find", "lookup", "by_name"))]
pub fn get(name: &str) -> Option<CircuitBreaker> {
    book::by_name(name, is_shown).or_else(|| {
        #[cfg(feature = "macros")]
        declared::make_named(name);
        book::by_name(name, is_shown).or_else(|| book::by_label(name, is_shown))
    })
}

/// Resets every breaker of the process, those of sets too: for tests that share declared breakers.
///
/// Each is commanded as by [`CircuitBreaker::reset`], and its listeners hear of it. Policies, shadow mode and what was
/// counted since a breaker was made stay. Declared breakers that nobody has used yet are as good as new, and not made.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State};
///
/// let breaker = CircuitBreaker::new("search");
/// breaker.force_open();
/// fluxgate::reset_all();
/// assert_eq!(breaker.info().state, State::Closed);
/// ```
#[doc(alias("clear", "reset"))]
pub fn reset_all() {
    made().for_each(|breaker| breaker.reset());
}

/// Lists all of [`registry`], with a handle of no more than one at a time: a breaker with a handle can't be evicted from
/// its set.
pub(crate) fn listed() -> impl Iterator<Item = CircuitBreaker> {
    make_declared();
    made()
}

/// Lists the same without the declared breakers that are not made yet.
fn made() -> impl Iterator<Item = CircuitBreaker> {
    living().filter(is_shown)
}

/// Checks that it is not one which a set keeps in reserve.
fn is_shown(breaker: &CircuitBreaker) -> bool {
    #[cfg(feature = "keyed")]
    return !breaker.shared.name.member().is_some_and(|member| member.is_in_reserve());
    #[cfg(not(feature = "keyed"))]
    {
        let _ = breaker;
        true
    }
}

/// Lists the same with those that a set keeps in reserve, in the order in which they were made.
fn living() -> impl Iterator<Item = CircuitBreaker> {
    let mut living = between((SINGLE, 0), (u64::MAX, u64::MAX));
    living.sort_unstable_by_key(|((_, id), _)| *id);
    living.into_iter().filter_map(|(_, breaker)| CircuitBreaker::upgrade(&breaker))
}

/// Lists those that are of no set, declared ones only if they are made already.
#[cfg(feature = "serde")]
pub(crate) fn singles() -> Vec<CircuitBreaker> {
    let singles = between((SINGLE, 0), (SINGLE, u64::MAX));
    singles.iter().filter_map(|(_, breaker)| CircuitBreaker::upgrade(breaker)).collect()
}

/// Lists a set's breakers in the order in which they were made, that in reserve included.
#[cfg(feature = "keyed")]
pub(crate) fn of_set(set: u64) -> Vec<Weak<Shared>> {
    between((set, 0), (set, u64::MAX)).into_iter().map(|(_, breaker)| breaker).collect()
}

fn between(first: Key, last: Key) -> Vec<(Key, Weak<Shared>)> {
    let mut found: Vec<(Key, Weak<Shared>)> = Vec::new();
    loop {
        let from = found.last().map_or(Bound::Included(first), |(key, _)| Bound::Excluded(*key));
        let before = found.len();
        // Room for them first, for that is to take no time under the lock.
        found.reserve(AT_A_TIME);
        let listed = LISTED.lock();
        let next = listed.range((from, Bound::Included(last))).take(AT_A_TIME);
        found.extend(next.map(|(key, breaker)| (*key, breaker.clone())));
        drop(listed);
        if found.len() < before + AT_A_TIME {
            return found;
        }
    }
}

/// Lists a breaker.
pub(crate) fn enter(shared: &Arc<Shared>) {
    book::enter(shared);
    LISTED.lock().insert(key_of(shared), Arc::downgrade(shared));
}

fn key_of(shared: &Shared) -> Key {
    #[cfg(feature = "keyed")]
    let set = shared.name.member().map_or(SINGLE, |member| member.family().id());
    #[cfg(not(feature = "keyed"))]
    let set = SINGLE;
    (set, shared.place.id)
}

/// Takes a breaker from the list, if it is still there.
pub(crate) fn forget(shared: &Shared) {
    #[cfg(feature = "keyed")]
    if let Some(member) = shared.name.member() {
        member.attribute(shared);
    }
    if LISTED.lock().remove(&key_of(shared)).is_some() {
        book::release(&shared.name, &shared.place);
    }
}

/// Takes a breaker from the list that nobody is to find.
#[cfg(feature = "macros")]
pub(crate) fn unlisted(breaker: CircuitBreaker) -> CircuitBreaker {
    forget(&breaker.shared);
    breaker
}

/// Makes the declared breakers that are not made yet, so that they are listed.
pub(crate) fn make_declared() {
    #[cfg(feature = "macros")]
    declared::make_all();
}
