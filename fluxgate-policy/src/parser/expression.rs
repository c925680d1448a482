//! Operators, parentheses and what they join.

use super::{MAX_DEPTH, Parser};
use crate::ast::Ast;
use crate::catalog;
use crate::error::{ErrorKind, quoted};
use crate::expr::Expr;
use crate::span::Span;
use crate::token::{Delimiter, TokenKind};

/// What is between two operands.
#[derive(Clone, Copy)]
enum Joint {
    And,
    Or,
}

/// An operator as it is written.
struct Operator {
    joint: Joint,
    /// How this language writes it, if it is one of another.
    instead: Option<&'static str>,
}

/// How the reading of operands goes.
#[derive(Default)]
struct Progress {
    /// The operator before the operand that comes now.
    before: Option<Span>,
    /// That operator, or what is before it, was wrong and has been told of.
    before_wrong: bool,
    /// There was no operand after it.
    missing: bool,
    /// There was one, and what is wrong with it has been told of.
    wrong: bool,
}

impl Operator {
    fn of(token: &TokenKind) -> Option<Self> {
        let (joint, instead) = match token {
            TokenKind::And => (Joint::And, None),
            TokenKind::Or => (Joint::Or, None),
            TokenKind::Other(other) if other == "&&" => (Joint::And, Some("&")),
            TokenKind::Other(other) if other == "||" => (Joint::Or, Some("|")),
            TokenKind::Name(name) if name.eq_ignore_ascii_case("and") => (Joint::And, Some("&")),
            TokenKind::Name(name) if name.eq_ignore_ascii_case("or") => (Joint::Or, Some("|")),
            _ => return None,
        };
        Some(Self { joint, instead })
    }
}

fn negates(token: &TokenKind) -> bool {
    match token {
        TokenKind::Not => true,
        TokenKind::Other(other) => other == "~",
        TokenKind::Name(name) => name.eq_ignore_ascii_case("not"),
        _ => false,
    }
}

