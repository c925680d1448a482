//! The body of a guarded function, as a closure or as a future.
//!
//! Both are placed at the body as if they were the user's: in generated closures rustc no longer calls a moved argument by
//! its name.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ReturnType, Signature, Type};

use super::arguments::{self, Moved};
use super::{Guard, located, respanned};
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
        let block = beginning_with(&quote!(#pin #first), &self.function.body);
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
        let block = beginning_with(&quote!(#pin #first), &self.function.body);
        quote!(#async_move #block)
    }

    /// The body as a closure, which is given its arguments if there are any: sync or async, as the keywords before it say.
    fn taking(&self, moved: &Moved, keywords: &TokenStream, returned: &TokenStream) -> TokenStream {
        let Moved { first, given } = moved;
        let (span, body) = (Span::mixed_site(), &self.function.body);
        let patterns = given.iter().map(|(pattern, _)| pattern);
        let bar = quote_spanned!(body.span_open()=> |);
        let arrow = quote_spanned!(span=> ->);
        let block = beginning_with(first, body);
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

/// A block with `first` before its own statements: in one pair of braces, for a second would be called unused. Items,
/// which are to come before statements, keep theirs.
pub(crate) fn beginning_with(first: &TokenStream, block: &Group) -> Group {
    if first.is_empty() {
        return block.clone();
    }
    let statements = if begins_with_item(block) { block.to_token_stream() } else { block.stream() };
    braced(quote!(#first #statements), block.span())
}

fn braced(statements: TokenStream, place: Span) -> Group {
    let mut whole = Group::new(Delimiter::Brace, statements);
    whole.set_span(place);
    whole
}

fn begins_with_item(block: &Group) -> bool {
    let mut trees = block.stream().into_iter().peekable();
    while matches!(trees.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#') {
        // An attribute.
        trees.nth(1);
    }
    let Some(TokenTree::Ident(first)) = trees.next() else { return false };
    let is =
        |tree: Option<TokenTree>, of: &[&str]| matches!(tree, Some(TokenTree::Ident(ident)) if is_one_of(&ident, of));
    if is_one_of(&first, &["const", "unsafe", "async", "extern"]) {
        return is(trees.next(), &["fn", "unsafe", "async", "extern", "impl", "trait", "mod", "crate"])
            || first == "extern"
            || first == "const";
    }
    is_one_of(&first, &["fn", "use", "struct", "enum", "static", "impl", "trait", "type", "mod", "macro_rules", "pub"])
}

fn is_one_of(ident: &Ident, names: &[&str]) -> bool {
    names.iter().any(|name| ident == name)
}
