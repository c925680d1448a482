//! The collector of mistakes: each step adds its mistakes and continues, so that all are reported together.

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<syn::Error>,
}

impl Errors {
    /// Adds a mistake that spans from the first to the last token of `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    /// Returns the value, or adds the error and returns `None`.
    pub(crate) fn ok<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns one `compile_error!` for each mistake.
    ///
    /// The `default` of `breakers!` is checked together with every entry, so a mistake in it may be found several times.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let mut reported = Vec::new();
        let mut tokens = TokenStream::new();
        for error in self.found {
            let identity = (error.to_string(), format!("{:?}", error.span()));
            if !reported.contains(&identity) {
                tokens.extend(error.to_compile_error());
                reported.push(identity);
            }
        }
        tokens
    }
}
