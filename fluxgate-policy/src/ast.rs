//! What the parser has understood, not yet checked against ranges.

use crate::expr::Expr;
use crate::model::RustText;
use crate::span::Span;
use crate::spec::Spec;

/// Components as they are written, composed.
pub(crate) type Ast = Expr<Call>;

/// A component with its arguments. Its name is known, for without that its arguments have no meaning.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) spec: &'static Spec,
    pub(crate) content: Content,
    /// From the name to the closing parenthesis.
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Arguments(Vec<Written>),
    Rust(RustText),
    /// The parser has said what is wrong.
    Wrong,
}

/// An argument.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) name: Option<(String, Span)>,
    /// Nothing if the parser has said what is wrong with it.
    pub(crate) value: Option<Literal>,
    /// All of it, its name too.
    pub(crate) span: Span,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    pub(crate) sort: Sort,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Sort {
    /// A number, sign included, and the unit after it, if any.
    Number { number: String, unit: String },
    /// A number followed by `%`.
    Percent(String),
    /// A string or character literal.
    Text,
    /// Anything else, as it is written.
    Other(String),
}
