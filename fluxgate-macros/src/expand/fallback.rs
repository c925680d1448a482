//! The end of a guarded call: the conversion of a rejection or an error to the result of the function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::guard::Guard;
use super::spans::located;
use crate::shape::Shape;
use crate::types::{nameable, ungrouped};

/// Returns the function that converts the end of a call to the result.
///
/// It is the last argument of a sync call, so that a fallback can borrow what the body has not moved.
pub(super) fn ending(guard: &Guard<'_>) -> TokenStream {
    let span = Span::mixed_site();
    if let Some(given) = &guard.arguments.fallback {
        let shape = shape(guard);
        if runs_after(guard) {
            return quote_spanned!(span=> #shape.ended());
        }
        let fallback = guard.capturing(&given.value);
        return quote_spanned!(span=> #shape.with_fallback(#fallback));
    }
    let generic = guard.function.generic_error(&guard.returned);
    let name = match (&guard.arguments.timeout, generic) {
        _ if guard.arguments.wraps_error() => "wrap",
        (Some(_), _) => "via_from_timed",
        (None, Some(_)) => "via_from_generic",
        (None, None) => "via_from",
    };
    // Errors about a missing conversion point at the return type.
    let [start, end] = guard.return_spans();
    let returned = match guard.shape {
        Shape::ByType => {
            let user = guard.returned.to_token_stream().into_iter().next().map_or(start, |tree| tree.span());
            quote_spanned!(user=> _)
        }
        _ => nameable(guard.returned.clone()).into_token_stream(),
    };
    let krate = located(&guard.krate, start);
    let name = Ident::new(name, start);
    let error = quote_spanned!(generic.map_or(end, Spanned::span)=> _);
    let end = quote_spanned!(end=> , _, #error>());
    quote_spanned!(start=> #krate::__private::#name::<#returned #end)
}

/// Returns `true` if the fallback is evaluated after the call, because it may borrow what the body borrows.
fn runs_after(guard: &Guard<'_>) -> bool {
    guard.capture().is_none() && guard.fallback_captures_arguments()
}

/// Returns the call, followed by a fallback that is evaluated after it.
pub(super) fn after_call(guard: &Guard<'_>, call: &TokenStream) -> TokenStream {
    match guard.arguments.fallback.as_ref().filter(|_| runs_after(guard)) {
        Some(given) => {
            let (shape, fallback) = (shape(guard), &given.value);
            quote_spanned!(Span::mixed_site()=> #shape.or_else(#call, #fallback))
        }
        None => call.clone(),
    }
}

/// Returns a closure that returns [`ending`].
///
/// A future that stored the functions in it would call them by address.
pub(super) fn deferred_ending(guard: &Guard<'_>) -> TokenStream {
    let krate = &guard.krate;
    let span = Span::mixed_site();
    let ending = ending(guard);
    if guard.arguments.fallback.is_some() && !runs_after(guard) {
        quote_spanned!(span=> #krate::__private::ready(#ending))
    } else {
        quote_spanned!(span=> || #ending)
    }
}

/// Returns an expression that decides by traits if the return type is a `Result`, provided that the type can be named.
pub(super) fn shape(guard: &Guard<'_>) -> TokenStream {
    let [return_span, _] = guard.return_spans();
    let krate = located(&guard.krate, return_span);
    let span = Span::mixed_site().located_at(return_span);
    match ungrouped(&guard.returned) {
        Type::Never(_) | Type::ImplTrait(_) | Type::Infer(_) => {
            quote_spanned!(span=> #krate::__private::Value::<_>::NEW)
        }
        returned => {
            let returned = nameable(returned.clone());
            quote_spanned!(span=> #krate::__private::Shape::<#returned>::NEW)
        }
    }
}
