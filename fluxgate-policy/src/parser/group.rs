//! Groups of tokens in brackets.

use super::Parser;
use crate::error::ErrorKind;
use crate::span::Span;
use crate::token::{Delimiter, TokenKind};

/// A pair of brackets and its content.
pub(super) struct Group {
    /// From the first to the last token inside, without trailing commas. `None` for an empty group.
    pub(super) content: Option<Span>,
    pub(super) is_closed: bool,
}

impl Parser<'_> {
    /// Takes everything up to and including the bracket that closes the one at `open`, without parsing it.
    pub(super) fn group(&mut self, delimiter: Delimiter, open: Span) -> Group {
        let mut brackets = OpenBrackets::new(delimiter);
        let mut start = None;
        let mut content = None;
        while let Some(token) = self.cursor.peek() {
            let is_comma = *token == TokenKind::Comma;
            match *token {
                TokenKind::Open(delimiter) => brackets.push(delimiter),
                TokenKind::Close(delimiter) if brackets.contain(delimiter) => {
                    while let Some(inner) = brackets.pop().filter(|inner| *inner != delimiter) {
                        self.report_crossed(inner, delimiter);
                    }
                }
                TokenKind::Close(delimiter) => {
                    self.take_unopened(delimiter);
                    continue;
                }
                _ => {}
            }
            let span = self.cursor.span();
            self.cursor.take();
            if brackets.is_empty() {
                return Group { content, is_closed: true };
            }
            let start = *start.get_or_insert(span);
            if !is_comma {
                content = Some(start.to(span));
            }
        }
        self.report_unclosed(open, delimiter);
        Group { content, is_closed: false }
    }

    pub(super) fn report_unclosed(&mut self, open: Span, delimiter: Delimiter) {
        // The closing bracket may be inside an unterminated literal.
        if self.cursor.unterminated().is_none() {
            let (open_text, close) = (delimiter.open(), delimiter.close());
            self.report_unbalanced(open, format!("`{open_text}` is never closed; write the matching `{close}`"));
        }
        self.is_unbalanced = true;
    }

    /// Takes and reports a closing bracket that closes nothing.
    pub(super) fn take_unopened(&mut self, delimiter: Delimiter) {
        let Some(token) = self.cursor.take() else { return };
        let (open, close) = (delimiter.open(), delimiter.close());
        let message = format!("`{close}` closes nothing; remove it, or write the matching `{open}`");
        self.report_unbalanced(token.span, message);
    }

    /// Reports the next token, a closing bracket, in the place of the one that would close `inner`.
    fn report_crossed(&mut self, inner: Delimiter, closing: Delimiter) {
        let (open, close, found) = (inner.open(), inner.close(), closing.close());
        let span = self.cursor.span();
        self.report_unbalanced(span, format!("`{found}` can't close `{open}`; write `{close}` before it"));
    }

    fn report_unbalanced(&mut self, span: Span, message: String) {
        if !self.is_unbalanced {
            self.report(ErrorKind::Unbalanced, span, message);
        }
        self.is_unbalanced = true;
    }
}

/// The open brackets, the innermost last.
///
/// They are counted too, because searching them for every unmatched bracket would take quadratic time.
struct OpenBrackets {
    open: Vec<Delimiter>,
    counts: [usize; 3],
}

impl OpenBrackets {
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

    fn contain(&self, delimiter: Delimiter) -> bool {
        self.counts[delimiter as usize] > 0
    }

    fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}
