//! The `async` block at the end of a function that is not `async` itself: `Box::pin(async move { … })`, as
//! `#[async_trait]` leaves it and as people write it, or the block alone.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// A body that ends in an `async` block, taken apart around it.
pub(crate) struct Tail {
    /// What the function does before.
    pub(crate) before: TokenStream,
    /// `async` or `async move`.
    pub(crate) keywords: TokenStream,
    pub(crate) block: Group,
    /// Where the block stands.
    wrapper: Wrapper,
}

enum Wrapper {
    None,
    /// `Box::pin` and its parentheses.
    Call(TokenStream, Group),
    /// `.boxed()` and its like.
    Method(TokenStream),
}

impl Tail {
    pub(crate) fn find(body: &Group) -> Option<Self> {
        let trees: Vec<TokenTree> = body.stream().into_iter().collect();
        match trees.as_slice() {
            [before @ .., TokenTree::Group(arguments)] if arguments.delimiter() == Delimiter::Parenthesis => {
                Self::in_call(before, arguments).or_else(|| Self::with_method(&trees))
            }
            _ => {
                let (before, keywords, block) = split_async(&trees)?;
                Some(Self { before: before.iter().cloned().collect(), keywords, block, wrapper: Wrapper::None })
            }
        }
    }

    fn in_call(before: &[TokenTree], arguments: &Group) -> Option<Self> {
        let inner: Vec<TokenTree> = arguments.stream().into_iter().collect();
        let inner = match inner.as_slice() {
            [inner @ .., TokenTree::Punct(comma)] if comma.as_char() == ',' => inner,
            inner => inner,
        };
        let ([], keywords, block) = split_async(inner)? else { return None };
        let path = before.iter().rev().take_while(|tree| is_path(tree)).count();
        let (before, path) = before.split_at(before.len() - path);
        let name = |from_end: usize| path.len().checked_sub(from_end).map(|index| path[index].to_string());
        // `Box` `:` `:` `pin`
        let is_box_pin = name(1).as_deref() == Some("pin") && name(4).as_deref() == Some("Box");
        is_box_pin.then(|| Self {
            before: before.iter().cloned().collect(),
            keywords,
            block,
            wrapper: Wrapper::Call(path.iter().cloned().collect(), arguments.clone()),
        })
    }

    fn with_method(trees: &[TokenTree]) -> Option<Self> {
        let [before @ .., TokenTree::Punct(dot), TokenTree::Ident(method), TokenTree::Group(arguments)] = trees else {
            return None;
        };
        let boxes =
            dot.as_char() == '.' && (method == "boxed" || method == "boxed_local") && arguments.stream().is_empty();
        if !boxes {
            return None;
        }
        let (before, keywords, block) = split_async(before)?;
        let wrapper = Wrapper::Method(quote!(#dot #method #arguments));
        Some(Self { before: before.iter().cloned().collect(), keywords, block, wrapper })
    }

    /// The end of the body, with `future` in the place of the block.
    pub(crate) fn with(&self, future: &TokenStream) -> TokenStream {
        match &self.wrapper {
            Wrapper::None => future.to_token_stream(),
            Wrapper::Call(path, parentheses) => {
                let mut arguments = Group::new(Delimiter::Parenthesis, future.clone());
                arguments.set_span(parentheses.span());
                quote!(#path #arguments)
            }
            Wrapper::Method(method) => quote!(#future #method),
        }
    }
}

/// `async {…}` or `async move {…}` at the end of `trees`, as an expression of its own.
fn split_async(trees: &[TokenTree]) -> Option<(&[TokenTree], TokenStream, Group)> {
    let [before @ .., TokenTree::Group(block)] = trees else { return None };
    if block.delimiter() != Delimiter::Brace {
        return None;
    }
    let (before, keywords) = match before {
        [before @ .., TokenTree::Ident(asyncness), TokenTree::Ident(capture)]
            if asyncness == "async" && capture == "move" =>
        {
            (before, quote!(#asyncness #capture))
        }
        [before @ .., TokenTree::Ident(asyncness)] if asyncness == "async" => (before, quote!(#asyncness)),
        _ => return None,
    };
    // After anything but the end of a statement it is an operand: `x = async {}`, `return async {}`.
    let stands_alone = match before.last() {
        None => true,
        Some(TokenTree::Punct(punct)) => punct.as_char() == ';',
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
        Some(TokenTree::Ident(_) | TokenTree::Literal(_)) => false,
    };
    stands_alone.then(|| (before, keywords, block.clone()))
}

fn is_path(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Ident(ident) => ident != "return",
        TokenTree::Punct(punct) => punct.as_char() == ':',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    }
}
