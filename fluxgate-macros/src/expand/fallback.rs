//! What a caller gets when there is no result of the call: `fallback`, `wrap_error`, and the function after a mistake.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericArgument, PathArguments, ReturnType, Signature, Type};

use super::{Guard, located};
use crate::args::{Arguments, Given};
use crate::shape::Shape;
use crate::types::{change_output, contains_impl, contains_output, is_no_result, nameable, ungrouped};

/// What the end of a call becomes. In a sync call it comes last, for a fallback is to borrow what the body has not moved.
pub(super) fn answer(guard: &Guard<'_>) -> TokenStream {
    let span = Span::mixed_site();
    if let Some(given) = &guard.arguments.fallback {
        let shape = shape(guard);
        if comes_after(guard) {
            return quote_spanned!(span=> #shape.ended());
        }
        let fallback = guard.capturing(&given.value);
        return quote_spanned!(span=> #shape.or(#fallback));
    }
    let generic = guard.function.generic_error(&guard.returned);
    let name = match (&guard.arguments.timeout, generic) {
        _ if guard.arguments.wraps_error() => "wrapped",
        (Some(_), _) => "own_in_time",
        (None, Some(_)) => "own_generic",
        (None, None) => "own",
    };
    // Placed at the return type, for what that lacks is to be told there.
    let [start, end] = guard.place_of_result();
    let returned = match guard.shape {
        Shape::ByType => {
            let user = guard.returned.to_token_stream().into_iter().next().map_or(start, |tree| tree.span());
            quote_spanned!(user=> _)
        }
        _ => nameable(guard.returned.clone()).into_token_stream(),
    };
    let krate = located(&guard.krate, start);
    let name = Ident::new(name, start);
    let error = quote_spanned!(generic.map_or(end, Spanned::span)=> _);
    let end = quote_spanned!(end=> , _, #error>());
    quote_spanned!(start=> #krate::__private::#name::<#returned #end)
}

/// Whether the fallback is made once the call has ended, for it may borrow what the body does.
pub(super) fn comes_after(guard: &Guard<'_>) -> bool {
    let moves = guard.capture().is_some();
    !moves && guard.fallback_captures_arguments()
}

/// What the function returns, of the call that has ended.
pub(super) fn after(guard: &Guard<'_>, ended: &TokenStream) -> TokenStream {
    match guard.arguments.fallback.as_ref().filter(|_| comes_after(guard)) {
        Some(given) => {
            let (shape, fallback) = (shape(guard), &given.value);
            quote_spanned!(Span::mixed_site()=> #shape.or_else(#ended, #fallback))
        }
        None => ended.clone(),
    }
}

/// The same, made when it is needed: the functions in it would be called by their address if a future kept them.
pub(super) fn later_answer(guard: &Guard<'_>) -> TokenStream {
    let krate = &guard.krate;
    let span = Span::mixed_site();
    let answer = answer(guard);
    if guard.arguments.fallback.is_some() && !comes_after(guard) {
        quote_spanned!(span=> #krate::__private::made(#answer))
    } else {
        quote_spanned!(span=> || #answer)
    }
}

/// What decides by the type that the function returns whether it is a `Result`, where that type has a name.
pub(super) fn shape(guard: &Guard<'_>) -> TokenStream {
    let krate = located(&guard.krate, guard.place_of_result()[0]);
    let span = Span::mixed_site().located_at(guard.place_of_result()[0]);
    match ungrouped(&guard.returned) {
        Type::Never(_) | Type::ImplTrait(_) | Type::Infer(_) => {
            quote_spanned!(span=> #krate::__private::Value::<_>::NEW)
        }
        returned => {
            let returned = nameable(returned.clone());
            quote_spanned!(span=> #krate::__private::Shape::<#returned>::NEW)
        }
    }
}

/// Makes the return type the one that `wrap_error` promises.
pub(super) fn wrap(signature: &mut Signature, shape: &Shape, krate: &TokenStream) -> syn::Result<()> {
    let needs = "`wrap_error` needs a function that returns a `Result`; one that can't fail needs a `fallback`";
    let ReturnType::Type(_, returned) = &mut signature.output else {
        return Err(syn::Error::new_spanned(&signature.ident, needs));
    };
    let mut result = Ok(());
    let mut change = |of: &mut Type| {
        result = if is_no_result(of) { Err(syn::Error::new_spanned(of, needs)) } else { wrap_type(of, krate) };
    };
    // An alias of a future is asked what that gives.
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
        // The type decides what its error is, whatever its name: `io::Result<T>` has its error elsewhere.
        *returned = Type::Verbatim(quote_spanned!(start=> #open #returned as #krate::__private::Fallible>::#close));
        return Ok(());
    }
    let message = "`wrap_error` can't find the error in this type; write it as `Result<T, E>`";
    let cannot = syn::Error::new_spanned(&returned, message);
    let Type::Path(path) = returned else { return Err(cannot) };
    let Some(PathArguments::AngleBracketed(arguments)) = path.path.segments.last_mut().map(|last| &mut last.arguments)
    else {
        return Err(cannot);
    };
    let is_pair = arguments.args.len() == 2;
    match arguments.args.last_mut() {
        Some(GenericArgument::Type(error)) if is_pair => {
            *error = Type::Verbatim(quote_spanned!(Span::mixed_site()=> #krate::Error<#error>));
            Ok(())
        }
        _ => Err(cannot),
    }
}

/// The function as its callers know it, so that one mistake doesn't become many.
pub(super) fn after_mistakes(guard: &Guard<'_>) -> TokenStream {
    let changed = guard.signature.output != guard.function.signature.output;
    if !changed {
        return guard.function.unguarded(&guard.function.signature);
    }
    // Its body gives the error that is not wrapped. The default breaker wraps it.
    let arguments = Arguments {
        wrap_error: guard.arguments.wrap_error.as_ref().map(|flag| Given { key: flag.key.clone(), value: true }),
        ..Arguments::default()
    };
    let signature = guard.signature.clone();
    let (krate, returned) = (guard.krate.clone(), guard.returned.clone());
    Guard { arguments: &arguments, signature, krate, returned, ..*guard }.expand()
}
