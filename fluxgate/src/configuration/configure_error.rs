use std::{error::Error as StdError, fmt};

use crate::error::PolicyError;

/// A configuration that does not fit the breakers of the program: every mistake found in it. Nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigureError {
    pub(super) mistakes: Vec<String>,
    pub(super) unknown: Vec<String>,
}

impl ConfigureError {
    pub(super) fn of_policy(self) -> PolicyError {
        PolicyError::new(self.mistakes)
    }

    /// Each mistake, as it is to be shown to whoever wrote the file. It names the breaker.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }

    /// The names that no breaker and no set has. A file that several programs share may have them; a program can take
    /// them out of the configuration, and try again.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }
}

impl fmt::Display for ConfigureError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.mistakes.join("\n"))
    }
}

impl StdError for ConfigureError {}
