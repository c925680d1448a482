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
//!     return ::fluxgate::__private::plain_async(
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
//! or `call_async` with what else there is to say of results. A body that is given arguments is an async closure:
//!
//! ```text
//! ::fluxgate::__private::async_given_2(
//!     job,
//!     permit,
//!     async move |job, _| -> Result<u32, ApiError> { body },
//! )
//! ```
//!
//! An `async fn` with an `async` block in it would hold its arguments twice, in its own state and in the block's. So the
//! outer `async` is taken off where nobody can tell. It stays where other attributes look for it, where the attribute's
//! closures borrow the arguments, and where the breaker is found by them, which waits for the first poll.

use fluxgate_policy::SettingValue;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ReturnType, Type};

use super::{Breaker, Guard, arguments, fallback, located};
use crate::args::ungrouped as ungrouped_expr;
use crate::tail::Tail;
use crate::types::{nameable, ungrouped};

pub(super) fn expand(guard: &Guard<'_>) -> TokenStream {
    let span = Span::mixed_site();
    let Breaker { binding, held, .. } = guard.breaker();
    let mut signature = guard.signature.clone();
    if !can_detach(guard) {
        let call = call(guard, &held, &guard.future_within(&mut signature));
        let returned = fallback::after(guard, &quote_spanned!(span=> #call.await));
        return guard.returning(&signature, &binding, &returned);
    }
    let future = guard.future(&mut signature);
    signature.asyncness = None;
    let output: Type = match &signature.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, output) => Type::clone(output),
    };
    // The `impl` is of this crate's edition by its span, so that it captures every lifetime as an `async fn` does.
    signature.output = syn::parse_quote_spanned!(span=> -> impl ::core::future::Future<Output = #output>);
    let call = call(guard, &held, &future);
    // That of an `async fn` need not be used.
    let this = signature.receiver().map(|receiver| receiver.self_token);
    let uses = this.map(|this| quote_spanned!(span=> let _ = #this;));
    guard.returning(&signature, &quote!(#uses #binding), &call)
}

/// `Box::pin(async move { … })` and its like: the block inside is guarded, for no further box and with what it captures.
pub(super) fn expand_tail(guard: &Guard<'_>, tail: &Tail) -> TokenStream {
    let Breaker { binding, held, .. } = guard.breaker();
    let future = if guard.shares_arguments() {
        let receiver = guard.function.signature.receiver();
        let is_mutable = receiver.is_some_and(|this| this.reference.is_some() && this.mutability.is_some());
        tail.borrowing(&guard.pin(), is_mutable)
    } else {
        tail.moving(&guard.pin())
    };
    let call = call(guard, &held, &future);
    let body = tail.with(&within(guard, call));
    guard.returning(&guard.signature, &binding, &body)
}

/// A future from somewhere else is guarded as a whole.
pub(super) fn expand_future(guard: &Guard<'_>, boxed: bool) -> TokenStream {
    let span = Span::mixed_site();
    let krate = &guard.krate;
    let Breaker { binding, held, .. } = guard.breaker();
    let returned = match &guard.function.signature.output {
        ReturnType::Type(_, returned) if boxed => nameable(Type::clone(returned)).to_token_stream(),
        _ => quote!(_),
    };
    let mut signature = guard.signature.clone();
    // A closure, for a `return` in the body is to give the future that is guarded.
    let work = guard.closure(&mut signature, &returned);
    let future = quote_spanned!(span=> #krate::__private::run(#work));
    let mut call = within(guard, call(guard, &held, &future));
    if boxed {
        call = quote_spanned!(span=> ::std::boxed::Box::pin(#call));
    }
    guard.returning(&signature, &binding, &call)
}

/// The guarded future, in one that holds what the attribute's closures borrow.
fn within(guard: &Guard<'_>, call: TokenStream) -> TokenStream {
    if !guard.captures_arguments() {
        return call;
    }
    let span = Span::mixed_site();
    let returned = fallback::after(guard, &quote_spanned!(span=> #call.await));
    quote_spanned!(span=> async move { #returned })
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

pub(super) fn limit(guard: &Guard<'_>) -> TokenStream {
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

/// Whether the outer `async` can go unnoticed.
fn can_detach(guard: &Guard<'_>) -> bool {
    guard.function.has_inert_attributes()
        && guard.captures_copies()
        && !arguments::orders_self(&guard.signature)
        && arguments::can_be_given(&guard.signature)
        && finds_its_breaker_at_once(guard)
        && !must_be_used_itself(guard)
        && !matches!(ungrouped(&guard.returned), Type::Never(_))
}

/// Whether nothing is evaluated to find the breaker. What is evaluated waits for the first poll.
fn finds_its_breaker_at_once(guard: &Guard<'_>) -> bool {
    let arguments = guard.arguments;
    let is_static = |given: &Expr| match ungrouped_expr(given) {
        Expr::Path(path) => !path.path.get_ident().is_some_and(|name| guard.function.has_argument(name)),
        _ => false,
    };
    arguments.key.is_none() && arguments.breaker.as_ref().is_none_or(is_static)
}

/// Whether a `#[must_use]` says something of what the future gives that its type does not say: rustc heeds that of an
/// `async fn` alone.
fn must_be_used_itself(guard: &Guard<'_>) -> bool {
    let is_result = match ungrouped(&guard.returned) {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Result"),
        _ => false,
    };
    !is_result && guard.function.attributes.iter().any(|attribute| attribute.path().is_ident("must_use"))
}
