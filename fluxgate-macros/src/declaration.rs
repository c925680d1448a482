//! The arguments of one breaker, with the defaults of its block.

use crate::args::Arguments;
use crate::block::{Block, Entry};

/// The arguments of a breaker. Arguments it does not set are looked up in the `default` of its block.
#[derive(Clone, Copy)]
pub(crate) struct Declaration<'a> {
    arguments: &'a Arguments,
    default: Option<&'a Arguments>,
}

impl<'a> Declaration<'a> {
    /// Returns the declaration of a breaker outside a block.
    pub(crate) fn of_attribute(arguments: &'a Arguments) -> Self {
        Self { arguments, default: None }
    }

    pub(crate) fn in_block(entry: &'a Entry, block: &'a Block) -> Self {
        Self { arguments: &entry.arguments, default: block.default.as_ref() }
    }

    pub(crate) fn get<T>(&self, argument: impl Fn(&'a Arguments) -> Option<&'a T>) -> Option<&'a T> {
        argument(self.arguments).or_else(|| self.default.and_then(argument))
    }

    /// Returns `true` if the argument was written, even with a mistake in it.
    pub(crate) fn has_key(&self, name: &str) -> bool {
        let is_written = |arguments: &Arguments| arguments.keys.iter().any(|key| key == name);
        is_written(self.arguments) || self.default.is_some_and(is_written)
    }
}
