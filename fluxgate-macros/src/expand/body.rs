//! The body of a guarded function, as a closure or as a future.
//!
//! Both have spans of the user's body, because rustc does not name a moved argument in errors about generated closures.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ReturnType, Signature, Type};

use super::arguments::{self, Moved};
use super::guard::Guard;
use super::spans::{located, respanned};
use crate::prologue::with_prologue;
use crate::shape::Shape;
use crate::types::{closure_bounds, nameable, ungrouped};

impl Guard<'_> {
    /// Returns the body of a sync function as a closure. May rename arguments in the signature.
    pub(super) fn closure(&self, signature: &mut Signature, returned: &TokenStream) -> TokenStream {
        let shares = self.shares_arguments();
        let moved = if shares {
            Moved { prologue: arguments::capture_by_value(self), ..Moved::default() }
        } else if self.function.has_inert_attributes() {
            arguments::move_in(self, signature)
        } else {
            Moved { prologue: arguments::keep_in(self, signature), ..Moved::default() }
        };
        let span = self.function.body.span_open();
        let capture = (!shares).then(|| quote_spanned!(span=> move));
        let closure = self.body_closure(&moved, &quote!(#capture), returned);
        self.with_closure_types(closure)
    }

    /// Returns the body of an `async fn` that stays one, as a future inside it.
    pub(super) fn inner_future(&self, signature: &mut Signature) -> TokenStream {
        let shares = self.shares_arguments();
        let prologue = if shares { arguments::capture_by_value(self) } else { arguments::keep_in(self, signature) };
        let span = self.function.body.span_open();
        let asyncness = quote_spanned!(span=> async);
        let capture = (!shares).then(|| quote_spanned!(span=> move));
        let output = self.output_hint();
        let block = with_prologue(&quote!(#output #prologue), &self.function.body);
        quote!(#asyncness #capture #block)
    }

    /// Returns the body of an `async fn` that becomes a function, as its only future. May rename arguments in the signature.
    pub(super) fn future(&self, signature: &mut Signature) -> TokenStream {
        let moved = arguments::move_in(self, signature);
        let async_move = quote_spanned!(self.function.body.span_open()=> async move);
        let (output, prologue) = (self.output_hint(), &moved.prologue);
        let prologue = quote!(#output #prologue);
        if !moved.passed.is_empty() {
            let moved = Moved { prologue, passed: moved.passed };
            return self.body_closure(&moved, &async_move, &nameable(self.returned.clone()).into_token_stream());
        }
        let block = with_prologue(&prologue, &self.function.body);
        quote!(#async_move #block)
    }

    /// Returns the body as a closure with `keywords` before it, called with the arguments that it is passed.
    fn body_closure(&self, moved: &Moved, keywords: &TokenStream, returned: &TokenStream) -> TokenStream {
        let Moved { prologue, passed } = moved;
        let (span, body) = (Span::mixed_site(), &self.function.body);
        let patterns = passed.iter().map(|(pattern, _)| pattern);
        let bar = quote_spanned!(body.span_open()=> |);
        let arrow = quote_spanned!(span=> ->);
        let block = with_prologue(prologue, body);
        let closure = quote!(#keywords #bar #(#patterns),* #bar #arrow #returned #block);
        if passed.is_empty() {
            return closure;
        }
        let krate = &self.krate;
        let is_async = keywords.to_string().starts_with("async");
        let asyncness = if is_async { "async_" } else { "" };
        let pass = Ident::new(&format!("{asyncness}given_{}", passed.len()), span);
        let arguments = passed.iter().map(|(_, argument)| argument);
        quote_spanned!(span=> #krate::__private::#pass(#(#arguments,)* #closure))
    }

    /// Returns a statement that tells inference the output of a future.
    ///
    /// `?`, `return` and coercions in the body need it, and an `async` block, unlike a closure, can't declare its type.
    pub(super) fn output_hint(&self) -> TokenStream {
        match ungrouped(&self.returned) {
            Type::Infer(_) | Type::Never(_) => return TokenStream::new(),
            Type::Tuple(unit) if unit.elems.is_empty() => return TokenStream::new(),
            _ => {}
        }
        let returned = nameable(self.returned.clone());
        // If the body returns another type, rustc points at this statement, so it has the span of the return type.
        let written = match &self.function.signature.output {
            ReturnType::Type(_, written) => written.to_token_stream().into_iter().next(),
            ReturnType::Default => None,
        };
        let span = written.map_or_else(|| self.function.signature.ident.span(), |tree| tree.span());
        let krate = match &self.arguments.krate {
            // The meaning of a given path may depend on its hygiene, as that of `$crate` does.
            Some(_) => located(&self.krate, span),
            None => respanned(&self.krate, span),
        };
        let return_output = quote_spanned!(span=> return #krate::__private::returned::<#returned>(););
        quote_spanned!(Span::mixed_site()=> if false { #return_output })
    }

    /// Returns a body whose result is `impl Fn(…)`, from which rustc infers the argument types of a returned closure.
    ///
    /// The body is passed through an identity function with the same bounds.
    fn with_closure_types(&self, closure: TokenStream) -> TokenStream {
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
