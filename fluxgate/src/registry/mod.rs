//! The breakers of the process.

#[cfg(feature = "macros")]
pub(crate) mod declared;
#[cfg(feature = "macros")]
pub(crate) mod lazy;
#[cfg(any(feature = "macros", feature = "keyed"))]
pub(crate) mod making;
#[cfg(feature = "serde")]
pub(crate) mod saved;

use crate::breaker::{CircuitBreaker, book, place::living};

/// Returns all living breakers of the process, in the order of creation.
///
/// Declared breakers are included, even if no call has used them yet. A breaker whose declaration is just being evaluated
/// is not.
///
/// The result holds handles: as long as it lives, none of its breakers is evicted from its set (feature `keyed`).
///
/// # Examples
///
/// ```
/// use fluxgate::CircuitBreaker;
///
/// let is_listed =
///     || fluxgate::registry().iter().any(|listed| listed.name() == "thumbnails");
/// let breaker = CircuitBreaker::new("thumbnails");
/// assert!(is_listed());
/// drop(breaker);
/// assert!(!is_listed());
/// ```
#[doc(alias("CircuitBreakerRegistry", "list", "all"))]
pub fn registry() -> Vec<CircuitBreaker> {
    listed().collect()
}

/// Returns the breaker of this name, or `None` if there is none.
///
/// Use it to inspect or command the breaker of a guarded function, for example in a test or on an admin page.
///
/// If several breakers have the name, this returns the first that was built. The others are found by their
/// [`label`](CircuitBreaker::label), such as `payment_api#2`. A declared breaker is built if no call has used it yet. The
/// look-up takes constant time.
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

/// Resets every breaker of the process, including those of sets. Use it between tests that share declared breakers.
///
/// Each breaker is reset as by [`CircuitBreaker::reset`], and its listeners are notified. Policies, shadow mode and totals
/// are kept. Declared breakers that nothing has used yet are not built.
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
    built().for_each(|breaker| breaker.reset());
}

/// Iterates over the breakers of [`registry`] with only one handle at a time, because a handle prevents eviction from a set.
pub(crate) fn listed() -> impl Iterator<Item = CircuitBreaker> {
    make_declared();
    built()
}

/// Iterates over the same breakers, without building declared ones.
fn built() -> impl Iterator<Item = CircuitBreaker> {
    living().filter(is_shown)
}

/// Returns whether the breaker is not in the reserve of a set.
fn is_shown(breaker: &CircuitBreaker) -> bool {
    !breaker.shared.place.is_hidden()
}

/// Builds the declared breakers that are not built yet, so that they are listed.
pub(crate) fn make_declared() {
    #[cfg(feature = "macros")]
    declared::make_all();
}
