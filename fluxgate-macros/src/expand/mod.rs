//! From checked arguments to code: what the expansions of all shapes have in common.

mod arguments;
mod fallback;
mod function;
mod future;
mod statics;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Signature, Type};

use crate::args::{Arguments, Place, ungrouped};
use crate::block::Block;
use crate::errors::Errors;
use crate::item::{Function, Shape, Unfit, nameable};
use crate::{krate, validate};

pub(crate) use statics::Declaration;

/// `#[circuit_breaker(arguments)] item`.
pub(crate) fn attribute(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let function = match Function::parse(item.clone()) {
        Ok(function) => function,
        Err(Unfit(error)) => {
            errors.push(error);
            let errors = errors.into_tokens();
            return quote!(#errors #item);
        }
    };
    let arguments = Arguments::parse(arguments, Place::Attribute, &|name| function.has_argument(name), &mut errors);
    validate::attribute(&arguments, &function, &mut errors);
    validate::policy(&Declaration::own(&arguments), &mut errors);
    let shape = function.shape();
    let guard = Guard::new(&function, &shape, &arguments, &mut errors);
    if errors.is_empty() {
        return guard.expand();
    }
    let function = fallback::after_mistakes(&guard);
    let errors = errors.into_tokens();
    quote!(#errors #function)
}

/// `breakers! { block }`.
pub(crate) fn block(block: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let block = Block::parse(block, &mut errors);
    validate::block(&block, &mut errors);
    let statics = statics::declare_all(&block);
    let errors = errors.into_tokens();
    quote!(#errors #statics)
}

/// A function with all that is known of how to guard it.
pub(crate) struct Guard<'a> {
    function: &'a Function,
    shape: &'a Shape,
    arguments: &'a Arguments,
    krate: TokenStream,
    /// What the function or its future returns, as it may be named in a signature.
    returned: Type,
    /// The signature, changed by `wrap_error`.
    signature: Signature,
}

impl<'a> Guard<'a> {
    fn new(function: &'a Function, shape: &'a Shape, arguments: &'a Arguments, errors: &mut Errors) -> Self {
        let krate = krate::path(arguments.krate.as_ref().map(|given| &given.value));
        let returned = function.result(shape);
        let mut signature = function.signature.clone();
        if arguments.wraps_error() {
            let wrapped = fallback::wrap(&mut signature.output, shape, &krate);
            errors.note(wrapped);
        }
        Self { function, shape, arguments, krate, returned, signature }
    }

    fn expand(&self) -> TokenStream {
        match self.shape {
            Shape::Sync => function::expand(self),
            Shape::Async => future::expand(self),
            Shape::Tail(tail) => future::expand_tail(self, tail),
            Shape::Future { boxed } => future::expand_future(self, *boxed),
        }
    }

    /// A function of `__private` with its first type argument, placed at the return type: what that lacks is told there.
    fn runtime(&self, name: &str, more: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let returned = nameable(self.returned.clone());
        let tokens: Vec<TokenTree> = match &self.function.signature.output {
            syn::ReturnType::Type(_, written) => written.to_token_stream().into_iter().collect(),
            syn::ReturnType::Default => vec![self.function.signature.ident.clone().into()],
        };
        let [first, last] =
            [tokens.first(), tokens.last()].map(|tree| tree.map_or_else(Span::mixed_site, TokenTree::span));
        let start = Span::mixed_site().located_at(first);
        let end = Span::mixed_site().located_at(last);
        let name = Ident::new(name, start);
        let close = quote_spanned!(end=> >);
        quote_spanned!(start=> #krate::__private::#name::<#returned #more #close)
    }

    fn breaker(&self) -> Breaker {
        let krate = &self.krate;
        let span = Span::mixed_site();
        let Some(given) = &self.arguments.breaker else {
            let declared = statics::declare_for(self);
            let binding = quote_spanned!(span=> let breaker = #declared;);
            return Breaker { binding, borrowed: quote_spanned!(span=> breaker), held: quote_spanned!(span=> breaker) };
        };
        match ungrouped(given) {
            Expr::Path(path) if !path.path.get_ident().is_some_and(|name| self.function.has_argument(name)) => {
                Breaker {
                    binding: quote_spanned!(span=> let breaker: &#krate::CircuitBreaker = &#given;),
                    borrowed: quote_spanned!(span=> breaker),
                    held: quote_spanned!(span=> breaker),
                }
            }
            _ => Breaker {
                binding: quote_spanned!(span=> let breaker = #krate::CircuitBreaker::clone(&#given);),
                borrowed: quote_spanned!(span=> &breaker),
                held: quote_spanned!(span=> breaker),
            },
        }
    }

    /// What the breaker's tracker is shown of an error, or what the attribute's own tracker says of it.
    fn seen(&self) -> TokenStream {
        let krate = &self.krate;
        let span = Span::mixed_site();
        let unseen = quote_spanned!(span=> #krate::__private::unseen);
        let view = quote_spanned!(span=> |error| #krate::__private::View::new(error).seen());
        match &self.arguments.tracker {
            None if self.arguments.breaker.is_none() => unseen,
            None if self.function.error_may_borrow(&self.returned) => unseen,
            None => view,
            Some(tracker) if self.tracker_is_compiled_in() => {
                let error = Ident::new("error", span);
                let condition = tracker.condition(krate, &error);
                quote_spanned!(span=> |error| #krate::__private::Seen::Judged(#condition))
            }
            Some(tracker) if tracker.rust_tokens().next().is_some() => view,
            Some(_) => unseen,
        }
    }

    /// Whether the attribute's tracker stands in the function, where the error's type is known and `Self` and generics
    /// can be named, and not in the static.
    fn tracker_is_compiled_in(&self) -> bool {
        let Some(tracker) = &self.arguments.tracker else { return false };
        let generics = self.function.generic_names();
        let own: Vec<&str> = generics.iter().map(String::as_str).chain(["Self"]).collect();
        tracker.has_predicate() || tracker.rust_tokens().any(|tokens| validate::find(tokens, &own).is_some())
    }

    fn failed(&self) -> TokenStream {
        let krate = &self.krate;
        match &self.arguments.failed_if {
            Some(failed_if) => failed_if.value.to_token_stream(),
            None => quote_spanned!(Span::mixed_site()=> #krate::__private::never),
        }
    }
}

/// How the expansion gets at the breaker.
struct Breaker {
    /// `let breaker = …;`, before anything of the call.
    binding: TokenStream,
    /// A `&CircuitBreaker`.
    borrowed: TokenStream,
    /// What a future can take with it: a borrowed static, or a breaker of its own.
    held: TokenStream,
}
