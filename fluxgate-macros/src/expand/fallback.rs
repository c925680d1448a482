//! What a caller gets when there is no result of the call: `fallback`, `wrap_error`, and the function after a mistake.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use super::Guard;
use crate::args::{Arguments, Given};
use crate::item::{Shape, change_output, contains_impl};

/// How `call_or` finds out whether the function returns a `Result`: by the type, where it has a name.
pub(super) fn kind(guard: &Guard<'_>) -> TokenStream {
    let krate = &guard.krate;
    let span = Span::mixed_site();
    match &guard.returned {
        Type::Never(_) | Type::ImplTrait(_) | Type::Infer(_) => quote_spanned!(span=> #krate::__private::Plain),
        returned => {
            let returned = crate::item::nameable(returned.clone());
            quote_spanned!(span=> #krate::__private::Shape::<#returned>::NEW.kind())
        }
    }
}

/// Makes the return type the one that `wrap_error` promises.
pub(super) fn wrap(output: &mut ReturnType, shape: &Shape, krate: &TokenStream) -> syn::Result<()> {
    let ReturnType::Type(_, returned) = output else {
        let message = "`wrap_error` needs a function that returns a `Result`; this one returns nothing";
        return Err(syn::Error::new(Span::call_site(), message));
    };
    let mut result = Ok(());
    let mut change = |of: &mut Type| result = wrap_type(of, krate);
    match shape {
        Shape::Sync | Shape::Async => change(returned),
        Shape::Tail(_) | Shape::Future { .. } => {
            if !change_output(returned, &mut change) {
                let message =
                    "`wrap_error` can't see what this future returns; write it as `Future<Output = Result<…>>`";
                return Err(syn::Error::new_spanned(returned, message));
            }
        }
    }
    result
}

fn wrap_type(returned: &mut Type, krate: &TokenStream) -> syn::Result<()> {
    let span = Span::mixed_site();
    if !contains_impl(returned) {
        // The type decides what its error is, whatever its name: `io::Result<T>` has its error elsewhere.
        *returned = Type::Verbatim(quote_spanned!(span=> <#returned as #krate::__private::Fallible>::Wrapped));
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
            *error = Type::Verbatim(quote_spanned!(span=> #krate::Error<#error>));
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
