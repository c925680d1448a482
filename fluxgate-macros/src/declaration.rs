//! The arguments of one breaker, with the defaults of its block.

use crate::args::Arguments;
use crate::block::{Block, Entry};

/// What is said of a breaker: by itself, or else by the `default` of its block.
#[derive(Clone, Copy)]
pub(crate) struct Declaration<'a> {
    own: &'a Arguments,
    default: Option<&'a Arguments>,
}

impl<'a> Declaration<'a> {
    pub(crate) fn own(arguments: &'a Arguments) -> Self {
        Self { own: arguments, default: None }
    }

    pub(crate) fn in_block(entry: &'a Entry, block: &'a Block) -> Self {
        Self { own: &entry.arguments, default: block.default.as_ref() }
    }

    pub(crate) fn get<T>(&self, argument: impl Fn(&'a Arguments) -> Option<&'a T>) -> Option<&'a T> {
        argument(self.own).or_else(|| self.default.and_then(argument))
    }

    /// Whether an argument was written, be it with a mistake in it.
    pub(crate) fn has_key(&self, name: &str) -> bool {
        let written = |arguments: &Arguments| arguments.keys.iter().any(|key| key == name);
        written(self.own) || self.default.is_some_and(written)
    }
}
