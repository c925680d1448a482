//! The policy language of the Fluxgate circuit breaker.
//!
//! This crate parses text or tokens into a checked policy, or into errors that say what to write instead. The macros use
//! it at compile time. The runtime uses it for policies from text and for its constructors. So both apply the same checks
//! and report the same messages.
//!
//! ```
//! use fluxgate_policy::{Kind, parse};
//!
//! let tripper = parse(Kind::Tripper, "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)").unwrap();
//! assert_eq!(tripper.to_string(), "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)");
//!
//! let errors = parse(Kind::Tripper, "FailureRate(60)").unwrap_err();
//! assert_eq!(
//!     errors[0].to_string(),
//!     "FailureRate: 60 is out of range; write a ratio above 0, at most 1, such as 0.6",
//! );
//! ```

mod argument;
mod ast;
mod bare_duration;
mod caret;
mod catalog;
mod check;
mod cursor;
pub mod defaults;
mod display;
mod duration;
mod error;
mod expected_value;
mod expr;
mod foreign_duration;
mod kind;
mod lexer;
mod model;
mod number;
mod parser;
mod read_setting;
mod setting;
mod span;
mod spec;
mod suggest;
mod token;
mod whole_policy;

pub use argument::Argument;
pub use bare_duration::{bare_durations, bare_setting};
pub use catalog::{components, find, names};
pub use check::component;
pub use error::{Error, ErrorKind};
pub use expr::{Expr, Leaves};
pub use kind::Kind;
pub use lexer::lex;
pub use model::{Component, RustText, Value};
pub use read_setting::{EMPTY_NAME, RETRY_AFTER_HAS_NO_EFFECT, check_setting, parse_setting, parse_setting_tokens};
pub use setting::{Setting, SettingValue};
pub use span::Span;
pub use spec::{Parameter, Quantity, Role, Spec};
pub use suggest::nearest;
pub use token::{Delimiter, Token, TokenKind};
pub use whole_policy::{check_policy, check_tripper};

use parser::{MAX_ERRORS, Parser};

/// Parses and checks one part of a policy.
///
/// A window, retry or permit is always a single [`Expr::Leaf`].
///
/// # Errors
///
/// Returns all mistakes, at most 20, in the order of the text. Their spans are in bytes.
///
/// ```
/// use fluxgate_policy::{Kind, parse};
///
/// let errors = parse(Kind::Tripper, "FailurRate(0.5) && MinRequests(0)").unwrap_err();
/// let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
/// assert_eq!(
///     messages,
///     [
///         "there is no tripper `FailurRate`; write FailureRate",
///         "`&&` is not an operator here; use `&`",
///         "MinRequests: 0 is out of range; write a whole number of at least 1, such as 20",
///     ],
/// );
/// ```
pub fn parse(kind: Kind, text: &str) -> Result<Expr<Component>, Vec<Error>> {
    checked(Parser::of_text(kind, text, &|span| text[span.start..span.end].to_owned(), true))
}

/// Parses and checks one part of a policy that is read at run time.
///
/// `Custom(…)`, `TypeOf(…)` and `Matches(…)` are mistakes, because text read at run time can't name a function, type or
/// pattern.
///
/// # Errors
///
/// Like [`parse`], and for each component with Rust in it.
///
/// ```
/// use fluxgate_policy::{ErrorKind, Kind, parse, parse_at_run_time};
///
/// let text = "TypeOf(std::io::Error)";
/// assert!(parse(Kind::Tracker, text).is_ok());
/// let errors = parse_at_run_time(Kind::Tracker, text).unwrap_err();
/// assert_eq!(errors[0].kind(), &ErrorKind::RustAtRunTime);
/// ```
pub fn parse_at_run_time(kind: Kind, text: &str) -> Result<Expr<Component>, Vec<Error>> {
    checked(Parser::of_text(kind, text, &|span| text[span.start..span.end].to_owned(), false))
}

/// Parses and checks one part of a policy from tokens.
///
/// A group of Rust tokens is flat here, from [`TokenKind::Open`] to [`TokenKind::Close`]. `rust_text` returns the source
/// of a range of tokens, for [`RustText`] and for messages.
///
/// # Errors
///
/// Returns all mistakes, at most 20, in the order of the tokens. Their spans are indices into `tokens`.
///
/// ```
/// use fluxgate_policy::{Kind, Span, lex, parse_tokens};
///
/// let text = "MinRequests(20) & FailureRate(60)";
/// let tokens = lex(text);
/// let source = |range: Span| {
///     let (first, last) = (&tokens[range.start], &tokens[range.end - 1]);
///     text[first.span.start..last.span.end].to_owned()
/// };
/// let errors = parse_tokens(Kind::Tripper, &tokens, &source).unwrap_err();
/// assert_eq!(errors[0].span(), Span::new(7, 8)); // the token `60`
/// ```
pub fn parse_tokens(
    kind: Kind,
    tokens: &[Token],
    rust_text: &dyn Fn(Span) -> String,
) -> Result<Expr<Component>, Vec<Error>> {
    checked(Parser::of_tokens(kind, tokens, rust_text))
}

fn checked(parser: Parser<'_>) -> Result<Expr<Component>, Vec<Error>> {
    let (ast, mut errors) = parser.parse();
    let checked =
        ast.map(|ast| ast.map(|call| if errors.len() < MAX_ERRORS { check::call(call, &mut errors) } else { None }));
    // A component is `None` only after an error.
    match checked.and_then(|expr| expr.try_map(|component| component.ok_or(())).ok()) {
        Some(expr) if errors.is_empty() => Ok(expr),
        _ => {
            errors.sort_by_key(|error| error.span().start);
            errors.truncate(MAX_ERRORS);
            Err(errors)
        }
    }
}
