//! The macros of the Fluxgate circuit breaker. Use them through the crate `fluxgate`, which re-exports both.

mod args;
mod block;
mod borrow;
mod errors;
mod expand;
mod item;
mod krate;
mod policy;
mod tail;
mod tokens;
mod validate;

use proc_macro::TokenStream;

/// Guards a function with a circuit breaker.
#[proc_macro_attribute]
pub fn circuit_breaker(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(arguments.into(), &item.into()).into()
}

/// Declares breakers that functions share.
#[proc_macro]
pub fn breakers(block: TokenStream) -> TokenStream {
    expand::block(block.into()).into()
}