impl Parser<'_> {
    /// Operands and operators up to the end, or up to the parenthesis that closes the one at `open`.
    ///
    /// Precedence needs no recursion: `any` gathers what `|` joins, `all` what `&` does.
    pub(super) fn sequence(&mut self, depth: usize, open: Option<Span>) -> Option<Ast> {
        let mut any = Vec::new();
        let mut all = Vec::new();
        let mut progress = Progress::default();
        loop {
            progress.missing = !self.operand_follows();
            progress.wrong = false;
            if progress.missing {
                self.missing_operand(&progress, open);
            } else {
                let operand = self.unary(depth);
                progress.wrong = operand.is_none();
                all.extend(operand);
            }
            match self.joint(open.is_some(), &mut progress) {
                Some(Joint::And) => {}
                Some(Joint::Or) => any.extend(Expr::all(std::mem::take(&mut all))),
                None => break,
            }
        }
        any.extend(Expr::all(all));
        Expr::any(any)
    }

    /// Whether what comes now is an operand, be it a wrong one, rather than what should come after one.
    fn operand_follows(&mut self) -> bool {
        let next = self.cursor.peek();
        next.is_some_and(|next| !matches!(next, TokenKind::Close(_)) && Operator::of(next).is_none())
    }

    fn missing_operand(&mut self, progress: &Progress, open: Option<Span>) {
        let next = self.cursor.peek();
        // Which operator is meant may not be known yet, and a literal without an end may hold the operand.
        let wrong_next = next.and_then(Operator::of).is_some_and(|operator| operator.instead.is_some());
        let (at_end, closing) = (next.is_none(), matches!(next, Some(TokenKind::Close(_))));
        let told = progress.before_wrong || wrong_next || !self.kind.composes() && !at_end && !closing;
        if told || at_end && self.cursor.endless().is_some() {
            return;
        }
        let next = self.cursor.span();
        let (what, span) = match (progress.before, open) {
            (Some(operator), _) => (format!("{} has nothing after it", self.quoted(operator)), operator),
            (None, Some(open)) if closing => ("these parentheses are empty".to_owned(), open.to(next)),
            // What is wrong is told where the missing end is, or the end without a beginning.
            (None, _) if at_end || closing => return,
            (None, _) => (format!("{} has nothing before it", self.quoted(next)), next),
        };
        let (kind, example) = (self.kind, self.kind.example());
        self.report(ErrorKind::MissingOperand, span, format!("{what}; write a {kind} there, such as {example}"));
    }

    /// Takes the operator after an operand. Without one, this sequence is at its end.
    fn joint(&mut self, inside: bool, progress: &mut Progress) -> Option<Joint> {
        loop {
            let next = self.cursor.peek()?;
            if let TokenKind::Close(delimiter) = *next {
                if inside && delimiter == Delimiter::Parenthesis {
                    return None;
                }
                self.unopened(delimiter);
                continue;
            }
            let operator = Operator::of(next);
            if !self.kind.composes() {
                self.nothing_may_follow(progress, operator.is_some());
                continue;
            }
            if let Some(Operator { joint, instead }) = operator {
                self.operator(instead, progress);
                return Some(joint);
            }
            let begins = self.operand_begins();
            if !progress.wrong {
                let (kind, token) = (self.kind, self.cursor.span());
                let found = self.quoted(token);
                if begins {
                    let message = format!("nothing joins {found} to what is before it; write & or | between them");
                    self.report(ErrorKind::NotJoined, token, message);
                } else {
                    let message = format!("{found} can't follow a {kind}; write & or | and another {kind}, or nothing");
                    self.report(ErrorKind::Unexpected, token, message);
                }
                progress.wrong = true;
            }
            if begins {
                *progress = Progress::default();
                return Some(Joint::Or);
            }
            self.skip();
        }
    }

    fn operator(&mut self, instead: Option<&str>, progress: &mut Progress) {
        let Some(token) = self.cursor.take() else { return };
        // Of `& &&` and the like it is enough to have told of one.
        let told = progress.missing && progress.before_wrong;
        if let Some(instead) = instead.filter(|_| !told) {
            let message = format!("{} is no operator here; write {instead}", quoted(token.kind.text()));
            self.report(ErrorKind::ForeignOperator, token.span, message);
        }
        let before_wrong = instead.is_some() || progress.missing;
        *progress = Progress { before: Some(token.span), before_wrong, ..Progress::default() };
    }

    /// Whether an operand that may be a right one begins here: what recovery stops at.
    fn operand_begins(&mut self) -> bool {
        let kind = self.kind;
        let second_opens = self.cursor.peek_second() == Some(&TokenKind::Open(Delimiter::Parenthesis));
        let second_begins = matches!(
            self.cursor.peek_second(),
            Some(TokenKind::Name(_) | TokenKind::Not | TokenKind::Open(Delimiter::Parenthesis))
        );
        match self.cursor.peek() {
            Some(TokenKind::Not) => true,
            Some(TokenKind::Open(Delimiter::Parenthesis)) => second_begins,
            Some(TokenKind::Name(name)) => second_opens || catalog::find(kind, name).is_some(),
            _ => false,
        }
    }

    /// Takes all that is after a window, retry or permit, and tells of its beginning.
    fn nothing_may_follow(&mut self, progress: &mut Progress, operator: bool) {
        let (kind, span) = (self.kind, self.cursor.span());
        if !progress.wrong {
            let found = self.quoted(span);
            if operator {
                let example = kind.example();
                let message = format!("{found} has no place in a {kind}; write a single one, such as {example}");
                self.report(ErrorKind::Composition, span, message);
            } else {
                let message = format!("{found} can't follow a {kind}, which is a single component; remove it");
                self.report(ErrorKind::Unexpected, span, message);
            }
        }
        progress.wrong = true;
        while self.cursor.peek().is_some_and(|next| !matches!(next, TokenKind::Close(_))) {
            self.skip();
        }
    }

    /// An operand, with what negates it.
    fn unary(&mut self, depth: usize) -> Option<Ast> {
        let mut negations = 0;
        let mut wrong = false;
        while self.cursor.peek().is_some_and(negates) {
            let token = self.cursor.take()?;
            negations += 1;
            if depth + negations > MAX_DEPTH {
                self.too_deep(token.span);
                while self.cursor.peek().is_some_and(negates) {
                    self.cursor.take();
                }
                return self.skip_operand();
            }
            let (kind, found) = (self.kind, quoted(token.kind.text()));
            if !kind.negates() && !wrong {
                let message =
                    format!("{found} has no place in a {kind}, only in a tracker; write the {kind} without it");
                self.report(ErrorKind::Negation, token.span, message);
                wrong = true;
            } else if token.kind != TokenKind::Not && !wrong {
                let message = format!("{found} is no operator here; write !");
                self.report(ErrorKind::ForeignOperator, token.span, message);
                wrong = true;
            }
            if !self.operand_follows() {
                if !wrong && (self.cursor.peek().is_some() || self.cursor.endless().is_none()) {
                    let example = kind.example();
                    let message = format!("{found} has nothing after it; write a {kind} there, such as {example}");
                    self.report(ErrorKind::MissingOperand, token.span, message);
                }
                return None;
            }
        }
        let operand = self.primary(depth + negations)?;
        Some((0..negations).fold(operand, |operand, _| Expr::not(operand)))
    }

    /// A component, or an expression in parentheses.
    fn primary(&mut self, depth: usize) -> Option<Ast> {
        match self.cursor.peek()? {
            TokenKind::Name(_) => return self.component().map(Expr::Leaf),
            TokenKind::Open(Delimiter::Parenthesis) => {}
            _ => return self.no_operand(),
        }
        let open = self.cursor.take()?.span;
        if depth == MAX_DEPTH {
            self.too_deep(open);
            self.group(Delimiter::Parenthesis, open);
            return None;
        }
        let inside = self.sequence(depth + 1, Some(open));
        if self.cursor.take_if(&TokenKind::Close(Delimiter::Parenthesis)).is_none() {
            self.unclosed(open, Delimiter::Parenthesis);
        }
        inside
    }

    /// Takes what stands where a component should, and tells of it.
    fn no_operand(&mut self) -> Option<Ast> {
        let (kind, example, span) = (self.kind, self.kind.example(), self.cursor.span());
        let found = self.quoted(span);
        self.skip();
        self.report(ErrorKind::Unexpected, span, format!("{found} is no {kind}; write one, such as {example}"));
        None
    }

    /// Takes an operand that is not to be read.
    fn skip_operand(&mut self) -> Option<Ast> {
        self.skip();
        if self.next_is_parenthesis() {
            self.skip();
        }
        None
    }

    fn too_deep(&mut self, span: Span) {
        let message = format!("this is nested deeper than {MAX_DEPTH}; write fewer parentheses and `!` around it");
        self.report(ErrorKind::TooDeep, span, message);
    }
}
