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
//!     ::fluxgate::__private::plain(
//!         ::fluxgate::__private::breaker!("payment_api"),
//!         move || -> Result<Receipt, ApiError> { body },
//!         ::fluxgate::__private::own::<Result<Receipt, ApiError>, _, _>,
//!     )
//! }
//! ```
//!
//! or `call` with what else there is to say of results.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::{Breaker, Guard, fallback};
use crate::types::nameable;

pub(super) fn expand(guard: &Guard<'_>) -> TokenStream {
    let krate = &guard.krate;
    let Breaker { binding, borrowed, .. } = guard.breaker();
    // A closure and not an inner function: it keeps generics, `self`, lints and an `unsafe fn`'s permission. Handed to a
    // function bounded by `FnOnce`, it may return what it borrows mutably.
    let work = guard.closure(&nameable(guard.returned.clone()).to_token_stream());
    let span = Span::mixed_site();
    let call = if guard.is_plain() {
        let own = fallback::own(guard);
        quote_spanned!(span=> #krate::__private::plain(#borrowed, #work, #own))
    } else {
        let (seen, failed, answer) = (guard.seen(), guard.failed(), fallback::answer(guard));
        quote_spanned!(span=> #krate::__private::call(#borrowed, #seen, #failed, #work, #answer))
    };
    let body = quote_spanned!(span=> #binding #call);
    guard.function.with(&guard.signature, &body)
}
