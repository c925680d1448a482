//! Statements inserted at the start of a block.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// A block with `first` before its own statements: in one pair of braces, for a second would be called unused. Items,
/// which are to come before statements, keep theirs.
pub(crate) fn with_prologue(first: &TokenStream, block: &Group) -> Group {
    if first.is_empty() {
        return block.clone();
    }
    let statements = if begins_with_item(block) { block.to_token_stream() } else { block.stream() };
    braced(quote!(#first #statements), block.span())
}

fn braced(statements: TokenStream, place: Span) -> Group {
    let mut whole = Group::new(Delimiter::Brace, statements);
    whole.set_span(place);
    whole
}

fn begins_with_item(block: &Group) -> bool {
    let mut trees = block.stream().into_iter().peekable();
    while matches!(trees.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#') {
        // An attribute.
        trees.nth(1);
    }
    let Some(TokenTree::Ident(first)) = trees.next() else { return false };
    let is =
        |tree: Option<TokenTree>, of: &[&str]| matches!(tree, Some(TokenTree::Ident(ident)) if is_one_of(&ident, of));
    if is_one_of(&first, &["const", "unsafe", "async", "extern"]) {
        return is(trees.next(), &["fn", "unsafe", "async", "extern", "impl", "trait", "mod", "crate"])
            || first == "extern"
            || first == "const";
    }
    is_one_of(&first, &["fn", "use", "struct", "enum", "static", "impl", "trait", "type", "mod", "macro_rules", "pub"])
}

fn is_one_of(ident: &Ident, names: &[&str]) -> bool {
    names.iter().any(|name| ident == name)
}
