//! The policy language of the Fluxgate circuit breaker.
//!
//! Text or tokens become a checked policy, or errors that say what to write instead. The macros use it while a crate
//! compiles, the runtime for policies from text and for its own constructors, so that both check and say the same.
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

mod catalog;
mod check;
pub mod defaults;
mod display;
mod duration;
mod error;
mod expr;
mod lexer;
mod model;
mod settings;
mod span;
mod suggest;

pub use catalog::{Kind, Parameter, Quantity, Role, Spec, components, find, names};
pub use check::{check_policy, component};
pub use error::{Error, ErrorKind};
pub use expr::{Expr, Leaves};
pub use lexer::{Delimiter, Token, TokenKind, lex};
pub use model::{Argument, Component, RustText, Value};
pub use settings::{Setting, SettingValue, check_setting, parse_setting, parse_setting_tokens};
pub use span::Span;
pub use suggest::nearest;

/// Reads and checks one part of a policy.
///
/// For a window, retry or permit the result is always one [`Expr::Leaf`].
///
/// # Errors
///
/// Every mistake, at most 20, in the order of the text; spans are in bytes.
pub fn parse(_kind: Kind, _text: &str) -> Result<Expr<Component>, Vec<Error>> {
    Err(vec![Error::new(ErrorKind::Unfinished, Span::default())])
}

/// [`parse`] without what only a macro can give a meaning to: `Custom(…)`, `TypeOf(…)` and `Matches(…)` are mistakes,
/// for a text read at run time can name no function, type or pattern.
///
/// # Errors
///
/// As [`parse`], and for each component with Rust in it.
pub fn parse_at_run_time(_kind: Kind, _text: &str) -> Result<Expr<Component>, Vec<Error>> {
    Err(vec![Error::new(ErrorKind::Unfinished, Span::default())])
}

/// Reads and checks one part of a policy from tokens.
///
/// The groups of Rust tokens are flat here, from [`TokenKind::Open`] to [`TokenKind::Close`]. `rust_text` gives the
/// source of a range of tokens, for [`RustText`] and for messages.
///
/// # Errors
///
/// Every mistake, at most 20, in the order of the tokens; spans are indices into `tokens`.
pub fn parse_tokens(
    _kind: Kind,
    _tokens: &[Token],
    _rust_text: &dyn Fn(Span) -> String,
) -> Result<Expr<Component>, Vec<Error>> {
    Err(vec![Error::new(ErrorKind::Unfinished, Span::default())])
}
