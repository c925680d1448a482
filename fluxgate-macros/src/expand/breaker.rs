//! Access to the breaker from a guarded function.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

use super::guard::Guard;
use super::statics;
use crate::args::ungrouped;

/// The expressions with which the expansion accesses the breaker.
pub(super) struct Breaker {
    /// `let breaker = …;` before the call; empty if the breaker is the function's own static.
    pub(super) binding: TokenStream,
    /// An expression for a `&CircuitBreaker`.
    pub(super) borrowed: TokenStream,
    /// An expression that a future can own: a `&'static CircuitBreaker` or a `CircuitBreaker`.
    pub(super) held: TokenStream,
}

impl Guard<'_> {
    pub(super) fn breaker(&self) -> Breaker {
        let krate = &self.krate;
        let span = Span::mixed_site();
        if let Some(key) = &self.arguments.key {
            let breaker = statics::keyed_for(self, key);
            return Breaker {
                binding: quote_spanned!(span=> let breaker = #breaker;),
                borrowed: quote_spanned!(span=> &breaker),
                held: quote_spanned!(span=> breaker),
            };
        }
        let Some(given) = &self.arguments.breaker else {
            let declared = statics::declare_for(self);
            return Breaker { binding: TokenStream::new(), borrowed: declared.clone(), held: declared };
        };
        let location = given.to_token_stream().into_iter().next().map_or(span, |tree| span.located_at(tree.span()));
        let reference = quote_spanned!(location=> &);
        if self.is_static(given) {
            return Breaker {
                binding: quote_spanned!(span=> let breaker: &#krate::CircuitBreaker = #reference #given;),
                borrowed: quote_spanned!(span=> breaker),
                held: quote_spanned!(span=> breaker),
            };
        }
        let clone = quote_spanned!(span=> <#krate::CircuitBreaker as ::core::clone::Clone>::clone(#reference #given));
        Breaker {
            binding: quote_spanned!(span=> let breaker = #clone;),
            borrowed: quote_spanned!(span=> &breaker),
            held: quote_spanned!(span=> breaker),
        }
    }

    /// Returns `true` if the breaker is a static, so that nothing is evaluated to find it.
    ///
    /// An expression is evaluated at the first poll of an async function.
    pub(super) fn has_static_breaker(&self) -> bool {
        self.arguments.key.is_none() && self.arguments.breaker.as_ref().is_none_or(|given| self.is_static(given))
    }

    fn is_static(&self, given: &Expr) -> bool {
        match ungrouped(given) {
            Expr::Path(path) => !path.path.get_ident().is_some_and(|name| self.function.has_argument(name)),
            _ => false,
        }
    }
}
