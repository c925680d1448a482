//! A component and its arguments.

use super::Parser;
use crate::ast::{Call, Content, Written};
use crate::catalog;
use crate::check::{unknown, unknown_argument};
use crate::error::{ErrorKind, quoted};
use crate::model::RustText;
use crate::span::Span;
use crate::spec::{Parameter, Quantity, Spec};
use crate::token::{Delimiter, Token, TokenKind};

/// More than any component takes. Others are read but not kept, for a text may hold millions.
const MAX_ARGUMENTS: usize = 32;

impl Parser<'_> {
    /// A component; nothing if it is not known what it is meant to be.
    pub(super) fn component(&mut self) -> Option<Call> {
        let Token { kind: TokenKind::Name(name), span: start } = self.cursor.take()? else { return None };
        if self.next_is_path_separator() {
            return self.path(&name, start);
        }
        let Some(spec) = catalog::find(self.kind, &name) else {
            self.tell(unknown(self.kind, &name, start));
            if self.next_is_parenthesis() {
                self.skip();
            }
            return None;
        };
        if !self.next_is_parenthesis() {
            let message = format!("{name} has no parentheses; write {}", spec.example);
            self.report(ErrorKind::NoParentheses, start, message);
            return None;
        }
        let open = self.cursor.take()?.span;
        let content = match spec.rust_parameter() {
            Some(parameter) => self.rust(spec, parameter, start.to(open)),
            None => self.arguments(spec, open),
        };
        Some(Call { spec, content, span: start.to(self.cursor.last()) })
    }

    fn next_is_path_separator(&mut self) -> bool {
        matches!(self.cursor.peek(), Some(TokenKind::Other(other)) if other == "::")
    }

    /// A Rust path such as `trippers::Closed()` or `TypeOf::<A>()`: takes it, and tells which component is meant.
    fn path(&mut self, first: &str, start: Span) -> Option<Call> {
        let mut meant = catalog::find(self.kind, first);
        let mut end = start;
        while let Some(next) = self.cursor.peek() {
            match next {
                TokenKind::Name(name) => meant = catalog::find(self.kind, name).or(meant),
                TokenKind::Other(other) if matches!(other.as_str(), "::" | "<" | ">") => {}
                _ => break,
            }
            end = self.cursor.take()?.span;
        }
        if self.next_is_parenthesis() {
            self.skip();
        }
        let (span, kind) = (start.to(end), self.kind);
        let found = self.quoted(span);
        let write = meant.map_or(kind.example(), |spec| spec.example);
        let message = format!("{found} is a path, and a {kind} is called by its name alone; write {write}");
        self.report(ErrorKind::Path, span, message);
        None
    }

    /// The content of the parentheses as Rust; the opening one has been taken.
    fn rust(&mut self, spec: &'static Spec, parameter: &Parameter, head: Span) -> Content {
        let wrong_name = self.rust_argument_name(spec, parameter);
        let group = self.group(Delimiter::Parenthesis, Span::new(head.end - 1, head.end));
        let span = head.to(self.cursor.last());
        let Quantity::Rust { noun } = parameter.quantity else { return Content::Wrong };
        let (name, example) = (spec.name, spec.example);
        if !self.rust_allowed {
            let message = format!(
                "{name}: {noun} can't be named in a text that is read at run time; write it in Rust, or in a macro"
            );
            self.report(ErrorKind::RustAtRunTime, span, message);
            return Content::Wrong;
        }
        match group.content {
            _ if wrong_name || !group.closed => Content::Wrong,
            Some(content) => Content::Rust(RustText { text: (self.source)(content), span: content }),
            None => {
                let message = format!("{name} is empty; write {noun} in its parentheses, such as {example}");
                self.report(ErrorKind::EmptyRust, span, message);
                Content::Wrong
            }
        }
    }

    /// Takes the name of the one argument, if it is written; whether there is another name, which is told of.
    fn rust_argument_name(&mut self, spec: &'static Spec, parameter: &Parameter) -> bool {
        let mut named = false;
        while self.cursor.peek_second() == Some(&TokenKind::Equals) {
            let Some(TokenKind::Name(name)) = self.cursor.peek().cloned() else { break };
            if named || name != parameter.name {
                if self.rust_allowed {
                    let span = self.cursor.span();
                    self.tell(unknown_argument(spec, &name, span));
                }
                return true;
            }
            self.cursor.take();
            self.cursor.take();
            named = true;
        }
        false
    }

    /// The arguments up to the closing parenthesis; the opening one has been taken.
    fn arguments(&mut self, spec: &'static Spec, open: Span) -> Content {
        let component = spec.name;
        let mut arguments = Vec::new();
        let mut wrong = false;
        loop {
            match self.cursor.peek() {
                None => {
                    self.unclosed(open, Delimiter::Parenthesis);
                    return Content::Wrong;
                }
                Some(TokenKind::Close(Delimiter::Parenthesis)) => {
                    self.cursor.take();
                    return if wrong { Content::Wrong } else { Content::Arguments(arguments) };
                }
                Some(TokenKind::Close(delimiter)) => {
                    let delimiter = *delimiter;
                    wrong = true;
                    self.unopened(delimiter);
                    continue;
                }
                Some(TokenKind::Comma) => {
                    let span = self.cursor.span();
                    self.cursor.take();
                    let message = format!("{component}: `,` has no argument before it; remove it, or write one");
                    self.report(ErrorKind::ArgumentSyntax, span, message);
                    continue;
                }
                Some(_) => {
                    let argument = self.argument(spec);
                    if arguments.len() < MAX_ARGUMENTS {
                        arguments.push(argument);
                    }
                }
            }
            let (next, span) = (self.cursor.peek().cloned(), self.cursor.span());
            match next {
                Some(TokenKind::Comma) => drop(self.cursor.take()),
                None | Some(TokenKind::Close(_)) => {}
                Some(next) => {
                    let found = quoted(next.text());
                    let message = format!("{component}: no comma is before {found}; write , between arguments");
                    self.report(ErrorKind::ArgumentSyntax, span, message);
                }
            }
        }
    }

    fn argument(&mut self, spec: &'static Spec) -> Written {
        let start = self.cursor.span();
        let name = self.argument_name(spec);
        let value = self.value();
        let span = value.as_ref().map_or(start, |value| start.to(value.span));
        if let (None, Some((name, name_span))) = (&value, &name) {
            // Behind a literal without an end there may be a value, and `Unterminated` is said of that.
            if self.cursor.peek().is_some() {
                let example = spec.position(name).map_or("a value", |position| spec.parameters[position].example);
                let message = format!("{}: {} has no value; write {name} = {example}", spec.name, quoted(name));
                self.report(ErrorKind::ArgumentSyntax, *name_span, message);
            }
        }
        Written { name, value, span }
    }

    /// Takes `name =`, and what is written for it elsewhere.
    fn argument_name(&mut self, spec: &'static Spec) -> Option<(String, Span)> {
        let Some(TokenKind::Name(name)) = self.cursor.peek() else { return None };
        let name = name.clone();
        let is_known = spec.position(&name).is_some();
        let (equals, foreign) = match self.cursor.peek_second() {
            Some(TokenKind::Equals) => (true, false),
            Some(TokenKind::Number(_)) => (is_known, false),
            Some(TokenKind::Other(other)) => (is_known && matches!(other.as_str(), ":" | "==" | "=>"), true),
            _ => (false, false),
        };
        if !equals {
            return None;
        }
        let span = self.cursor.take()?.span;
        if self.cursor.take_if(&TokenKind::Equals).is_none() {
            if foreign {
                self.cursor.take();
            }
            let example = spec.position(&name).map_or("", |position| spec.parameters[position].example);
            let message = format!("{}: no `=` is after `{name}`; write {name} = {example}", spec.name);
            self.report(ErrorKind::ArgumentSyntax, span, message);
        }
        Some((name, span))
    }
}
