//! A function that returns its result directly.
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
//!     return ::fluxgate::__private::call(
//!         ::fluxgate::__private::breaker!("payment_api"),
//!         ::fluxgate::__private::unseen,
//!         ::fluxgate::__private::never,
//!         move || -> Result<Receipt, ApiError> { body },
//!         ::fluxgate::__private::own::<Result<Receipt, ApiError>, _, _>(),
//!     );
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::breaker::Breaker;
use super::fallback;
use super::guard::Guard;
use crate::types::nameable;

pub(super) fn expand(guard: &Guard<'_>) -> TokenStream {
    let krate = &guard.krate;
    let Breaker { binding, borrowed, .. } = guard.breaker();
    let mut signature = guard.signature.clone();
    // A closure keeps generics, `self`, lints and the unsafe context, which an inner function would not. Passed to a
    // function bounded by `FnOnce`, it may return what it borrows mutably.
    let work = guard.closure(&mut signature, &nameable(guard.returned.clone()).to_token_stream());
    let span = Span::mixed_site();
    let (view, failed_if, ending) = (guard.error_view(), guard.failed_if(), fallback::ending(guard));
    // With functions among its arguments, clippy does not take the call for one without side effects.
    let call = quote_spanned!(span=> #krate::__private::call(#borrowed, #view, #failed_if, #work, #ending));
    let returned = fallback::after_call(guard, &call);
    guard.returning(&signature, &binding, &returned)
}
