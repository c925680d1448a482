//! Parsing operators, parentheses and their operands.

use super::operator::{BinaryOperator, WrittenOperator, is_negation};
use super::{MAX_DEPTH, Parser};
use crate::ast::Ast;
use crate::catalog;
use crate::error::{ErrorKind, quoted};
use crate::expr::Expr;
use crate::span::Span;
use crate::token::{Delimiter, TokenKind};

/// The state of a sequence of operands.
#[derive(Default)]
struct Progress {
    /// The operator before the current operand.
    operator: Option<Span>,
    /// A mistake in that operator, or before it, has been reported.
    is_operator_reported: bool,
    /// The current operand is missing.
    is_missing: bool,
    /// A mistake in the current operand has been reported.
    is_reported: bool,
}

impl Parser<'_> {
    /// Parses operands and operators up to the end, or up to the parenthesis that closes the one at `open`.
    ///
    /// Precedence takes no recursion: `disjuncts` collects the operands of `|`, and `conjuncts` those of `&`.
    pub(super) fn sequence(&mut self, depth: usize, open: Option<Span>) -> Option<Ast> {
        let mut disjuncts = Vec::new();
        let mut conjuncts = Vec::new();
        let mut progress = Progress::default();
        loop {
            progress.is_missing = !self.operand_follows();
            progress.is_reported = false;
            if progress.is_missing {
                self.missing_operand(&progress, open);
            } else {
                let operand = self.unary(depth);
                progress.is_reported = operand.is_none();
                conjuncts.extend(operand);
            }
            match self.binary_operator(open.is_some(), &mut progress) {
                Some(BinaryOperator::And) => {}
                Some(BinaryOperator::Or) => disjuncts.extend(Expr::all(std::mem::take(&mut conjuncts))),
                None => break,
            }
        }
        disjuncts.extend(Expr::all(conjuncts));
        Expr::any(disjuncts)
    }

    /// Returns `true` if an operand comes next, even an invalid one, and not a token that follows operands.
    fn operand_follows(&mut self) -> bool {
        let next = self.cursor.peek();
        next.is_some_and(|next| !matches!(next, TokenKind::Close(_)) && WrittenOperator::of(next).is_none())
    }

    fn missing_operand(&mut self, progress: &Progress, open: Option<Span>) {
        let (kind, example) = (self.kind, self.kind.example());
        let next = self.cursor.peek();
        let next_is_foreign = next.and_then(WrittenOperator::of).is_some_and(|operator| operator.replacement.is_some());
        let (is_end, is_closing) = (next.is_none(), matches!(next, Some(TokenKind::Close(_))));
        // The mistake may be in the operator before, or in the one that comes next.
        let is_reported_elsewhere =
            progress.is_operator_reported || next_is_foreign || !kind.composes() && !is_end && !is_closing;
        // An unterminated literal may contain the operand.
        if is_reported_elsewhere || is_end && self.cursor.unterminated().is_some() {
            return;
        }
        let next = self.cursor.span();
        let (message, span) = match (progress.operator, open) {
            (Some(operator), _) => (self.no_operand_after(operator), operator),
            (None, Some(open)) if is_closing => {
                (format!("these parentheses are empty; write a {kind} in them, such as {example}"), open.to(next))
            }
            // The unmatched bracket is reported instead.
            (None, _) if is_end || is_closing => return,
            (None, _) => {
                (format!("there is no {kind} before {}; write one, such as {example}", self.quoted(next)), next)
            }
        };
        self.report(ErrorKind::MissingOperand, span, message);
    }

    fn no_operand_after(&self, operator: Span) -> String {
        let (kind, example) = (self.kind, self.kind.example());
        format!("there is no {kind} after {}; write one, such as {example}", self.quoted(operator))
    }

    /// Takes the operator after an operand. Returns `None` at the end of the sequence.
    fn binary_operator(&mut self, is_inside: bool, progress: &mut Progress) -> Option<BinaryOperator> {
        loop {
            let next = self.cursor.peek()?;
            if let TokenKind::Close(delimiter) = *next {
                if is_inside && delimiter == Delimiter::Parenthesis {
                    return None;
                }
                self.take_unopened(delimiter);
                continue;
            }
            let operator = WrittenOperator::of(next);
            if !self.kind.composes() {
                self.skip_after_single_component(progress, operator.is_some());
                continue;
            }
            if let Some(WrittenOperator { operator, replacement }) = operator {
                self.take_operator(replacement, progress);
                return Some(operator);
            }
            let starts_operand = self.operand_starts();
            if !progress.is_reported {
                self.report_missing_operator(starts_operand);
                progress.is_reported = true;
            }
            if starts_operand {
                *progress = Progress::default();
                return Some(BinaryOperator::Or);
            }
            self.skip();
        }
    }

    fn report_missing_operator(&mut self, starts_operand: bool) {
        let (kind, span) = (self.kind, self.cursor.span());
        let found = self.quoted(span);
        if starts_operand {
            let message = format!("there is no operator before {found}; write `&` or `|` before it");
            self.report(ErrorKind::NotJoined, span, message);
        } else {
            let message = format!("{found} can't follow a {kind}; remove it, or write `&` or `|` and another {kind}");
            self.report(ErrorKind::Unexpected, span, message);
        }
    }

    fn take_operator(&mut self, replacement: Option<&str>, progress: &mut Progress) {
        let Some(token) = self.cursor.take() else { return };
        // In `& && &&`, reporting one operator is enough.
        let is_reported = progress.is_missing && progress.is_operator_reported;
        if let Some(replacement) = replacement.filter(|_| !is_reported) {
            self.report_foreign_operator(&token.kind, token.span, replacement);
        }
        let is_operator_reported = replacement.is_some() || progress.is_missing;
        *progress = Progress { operator: Some(token.span), is_operator_reported, ..Progress::default() };
    }

    fn report_foreign_operator(&mut self, operator: &TokenKind, span: Span, replacement: &str) {
        let message = format!("{} is not an operator here; use `{replacement}`", quoted(operator.text()));
        self.report(ErrorKind::ForeignOperator, span, message);
    }

    /// Returns `true` if an operand that may be valid starts here, so that parsing can continue with it.
    fn operand_starts(&mut self) -> bool {
        let kind = self.kind;
        let second_opens = self.cursor.peek_second() == Some(&TokenKind::Open(Delimiter::Parenthesis));
        let second_starts = matches!(
            self.cursor.peek_second(),
            Some(TokenKind::Name(_) | TokenKind::Not | TokenKind::Open(Delimiter::Parenthesis))
        );
        match self.cursor.peek() {
            Some(TokenKind::Not) => true,
            Some(TokenKind::Open(Delimiter::Parenthesis)) => second_starts,
            Some(TokenKind::Name(name)) => second_opens || catalog::find(kind, name).is_some(),
            _ => false,
        }
    }

    /// Takes everything after a window, retry or permit, and reports the first token of it.
    fn skip_after_single_component(&mut self, progress: &mut Progress, is_operator: bool) {
        let (kind, span) = (self.kind, self.cursor.span());
        if !progress.is_reported {
            let found = self.quoted(span);
            if is_operator {
                let example = kind.example();
                let message = format!("{found} can't be used in a {kind}; write a single component, such as {example}");
                self.report(ErrorKind::Composition, span, message);
            } else {
                let message = format!("{found} can't follow a {kind}, which is a single component; remove it");
                self.report(ErrorKind::Unexpected, span, message);
            }
        }
        progress.is_reported = true;
        while self.cursor.peek().is_some_and(|next| !matches!(next, TokenKind::Close(_))) {
            self.skip();
        }
    }

    /// Parses an operand with its negations.
    fn unary(&mut self, depth: usize) -> Option<Ast> {
        let mut negations = 0;
        let mut is_reported = false;
        while self.cursor.peek().is_some_and(is_negation) {
            let token = self.cursor.take()?;
            negations += 1;
            if depth + negations > MAX_DEPTH {
                self.report_too_deep(token.span);
                while self.cursor.peek().is_some_and(is_negation) {
                    self.cursor.take();
                }
                self.skip_operand();
                return None;
            }
            if !is_reported {
                is_reported = self.check_negation(&token.kind, token.span);
            }
            if !self.operand_follows() {
                if !is_reported && (self.cursor.peek().is_some() || self.cursor.unterminated().is_none()) {
                    self.report(ErrorKind::MissingOperand, token.span, self.no_operand_after(token.span));
                }
                return None;
            }
        }
        let operand = self.primary(depth + negations)?;
        Some((0..negations).fold(operand, |operand, _| Expr::not(operand)))
    }

    /// Returns `true` if the negation is a mistake, and reports it.
    fn check_negation(&mut self, negation: &TokenKind, span: Span) -> bool {
        let kind = self.kind;
        if !kind.negates() {
            let found = quoted(negation.text());
            let message = format!("{found} can only be used in a tracker; write the {kind} without it");
            self.report(ErrorKind::Negation, span, message);
            return true;
        }
        if *negation != TokenKind::Not {
            self.report_foreign_operator(negation, span, "!");
            return true;
        }
        false
    }

    /// Parses a component, or an expression in parentheses.
    fn primary(&mut self, depth: usize) -> Option<Ast> {
        match self.cursor.peek()? {
            TokenKind::Name(_) => return self.component().map(Expr::Leaf),
            TokenKind::Open(Delimiter::Parenthesis) => {}
            _ => {
                self.skip_invalid_operand();
                return None;
            }
        }
        let open = self.cursor.take()?.span;
        if depth == MAX_DEPTH {
            self.report_too_deep(open);
            self.group(Delimiter::Parenthesis, open);
            return None;
        }
        let inside = self.sequence(depth + 1, Some(open));
        if self.cursor.take_if(&TokenKind::Close(Delimiter::Parenthesis)).is_none() {
            self.report_unclosed(open, Delimiter::Parenthesis);
        }
        inside
    }

    /// Takes and reports a token that can't start an operand.
    fn skip_invalid_operand(&mut self) {
        let (kind, example, span) = (self.kind, self.kind.example(), self.cursor.span());
        let found = self.quoted(span);
        self.skip();
        self.report(ErrorKind::Unexpected, span, format!("{found} is not a {kind}; write one, such as {example}"));
    }

    /// Takes an operand without parsing it.
    fn skip_operand(&mut self) {
        self.skip();
        if self.next_is_parenthesis() {
            self.skip();
        }
    }

    fn report_too_deep(&mut self, span: Span) {
        let message =
            format!("this is nested more than {MAX_DEPTH} levels deep; write fewer parentheses and `!` around it");
        self.report(ErrorKind::TooDeep, span, message);
    }
}
