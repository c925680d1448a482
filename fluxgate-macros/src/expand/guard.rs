//! A function under the attribute, with everything its expansion depends on.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{ReturnType, Signature, Token, Type};

use super::wrap_error;
use crate::args::Arguments;
use crate::errors::Errors;
use crate::item::Function;
use crate::shape::Shape;
use crate::{krate, types};

/// A function to be guarded.
pub(super) struct Guard<'a> {
    pub(super) function: &'a Function,
    pub(super) shape: &'a Shape,
    pub(super) arguments: &'a Arguments,
    /// The path to fluxgate.
    pub(super) krate: TokenStream,
    /// The return type of the function or the output of its future.
    pub(super) returned: Type,
    /// The signature, with the return type changed by `wrap_error`.
    pub(super) signature: Signature,
}

impl<'a> Guard<'a> {
    pub(super) fn new(function: &'a Function, shape: &'a Shape, arguments: &'a Arguments, errors: &mut Errors) -> Self {
        let krate = krate::path(arguments.krate.as_ref().map(|given| &given.value));
        let returned = function.result_type(shape);
        let mut signature = function.signature.clone();
        if arguments.wraps_error() {
            errors.ok(wrap_error::wrap_return_type(&mut signature, shape, &krate));
        }
        Self { function, shape, arguments, krate, returned, signature }
    }

    /// Returns the function with a guarded call as its body.
    ///
    /// The call is written with `return`, for crates that deny `clippy::implicit_return`, unless it never returns.
    pub(super) fn returning(&self, signature: &Signature, binding: &TokenStream, call: &TokenStream) -> TokenStream {
        let returns = !matches!(types::ungrouped(&self.returned), Type::Never(_));
        let keyword = returns.then(|| Token![return](Span::mixed_site()));
        self.function.with(signature, &quote!(#binding #keyword #call))
    }

    /// Returns the spans of the first and the last token of the return type, or of the name of a function without one.
    pub(super) fn return_spans(&self) -> [Span; 2] {
        let tokens: Vec<TokenTree> = match &self.function.signature.output {
            ReturnType::Type(_, written) => written.to_token_stream().into_iter().collect(),
            ReturnType::Default => vec![self.function.signature.ident.clone().into()],
        };
        [tokens.first(), tokens.last()].map(|tree| {
            let span = tree.map_or_else(Span::call_site, TokenTree::span);
            Span::mixed_site().located_at(span)
        })
    }
}
