//! From checked arguments to code: what the expansions of all shapes have in common.

mod arguments;
mod body;
mod by_type;
mod fallback;
mod function;
mod future;
#[cfg(test)]
mod hostile;
mod statics;
#[cfg(test)]
mod tests;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, FnArg, Signature, Token, Type};

use crate::args::{Arguments, Place, ungrouped};
use crate::block::Block;
use crate::declaration::Declaration;
use crate::errors::Errors;
use crate::item::{Function, Unfit, bound_names};
use crate::policy::Part;
use crate::shape::Shape;
use crate::{krate, mentions, types, validate};

/// `#[circuit_breaker(arguments)] item`.
pub(crate) fn attribute(arguments: TokenStream, item: &TokenStream) -> TokenStream {
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
            let wrapped = fallback::wrap(&mut signature, shape, &krate);
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
            Shape::ByType => by_type::expand(self),
        }
    }

    /// The function, which ends in a guarded call. It says `return`, for crates that want it said, if it returns.
    fn returning(&self, signature: &Signature, binding: &TokenStream, call: &TokenStream) -> TokenStream {
        let returns = !matches!(types::ungrouped(&self.returned), Type::Never(_));
        let keyword = returns.then(|| Token![return](Span::mixed_site()));
        self.function.with(signature, &quote!(#binding #keyword #call))
    }

    /// From the first to the last token of the return type, or at the name of a function that has none.
    fn place_of_result(&self) -> [Span; 2] {
        let tokens: Vec<TokenTree> = match &self.function.signature.output {
            syn::ReturnType::Type(_, written) => written.to_token_stream().into_iter().collect(),
            syn::ReturnType::Default => vec![self.function.signature.ident.clone().into()],
        };
        [tokens.first(), tokens.last()].map(|tree| {
            let user = tree.map_or_else(Span::call_site, TokenTree::span);
            Span::mixed_site().located_at(user)
        })
    }

    fn breaker(&self) -> Breaker {
        let krate = &self.krate;
        let span = Span::mixed_site();
        if let Some(key) = &self.arguments.key {
            let breaker = statics::keyed_for(self, key);
            return Breaker {
                binding: quote_spanned!(span=> let breaker = #breaker;),
                borrowed: quote_spanned!(span=> &breaker),
                held: quote_spanned!(span=> breaker),
            };
        }
        let Some(given) = &self.arguments.breaker else {
            let declared = statics::declare_for(self);
            return Breaker { binding: TokenStream::new(), borrowed: declared.clone(), held: declared };
        };
        let place = given.to_token_stream().into_iter().next().map_or(span, |tree| span.located_at(tree.span()));
        let reference = quote_spanned!(place=> &);
        match ungrouped(given) {
            Expr::Path(path) if !path.path.get_ident().is_some_and(|name| self.function.has_argument(name)) => {
                Breaker {
                    binding: quote_spanned!(span=> let breaker: &#krate::CircuitBreaker = #reference #given;),
                    borrowed: quote_spanned!(span=> breaker),
                    held: quote_spanned!(span=> breaker),
                }
            }
            _ => Breaker {
                binding: quote_spanned!(span=> let breaker = <#krate::CircuitBreaker as ::core::clone::Clone>::clone(#reference #given);),
                borrowed: quote_spanned!(span=> &breaker),
                held: quote_spanned!(span=> breaker),
            },
        }
    }

    /// What the breaker's tracker is shown of an error, or what the attribute's own tracker says of it.
    fn seen(&self) -> TokenStream {
        let krate = &self.krate;
        let span = Span::mixed_site();
        if !self.looks_at_errors() {
            return quote_spanned!(span=> #krate::__private::unseen);
        }
        match &self.arguments.tracker {
            Some(tracker) if self.tracker_is_compiled_in() => {
                let error = Ident::new("error", span);
                let condition = tracker.condition(krate, &error);
                if self.arguments.retry_after.is_some() {
                    let view = quote_spanned!(span=> #krate::__private::View::new(error).view());
                    let capture = self.capture();
                    return quote_spanned!(span=> #capture |error| #krate::__private::Seen::JudgedAt(#condition, #view));
                }
                let capture = self.capture();
                quote_spanned!(span=> #capture |error| #krate::__private::Seen::Judged(#condition))
            }
            _ => quote_spanned!(span=> |error| #krate::__private::View::new(error).seen()),
        }
    }

    /// Whether there is a tracker or a `retry_after`, or may be one, to which it matters which error it is.
    fn looks_at_errors(&self) -> bool {
        if self.arguments.retry_after.is_some() {
            return true;
        }
        match &self.arguments.tracker {
            None => self.arguments.breaker.is_some() && !self.function.error_may_borrow(&self.returned),
            Some(tracker) => tracker.rust_tokens().next().is_some(),
        }
    }

    /// Whether nothing is said of results and how long they may take.
    fn is_plain(&self) -> bool {
        !self.looks_at_errors() && self.arguments.failed_if.is_none() && self.arguments.timeout.is_none()
    }

    /// Whether the attribute's tracker stands in the function, where the error's type is known and `Self` and generics
    /// can be named, and not in the static.
    fn tracker_is_compiled_in(&self) -> bool {
        let Some(tracker) = &self.arguments.tracker else { return false };
        let generics = self.function.generic_names();
        let own: Vec<&str> = generics.iter().map(String::as_str).chain(["Self"]).collect();
        tracker.has_predicate()
            || tracker.rust_tokens().any(|tokens| mentions::first_identifier(tokens, &own).is_some())
    }

    fn failed(&self) -> TokenStream {
        let krate = &self.krate;
        let given = self.arguments.failed_if.as_ref().map(|given| self.capturing(&given.value));
        given.unwrap_or_else(|| quote_spanned!(Span::mixed_site()=> #krate::__private::never))
    }

    /// What the functions given to the attribute may capture.
    fn captured_tokens(&self) -> impl Iterator<Item = TokenStream> {
        let arguments = self.arguments;
        let given = arguments.failed_if.iter().chain(&arguments.fallback).map(|given| given.value.to_token_stream());
        let tracker = self.tracker_is_compiled_in().then(|| arguments.tracker.iter().flat_map(Part::rust_tokens));
        given.chain(tracker.into_iter().flatten())
    }

    /// Whether the functions given to the attribute may capture an argument.
    fn is_captured(&self, argument: &FnArg) -> bool {
        let names = bound_names(argument);
        self.captured_tokens().any(|tokens| names.iter().any(|name| mentions::mentions(tokens.clone(), name)))
    }

    fn captures_arguments(&self) -> bool {
        self.function.signature.inputs.iter().any(|argument| self.is_captured(argument))
    }

    fn fallback_captures_arguments(&self) -> bool {
        let names = self.function.argument_names();
        let fallback = self.arguments.fallback.as_ref().map(|given| given.value.to_token_stream());
        fallback.is_some_and(|tokens| names.iter().any(|name| mentions::mentions(tokens.clone(), name)))
    }

    /// Whether the body has to leave an argument where it is, because it may be borrowed there besides: what is moved
    /// into a body is gone, unless it is copied.
    fn shares_arguments(&self) -> bool {
        let body = self.function.body.stream();
        self.function.signature.inputs.iter().any(|argument| {
            let is_used = || bound_names(argument).iter().any(|name| mentions::mentions(body.clone(), name));
            !arguments::is_copied(argument) && self.is_captured(argument) && is_used()
        })
    }

    /// Whether the breaker is found by an argument.
    fn is_asked_for(&self, argument: &FnArg) -> bool {
        let breaker = self.arguments.breaker.iter().map(ToTokens::to_token_stream);
        let mut asking = breaker.chain(self.arguments.key.iter().map(|key| key.value.to_token_stream()));
        asking.any(|tokens| bound_names(argument).iter().any(|name| mentions::mentions(tokens.clone(), name)))
    }

    /// Whether the functions given to an async function capture nothing but what can be copied into its future.
    fn captures_copies(&self) -> bool {
        let mut arguments = self.function.signature.inputs.iter();
        matches!(self.shape, Shape::Async)
            && arguments.all(|argument| arguments::is_copied(argument) || !self.is_captured(argument))
    }

    /// `move`, where what is made of closures may outlive the function: a future does.
    fn capture(&self) -> Option<Token![move]> {
        let outlives = matches!(self.shape, Shape::ByType) && !self.shares_arguments() || self.captures_copies();
        outlives.then(|| Token![move](Span::mixed_site()))
    }

    /// A function given to the attribute, which captures what [`capture`](Self::capture) says.
    fn capturing(&self, given: &Expr) -> TokenStream {
        let given = ungrouped(given);
        let is_free = matches!(given, Expr::Closure(closure) if closure.capture.is_none());
        let capture = self.capture().filter(|_| is_free);
        quote!(#capture #given)
    }
}

/// How the expansion gets at the breaker.
struct Breaker {
    /// `let breaker = …;`, before anything of the call, unless the breaker is a static of its own.
    binding: TokenStream,
    /// A `&CircuitBreaker`.
    borrowed: TokenStream,
    /// What a future can take with it: a borrowed static, or a breaker of its own.
    held: TokenStream,
}

/// The same tokens, shown elsewhere.
fn located(tokens: &TokenStream, place: Span) -> TokenStream {
    let at_place = |mut tree: TokenTree| {
        tree.set_span(tree.span().located_at(place));
        tree
    };
    tokens.clone().into_iter().map(at_place).collect()
}

/// The same tokens as if they had been written elsewhere.
fn respanned(tokens: &TokenStream, place: Span) -> TokenStream {
    let at_place = |mut tree: TokenTree| {
        tree.set_span(place);
        tree
    };
    tokens.clone().into_iter().map(at_place).collect()
}
