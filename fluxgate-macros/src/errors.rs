//! The collector of mistakes: a step that finds one adds it and goes on, so that all are reported together.

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<syn::Error>,
}

impl Errors {
    /// A mistake at the tokens from the first to the last of `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    /// The value, or nothing after its mistake is noted.
    pub(crate) fn note<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// One `compile_error!` for each mistake.
    ///
    /// What `default { … }` of `breakers!` says is checked with every entry, so the same may have been found twice.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let mut told = Vec::new();
        let mut tokens = TokenStream::new();
        for error in self.found {
            let identity = (error.to_string(), format!("{:?}", error.span()));
            if !told.contains(&identity) {
                tokens.extend(error.to_compile_error());
                told.push(identity);
            }
        }
        tokens
    }
}
