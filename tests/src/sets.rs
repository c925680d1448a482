//! Sets of breakers on a manual clock.

use std::collections::BTreeSet;

use fluxgate::{Builder, KeyedBreakers, ManualClock, keyed::KeyedBuilder, registry, trippers::FailureStreak};

/// A set of breakers that open at the first failure, on a manual clock that stands at zero.
pub fn set(
    name: &'static str,
    settings: impl FnOnce(KeyedBuilder<String>) -> KeyedBuilder<String>,
) -> (KeyedBreakers<String>, ManualClock) {
    let clock = ManualClock::new();
    let of_breakers = clock.clone();
    let policy = move |builder: Builder| builder.tripper(FailureStreak(1)).clock(of_breakers.clone());
    (settings(KeyedBreakers::builder(name).policy(policy)).build().expect("a valid set"), clock)
}

/// The names of the breakers of a set.
pub fn names(set: &str) -> BTreeSet<String> {
    let all = registry();
    let of_set = all.iter().filter(|breaker| breaker.name().starts_with(&format!("{set}{{")));
    of_set.map(|breaker| breaker.name().to_owned()).collect()
}
