//! Parsing a component and its arguments.

use super::Parser;
use crate::ast::{Call, Content, WrittenArgument};
use crate::catalog;
use crate::check::{unknown_argument, unknown_component};
use crate::error::{ErrorKind, quoted};
use crate::model::RustText;
use crate::span::Span;
use crate::spec::{Parameter, Quantity, Spec};
use crate::token::{Delimiter, Token, TokenKind};

/// More arguments than any component takes. Further ones are parsed but not kept, because a text may contain millions.
const MAX_ARGUMENTS: usize = 32;

impl Parser<'_> {
    /// Parses a component. Returns `None` if its name does not resolve.
    pub(super) fn component(&mut self) -> Option<Call> {
        let Token { kind: TokenKind::Name(name), span: start } = self.cursor.take()? else { return None };
        if self.next_is_path_separator() {
            self.report_path(&name, start);
            return None;
        }
        let Some(spec) = catalog::find(self.kind, &name) else {
            self.report_error(unknown_component(self.kind, &name, start));
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

    /// Takes the rest of a Rust path such as `trippers::Closed()` or `TypeOf::<A>()`, and reports it.
    fn report_path(&mut self, first: &str, start: Span) {
        let mut component = catalog::find(self.kind, first);
        while let Some(next) = self.cursor.peek() {
            match next {
                TokenKind::Name(name) => component = catalog::find(self.kind, name).or(component),
                TokenKind::Other(other) if matches!(other.as_str(), "::" | "<" | ">") => {}
                _ => break,
            }
            self.cursor.take();
        }
        let span = start.to(self.cursor.last());
        if self.next_is_parenthesis() {
            self.skip();
        }
        let (found, kind) = (self.quoted(span), self.kind);
        let write = component.map_or(kind.example(), |spec| spec.example);
        let message = format!("{found} is a path, but a {kind} is written by its name alone; write {write}");
        self.report(ErrorKind::Path, span, message);
    }

    /// Parses the content of the parentheses as Rust. The opening parenthesis has been taken.
    fn rust(&mut self, spec: &'static Spec, parameter: &Parameter, head: Span) -> Content {
        let has_wrong_name = self.rust_argument_name(spec, parameter);
        let group = self.group(Delimiter::Parenthesis, Span::new(head.end - 1, head.end));
        let span = head.to(self.cursor.last());
        let Quantity::Rust { noun } = parameter.quantity else { return Content::Invalid };
        let (name, example) = (spec.name, spec.example);
        if !self.allows_rust {
            let message =
                format!("{name}: {noun} can't be named in a policy that is read at run time; write {name} in code");
            self.report(ErrorKind::RustAtRunTime, span, message);
            return Content::Invalid;
        }
        match group.content {
            _ if has_wrong_name || !group.is_closed => Content::Invalid,
            Some(content) => Content::Rust(RustText { text: (self.source)(content), span: content }),
            None => {
                let message = format!("{name} is empty; write {noun} in its parentheses, such as {example}");
                self.report(ErrorKind::EmptyRust, span, message);
                Content::Invalid
            }
        }
    }

    /// Takes the name of the only argument, if it is written. Returns `true` if another name is written, and reports it.
    fn rust_argument_name(&mut self, spec: &'static Spec, parameter: &Parameter) -> bool {
        let mut is_named = false;
        while self.cursor.peek_second() == Some(&TokenKind::Equals) {
            let Some(TokenKind::Name(name)) = self.cursor.peek().cloned() else { break };
            if is_named || name != parameter.name {
                if self.allows_rust {
                    let span = self.cursor.span();
                    self.report_error(unknown_argument(spec, &name, span));
                }
                return true;
            }
            self.cursor.take();
            self.cursor.take();
            is_named = true;
        }
        false
    }

    /// Parses the arguments up to and including the closing parenthesis. The opening parenthesis has been taken.
    fn arguments(&mut self, spec: &'static Spec, open: Span) -> Content {
        let mut arguments = Vec::new();
        let mut is_invalid = false;
        loop {
            match self.cursor.peek() {
                None => {
                    self.report_unclosed(open, Delimiter::Parenthesis);
                    return Content::Invalid;
                }
                Some(TokenKind::Close(Delimiter::Parenthesis)) => {
                    self.cursor.take();
                    return if is_invalid { Content::Invalid } else { Content::Arguments(arguments) };
                }
                Some(TokenKind::Close(delimiter)) => {
                    let delimiter = *delimiter;
                    is_invalid = true;
                    self.take_unopened(delimiter);
                }
                Some(TokenKind::Comma) => {
                    let span = self.cursor.span();
                    self.cursor.take();
                    let message = format!("{}: `,` has no argument before it; remove it, or write one", spec.name);
                    self.report(ErrorKind::ArgumentSyntax, span, message);
                }
                Some(_) => {
                    let argument = self.argument(spec);
                    if arguments.len() < MAX_ARGUMENTS {
                        arguments.push(argument);
                    }
                    self.argument_end(spec);
                }
            }
        }
    }

    /// Takes the comma after an argument, or reports that it is missing.
    fn argument_end(&mut self, spec: &'static Spec) {
        let (next, span) = (self.cursor.peek().cloned(), self.cursor.span());
        match next {
            Some(TokenKind::Comma) => drop(self.cursor.take()),
            None | Some(TokenKind::Close(_)) => {}
            Some(next) => {
                let found = quoted(next.text());
                let message = format!("{}: there is no comma before {found}; write `,` between arguments", spec.name);
                self.report(ErrorKind::ArgumentSyntax, span, message);
            }
        }
    }

    fn argument(&mut self, spec: &'static Spec) -> WrittenArgument {
        let start = self.cursor.span();
        let name = self.argument_name(spec);
        let value = self.value();
        let span = value.as_ref().map_or(start, |value| start.to(value.span));
        if let (None, Some((name, name_span))) = (&value, &name) {
            // At the end, an unterminated literal may contain the value, and that is reported instead.
            if self.cursor.peek().is_some() {
                let example = spec.position(name).map_or("a value", |position| spec.parameters[position].example);
                let message = format!("{}: {} has no value; write {name} = {example}", spec.name, quoted(name));
                self.report(ErrorKind::ArgumentSyntax, *name_span, message);
            }
        }
        WrittenArgument { name, value, span }
    }

    /// Takes `name =`, or reports another notation such as `name:`.
    fn argument_name(&mut self, spec: &'static Spec) -> Option<(String, Span)> {
        let Some(TokenKind::Name(name)) = self.cursor.peek() else { return None };
        let name = name.clone();
        let position = spec.position(&name);
        let (is_name, has_other_sign) = match self.cursor.peek_second() {
            Some(TokenKind::Equals) => (true, false),
            Some(TokenKind::Number(_)) => (position.is_some(), false),
            Some(TokenKind::Other(other)) => (position.is_some() && matches!(other.as_str(), ":" | "==" | "=>"), true),
            _ => (false, false),
        };
        if !is_name {
            return None;
        }
        let span = self.cursor.take()?.span;
        if self.cursor.take_if(&TokenKind::Equals).is_none() {
            if has_other_sign {
                self.cursor.take();
            }
            let example = position.map_or("", |position| spec.parameters[position].example);
            let message = format!("{}: there is no `=` after `{name}`; write {name} = {example}", spec.name);
            self.report(ErrorKind::ArgumentSyntax, span, message);
        }
        Some((name, span))
    }
}
