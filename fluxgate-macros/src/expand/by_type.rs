//! A function whose return type may be an alias of a `Result`, of a boxed future or of another type. The generated code
//! decides by traits of the type.
//!
//! Input:
//!
//! ```text
//! fn stock(sku: Sku) -> BoxFuture<'static, Result<u32, ApiError>> { body }
//! ```
//!
//! Output:
//!
//! ```text
//! fn stock(sku: Sku) -> BoxFuture<'static, Result<u32, ApiError>> {
//!     return ::fluxgate::__private::Shape::<BoxFuture<'static, Result<u32, ApiError>>>::NEW.guard(
//!         ::fluxgate::__private::breaker!("inventory"),
//!         ::fluxgate::__private::own::<_, _, _>(),
//!         ::fluxgate::__private::unseen,
//!         ::fluxgate::__private::never,
//!         ::fluxgate::__private::NoLimit,
//!         move || -> BoxFuture<'static, Result<u32, ApiError>> { body },
//!     )
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::breaker::Breaker;
use super::guard::Guard;
use super::{fallback, future};
use crate::types::nameable;

pub(super) fn expand(guard: &Guard<'_>) -> TokenStream {
    let Breaker { binding, held, .. } = guard.breaker();
    let mut signature = guard.signature.clone();
    let work = guard.closure(&mut signature, &nameable(guard.returned.clone()).to_token_stream());
    let (shape, ending) = (fallback::shape(guard), fallback::ending(guard));
    let (view, failed_if, limit) = (guard.error_view(), guard.failed_if(), future::limit(guard));
    // Errors about a future that can't be guarded point at the return type.
    let [return_span, _] = guard.return_spans();
    let guarded = if guard.arguments.wraps_error() {
        quote_spanned!(return_span=> .guard_wrapped)
    } else {
        quote_spanned!(return_span=> .guard)
    };
    let call = quote_spanned! {Span::mixed_site()=>
        #shape #guarded(#held, #ending, #view, #failed_if, #limit, #work)
    };
    let returned = fallback::after_call(guard, &call);
    guard.returning(&signature, &binding, &returned)
}
