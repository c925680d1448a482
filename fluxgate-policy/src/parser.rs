//! Tokens to [`Ast`]. After a mistake it goes on where the next component may begin, and stays silent about what
//! follows from the mistake.

mod component;
mod expression;
mod value;

use crate::ast::Ast;
use crate::cursor::Cursor;
use crate::error::{Error, ErrorKind, quoted};
use crate::kind::Kind;
use crate::span::Span;
use crate::token::{Delimiter, Token, TokenKind};

pub(crate) use value::{single_value, single_value_of_tokens};

/// How deep parentheses and `!` may nest: what bounds the recursion here and over every parsed expression.
pub(crate) const MAX_DEPTH: usize = 128;

/// How many mistakes are told of, lest a text of nothing but mistakes costs more than it is worth.
pub(crate) const MAX_ERRORS: usize = 20;

/// The source of a range of what is parsed.
pub(crate) type Source<'t> = &'t dyn Fn(Span) -> String;

pub(crate) struct Parser<'t> {
    kind: Kind,
    cursor: Cursor<'t>,
    source: Source<'t>,
    /// Whether Rust may stand in a policy: a text read at run time can't name a function.
    rust_allowed: bool,
    errors: Vec<Error>,
    /// A mistaken bracket makes others look mistaken too, so only one is told of.
    unbalanced: bool,
}

/// A pair of brackets and what is between them.
struct Group {
    /// From the first to the last token inside, without commas at the end; nothing if it is empty.
    content: Option<Span>,
    closed: bool,
}

impl<'t> Parser<'t> {
    pub(crate) fn of_text(kind: Kind, text: &'t str, source: Source<'t>, rust_allowed: bool) -> Self {
        Self::new(kind, Cursor::of_text(text), source, rust_allowed)
    }

    pub(crate) fn of_tokens(kind: Kind, tokens: &'t [Token], source: Source<'t>) -> Self {
        Self::new(kind, Cursor::of_tokens(tokens), source, true)
    }

    fn new(kind: Kind, cursor: Cursor<'t>, source: Source<'t>, rust_allowed: bool) -> Self {
        Self { kind, cursor, source, rust_allowed, errors: Vec::new(), unbalanced: false }
    }

    /// What could be understood, and every mistake. Without a mistake there is an expression, and all of it.
    pub(crate) fn parse(mut self) -> (Option<Ast>, Vec<Error>) {
        let ast = if self.cursor.peek().is_some() {
            self.sequence(0, None)
        } else {
            let Self { kind, .. } = self;
            if self.cursor.endless().is_none() {
                let message = format!("the {kind} is empty; write one, such as {}", kind.example());
                self.report(ErrorKind::Empty, Span::default(), message);
            }
            None
        };
        if let Some((span, what)) = self.cursor.endless() {
            let message = format!("this {what} has no end; write its end, or leave it out");
            self.errors.push(Error::new(ErrorKind::Unterminated, span, message));
        }
        (ast, self.errors)
    }

    fn report(&mut self, kind: ErrorKind, span: Span, message: String) {
        self.tell(Error::new(kind, span, message));
    }

    fn tell(&mut self, error: Error) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
        if self.errors.len() == MAX_ERRORS {
            self.cursor.stop();
        }
    }

    /// The source of a span, in backticks and fit for a message.
    fn quoted(&self, span: Span) -> String {
        quoted(&(self.source)(span))
    }

    fn next_is(&mut self, kind: &TokenKind) -> bool {
        self.cursor.peek() == Some(kind)
    }

    fn next_is_parenthesis(&mut self) -> bool {
        self.next_is(&TokenKind::Open(Delimiter::Parenthesis))
    }

    fn unclosed(&mut self, open: Span, delimiter: Delimiter) {
        // Within a literal that has no end a bracket may well have one.
        if self.cursor.endless().is_none() && !self.unbalanced {
            let (open_text, close) = (delimiter.open(), delimiter.close());
            self.report(ErrorKind::Unbalanced, open, format!("`{open_text}` is never closed; write its `{close}`"));
        }
        self.unbalanced = true;
    }

    /// Takes a closing bracket that closes nothing.
    fn unopened(&mut self, delimiter: Delimiter) {
        let Some(token) = self.cursor.take() else { return };
        if !self.unbalanced {
            let (open, close) = (delimiter.open(), delimiter.close());
            let message = format!("`{close}` closes nothing; remove it, or write its `{open}`");
            self.report(ErrorKind::Unbalanced, token.span, message);
        }
        self.unbalanced = true;
    }

    /// Takes all up to the bracket that closes the one at `at`, and that bracket too, without reading any of it.
    fn group(&mut self, opened: Delimiter, at: Span) -> Group {
        let mut open = Brackets::new(opened);
        let mut start = None;
        let mut content = None;
        while let Some(token) = self.cursor.peek() {
            let comma = *token == TokenKind::Comma;
            match *token {
                TokenKind::Open(delimiter) => open.push(delimiter),
                TokenKind::Close(delimiter) if open.hold(delimiter) => {
                    while let Some(inner) = open.pop().filter(|inner| *inner != delimiter) {
                        self.crossed(inner, delimiter);
                    }
                }
                TokenKind::Close(delimiter) => {
                    self.unopened(delimiter);
                    continue;
                }
                _ => {}
            }
            let span = self.cursor.span();
            self.cursor.take();
            if open.is_empty() {
                return Group { content, closed: true };
            }
            let start = *start.get_or_insert(span);
            if !comma {
                content = Some(start.to(span));
            }
        }
        self.unclosed(at, opened);
        Group { content, closed: false }
    }

    /// Tells of a closing bracket, the next token, that stands where another should.
    fn crossed(&mut self, inner: Delimiter, closing: Delimiter) {
        if !self.unbalanced {
            let (open, close, found) = (inner.open(), inner.close(), closing.close());
            let span = self.cursor.span();
            let message = format!("`{found}` can't close `{open}`; write `{close}` before it");
            self.report(ErrorKind::Unbalanced, span, message);
        }
        self.unbalanced = true;
    }

    /// Takes the next token, and if it opens a group all of that.
    fn skip(&mut self) {
        if let Some(Token { kind: TokenKind::Open(delimiter), span }) = self.cursor.take() {
            self.group(delimiter, span);
        }
    }
}

/// The brackets that are open, the innermost last.
///
/// Counted too, for to look through them for each bracket that has no counterpart would take quadratic time.
struct Brackets {
    open: Vec<Delimiter>,
    counts: [usize; 3],
}

impl Brackets {
    fn new(first: Delimiter) -> Self {
        let mut brackets = Self { open: Vec::new(), counts: [0; 3] };
        brackets.push(first);
        brackets
    }

    fn push(&mut self, delimiter: Delimiter) {
        self.open.push(delimiter);
        self.counts[delimiter as usize] += 1;
    }

    fn pop(&mut self) -> Option<Delimiter> {
        let delimiter = self.open.pop()?;
        self.counts[delimiter as usize] -= 1;
        Some(delimiter)
    }

    fn hold(&self, delimiter: Delimiter) -> bool {
        self.counts[delimiter as usize] > 0
    }

    fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}
