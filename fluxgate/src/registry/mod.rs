//! Every breaker of the process, by name.

#[cfg(feature = "macros")]
pub(crate) mod declared;
#[cfg(feature = "macros")]
pub(crate) mod lazy;
#[cfg(any(feature = "macros", feature = "keyed"))]
pub(crate) mod making;
#[cfg(feature = "serde")]
pub(crate) mod saved;

use crate::breaker::{CircuitBreaker, book, place::living};

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

/// Checks that a set doesn't keep the breaker in reserve.
fn is_shown(breaker: &CircuitBreaker) -> bool {
    !breaker.shared.place.is_hidden()
}

/// Makes the declared breakers that are not made yet, so that they are listed.
pub(crate) fn make_declared() {
    #[cfg(feature = "macros")]
    declared::make_all();
}
