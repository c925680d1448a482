//! The rule of the attribute: what compiles without it compiles with it, with the same warnings; arguments live exactly
//! as long; and what was `Send` stays `Send`. Each function stands here twice, without the attribute and with it.

#![deny(warnings, missing_docs, unused, future_incompatible, nonstandard_style, rust_2018_idioms)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![allow(clippy::needless_pass_by_value, clippy::large_types_passed_by_value, reason = "it is all about arguments")]
#![allow(clippy::unnecessary_wraps, reason = "a guarded function returns a `Result`")]
#![forbid(unsafe_code)]

#[cfg(test)]
mod drops;
#[cfg(test)]
mod fallbacks;
#[cfg(test)]
mod futures;
#[cfg(test)]
mod handlers;
#[cfg(test)]
mod lints;
#[cfg(test)]
mod nesting;
#[cfg(test)]
mod patterns;
#[cfg(test)]
mod sends;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod sizes;
#[cfg(test)]
mod support;
