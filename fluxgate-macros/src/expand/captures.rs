//! The arguments that the functions given to the attribute may capture.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, FnArg, Token};

use super::drop_order::is_copied;
use super::guard::Guard;
use crate::args::ungrouped;
use crate::item::bound_names;
use crate::mentions::mentions;
use crate::policy::Part;
use crate::shape::Shape;

impl Guard<'_> {
    /// Returns the functions given to the attribute that may capture arguments.
    fn capturing_tokens(&self) -> impl Iterator<Item = TokenStream> {
        let arguments = self.arguments;
        let given = arguments.failed_if.iter().chain(&arguments.fallback).map(|given| given.value.to_token_stream());
        let tracker = self.tracker_is_compiled_in().then(|| arguments.tracker.iter().flat_map(Part::rust_tokens));
        given.chain(tracker.into_iter().flatten())
    }

    /// Returns `true` if a function given to the attribute may capture the argument.
    pub(super) fn is_captured(&self, argument: &FnArg) -> bool {
        self.capturing_tokens().any(|tokens| mentions_argument(&tokens, argument))
    }

    pub(super) fn captures_arguments(&self) -> bool {
        self.function.signature.inputs.iter().any(|argument| self.is_captured(argument))
    }

    pub(super) fn fallback_captures_arguments(&self) -> bool {
        let fallback = self.arguments.fallback.as_ref().map(|given| given.value.to_token_stream());
        let mut arguments = self.function.signature.inputs.iter();
        fallback.is_some_and(|tokens| arguments.any(|argument| mentions_argument(&tokens, argument)))
    }

    /// Returns `true` if the body and a function given to the attribute may use the same argument.
    ///
    /// The body must then borrow it, because an argument that is moved into the body is gone unless it is copied.
    pub(super) fn shares_arguments(&self) -> bool {
        let body = self.function.body.stream();
        let mut arguments = self.function.signature.inputs.iter();
        arguments
            .any(|argument| !is_copied(argument) && self.is_captured(argument) && mentions_argument(&body, argument))
    }

    /// Returns `true` if the expression for the breaker or its key uses the argument.
    pub(super) fn finds_breaker_by(&self, argument: &FnArg) -> bool {
        let breaker = self.arguments.breaker.iter().map(ToTokens::to_token_stream);
        let key = self.arguments.key.iter().map(|key| key.value.to_token_stream());
        breaker.chain(key).any(|tokens| mentions_argument(&tokens, argument))
    }

    /// Returns `true` for an async function if everything that is captured can be copied into its future.
    pub(super) fn captures_copies(&self) -> bool {
        let mut arguments = self.function.signature.inputs.iter();
        matches!(self.shape, Shape::Async)
            && arguments.all(|argument| is_copied(argument) || !self.is_captured(argument))
    }

    /// Returns `move` for closures that may outlive the function in a future.
    pub(super) fn capture(&self) -> Option<Token![move]> {
        let outlives = matches!(self.shape, Shape::ByType) && !self.shares_arguments() || self.captures_copies();
        outlives.then(|| Token![move](Span::mixed_site()))
    }

    /// Returns a function given to the attribute, with [`capture`](Self::capture) before a closure.
    pub(super) fn capturing(&self, given: &Expr) -> TokenStream {
        let given = ungrouped(given);
        let is_borrowing_closure = matches!(given, Expr::Closure(closure) if closure.capture.is_none());
        let capture = self.capture().filter(|_| is_borrowing_closure);
        quote!(#capture #given)
    }
}

fn mentions_argument(tokens: &TokenStream, argument: &FnArg) -> bool {
    bound_names(argument).iter().any(|name| mentions(tokens.clone(), name))
}
