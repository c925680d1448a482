//! The arguments of an async function whose outer `async` is taken off: its future has to take them along as an
//! `async fn`'s does, for it may be their being dropped at its end that matters.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};
use syn::{FnArg, Pat, Signature};

/// Statements for the beginning of the `async move` block that make it hold the arguments which the body may not name.
///
/// A plain name stays as it is: if the body doesn't use it, rustc says so. Other patterns move into the block.
pub(super) fn take_along(signature: &mut Signature) -> TokenStream {
    let span = Span::mixed_site();
    let mut statements = TokenStream::new();
    for (index, argument) in signature.inputs.iter_mut().enumerate() {
        match argument {
            FnArg::Receiver(receiver) if receiver.reference.is_none() => {
                let this = receiver.self_token;
                statements.extend(quote_spanned!(span=> let _ = &#this;));
            }
            FnArg::Receiver(_) => {}
            FnArg::Typed(typed) => {
                match &*typed.pat {
                    Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => {
                        let name = &pat.ident;
                        if name.to_string().starts_with('_') {
                            let attributes = &typed.attrs;
                            statements.extend(quote_spanned!(span=> #(#attributes)* let _ = &#name;));
                        }
                    }
                    _ => {
                        let (attributes, pattern) = (&typed.attrs, &typed.pat);
                        let name = format_ident!("argument_{index}", span = span);
                        // A pattern that is `_` binds nothing, and would take nothing along.
                        statements.extend(quote_spanned!(span=> #(#attributes)* let _ = &#name; #(#attributes)* let #pattern = #name;));
                        *typed.pat = Pat::Verbatim(quote_spanned!(span=> #name));
                    }
                }
            }
        }
    }
    statements
}

/// Whether `tokens` may name one of `names`, in a format string too.
pub(super) fn mentions(tokens: TokenStream, names: &[String]) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => is_one_of(&ident, names),
        TokenTree::Group(group) => mentions(group.stream(), names),
        TokenTree::Literal(literal) => literal.to_string().contains('{'),
        TokenTree::Punct(_) => false,
    })
}

fn is_one_of(ident: &Ident, names: &[String]) -> bool {
    names.iter().any(|name| ident == name)
}
