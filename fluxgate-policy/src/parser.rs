//! The parser: tokens to [`Ast`].
//!
//! After a mistake it continues at the next possible component, and does not report consequences of the mistake.

mod component;
mod expression;
mod group;
mod operator;
mod value;

use crate::ast::Ast;
use crate::cursor::Cursor;
use crate::error::{Error, ErrorKind, quoted};
use crate::kind::Kind;
use crate::span::Span;
use crate::token::{Delimiter, Token, TokenKind};

pub(crate) use value::{single_value, single_value_of_tokens};

/// The depth to which parentheses and `!` may nest. It bounds the recursion of the parser and over a parsed expression.
pub(crate) const MAX_DEPTH: usize = 128;

/// The number of mistakes that are reported, which bounds the cost of a text that consists of mistakes.
pub(crate) const MAX_ERRORS: usize = 20;

/// A function that returns the source of a span of the input.
pub(crate) type Source<'t> = &'t dyn Fn(Span) -> String;

pub(crate) struct Parser<'t> {
    kind: Kind,
    cursor: Cursor<'t>,
    source: Source<'t>,
    /// `false` for a text read at run time, which can't name a Rust function, type or pattern.
    allows_rust: bool,
    errors: Vec<Error>,
    /// A mistaken bracket makes others look mistaken too, so only the first one is reported.
    is_unbalanced: bool,
}

impl<'t> Parser<'t> {
    pub(crate) fn of_text(kind: Kind, text: &'t str, source: Source<'t>, allows_rust: bool) -> Self {
        Self::new(kind, Cursor::of_text(text), source, allows_rust)
    }

    pub(crate) fn of_tokens(kind: Kind, tokens: &'t [Token], source: Source<'t>) -> Self {
        Self::new(kind, Cursor::of_tokens(tokens), source, true)
    }

    fn new(kind: Kind, cursor: Cursor<'t>, source: Source<'t>, allows_rust: bool) -> Self {
        Self { kind, cursor, source, allows_rust, errors: Vec::new(), is_unbalanced: false }
    }

    /// Parses the input. Returns the expression as far as it could be parsed, and every mistake.
    ///
    /// Without a mistake the expression is complete.
    pub(crate) fn parse(mut self) -> (Option<Ast>, Vec<Error>) {
        let ast = if self.cursor.peek().is_some() {
            self.sequence(0, None)
        } else {
            let Self { kind, .. } = self;
            if self.cursor.unterminated().is_none() {
                let message = format!("the {kind} is empty; write one, such as {}", kind.example());
                self.report(ErrorKind::Empty, Span::default(), message);
            }
            None
        };
        if let Some((span, noun)) = self.cursor.unterminated() {
            let message = format!("this {noun} has no end; write its end, or remove it");
            self.errors.push(Error::new(ErrorKind::Unterminated, span, message));
        }
        (ast, self.errors)
    }

    fn report(&mut self, kind: ErrorKind, span: Span, message: String) {
        self.report_error(Error::new(kind, span, message));
    }

    fn report_error(&mut self, error: Error) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
        if self.errors.len() == MAX_ERRORS {
            self.cursor.stop();
        }
    }

    /// Returns the source of a span for a message, in backticks.
    fn quoted(&self, span: Span) -> String {
        quoted(&(self.source)(span))
    }

    fn next_is(&mut self, kind: &TokenKind) -> bool {
        self.cursor.peek() == Some(kind)
    }

    fn next_is_parenthesis(&mut self) -> bool {
        self.next_is(&TokenKind::Open(Delimiter::Parenthesis))
    }

    /// Takes the next token, and its whole group if it opens one.
    fn skip(&mut self) {
        if let Some(Token { kind: TokenKind::Open(delimiter), span }) = self.cursor.take() {
            self.group(delimiter, span);
        }
    }
}
