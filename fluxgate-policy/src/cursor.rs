//! The tokens that the parser has before it, from a text or from a slice.

use std::collections::VecDeque;
use std::iter::Enumerate;
use std::slice;

use crate::lexer::Lexer;
use crate::span::Span;
use crate::token::{Token, TokenKind};

pub(crate) struct Cursor<'t> {
    source: Source<'t>,
    /// Read from the source, not yet taken.
    ahead: VecDeque<Token>,
    /// The token taken last.
    last: Span,
    stopped: bool,
    endless: Option<(Span, &'static str)>,
}

enum Source<'t> {
    Text(Lexer<'t>),
    Tokens(Enumerate<slice::Iter<'t, Token>>),
}

impl<'t> Cursor<'t> {
    pub(crate) fn of_text(text: &'t str) -> Self {
        Self::new(Source::Text(Lexer::new(text)))
    }

    pub(crate) fn of_tokens(tokens: &'t [Token]) -> Self {
        Self::new(Source::Tokens(tokens.iter().enumerate()))
    }

    fn new(source: Source<'t>) -> Self {
        Self { source, ahead: VecDeque::new(), last: Span::default(), stopped: false, endless: None }
    }

    /// The token that is `distance` after the next one.
    fn look(&mut self, distance: usize) -> Option<&Token> {
        while self.ahead.len() <= distance {
            let token = match &mut self.source {
                Source::Text(lexer) => {
                    let token = lexer.next()?;
                    if let Some(what) = endless(&token.kind) {
                        self.endless = Some((token.span, what));
                        return None;
                    }
                    token
                }
                Source::Tokens(tokens) => {
                    let (index, token) = tokens.next()?;
                    Token { kind: token.kind.clone(), span: Span::new(index, index + 1) }
                }
            };
            self.ahead.push_back(token);
        }
        self.ahead.get(distance)
    }

    pub(crate) fn peek(&mut self) -> Option<&TokenKind> {
        if self.stopped { None } else { self.look(0).map(|token| &token.kind) }
    }

    pub(crate) fn peek_second(&mut self) -> Option<&TokenKind> {
        if self.stopped { None } else { self.look(1).map(|token| &token.kind) }
    }

    /// Where the next token is; empty, after the last token, at the end.
    pub(crate) fn span(&mut self) -> Span {
        let end = Span::new(self.last.end, self.last.end);
        if self.stopped { end } else { self.look(0).map_or(end, |token| token.span) }
    }

    /// Where the token is that was taken last.
    pub(crate) fn last(&self) -> Span {
        self.last
    }

    pub(crate) fn take(&mut self) -> Option<Token> {
        self.peek()?;
        let token = self.ahead.pop_front()?;
        self.last = token.span;
        Some(token)
    }

    /// Takes the next token if it is this one.
    pub(crate) fn take_if(&mut self, kind: &TokenKind) -> Option<Span> {
        if self.peek() == Some(kind) { self.take().map(|token| token.span) } else { None }
    }

    /// The literal or comment, and what it is, that the text ends within. Known once all before it has been taken.
    pub(crate) fn endless(&self) -> Option<(Span, &'static str)> {
        self.endless
    }

    /// From here on there are no more tokens.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }
}

/// What a token is that the lexer found no end of; it reaches to the end of the text.
fn endless(token: &TokenKind) -> Option<&'static str> {
    match token {
        TokenKind::Other(other) if other == "\"" => Some("string"),
        TokenKind::Other(other) if other == "/*" => Some("comment"),
        _ => None,
    }
}
