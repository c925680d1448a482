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
            Some(near) if [name, &near].into_iter().any(has_invisible_parts) => format!(
                "no breaker is named `{}`; did you mean `{}`, which looks the same?",
                escaped(name),
                escaped(&near)
            ),
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

/// Characters that change others, or are not seen: with them two texts may look the same and differ.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' // accents that combine with the letter before them
        | '\u{1100}'..='\u{11ff}' // parts of Korean syllables
        | '\u{3099}' | '\u{309a}' // voiced sound marks of Japanese
        | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{a0}' | '\u{ad}')
}

fn has_invisible_parts(text: &str) -> bool {
    text.contains(is_invisible)
}

/// All characters but those of ASCII as their numbers.
fn escaped(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() }).collect()
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

/// For so many unknown names a near one is looked for, which takes a comparison with each that there is.
const MOST_EXPLAINED: usize = 20;

impl Mistakes {
    pub(super) fn name(&mut self, name: &str, names: &Names<'_>) {
        if !names.is_known(name) {
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

    pub(super) fn is_empty(&self) -> bool {
        self.mistakes.is_empty() && self.unknown.is_empty()
    }

    /// Puts them into words. That takes a while for many names, so nothing should be locked.
    pub(super) fn explained(self, names: &Names<'_>) -> ConfigureError {
        let Self { mistakes, unknown } = self;
        let explained = unknown.iter().take(MOST_EXPLAINED).map(|name| names.unknown(name));
        let more = unknown.len().saturating_sub(MOST_EXPLAINED);
        let more = (more > 0).then(|| format!("{more} more names are those of no breaker"));
        let mistakes = explained.chain(more).chain(mistakes).collect();
        ConfigureError { mistakes, unknown }
    }

    /// The same where no name is in question.
    pub(super) fn none(self) -> Result<(), ConfigureError> {
        let Self { mistakes, unknown } = self;
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigureError { mistakes, unknown }) }
    }
}
