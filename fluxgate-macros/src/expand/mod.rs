//! Code generation: the two macros, from their input to the expansion.

mod arguments;
mod body;
mod breaker;
mod by_type;
mod captures;
mod drop_order;
mod fallback;
mod function;
mod future;
mod guard;
#[cfg(test)]
mod hostile;
mod outcome;
mod spans;
mod statics;
#[cfg(test)]
mod tests;
mod wrap_error;

use proc_macro2::TokenStream;
use quote::quote;

use crate::args::{Arguments, Given, Place};
use crate::block::Block;
use crate::declaration::Declaration;
use crate::errors::Errors;
use crate::item::{Function, Unguardable};
use crate::shape::Shape;
use crate::validate;
use guard::Guard;

/// Expands `#[circuit_breaker(arguments)] item`.
pub(crate) fn attribute(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let function = match Function::parse(item.clone()) {
        Ok(function) => function,
        Err(Unguardable(error)) => {
            errors.push(error);
            let errors = errors.into_tokens();
            return quote!(#errors #item);
        }
    };
    let arguments = Arguments::parse(arguments, Place::Attribute, &|name| function.has_argument(name), &mut errors);
    validate::attribute(&arguments, &function, &mut errors);
    validate::policy(&Declaration::of_attribute(&arguments), &mut errors);
    let shape = function.shape();
    let guard = Guard::new(&function, &shape, &arguments, &mut errors);
    if errors.is_empty() {
        return guarded(&guard);
    }
    let function = after_mistakes(&guard);
    let errors = errors.into_tokens();
    quote!(#errors #function)
}

/// Expands `breakers! { block }`.
pub(crate) fn block(block: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let block = Block::parse(block, &mut errors);
    validate::block(&block, &mut errors);
    let statics = statics::declare_all(&block);
    let errors = errors.into_tokens();
    quote!(#errors #statics)
}

fn guarded(guard: &Guard<'_>) -> TokenStream {
    match guard.shape {
        Shape::Sync => function::expand(guard),
        Shape::Async => future::expand(guard),
        Shape::Tail(tail) => future::expand_tail(guard, tail),
        Shape::Future { is_boxed } => future::expand_future(guard, *is_boxed),
        Shape::ByType => by_type::expand(guard),
    }
}

/// Returns the function with the signature that its callers expect, so that a mistake does not cause further errors.
fn after_mistakes(guard: &Guard<'_>) -> TokenStream {
    let is_signature_changed = guard.signature.output != guard.function.signature.output;
    if !is_signature_changed {
        return guard.function.unguarded(&guard.function.signature);
    }
    // The body returns the error that is not wrapped, so a breaker with default arguments wraps it.
    let arguments = Arguments {
        wrap_error: guard.arguments.wrap_error.as_ref().map(|flag| Given { key: flag.key.clone(), value: true }),
        ..Arguments::default()
    };
    let signature = guard.signature.clone();
    let (krate, returned) = (guard.krate.clone(), guard.returned.clone());
    guarded(&Guard { arguments: &arguments, signature, krate, returned, ..*guard })
}
