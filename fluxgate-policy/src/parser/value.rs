//! Parsing the value of an argument or of a setting.

use super::Parser;
use crate::ast::{Literal, LiteralKind};
use crate::cursor::Cursor;
use crate::number;
use crate::span::Span;
use crate::token::{Token, TokenKind};

impl Parser<'_> {
    /// Parses the value up to the next comma or closing bracket. Returns `None` if there is none.
    pub(super) fn value(&mut self) -> Option<Literal> {
        let start = self.cursor.span();
        let simple = simple(&mut self.cursor);
        let is_complete = match self.cursor.peek() {
            None | Some(TokenKind::Comma | TokenKind::Close(_)) => true,
            // A duration in several parts, such as `1m 30s`.
            Some(TokenKind::Number(next)) if has_unit(simple.as_ref()) && !number::split(next).1.is_empty() => false,
            // Another value follows, so the comma between them is missing.
            Some(TokenKind::Number(_) | TokenKind::Name(_) | TokenKind::Text) => simple.is_some(),
            Some(_) => false,
        };
        if is_complete {
            return simple;
        }
        while self.cursor.peek().is_some_and(|next| !matches!(next, TokenKind::Comma | TokenKind::Close(_))) {
            self.skip();
        }
        let span = start.to(self.cursor.last());
        Some(Literal { kind: LiteralKind::Other((self.source)(span)), span })
    }
}

/// Parses a text that consists of one value. Returns `None` if the text is empty.
pub(crate) fn single_value(text: &str) -> Option<Literal> {
    single(Cursor::of_text(text), |span| text[span.start..span.end].to_owned())
}

/// Parses tokens that consist of one value. Returns `None` if there are no tokens.
pub(crate) fn single_value_of_tokens(tokens: &[Token]) -> Option<Literal> {
    single(Cursor::of_tokens(tokens), |span| {
        let texts: Vec<_> = tokens[span.start..span.end].iter().map(|token| token.kind.text()).collect();
        texts.join(" ")
    })
}

fn single(mut cursor: Cursor<'_>, source: impl Fn(Span) -> String) -> Option<Literal> {
    let start = cursor.span();
    let simple = simple(&mut cursor);
    if cursor.peek().is_none() && cursor.unterminated().is_none() {
        return simple;
    }
    while cursor.take().is_some() {}
    let end = cursor.unterminated().map_or(cursor.last(), |(span, _)| span);
    let span = start.to(end);
    Some(Literal { kind: LiteralKind::Other(source(span)), span })
}

/// Parses a number with its sign and unit, or a string. Returns `None` and takes nothing if neither comes next.
fn simple(cursor: &mut Cursor<'_>) -> Option<Literal> {
    let start = cursor.span();
    let is_negative = matches!(cursor.peek(), Some(TokenKind::Other(other)) if other == "-");
    let number = if is_negative { cursor.peek_second() } else { cursor.peek() };
    let text = match number? {
        TokenKind::Number(text) => text.clone(),
        TokenKind::Name(name) if is_not_finite(name) => name.clone(),
        TokenKind::Text if !is_negative => {
            cursor.take();
            return Some(Literal { kind: LiteralKind::Text, span: start });
        }
        _ => return None,
    };
    if is_negative {
        cursor.take();
    }
    cursor.take();
    let sign = if is_negative { "-" } else { "" };
    // `inf` has no digits to split at, but is a number as a whole.
    let (number, letters) = if is_not_finite(&text) { (text.as_str(), "") } else { number::split(&text) };
    let number = format!("{sign}{number}");
    let kind = if letters.is_empty() && matches!(cursor.peek(), Some(TokenKind::Other(other)) if other == "%") {
        cursor.take();
        LiteralKind::Percent(number)
    } else {
        let unit = if letters.is_empty() { unit(cursor) } else { letters.to_owned() };
        LiteralKind::Number { number, unit }
    };
    Some(Literal { kind, span: start.to(cursor.last()) })
}

/// Takes the unit after a number, unless it is the name of the next argument.
fn unit(cursor: &mut Cursor<'_>) -> String {
    let is_argument_name = cursor.peek_second() == Some(&TokenKind::Equals);
    match cursor.peek() {
        Some(TokenKind::Name(unit)) if !is_argument_name => {
            let unit = unit.clone();
            cursor.take();
            unit
        }
        _ => String::new(),
    }
}

fn has_unit(literal: Option<&Literal>) -> bool {
    matches!(literal, Some(Literal { kind: LiteralKind::Number { unit, .. }, .. }) if !unit.is_empty())
}

fn is_not_finite(name: &str) -> bool {
    ["nan", "inf", "infinity"].iter().any(|known| name.eq_ignore_ascii_case(known))
}
