//! A function whose result is the output of a future.
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
//! The call is `call_async` if arguments classify results or limit the duration. A body that is passed arguments is an
//! async closure:
//!
//! ```text
//! ::fluxgate::__private::async_given_2(
//!     job,
//!     permit,
//!     async move |job, _| -> Result<u32, ApiError> { body },
//! )
//! ```
//!
//! An `async fn` with an `async` block in it would store its arguments twice: in its own state and in the state of the
//! block. So the outer `async` is removed unless that can be observed. It stays
//!
//! - if other attributes inspect the function,
//! - if closures of the attribute borrow arguments,
//! - if the breaker depends on arguments, because it is evaluated at the first poll.

use fluxgate_policy::SettingValue;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ReturnType, Type};

use super::breaker::Breaker;
use super::guard::Guard;
use super::spans::located;
use super::{drop_order, fallback};
use crate::tail::Tail;
use crate::types::{nameable, ungrouped};

pub(super) fn expand(guard: &Guard<'_>) -> TokenStream {
    let span = Span::mixed_site();
    let Breaker { binding, held, .. } = guard.breaker();
    let mut signature = guard.signature.clone();
    if !can_remove_async(guard) {
        let call = call(guard, &held, &guard.inner_future(&mut signature));
        let returned = fallback::after_call(guard, &quote_spanned!(span=> #call.await));
        return guard.returning(&signature, &binding, &returned);
    }
    let future = guard.future(&mut signature);
    signature.asyncness = None;
    let output: Type = match &signature.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, output) => Type::clone(output),
    };
    // By its span the `impl` has the edition of this crate, in which it captures every lifetime like an `async fn`.
    signature.output = syn::parse_quote_spanned!(span=> -> impl ::core::future::Future<Output = #output>);
    let call = call(guard, &held, &future);
    // An `async fn` does not have to use `self`.
    let this = signature.receiver().map(|receiver| receiver.self_token);
    let uses = this.map(|this| quote_spanned!(span=> let _ = #this;));
    guard.returning(&signature, &quote!(#uses #binding), &call)
}

/// Expands `Box::pin(async move { … })` and similar bodies: the block inside is guarded, without a further box.
pub(super) fn expand_tail(guard: &Guard<'_>, tail: &Tail) -> TokenStream {
    let Breaker { binding, held, .. } = guard.breaker();
    let future = if guard.shares_arguments() {
        let receiver = guard.function.signature.receiver();
        let is_mutable = receiver.is_some_and(|this| this.reference.is_some() && this.mutability.is_some());
        tail.borrowing(&guard.output_hint(), is_mutable)
    } else {
        tail.moving(&guard.output_hint())
    };
    let call = call(guard, &held, &future);
    let body = tail.with(&with_captures(guard, call));
    guard.returning(&guard.signature, &binding, &body)
}

/// Expands a function that returns another future, which is guarded as a whole.
pub(super) fn expand_future(guard: &Guard<'_>, is_boxed: bool) -> TokenStream {
    let span = Span::mixed_site();
    let krate = &guard.krate;
    let Breaker { binding, held, .. } = guard.breaker();
    let returned = match &guard.function.signature.output {
        ReturnType::Type(_, returned) if is_boxed => nameable(Type::clone(returned)).to_token_stream(),
        _ => quote!(_),
    };
    let mut signature = guard.signature.clone();
    // In a closure, a `return` in the body returns the future to be guarded.
    let work = guard.closure(&mut signature, &returned);
    let future = quote_spanned!(span=> #krate::__private::run(#work));
    let mut call = with_captures(guard, call(guard, &held, &future));
    if is_boxed {
        call = quote_spanned!(span=> ::std::boxed::Box::pin(#call));
    }
    guard.returning(&signature, &binding, &call)
}

/// Wraps the guarded future in one that owns what closures of the attribute borrow.
fn with_captures(guard: &Guard<'_>, call: TokenStream) -> TokenStream {
    if !guard.captures_arguments() {
        return call;
    }
    let span = Span::mixed_site();
    let returned = fallback::after_call(guard, &quote_spanned!(span=> #call.await));
    quote_spanned!(span=> async move { #returned })
}

/// Returns the guarded future.
fn call(guard: &Guard<'_>, held: &TokenStream, future: &TokenStream) -> TokenStream {
    let krate = &guard.krate;
    let ending = fallback::deferred_ending(guard);
    if guard.is_plain() {
        return quote_spanned!(Span::mixed_site()=> #krate::__private::plain_async(#held, #future, #ending));
    }
    let (view, failed_if, limit) = (guard.error_view(), guard.failed_if(), limit(guard));
    quote_spanned! {Span::mixed_site()=>
        #krate::__private::call_async(#held, #ending, #view, #failed_if, #limit, #future)
    }
}

/// Returns the time limit of the call.
pub(super) fn limit(guard: &Guard<'_>) -> TokenStream {
    let krate = &guard.krate;
    let Some(given) = &guard.arguments.timeout else {
        return quote_spanned!(Span::mixed_site()=> #krate::__private::NoLimit);
    };
    let limit = match given.value {
        SettingValue::Duration(nanos) => crate::lower::duration(nanos),
        // The catalog allows only durations for `timeout`.
        SettingValue::Count(_) | SettingValue::Word(_) => TokenStream::new(),
    };
    // Errors about a missing feature point at the argument.
    let span = Span::mixed_site().located_at(given.key.span());
    let krate = located(krate, span);
    quote_spanned!(span=> #krate::__private::timeout!(#limit))
}

/// Returns `true` if nobody can observe that the outer `async` is removed.
fn can_remove_async(guard: &Guard<'_>) -> bool {
    guard.function.has_inert_attributes()
        && guard.captures_copies()
        && !drop_order::orders_self(&guard.signature)
        && drop_order::can_be_passed(&guard.signature)
        && guard.has_static_breaker()
        && !has_must_use_for_output(guard)
        && !matches!(ungrouped(&guard.returned), Type::Never(_))
}

/// Returns `true` if a `#[must_use]` applies to the output of the future. rustc supports that only for an `async fn`.
fn has_must_use_for_output(guard: &Guard<'_>) -> bool {
    let is_result = match ungrouped(&guard.returned) {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Result"),
        _ => false,
    };
    !is_result && guard.function.attributes.iter().any(|attribute| attribute.path().is_ident("must_use"))
}
