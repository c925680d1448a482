//! What is wrong with a configuration where it meets the program.

use std::collections::BTreeSet;

use fluxgate_policy::nearest;

use super::{
    configure_error::ConfigureError,
    place::{Place, listed},
};
use crate::{error::PolicyError, policy::Policy};

/// The names that a configuration may have.
pub(super) struct Names<'p> {
    /// Of breakers that are of no set.
    pub(super) breakers: BTreeSet<&'p str>,
    #[cfg(feature = "keyed")]
    pub(super) sets: BTreeSet<&'p str>,
    /// Of those that are made later.
    pub(super) expected: &'p BTreeSet<String>,
}

impl Names<'_> {
    fn is_known(&self, name: &str) -> bool {
        #[cfg(feature = "keyed")]
        let is_of_a_set = self.sets.contains(name)
            || self
                .sets
                .iter()
                .copied()
                .chain(self.expected.iter().map(String::as_str))
                .any(|set| names_a_key(name, set));
        #[cfg(not(feature = "keyed"))]
        let is_of_a_set = false;
        is_of_a_set || self.breakers.contains(name) || self.expected.contains(name)
    }

    /// In the order of the alphabet.
    fn all(&self) -> BTreeSet<&str> {
        let mut all = self.breakers.clone();
        #[cfg(feature = "keyed")]
        all.extend(&self.sets);
        all.extend(self.expected.iter().map(String::as_str));
        all
    }

    fn unknown(&self, name: &str) -> String {
        /// A list of more than these is no help.
        const SHOWN: usize = 10;

        let known = self.all();
        let near = nearest(name, known.iter().copied()).map(str::to_owned).or_else(|| {
            // `per_hots{api.example.com}`
            let (set, key) = name.split_once('{')?;
            Some(format!("{}{{{key}", nearest(set, known.iter().copied())?))
        });
        match near {
            Some(near) => format!("no breaker is named `{name}`; did you mean `{near}`?"),
            None if known.is_empty() => format!("no breaker is named `{name}`, for there is none yet"),
            None => {
                let more = known.len().saturating_sub(SHOWN);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("no breaker is named `{name}`; there are {}{more}", listed(known.iter().copied().take(SHOWN)))
            }
        }
    }
}

/// Whether it is the name of a breaker of this set.
#[cfg(feature = "keyed")]
pub(super) fn names_a_key(name: &str, set: &str) -> bool {
    name.strip_prefix(set).is_some_and(|key| key.starts_with('{') && key.ends_with('}'))
}

/// What is wrong with the policy that comes out for a breaker or a set.
pub(super) fn mistakes_of(name: &str, error: &PolicyError) -> impl Iterator<Item = String> {
    error.mistakes().iter().map(move |mistake| Place::Breaker(name).mistake(mistake))
}

/// All that was found.
#[derive(Default)]
pub(super) struct Mistakes {
    mistakes: Vec<String>,
    unknown: Vec<String>,
}

impl Mistakes {
    pub(super) fn name(&mut self, name: &str, names: &Names<'_>) {
        if !names.is_known(name) {
            self.mistakes.push(names.unknown(name));
            self.unknown.push(name.to_owned());
        }
    }

    /// Checks the policy that comes out for a breaker or a set.
    pub(super) fn policy(&mut self, name: &str, policy: &Policy) {
        let Err(error) = policy.check() else { return };
        for mistake in mistakes_of(name, &error) {
            // Breakers of one name have the same mistakes.
            if !self.mistakes.contains(&mistake) {
                self.mistakes.push(mistake);
            }
        }
    }

    pub(super) fn none(self) -> Result<(), ConfigureError> {
        let Self { mistakes, unknown } = self;
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigureError { mistakes, unknown }) }
    }
}
