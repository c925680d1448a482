//! The pieces of a policy.

use crate::span::Span;

/// A piece of a policy: from a text by [`lex`](crate::lex), or made from Rust tokens by a macro.
///
/// ```
/// use fluxgate_policy::{Span, Token, TokenKind, lex};
///
/// assert_eq!(lex("a &")[1], Token { kind: TokenKind::And, span: Span::new(2, 3) });
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands: in bytes of the text, or its index in the slice it is part of.
    pub span: Span,
}

/// What a [`Token`] is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenKind {
    /// An identifier.
    Name(String),
    /// A number as it was written, with the letters that follow it: `0.5`, `30s`, `1_000`, `0x10`.
    Number(String),
    /// An opening bracket.
    Open(Delimiter),
    /// A closing bracket.
    Close(Delimiter),
    /// `,`
    Comma,
    /// `=`
    Equals,
    /// `&`
    And,
    /// `|`
    Or,
    /// `!`
    Not,
    /// A string or character literal of any sort, whole.
    Text,
    /// Anything else: `&&`, `~`, `::`, a lifetime, a literal without an end.
    Other(String),
}

/// The sorts of brackets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delimiter {
    /// `(` and `)`
    Parenthesis,
    /// `[` and `]`
    Bracket,
    /// `{` and `}`
    Brace,
}

impl Delimiter {
    pub(crate) const fn open(self) -> &'static str {
        match self {
            Self::Parenthesis => "(",
            Self::Bracket => "[",
            Self::Brace => "{",
        }
    }

    pub(crate) const fn close(self) -> &'static str {
        match self {
            Self::Parenthesis => ")",
            Self::Bracket => "]",
            Self::Brace => "}",
        }
    }
}

impl TokenKind {
    /// How it is written; of a literal only that it is one.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Name(text) | Self::Number(text) | Self::Other(text) => text,
            Self::Open(delimiter) => delimiter.open(),
            Self::Close(delimiter) => delimiter.close(),
            Self::Comma => ",",
            Self::Equals => "=",
            Self::And => "&",
            Self::Or => "|",
            Self::Not => "!",
            Self::Text => "\"…\"",
        }
    }
}
