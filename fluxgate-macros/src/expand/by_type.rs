//! A function whose return type may be a `Result`, a boxed future or anything else by its name. The type itself decides.
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

use super::{Breaker, Guard, fallback, future};
use crate::types::nameable;

pub(super) fn expand(guard: &Guard<'_>) -> TokenStream {
    let Breaker { binding, held, .. } = guard.breaker();
    let mut signature = guard.signature.clone();
    let work = guard.closure(&mut signature, &nameable(guard.returned.clone()).to_token_stream());
    let (shape, answer) = (fallback::shape(guard), fallback::answer(guard));
    let (seen, failed, limit) = (guard.seen(), guard.failed(), future::limit(guard));
    // Placed at the return type, for a future that can't be guarded is told of there.
    let [place, _] = guard.place_of_result();
    let guarded = if guard.arguments.wraps_error() {
        quote_spanned!(place=> .guard_wrapped)
    } else {
        quote_spanned!(place=> .guard)
    };
    let call = quote_spanned! {Span::mixed_site()=>
        #shape #guarded(#held, #answer, #seen, #failed, #limit, #work)
    };
    let returned = fallback::after(guard, &call);
    guard.returning(&signature, &binding, &returned)
}
