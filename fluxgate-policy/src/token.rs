//! The tokens of the policy language.

use crate::span::Span;

/// A token of a policy, read from text by [`lex`](crate::lex) or converted from Rust tokens by a macro.
///
/// ```
/// use fluxgate_policy::{Span, Token, TokenKind, lex};
///
/// assert_eq!(lex("a &")[1], Token { kind: TokenKind::And, span: Span::new(2, 3) });
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// The kind of the token, with its text.
    pub kind: TokenKind,
    /// The place of the token, in bytes of the text or as its index in the token slice.
    pub span: Span,
}

/// The kind of a [`Token`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenKind {
    /// An identifier.
    Name(String),
    /// A number as it is written, with the letters that follow it: `0.5`, `30s`, `1_000`, `0x10`.
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
    /// A whole string or character literal of any kind.
    Text,
    /// Anything else: `&&`, `~`, `::`, a lifetime, an unterminated literal.
    Other(String),
}

/// The kind of a bracket.
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
    /// Returns the token as it is written, or a placeholder for a string or character literal.
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
