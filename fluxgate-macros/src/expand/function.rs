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

use super::{Breaker, Guard, fallback};
use crate::types::nameable;

pub(super) fn expand(guard: &Guard<'_>) -> TokenStream {
    let krate = &guard.krate;
    let Breaker { binding, borrowed, .. } = guard.breaker();
    let mut signature = guard.signature.clone();
    // A closure and not an inner function: it keeps generics, `self`, lints and an `unsafe fn`'s permission. Handed to a
    // function bounded by `FnOnce`, it may return what it borrows mutably.
    let work = guard.closure(&mut signature, &nameable(guard.returned.clone()).to_token_stream());
    let span = Span::mixed_site();
    let (seen, failed, answer) = (guard.seen(), guard.failed(), fallback::answer(guard));
    // Functions among its arguments tell clippy that there is more to the call than its value, which one must use.
    let call = quote_spanned!(span=> #krate::__private::call(#borrowed, #seen, #failed, #work, #answer));
    let returned = fallback::after(guard, &call);
    guard.returning(&signature, &binding, &returned)
}
