//! The error of the policy language.

use std::fmt::{self, Display, Formatter};

use crate::caret;
use crate::span::Span;

/// The kind of a mistake. The message of the [`Error`] has the details.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is empty.
    Empty,
    /// Parentheses and `!` are nested more than 128 levels deep.
    TooDeep,
    /// A bracket has no matching bracket.
    Unbalanced,
    /// A string, character or comment is not terminated.
    Unterminated,
    /// A token is not allowed in its place.
    Unexpected,
    /// An operator of another language: `&&`, `||`, `~`, `and`, `or`, `not`.
    ForeignOperator,
    /// `!` outside a tracker.
    Negation,
    /// `&` or `|` in a window, retry or permit.
    Composition,
    /// An operator without its operand, or a pair of parentheses without content.
    MissingOperand,
    /// Two components without an operator between them.
    NotJoined,
    /// A component without its parentheses.
    NoParentheses,
    /// A component written as a Rust path: `trippers::Closed()`.
    Path,
    /// No component has this name.
    UnknownComponent,
    /// A component of another kind than expected.
    WrongKind,
    /// An argument without a comma before it, without `=` after its name, or without a value.
    ArgumentSyntax,
    /// The component has no argument with this name.
    UnknownArgument,
    /// Required arguments are missing.
    MissingArgument,
    /// An argument is given twice.
    DuplicateArgument,
    /// An argument without a name after a named argument.
    PositionalAfterNamed,
    /// More arguments than the component takes.
    TooManyArguments,
    /// A value of another type than expected.
    WrongType,
    /// A unit that does not exist.
    UnknownUnit,
    /// A unit after a number that has none.
    UnexpectedUnit,
    /// A value out of its range.
    OutOfRange,
    /// A value greater than another one that limits it.
    Order,
    /// `Custom()`, `TypeOf()` or `Matches()` without content.
    EmptyRust,
    /// `Custom(…)`, `TypeOf(…)` or `Matches(…)` with invalid Rust in the parentheses.
    Rust,
    /// `Custom(…)`, `TypeOf(…)` or `Matches(…)` in a policy that is read at run time.
    RustAtRunTime,
    /// A tripper that needs more calls than the window can hold.
    MoreThanWindow,
    /// A tripper with so many thresholds that the window would take too much memory.
    TooManyThresholds,
    /// A tripper that never holds while the breaker is closed.
    NeverHolds,
    /// A breaker or a set of breakers with an empty name.
    EmptyName,
    /// A setting that has no effect without another one.
    NoEffect,
}

/// A mistake in a policy or a setting.
///
/// `Display` prints the message alone: one line that ends with what to write instead.
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

    /// Creates the error for invalid Rust in a component. Only a macro can find it, because this crate does not parse Rust.
    pub fn in_rust(span: Span, message: String) -> Self {
        Self::new(ErrorKind::Rust, span, message)
    }

    /// Returns the place of the mistake in the input; the empty span if it has no place.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Returns the kind of the mistake.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Returns the message, followed by the line of `text` with the mistake and carets under its place.
    ///
    /// `text` is the input that was parsed. A long line is shortened to the part around the mistake, and a line of a
    /// multi-line text is shown with its number. For an empty text, only the message is returned.
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

/// Prepares user input for a message: on one line, with control characters escaped, at most 60 characters.
pub(crate) fn shown(text: &str) -> String {
    const MAX_CHARACTERS: usize = 60;
    let mut shown = String::new();
    for (position, c) in text.chars().enumerate() {
        if position == MAX_CHARACTERS {
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

/// Prepares user input for a message, in backticks. See [`shown`].
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", shown(text))
}
