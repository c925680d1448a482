//! The body of a guarded function, as a closure or as a future.
//!
//! Both are placed at the body as if they were the user's: in generated closures rustc no longer calls a moved argument by
//! its name.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ReturnType, Signature, Type};

use super::arguments::{self, Moved};
use super::{Guard, located, respanned};
use crate::prologue::with_prologue;
use crate::shape::Shape;
use crate::types::{closure_bounds, nameable, ungrouped};

impl Guard<'_> {
    /// The body of a sync function as a closure, of a signature that may get other names for its arguments.
    pub(super) fn closure(&self, signature: &mut Signature, returned: &TokenStream) -> TokenStream {
        let shares = self.shares_arguments();
        let moved = if shares {
            Moved { first: arguments::force(self), ..Moved::default() }
        } else if self.function.has_inert_attributes() {
            arguments::move_in(self, signature)
        } else {
            Moved { first: arguments::keep_in(self, signature), ..Moved::default() }
        };
        let place = self.function.body.span_open();
        let move_to = (!shares).then(|| quote_spanned!(place=> move));
        let closure = self.taking(&moved, &quote!(#move_to), returned);
        self.linked(closure)
    }

    /// The body of an `async fn` that stays one, as a future within.
    pub(super) fn future_within(&self, signature: &mut Signature) -> TokenStream {
        let shares = self.shares_arguments();
        let first = if shares { arguments::force(self) } else { arguments::keep_in(self, signature) };
        let place = self.function.body.span_open();
        let asyncness = quote_spanned!(place=> async);
        let move_to = (!shares).then(|| quote_spanned!(place=> move));
        let pin = self.pin();
        let block = with_prologue(&quote!(#pin #first), &self.function.body);
        quote!(#asyncness #move_to #block)
    }

    /// The body of an `async fn` as a future that is all there is, of a signature that may get other names for its
    /// arguments.
    pub(super) fn future(&self, signature: &mut Signature) -> TokenStream {
        let moved = arguments::move_in(self, signature);
        let async_move = quote_spanned!(self.function.body.span_open()=> async move);
        let (pin, first) = (self.pin(), &moved.first);
        if !moved.given.is_empty() {
            let moved = Moved { first: quote!(#pin #first), given: moved.given };
            return self.taking(&moved, &async_move, &nameable(self.returned.clone()).into_token_stream());
        }
        let block = with_prologue(&quote!(#pin #first), &self.function.body);
        quote!(#async_move #block)
    }

    /// The body as a closure, which is given its arguments if there are any: sync or async, as the keywords before it say.
    fn taking(&self, moved: &Moved, keywords: &TokenStream, returned: &TokenStream) -> TokenStream {
        let Moved { first, given } = moved;
        let (span, body) = (Span::mixed_site(), &self.function.body);
        let patterns = given.iter().map(|(pattern, _)| pattern);
        let bar = quote_spanned!(body.span_open()=> |);
        let arrow = quote_spanned!(span=> ->);
        let block = with_prologue(first, body);
        let closure = quote!(#keywords #bar #(#patterns),* #bar #arrow #returned #block);
        if given.is_empty() {
            return closure;
        }
        let krate = &self.krate;
        let is_async = keywords.to_string().starts_with("async");
        let asyncness = if is_async { "async_" } else { "" };
        let give = Ident::new(&format!("{asyncness}given_{}", given.len()), span);
        let arguments = given.iter().map(|(_, argument)| argument);
        quote_spanned!(span=> #krate::__private::#give(#(#arguments,)* #closure))
    }

    /// Tells inference at the beginning of a future what it returns, so that `?`, `return` and coercions in it mean what
    /// they meant. A block, unlike a closure, can't say it.
    pub(super) fn pin(&self) -> TokenStream {
        match ungrouped(&self.returned) {
            Type::Infer(_) | Type::Never(_) => return TokenStream::new(),
            Type::Tuple(unit) if unit.elems.is_empty() => return TokenStream::new(),
            _ => {}
        }
        let returned = nameable(self.returned.clone());
        // Placed as if it were the user's: where the body returns another type, rustc points at it as the return type.
        let written = match &self.function.signature.output {
            ReturnType::Type(_, written) => written.to_token_stream().into_iter().next(),
            ReturnType::Default => None,
        };
        let place = written.map_or_else(|| self.function.signature.ident.span(), |tree| tree.span());
        let krate = match &self.arguments.krate {
            // Its spans may be what it means, as those of `$crate` are.
            Some(_) => located(&self.krate, place),
            None => respanned(&self.krate, place),
        };
        let give = quote_spanned!(place=> return #krate::__private::returned::<#returned>(););
        quote_spanned!(Span::mixed_site()=> if false { #give })
    }

    /// A body that returns closures which have the types of their arguments from the function's own `impl Fn(…)`: it is
    /// handed on by a function that says so too, and does nothing else.
    fn linked(&self, closure: TokenStream) -> TokenStream {
        let is_sync = matches!(self.shape, Shape::Sync);
        let Some(bounds) = closure_bounds(&self.returned).filter(|_| is_sync) else { return closure };
        quote_spanned! {Span::mixed_site()=> {
            fn linked<R: #bounds, W: ::core::ops::FnOnce() -> R>(work: W) -> W {
                work
            }
            linked(#closure)
        }}
    }
}
