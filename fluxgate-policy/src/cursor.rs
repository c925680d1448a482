//! The parser's position in the tokens of a text or of a slice.

use std::collections::VecDeque;
use std::iter::Enumerate;
use std::slice;

use crate::lexer::Lexer;
use crate::span::Span;
use crate::token::{Token, TokenKind};

pub(crate) struct Cursor<'t> {
    source: Source<'t>,
    /// Tokens read from the source but not yet taken.
    ahead: VecDeque<Token>,
    /// The span of the last token taken.
    last: Span,
    is_stopped: bool,
    unterminated: Option<(Span, &'static str)>,
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
        Self { source, ahead: VecDeque::new(), last: Span::default(), is_stopped: false, unterminated: None }
    }

    /// Returns the token at `distance` after the next one.
    fn look_ahead(&mut self, distance: usize) -> Option<&Token> {
        while self.ahead.len() <= distance {
            let token = match &mut self.source {
                Source::Text(lexer) => {
                    let token = lexer.next()?;
                    if let Some(noun) = unterminated(&token.kind) {
                        self.unterminated = Some((token.span, noun));
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
        if self.is_stopped { None } else { self.look_ahead(0).map(|token| &token.kind) }
    }

    pub(crate) fn peek_second(&mut self) -> Option<&TokenKind> {
        if self.is_stopped { None } else { self.look_ahead(1).map(|token| &token.kind) }
    }

    /// Returns the span of the next token; at the end, the empty span after the last token.
    pub(crate) fn span(&mut self) -> Span {
        let end = Span::new(self.last.end, self.last.end);
        if self.is_stopped { end } else { self.look_ahead(0).map_or(end, |token| token.span) }
    }

    /// Returns the span of the last token taken.
    pub(crate) fn last(&self) -> Span {
        self.last
    }

    pub(crate) fn take(&mut self) -> Option<Token> {
        self.peek()?;
        let token = self.ahead.pop_front()?;
        self.last = token.span;
        Some(token)
    }

    /// Takes the next token if it is of this kind, and returns its span.
    pub(crate) fn take_if(&mut self, kind: &TokenKind) -> Option<Span> {
        if self.peek() == Some(kind) { self.take().map(|token| token.span) } else { None }
    }

    /// Returns the unterminated literal or comment at the end of the text, with a noun for it.
    ///
    /// It is known once every token before it has been taken.
    pub(crate) fn unterminated(&self) -> Option<(Span, &'static str)> {
        self.unterminated
    }

    /// Ends the input here.
    pub(crate) fn stop(&mut self) {
        self.is_stopped = true;
    }
}

/// Returns a noun for an unterminated token, which reaches to the end of the text.
fn unterminated(token: &TokenKind) -> Option<&'static str> {
    match token {
        TokenKind::Other(other) if other == "\"" => Some("string"),
        TokenKind::Other(other) if other == "/*" => Some("comment"),
        _ => None,
    }
}
