//! The syntax tree: names are resolved, values are not yet checked.

use crate::expr::Expr;
use crate::model::RustText;
use crate::span::Span;
use crate::spec::Spec;

/// An expression over components as they are written.
pub(crate) type Ast = Expr<Call>;

/// A component with its arguments. Its name is resolved, because its arguments have no meaning without that.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) spec: &'static Spec,
    pub(crate) content: Content,
    /// From the name to the closing parenthesis.
    pub(crate) span: Span,
}

/// The content of a component's parentheses.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Arguments(Vec<WrittenArgument>),
    Rust(RustText),
    /// The parser has reported a mistake in it.
    Invalid,
}

/// An argument as it is written.
#[derive(Clone, Debug)]
pub(crate) struct WrittenArgument {
    pub(crate) name: Option<(String, Span)>,
    /// `None` if the parser has reported a mistake in it.
    pub(crate) value: Option<Literal>,
    /// The whole argument, including its name.
    pub(crate) span: Span,
}

/// A value as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    pub(crate) kind: LiteralKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum LiteralKind {
    /// A number with its sign, and the unit after it; empty without a unit.
    Number { number: String, unit: String },
    /// A number followed by `%`.
    Percent(String),
    /// A string or character literal.
    Text,
    /// Anything else, as it is written.
    Other(String),
}
