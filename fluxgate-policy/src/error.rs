//! A mistake: what it is, where it is, and how it is shown.

use std::fmt::{self, Display, Formatter};

use crate::caret;
use crate::span::Span;

/// The sort of a mistake; the message of an [`Error`] has the particulars.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing is written.
    Empty,
    /// Parentheses and `!` deeper than the limit of 128.
    TooDeep,
    /// A bracket without its counterpart.
    Unbalanced,
    /// A string, character or comment without an end.
    Unterminated,
    /// Something that has no meaning where it stands.
    Unexpected,
    /// An operator of another language: `&&`, `||`, `~`, `and`, `or`, `not`.
    ForeignOperator,
    /// `!` where negation has no meaning: outside trackers.
    Negation,
    /// `&` or `|` in a window, retry or permit.
    Composition,
    /// An operator, or a pair of parentheses, with nothing to work on.
    MissingOperand,
    /// Two components with no operator between them.
    NotJoined,
    /// A component without its parentheses.
    NoParentheses,
    /// A component named by a Rust path: `trippers::Closed()`.
    Path,
    /// No component has this name.
    UnknownComponent,
    /// A component of another kind than is meant.
    WrongKind,
    /// An argument that is not written as one: no comma before it, no `=` after its name, no value.
    ArgumentSyntax,
    /// The component has no argument of this name.
    UnknownArgument,
    /// Arguments that must be given are not.
    MissingArgument,
    /// An argument given twice.
    DoubledArgument,
    /// An argument without a name after one with a name.
    PositionalAfterNamed,
    /// More arguments than the component takes.
    TooManyArguments,
    /// A value of another sort than is meant.
    WrongType,
    /// A unit that is none.
    UnknownUnit,
    /// A unit after a number that has none.
    UnitNotMeant,
    /// A value out of its range.
    OutOfRange,
    /// A value above another that it may not be above.
    Order,
    /// `Custom()`, `TypeOf()` or `Matches()` with nothing inside.
    EmptyRust,
    /// `Custom(…)`, `TypeOf(…)` or `Matches(…)` with Rust inside that is not what they take.
    Rust,
    /// `Custom(…)`, `TypeOf(…)` or `Matches(…)` in a text that is read at run time.
    RustAtRunTime,
    /// A tripper that waits for more calls than the window can hold.
    MoreThanWindow,
    /// Together, window and tripper would keep more figures than memory should hold.
    TooManyFigures,
    /// A tripper that can hold in no window while the breaker is closed.
    NeverHolds,
    /// A breaker or a set of breakers with an empty name.
    EmptyName,
    /// A setting that has no effect without another one.
    NoEffect,
}

/// A mistake in a policy or a setting.
///
/// Prints as its message alone, one line that ends with what to write.
///
/// ```
/// use fluxgate_policy::{ErrorKind, Kind, Span, parse};
///
/// let text = "Closed() & FailureRate(60)";
/// let error = parse(Kind::Tripper, text).unwrap_err().remove(0);
/// assert_eq!(error.kind(), &ErrorKind::OutOfRange);
/// assert_eq!(error.span(), Span::new(23, 25));
/// assert_eq!(
///     error.with_caret(text),
///     "\
/// FailureRate: 60 is out of range; write a ratio above 0, at most 1, such as 0.6
///   Closed() & FailureRate(60)
///                          ^^",
/// );
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    span: Span,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, span: Span, message: String) -> Self {
        Self { kind, message, span }
    }

    /// A mistake in the Rust of a component: what only a macro can find, which reads it.
    pub fn in_rust(span: Span, message: String) -> Self {
        Self::new(ErrorKind::Rust, span, message)
    }

    /// Where it is in what was parsed; empty if it is nowhere in particular.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What sort of mistake it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The message, below it the line of `text` with the mistake, and a caret under the place.
    ///
    /// `text` is what was parsed. A long line is cut to the surroundings of the place; of several lines the one is
    /// shown with its number. Of an empty text there is nothing to show but the message.
    #[must_use]
    pub fn with_caret(&self, text: &str) -> String {
        if text.trim().is_empty() {
            return self.message.clone();
        }
        format!("{}\n{}", self.message, caret::under(text, self.span))
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// What a user wrote, to be shown in a message: on one line, readable, and not endless.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::new();
    for (position, c) in text.chars().enumerate() {
        if position == LONGEST {
            shown.push('…');
            break;
        }
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            c if c.is_whitespace() => shown.push(' '),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// [`shown`], in backticks.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", shown(text))
}
