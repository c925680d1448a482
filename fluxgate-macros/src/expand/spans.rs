//! Changing the spans of generated tokens.

use proc_macro2::{Span, TokenStream, TokenTree};

/// Returns the tokens with another location. They keep their hygiene.
pub(super) fn located(tokens: &TokenStream, location: Span) -> TokenStream {
    with_spans(tokens, |span| span.located_at(location))
}

/// Returns the tokens with another span: another location and its hygiene.
pub(super) fn respanned(tokens: &TokenStream, span: Span) -> TokenStream {
    with_spans(tokens, |_| span)
}

fn with_spans(tokens: &TokenStream, change: impl Fn(Span) -> Span) -> TokenStream {
    let changed = |mut tree: TokenTree| {
        tree.set_span(change(tree.span()));
        tree
    };
    tokens.clone().into_iter().map(changed).collect()
}
