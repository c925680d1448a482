//! The return type of a function with `wrap_error`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{GenericArgument, PathArguments, ReturnType, Signature, Type};

use super::spans::located;
use crate::shape::Shape;
use crate::types::{change_output, contains_impl, contains_output, is_not_result, ungrouped};

/// Changes the error in the return type to `fluxgate::Error<E>`.
pub(super) fn wrap_return_type(signature: &mut Signature, shape: &Shape, krate: &TokenStream) -> syn::Result<()> {
    let needs_result =
        "`wrap_error` needs a function that returns a `Result`; return one, or write a `fallback` instead";
    let ReturnType::Type(_, returned) = &mut signature.output else {
        return Err(syn::Error::new_spanned(&signature.ident, needs_result));
    };
    let mut result = Ok(());
    let mut change = |ty: &mut Type| {
        let error = || syn::Error::new_spanned(&*ty, needs_result);
        result = if is_not_result(ty) { Err(error()) } else { wrap_type(ty, krate) };
    };
    // An alias of a future is wrapped as a whole, by a trait.
    let is_alias = || matches!(ungrouped(returned), Type::Path(_)) && !contains_output(returned);
    let is_changed = match shape {
        Shape::Tail(_) if !is_alias() => change_output(returned, &mut change),
        Shape::Future { .. } => change_output(returned, &mut change),
        _ => {
            change(returned);
            true
        }
    };
    if !is_changed {
        let message = "`wrap_error` can't see what this future returns; write it as `Future<Output = Result<…>>`";
        return Err(syn::Error::new_spanned(returned, message));
    }
    result
}

fn wrap_type(returned: &mut Type, krate: &TokenStream) -> syn::Result<()> {
    if !contains_impl(returned) {
        let tokens: Vec<TokenTree> = returned.to_token_stream().into_iter().collect();
        let [start, end] = [tokens.first(), tokens.last()]
            .map(|tree| Span::mixed_site().located_at(tree.map_or_else(Span::call_site, TokenTree::span)));
        let krate = located(krate, start);
        let open = quote_spanned!(start=> <);
        let close = quote_spanned!(end=> Wrapped);
        // A trait finds the error, because an alias such as `io::Result<T>` does not name it.
        *returned = Type::Verbatim(quote_spanned!(start=> #open #returned as #krate::__private::Fallible>::#close));
        return Ok(());
    }
    let message = "`wrap_error` can't find the error in this type; write it as `Result<T, E>`";
    let error = syn::Error::new_spanned(&returned, message);
    let Type::Path(path) = returned else { return Err(error) };
    let Some(PathArguments::AngleBracketed(arguments)) = path.path.segments.last_mut().map(|last| &mut last.arguments)
    else {
        return Err(error);
    };
    let is_pair = arguments.args.len() == 2;
    match arguments.args.last_mut() {
        Some(GenericArgument::Type(error_type)) if is_pair => {
            *error_type = Type::Verbatim(quote_spanned!(Span::mixed_site()=> #krate::Error<#error_type>));
            Ok(())
        }
        _ => Err(error),
    }
}
