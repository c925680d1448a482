//! A function whose result comes from a future.
//!
//! Input:
//!
//! ```text
//! async fn stock(sku: &str) -> Result<u32, ApiError> { body }
//! ```
//!
//! Output:
//!
//! ```text
//! fn stock(sku: &str) -> impl Future<Output = Result<u32, ApiError>> {
//!     ::fluxgate::__private::plain_async(
//!         ::fluxgate::__private::breaker!("inventory"),
//!         async move {
//!             if false {
//!                 return ::fluxgate::__private::returned::<Result<u32, ApiError>>();
//!             }
//!             body
//!         },
//!         || ::fluxgate::__private::own::<Result<u32, ApiError>, _, _>(),
//!     )
//! }
//! ```
//!
//! or `call_async` with what else there is to say of results.
//!
//! An `async fn` with an `async` block in it would hold its arguments twice, in its own state and in the block's. So the
//! outer `async` is taken off where nobody can tell, and stays where other attributes look for it or where the
//! attribute's closures borrow the arguments.

use fluxgate_policy::SettingValue;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, ReturnType, Type};

use super::{Breaker, Guard, arguments, beginning_with, fallback, located, respanned};
use crate::policy::Part;
use crate::tail::Tail;
use crate::types::{nameable, ungrouped};

