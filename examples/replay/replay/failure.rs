//! Why nothing came of it.

use std::{error::Error, fmt, io, path::Path};

/// What was wrong, in words for whoever typed the command.
#[derive(Debug)]
pub enum Failure {
    /// The arguments were not understood, or only help was asked for.
    Usage(clap::Error),
    /// Mistakes in a policy, a trace or a file, a message each.
    Mistakes(Vec<String>),
}

impl Failure {
    /// One mistake.
    pub fn new(message: String) -> Self {
        Self::Mistakes(vec![message])
    }

    /// A file that can't be used.
    pub fn of_file(path: &Path, error: &io::Error) -> Self {
        Self::new(format!("{}: {error}", path.display()))
    }

    /// Whether somebody asked for help, or for the version, and has it.
    pub fn is_help(&self) -> bool {
        matches!(self, Self::Usage(error) if !error.use_stderr())
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => error.fmt(formatter),
            Self::Mistakes(messages) => messages.iter().try_for_each(|message| writeln!(formatter, "error: {message}")),
        }
    }
}

impl Error for Failure {}
