//! The `async` block that is all of a function which is not `async` itself: `Box::pin(async move { … })`, as
//! `#[async_trait]` leaves it and as people write it, or the block alone.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

use crate::prologue::with_prologue;

/// A body that is an `async` block, taken apart around it.
pub(crate) struct Tail {
    asyncness: Ident,
    /// `move`.
    capture: Option<Ident>,
    block: Group,
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
            [path @ .., TokenTree::Group(arguments)] if arguments.delimiter() == Delimiter::Parenthesis => {
                Self::in_call(path, arguments).or_else(|| Self::with_method(&trees))
            }
            _ => {
                let (asyncness, capture, block) = async_block(&trees)?;
                Some(Self { asyncness, capture, block, wrapper: Wrapper::None })
            }
        }
    }

    fn in_call(path: &[TokenTree], arguments: &Group) -> Option<Self> {
        let inner: Vec<TokenTree> = arguments.stream().into_iter().collect();
        let inner = match inner.as_slice() {
            [inner @ .., TokenTree::Punct(comma)] if comma.as_char() == ',' => inner,
            inner => inner,
        };
        let (asyncness, capture, block) = async_block(inner)?;
        let name = |from_end: usize| path.len().checked_sub(from_end).map(|index| path[index].to_string());
        // `Box` `:` `:` `pin`
        let is_box_pin = name(1).as_deref() == Some("pin") && name(4).as_deref() == Some("Box");
        (is_box_pin && path.iter().all(is_path)).then(|| Self {
            asyncness,
            capture,
            block,
            wrapper: Wrapper::Call(path.iter().cloned().collect(), arguments.clone()),
        })
    }

    fn with_method(trees: &[TokenTree]) -> Option<Self> {
        let [block @ .., TokenTree::Punct(dot), TokenTree::Ident(method), TokenTree::Group(arguments)] = trees else {
            return None;
        };
        let boxes =
            dot.as_char() == '.' && (method == "boxed" || method == "boxed_local") && arguments.stream().is_empty();
        if !boxes {
            return None;
        }
        let (asyncness, capture, block) = async_block(block)?;
        Some(Self { asyncness, capture, block, wrapper: Wrapper::Method(quote!(#dot #method #arguments)) })
    }

    /// The block as it is, but for `first` at its beginning.
    pub(crate) fn moving(&self, first: &TokenStream) -> TokenStream {
        let Self { asyncness, capture, block, .. } = self;
        let block = with_prologue(first, block);
        quote!(#asyncness #capture #block)
    }

    /// The block, which leaves where it is what closures borrow besides: it moves no more than it has to. Where it
    /// `lends_self`, a `&mut self` that `#[async_trait]` moves by `let __self = self;` is lent to it instead.
    pub(crate) fn borrowing(&self, first: &TokenStream, lends_self: bool) -> TokenStream {
        let Self { asyncness, block, .. } = self;
        let mut trees: Vec<TokenTree> = block.stream().into_iter().collect();
        let moving = ["__self", "=", "self", ";"];
        let is_moving = |window: &[TokenTree]| window.iter().zip(moving).all(|(tree, name)| tree.to_string() == name);
        let found = trees.windows(moving.len()).position(is_moving).filter(|_| lends_self);
        if let Some(this) = found.map(|at| at + 2) {
            let name = &trees[this];
            let lent = quote_spanned!(name.span()=> &mut *#name);
            trees.splice(this..=this, lent);
        }
        let mut rest = Group::new(Delimiter::Brace, trees.into_iter().collect());
        rest.set_span(block.span());
        let block = with_prologue(first, &rest);
        quote!(#asyncness #block)
    }

    /// The body, with `future` in the place of the block.
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

/// `async {…}` or `async move {…}` and nothing else.
fn async_block(trees: &[TokenTree]) -> Option<(Ident, Option<Ident>, Group)> {
    match trees {
        [TokenTree::Ident(asyncness), TokenTree::Ident(capture), TokenTree::Group(block)]
            if asyncness == "async" && capture == "move" && block.delimiter() == Delimiter::Brace =>
        {
            Some((asyncness.clone(), Some(capture.clone()), block.clone()))
        }
        [TokenTree::Ident(asyncness), TokenTree::Group(block)]
            if asyncness == "async" && block.delimiter() == Delimiter::Brace =>
        {
            Some((asyncness.clone(), None, block.clone()))
        }
        _ => None,
    }
}

fn is_path(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Ident(ident) => ident != "return",
        TokenTree::Punct(punct) => punct.as_char() == ':',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    }
}
