use std::{error::Error as StdError, fmt};

/// A configuration that does not fit the breakers of the program, with every mistake found in it. Nothing has changed.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, configure, windows::CountWindow};
///
/// let breaker = CircuitBreaker::builder("dictionary").window(CountWindow(10)).build()?;
/// // More than the window of the program can hold.
/// let file = "breakers.dictionary.tripper = 'MinRequests(20) & FailureRate(0.5)'";
/// let error = configure(&toml::from_str(file)?).unwrap_err();
/// assert_eq!(error.mistakes().len(), 1);
/// # drop(breaker);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigureError {
    pub(super) mistakes: Vec<String>,
}

impl ConfigureError {
    /// Returns the message of each mistake. It names the breaker.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

/// Prints each mistake on its own lines.
impl fmt::Display for ConfigureError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.mistakes.join("\n"))
    }
}

impl StdError for ConfigureError {}