pub(super) fn expand(guard: &Guard<'_>) -> TokenStream {
    let span = Span::mixed_site();
    let Breaker { binding, held, .. } = guard.breaker();
    let pin = pin(guard);
    if !can_detach(guard) {
        let call = call(guard, &held, &guard.future(&pin));
        return guard.function.with(&guard.signature, &quote_spanned!(span=> #binding #call.await));
    }
    let mut signature = guard.signature.clone();
    let captures = arguments::take_along(&mut signature, &guard.function.body.stream());
    signature.asyncness = None;
    let output: Type = match &signature.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, output) => Type::clone(output),
    };
    // The `impl` is of this crate's edition by its span, so that it captures every lifetime as an `async fn` does.
    signature.output = syn::parse_quote_spanned!(span=> -> impl ::core::future::Future<Output = #output>);
    let call = call(guard, &held, &guard.future(&quote!(#pin #captures)));
    guard.function.with(&signature, &quote!(#binding #call))
}

/// `Box::pin(async move { … })` and its like: the block inside is guarded, for no further box and with what it captures.
pub(super) fn expand_tail(guard: &Guard<'_>, tail: &Tail) -> TokenStream {
    let span = Span::mixed_site();
    let Breaker { mut binding, mut held, .. } = guard.breaker();
    let Tail { before, keywords, block, .. } = tail;
    if binding.is_empty() && !before.is_empty() {
        // Before what the function binds, which the policy is not to see.
        let breaker = quote_spanned!(span=> breaker);
        binding = quote_spanned!(span=> let #breaker = #held;);
        held = breaker;
    }
    let block = beginning_with(&pin(guard), block);
    let mut future = call(guard, &held, &quote!(#keywords #block));
    if closures_borrow(guard) {
        future = quote_spanned!(span=> async move { #future.await });
    }
    let tail = tail.with(&future);
    guard.function.with(&guard.signature, &quote!(#binding #before #tail))
}

/// A future from somewhere else is guarded as a whole.
pub(super) fn expand_future(guard: &Guard<'_>, boxed: bool) -> TokenStream {
    let span = Span::mixed_site();
    let krate = &guard.krate;
    let Breaker { binding, held, .. } = guard.breaker();
    let returned = match &guard.function.signature.output {
        ReturnType::Type(_, returned) if boxed => returned.to_token_stream(),
        _ => quote!(_),
    };
    // A closure, for a `return` in the body is to give the future that is guarded.
    let work = guard.closure(&returned);
    let future = quote_spanned!(span=> #krate::__private::run(#work));
    let mut call = call(guard, &held, &future);
    if closures_borrow(guard) {
        call = quote_spanned!(span=> async move { #call.await });
    }
    if boxed {
        call = quote_spanned!(span=> ::std::boxed::Box::pin(#call));
    }
    guard.function.with(&guard.signature, &quote!(#binding #call))
}

/// The guarded future.
fn call(guard: &Guard<'_>, held: &TokenStream, future: &TokenStream) -> TokenStream {
    let krate = &guard.krate;
    let answer = fallback::later_answer(guard);
    if guard.is_plain() {
        return quote_spanned!(Span::mixed_site()=> #krate::__private::plain_async(#held, #future, #answer));
    }
    let (seen, failed, limit) = (guard.seen(), guard.failed(), limit(guard));
    quote_spanned! {Span::mixed_site()=>
        #krate::__private::call_async(#held, #answer, #seen, #failed, #limit, #future)
    }
}

fn limit(guard: &Guard<'_>) -> TokenStream {
    let krate = &guard.krate;
    let Some(given) = &guard.arguments.timeout else {
        return quote_spanned!(Span::mixed_site()=> #krate::__private::NoLimit);
    };
    let limit = match given.value {
        SettingValue::Duration(nanos) => crate::lower::duration(nanos),
        // A time-out is a duration and nothing else.
        SettingValue::Count(_) | SettingValue::Word(_) => TokenStream::new(),
    };
    // All of it at the argument, where a missing feature is told of.
    let span = Span::mixed_site().located_at(given.key.span());
    let krate = located(krate, span);
    quote_spanned!(span=> #krate::__private::timeout!(#limit))
}

/// Tells inference at the beginning of the block what it returns, so that `?`, `return` and coercions in it mean what
/// they meant. A block, unlike a closure, can't say it.
fn pin(guard: &Guard<'_>) -> TokenStream {
    match ungrouped(&guard.returned) {
        Type::Infer(_) | Type::Never(_) => return TokenStream::new(),
        Type::Tuple(unit) if unit.elems.is_empty() => return TokenStream::new(),
        _ => {}
    }
    let returned = nameable(guard.returned.clone());
    // Placed as if it were the user's: where the body returns another type, rustc points at it as the return type.
    let written = match &guard.function.signature.output {
        ReturnType::Type(_, written) => written.to_token_stream().into_iter().next(),
        ReturnType::Default => None,
    };
    let place = written.map_or_else(|| guard.function.signature.ident.span(), |tree| tree.span());
    let krate = match &guard.arguments.krate {
        // Its spans may be what it means, as those of `$crate` are.
        Some(_) => located(&guard.krate, place),
        None => respanned(&guard.krate, place),
    };
    let give = quote_spanned!(place=> return #krate::__private::returned::<#returned>(););
    quote_spanned!(Span::mixed_site()=> if false { #give })
}

/// Whether the outer `async` can go unnoticed.
fn can_detach(guard: &Guard<'_>) -> bool {
    let function = guard.function;
    function.attributes.iter().all(is_inert)
        && !closures_borrow(guard)
        && !matches!(ungrouped(&guard.returned), Type::Never(_))
}

/// Whether an attribute means the same on a function that returns `impl Future` as on an `async fn`. Any that is not
/// known may be a macro that looks for `async`.
fn is_inert(attribute: &Attribute) -> bool {
    const INERT: [&str; 10] =
        ["doc", "cfg", "allow", "warn", "deny", "forbid", "expect", "deprecated", "inline", "cold"];
    let path = attribute.path();
    let first = path.segments.first().map(|segment| segment.ident.to_string()).unwrap_or_default();
    match path.get_ident() {
        Some(_) => INERT.contains(&first.as_str()),
        None => first == "rustfmt" || first == "clippy",
    }
}

/// Whether the functions given to the attribute may capture arguments, which then have to stay where they can be
/// borrowed.
fn closures_borrow(guard: &Guard<'_>) -> bool {
    let arguments = guard.arguments;
    let given = arguments.failed_if.iter().chain(&arguments.fallback).map(|given| given.value.to_token_stream());
    let tracker = guard.tracker_is_compiled_in().then(|| arguments.tracker.iter().flat_map(Part::rust_tokens));
    let names: Vec<String> = guard.function.argument_names().iter().map(ToString::to_string).collect();
    given.chain(tracker.into_iter().flatten()).any(|tokens| arguments::mentions(tokens, &names))
}
