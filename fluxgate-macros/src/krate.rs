//! The path under which the user's crate knows `fluxgate`.

mod manifest;

use std::{env, fs, path::PathBuf};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// Returns `crate = path` if it was given, and otherwise `::fluxgate` or the name that the user's Cargo.toml gives it.
pub(crate) fn path(given: Option<&syn::Path>) -> TokenStream {
    if let Some(path) = given {
        return path.to_token_stream();
    }
    // Not found is left to rustc: the crate may still be there, as an `extern crate` or given by `--extern`.
    let name = renamed().unwrap_or_else(|| Ident::new("fluxgate", Span::mixed_site()));
    quote_spanned!(Span::mixed_site()=> ::#name)
}

/// The name from the manifest of the crate that is being compiled.
///
/// Read at each expansion: rust-analyzer expands for many crates in one process, while their manifests are edited.
fn renamed() -> Option<Ident> {
    let file = match env::var_os("CARGO_MANIFEST_PATH") {
        Some(file) => PathBuf::from(file),
        None => PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?).join("Cargo.toml"),
    };
    let name = manifest::renamed(&fs::read_to_string(file).ok()?)?;
    let mut name: Ident = syn::parse_str(&name).ok()?;
    name.set_span(Span::mixed_site());
    Some(name)
}
