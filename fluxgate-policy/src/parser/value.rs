//! The value of an argument or of a setting.

use super::Parser;
use crate::ast::{Literal, Sort};
use crate::cursor::Cursor;
use crate::number;
use crate::span::Span;
use crate::token::{Token, TokenKind};

impl Parser<'_> {
    /// The value that comes now, taken up to the comma or bracket after it; nothing if there is none.
    pub(super) fn value(&mut self) -> Option<Literal> {
        let start = self.cursor.span();
        let simple = simple(&mut self.cursor);
        let ends = match self.cursor.peek() {
            None | Some(TokenKind::Comma | TokenKind::Close(_)) => true,
            // A duration in parts, such as `1m 30s`.
            Some(TokenKind::Number(next)) if has_unit(simple.as_ref()) && !number::split(next).1.is_empty() => false,
            // Another value: it is rather a comma that is missing.
            Some(TokenKind::Number(_) | TokenKind::Name(_) | TokenKind::Text) => simple.is_some(),
            Some(_) => false,
        };
        if ends {
            return simple;
        }
        while self.cursor.peek().is_some_and(|next| !matches!(next, TokenKind::Comma | TokenKind::Close(_))) {
            self.skip();
        }
        let span = start.to(self.cursor.last());
        Some(Literal { sort: Sort::Other((self.source)(span)), span })
    }
}

/// The one value that a text consists of; nothing if the text is empty.
pub(crate) fn single_value(text: &str) -> Option<Literal> {
    single(Cursor::of_text(text), |span| text[span.start..span.end].to_owned())
}

/// The one value that the tokens are; nothing if there are none.
pub(crate) fn single_value_of_tokens(tokens: &[Token]) -> Option<Literal> {
    single(Cursor::of_tokens(tokens), |span| {
        let texts: Vec<_> = tokens[span.start..span.end].iter().map(|token| token.kind.text()).collect();
        texts.join(" ")
    })
}

fn single(mut cursor: Cursor<'_>, source: impl Fn(Span) -> String) -> Option<Literal> {
    let start = cursor.span();
    let simple = simple(&mut cursor);
    if cursor.peek().is_none() && cursor.endless().is_none() {
        return simple;
    }
    while cursor.take().is_some() {}
    let end = cursor.endless().map_or(cursor.last(), |(span, _)| span);
    let span = start.to(end);
    Some(Literal { sort: Sort::Other(source(span)), span })
}

/// A number with its sign and unit, or a string, if one comes now; otherwise nothing is taken.
fn simple(cursor: &mut Cursor<'_>) -> Option<Literal> {
    let start = cursor.span();
    let minus = matches!(cursor.peek(), Some(TokenKind::Other(other)) if other == "-");
    let main = if minus { cursor.peek_second() } else { cursor.peek() };
    let text = match main? {
        TokenKind::Number(text) => text.clone(),
        TokenKind::Name(name) if is_not_finite(name) => name.clone(),
        TokenKind::Text if !minus => {
            cursor.take();
            return Some(Literal { sort: Sort::Text, span: start });
        }
        _ => return None,
    };
    if minus {
        cursor.take();
    }
    cursor.take();
    let sign = if minus { "-" } else { "" };
    // `inf` is a number to the end, though it has no digit.
    let (number, glued) = if is_not_finite(&text) { (text.as_str(), "") } else { number::split(&text) };
    let number = format!("{sign}{number}");
    let sort = if glued.is_empty() && matches!(cursor.peek(), Some(TokenKind::Other(other)) if other == "%") {
        cursor.take();
        Sort::Percent(number)
    } else {
        let unit = if glued.is_empty() { unit(cursor) } else { glued.to_owned() };
        Sort::Number { number, unit }
    };
    Some(Literal { sort, span: start.to(cursor.last()) })
}

/// Takes the unit after a number, if it is no name of the next argument.
fn unit(cursor: &mut Cursor<'_>) -> String {
    let names_argument = cursor.peek_second() == Some(&TokenKind::Equals);
    match cursor.peek() {
        Some(TokenKind::Name(unit)) if !names_argument => {
            let unit = unit.clone();
            cursor.take();
            unit
        }
        _ => String::new(),
    }
}

fn has_unit(literal: Option<&Literal>) -> bool {
    matches!(literal, Some(Literal { sort: Sort::Number { unit, .. }, .. }) if !unit.is_empty())
}

fn is_not_finite(name: &str) -> bool {
    ["nan", "inf", "infinity"].iter().any(|known| name.eq_ignore_ascii_case(known))
}
