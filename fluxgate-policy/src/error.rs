//! A mistake: what it is, where it is, and how it is shown.

use std::fmt::{self, Display, Formatter};

use crate::span::Span;

/// What is wrong; prints as the message.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// TODO
    Unfinished,
}

impl Display for ErrorKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("unfinished")
    }
}

/// A mistake in a policy or a setting.
#[derive(Clone, PartialEq, Debug)]
pub struct Error {
    kind: ErrorKind,
    span: Span,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// Where it is in what was parsed.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The message, and below it the line of `text` in which the mistake is with a caret under the place.
    #[must_use]
    pub fn with_caret(&self, _text: &str) -> String {
        self.to_string()
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Error {}
