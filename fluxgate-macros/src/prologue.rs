//! Statements inserted at the start of a block.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// Returns the block with `prologue` before its statements.
///
/// The statements stay in the same braces, because rustc would warn about a second pair. A block that starts with an item
/// keeps its braces, because clippy expects items before statements.
pub(crate) fn with_prologue(prologue: &TokenStream, block: &Group) -> Group {
    if prologue.is_empty() {
        return block.clone();
    }
    let statements = if starts_with_item(block) { block.to_token_stream() } else { block.stream() };
    let mut whole = Group::new(Delimiter::Brace, quote!(#prologue #statements));
    whole.set_span(block.span());
    whole
}

fn starts_with_item(block: &Group) -> bool {
    const AFTER_QUALIFIER: [&str; 8] = ["fn", "unsafe", "async", "extern", "impl", "trait", "mod", "crate"];
    const KEYWORDS: [&str; 11] =
        ["fn", "use", "struct", "enum", "static", "impl", "trait", "type", "mod", "macro_rules", "pub"];
    let mut trees = block.stream().into_iter().peekable();
    while matches!(trees.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#') {
        // Skip an attribute: `#` and its brackets.
        trees.nth(1);
    }
    let Some(TokenTree::Ident(first)) = trees.next() else { return false };
    if first == "const" || first == "extern" {
        return true;
    }
    if first == "unsafe" || first == "async" {
        return matches!(trees.next(), Some(TokenTree::Ident(second)) if is_one_of(&second, &AFTER_QUALIFIER));
    }
    is_one_of(&first, &KEYWORDS)
}

fn is_one_of(ident: &Ident, names: &[&str]) -> bool {
    names.iter().any(|name| ident == name)
}
