//! The names in a configuration, compared with those of the program.

use std::collections::BTreeSet;

use fluxgate_policy::nearest;

use super::{
    Configuration,
    unmatched::{Unmatched, UnmatchedName},
};
use crate::policy::serde::listed;

/// The names that a configuration may use.
pub(super) struct Names<'p> {
    /// Of breakers that are not in a set.
    pub(super) breakers: BTreeSet<&'p str>,
    #[cfg(feature = "keyed")]
    pub(super) sets: BTreeSet<&'p str>,
}

/// The number of unmatched names that are explained, because each is compared with all known names.
const MOST_EXPLAINED: usize = 20;

impl Names<'_> {
    /// Returns the names in the configuration that are not known. This takes a while for many names, so nothing should be
    /// locked.
    pub(super) fn unmatched(&self, configuration: &Configuration) -> Unmatched {
        let unknown = configuration.breakers.keys().filter(|name| !self.is_known(name));
        let names = unknown.enumerate().map(|(index, name)| {
            let name = name.clone();
            if index >= MOST_EXPLAINED {
                return UnmatchedName { name, nearest: None, message: None };
            }
            let nearest = self.nearest(&name);
            UnmatchedName { message: Some(self.message(&name, nearest.as_deref())), name, nearest }
        });
        Unmatched { names: names.collect() }
    }

    fn is_known(&self, name: &str) -> bool {
        #[cfg(feature = "keyed")]
        if self.sets.contains(name) || self.sets.iter().any(|set| names_a_key(name, set)) {
            return true;
        }
        self.breakers.contains(name)
    }

    /// Returns all names in alphabetical order.
    fn all(&self) -> BTreeSet<&str> {
        let all = self.breakers.iter();
        #[cfg(feature = "keyed")]
        let all = all.chain(&self.sets);
        all.copied().collect()
    }

    fn nearest(&self, name: &str) -> Option<String> {
        let known = self.all();
        nearest(name, known.iter().copied()).map(str::to_owned).or_else(|| {
            // `per_hots{api.example.com}`
            let (set, key) = name.split_once('{')?;
            Some(format!("{}{{{key}", nearest(set, known.iter().copied())?))
        })
    }

    fn message(&self, name: &str, nearest: Option<&str>) -> String {
        /// A longer list is no help.
        const SHOWN: usize = 10;

        let known = self.all();
        match nearest {
            Some(near) if [name, near].into_iter().any(has_invisible_parts) => format!(
                "no breaker is named `{}`; did you mean `{}`, which looks the same?",
                escaped(name),
                escaped(near)
            ),
            Some(near) => format!("no breaker is named `{name}`; did you mean `{near}`?"),
            None if known.is_empty() => format!("no breaker is named `{name}`; there is none yet"),
            None => {
                let more = known.len().saturating_sub(SHOWN);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("no breaker is named `{name}`; there are {}{more}", listed(known.iter().copied().take(SHOWN)))
            }
        }
    }
}

/// Checks for characters that combine with others or are invisible, so that different texts may look the same.
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

/// Escapes the characters that are not ASCII.
fn escaped(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() }).collect()
}

/// Checks whether it is the name of a breaker of this set.
#[cfg(feature = "keyed")]
fn names_a_key(name: &str, set: &str) -> bool {
    name.strip_prefix(set).is_some_and(|key| key.starts_with('{') && key.ends_with('}'))
}
