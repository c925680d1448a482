//! From checked arguments to code: what the expansions of all shapes have in common.

mod arguments;
mod fallback;
mod function;
mod future;
#[cfg(test)]
mod hostile;
mod statics;
#[cfg(test)]
mod tests;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Signature, Type};

use crate::args::{Arguments, Place, ungrouped};
use crate::block::Block;
use crate::errors::Errors;
use crate::item::{Function, Unfit};
use crate::shape::Shape;
use crate::{krate, validate};

pub(crate) use statics::Declaration;

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
        }
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

    /// The body as a closure.
    ///
    /// It is placed at the body as if it were the user's: in generated closures rustc no longer calls a moved argument
    /// by its name.
    fn closure(&self, returned: &TokenStream) -> TokenStream {
        let body = &self.function.body;
        let move_to = quote_spanned!(body.span_open()=> move ||);
        let arrow = quote_spanned!(Span::mixed_site()=> ->);
        quote!(#move_to #arrow #returned #body)
    }

    /// The body as a future, after `first` is done. Placed as the closure is.
    fn future(&self, first: &TokenStream) -> TokenStream {
        let body = &self.function.body;
        let block = beginning_with(first, body);
        let async_move = quote_spanned!(body.span_open()=> async move);
        quote!(#async_move #block)
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
                    return quote_spanned!(span=> |error| #krate::__private::Seen::JudgedAt(#condition, #view));
                }
                quote_spanned!(span=> |error| #krate::__private::Seen::Judged(#condition))
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
        tracker.has_predicate() || tracker.rust_tokens().any(|tokens| validate::find(tokens, &own).is_some())
    }

    fn failed(&self) -> TokenStream {
        let krate = &self.krate;
        let given = self.arguments.failed_if.as_ref().map(|given| given.value.to_token_stream());
        given.unwrap_or_else(|| quote_spanned!(Span::mixed_site()=> #krate::__private::never))
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

/// A block with `first` before its own statements: in one pair of braces, for a second would be called unused.
fn beginning_with(first: &TokenStream, block: &Group) -> Group {
    if first.is_empty() {
        return block.clone();
    }
    let statements = block.stream();
    let mut whole = Group::new(Delimiter::Brace, quote!(#first #statements));
    whole.set_span(block.span());
    whole
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
