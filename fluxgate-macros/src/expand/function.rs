//! A sync function.
//!
//! Input:
//!
//! ```text
//! fn charge(amount: u64) -> Result<Receipt, ApiError> { body }
//! ```
//!
//! Output:
//!
//! ```text
//! fn charge(amount: u64) -> Result<Receipt, ApiError> {
//!     let breaker = { static __FLUXGATE_BREAKER … };
//!     ::fluxgate::__private::call::<Result<Receipt, ApiError>>(
//!         breaker,
//!         ::fluxgate::__private::unseen,
//!         ::fluxgate::__private::never,
//!         move || -> Result<Receipt, ApiError> { body },
//!     )
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::{Breaker, Guard, fallback};
use crate::item::nameable;

pub(super) fn expand(guard: &Guard<'_>) -> TokenStream {
    let span = Span::mixed_site();
    let Breaker { binding, borrowed, .. } = guard.breaker();
    let (seen, failed) = (guard.seen(), guard.failed());
    let returned = nameable(guard.returned.clone());
    let body = &guard.function.body;
    // A closure and not an inner function: it keeps generics, `self`, lints and an `unsafe fn`'s permission. Handed to a
    // function bounded by `FnOnce`, it may return what it borrows mutably.
    let work = quote_spanned!(span=> move || -> #returned #body);
    let call = if let Some(given) = &guard.arguments.fallback {
        let call = guard.runtime("call_or", &quote!(, _));
        let (kind, fallback) = (fallback::kind(guard), &given.value);
        quote_spanned!(span=> #call(#kind, #borrowed, #seen, #failed, #work, #fallback))
    } else {
        let call =
            guard.runtime(if guard.arguments.wraps_error() { "call_wrapped" } else { "call" }, &TokenStream::new());
        quote_spanned!(span=> #call(#borrowed, #seen, #failed, #work))
    };
    guard.function.with(&guard.signature, &quote!(#binding #call))
}
