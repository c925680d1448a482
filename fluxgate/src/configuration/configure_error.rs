use std::{error::Error as StdError, fmt};

use crate::error::PolicyError;

/// A configuration that does not fit the breakers of the program: every mistake found in it. Nothing has changed.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Configuration, configure, windows::CountWindow};
///
/// let breaker = CircuitBreaker::builder("dictionary").window(CountWindow(10)).build()?;
/// let configuration: Configuration = toml::from_str("
///     breakers.dictionary.tripper = 'MinRequests(20) & FailureRate(0.5)' # more than the program's window holds
///     breakers.dictionry.shadow = true
/// ")?;
/// let error = configure(&configuration).unwrap_err();
/// assert_eq!(error.unknown(), ["dictionry"]);
/// assert_eq!(error.mistakes().len(), 2);
/// # drop(breaker);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
