//! The path under which the user's crate knows `fluxgate`.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// `crate = path` if it was given, otherwise the name in the user's Cargo.toml.
pub(crate) fn path(given: Option<&syn::Path>) -> TokenStream {
    if let Some(path) = given {
        return path.to_token_stream();
    }
    // Not found is left to rustc: it may still be there, as an `extern crate` or given by `--extern`.
    let name = match crate_name("fluxgate") {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => "fluxgate".to_owned(),
    };
    let name = Ident::new(&name, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> ::#name)
}
