//! Text to tokens.

use crate::span::Span;

/// A piece of a policy: from a text by [`lex`], or made from Rust tokens by a macro.
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

/// The tokens of a text; space and comments are left out. Never fails: what is no token is [`TokenKind::Other`].
///
/// ```
/// use fluxgate_policy::{TokenKind, lex};
///
/// let kinds: Vec<_> = lex("Cooldown(30s)").into_iter().map(|token| token.kind).collect();
/// assert_eq!(kinds[0], TokenKind::Name("Cooldown".to_owned()));
/// assert_eq!(kinds[2], TokenKind::Number("30s".to_owned()));
/// ```
pub fn lex(_text: &str) -> Vec<Token> {
    Vec::new()
}
