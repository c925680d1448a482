//! The arguments of an async function whose outer `async` is taken off: its future has to take them along as an
//! `async fn`'s does, for it may be their being dropped at its end that matters.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};
use syn::{FnArg, Pat, PatIdent, Signature};

/// Statements for the beginning of the `async move` block that make it hold the arguments which `body` does not name.
///
/// A plain name stays as it is: if the body doesn't use it, rustc says so. Other patterns move into the block.
pub(super) fn take_along(signature: &mut Signature, body: &TokenStream) -> TokenStream {
    let span = Span::mixed_site();
    let mut statements = TokenStream::new();
    for (index, argument) in signature.inputs.iter_mut().enumerate() {
        let typed = match argument {
            FnArg::Typed(typed) => typed,
            FnArg::Receiver(receiver) => {
                if receiver.reference.is_none() {
                    let this = receiver.self_token;
                    statements.extend(quote_spanned!(span=> let _ = &#this;));
                }
                continue;
            }
        };
        let (attributes, pattern) = (&typed.attrs, &typed.pat);
        let name = format_ident!("argument_{index}", span = span);
        let hold = quote_spanned!(span=> #(#attributes)* let _ = &#name;);
        let binds = match &**pattern {
            // Said to be of no use, so the compiler has nothing to say if it is used nowhere.
            Pat::Ident(pat) if is_plain(pat) && pat.ident.to_string().starts_with('_') => {
                if mentions(body.clone(), &[pat.ident.to_string()]) {
                    continue;
                }
                TokenStream::new()
            }
            Pat::Ident(pat) if is_plain(pat) => continue,
            _ => quote_spanned!(span=> #(#attributes)* let #pattern = #name;),
        };
        // A pattern that is `_` binds nothing, and would take nothing along.
        statements.extend(quote_spanned!(span=> #hold #binds));
        *typed.pat = Pat::Verbatim(quote_spanned!(span=> #name));
    }
    statements
}

fn is_plain(pat: &PatIdent) -> bool {
    pat.by_ref.is_none() && pat.subpat.is_none()
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
