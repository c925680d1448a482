//! The operators, and those of other languages that users write instead.

use crate::token::TokenKind;

#[derive(Clone, Copy)]
pub(super) enum BinaryOperator {
    And,
    Or,
}

/// A binary operator as it is written.
pub(super) struct WrittenOperator {
    pub(super) operator: BinaryOperator,
    /// The operator to write instead, if this one belongs to another language.
    pub(super) replacement: Option<&'static str>,
}

impl WrittenOperator {
    pub(super) fn of(token: &TokenKind) -> Option<Self> {
        let (operator, replacement) = match token {
            TokenKind::And => (BinaryOperator::And, None),
            TokenKind::Or => (BinaryOperator::Or, None),
            TokenKind::Other(other) if other == "&&" => (BinaryOperator::And, Some("&")),
            TokenKind::Other(other) if other == "||" => (BinaryOperator::Or, Some("|")),
            TokenKind::Name(name) if name.eq_ignore_ascii_case("and") => (BinaryOperator::And, Some("&")),
            TokenKind::Name(name) if name.eq_ignore_ascii_case("or") => (BinaryOperator::Or, Some("|")),
            _ => return None,
        };
        Some(Self { operator, replacement })
    }
}

pub(super) fn is_negation(token: &TokenKind) -> bool {
    match token {
        TokenKind::Not => true,
        TokenKind::Other(other) => other == "~",
        TokenKind::Name(name) => name.eq_ignore_ascii_case("not"),
        _ => false,
    }
}
