//! Functions that are not `async` but consist of an `async` block: `Box::pin(async move { … })`, as `#[async_trait]`
//! generates it and users write it, or the block alone.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

use crate::prologue::with_prologue;

/// A body that consists of an `async` block, split into the block and its surroundings.
pub(crate) struct Tail {
    asyncness: Ident,
    /// The keyword `move`.
    capture: Option<Ident>,
    block: Group,
    /// The code around the block.
    wrapper: Wrapper,
}

enum Wrapper {
    None,
    /// `Box::pin` and its parentheses, which contain the block.
    Call(TokenStream, Group),
    /// `.boxed()` or `.boxed_local()` after the block.
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
        // The path ends in `Box` `:` `:` `pin`.
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
        let is_boxing =
            dot.as_char() == '.' && (method == "boxed" || method == "boxed_local") && arguments.stream().is_empty();
        if !is_boxing {
            return None;
        }
        let (asyncness, capture, block) = async_block(block)?;
        Some(Self { asyncness, capture, block, wrapper: Wrapper::Method(quote!(#dot #method #arguments)) })
    }

    /// Returns the block with `prologue` at its start.
    pub(crate) fn moving(&self, prologue: &TokenStream) -> TokenStream {
        let Self { asyncness, capture, block, .. } = self;
        let block = with_prologue(prologue, block);
        quote!(#asyncness #capture #block)
    }

    /// Returns the block without `move`, so that closures outside can still borrow what it uses.
    ///
    /// `#[async_trait]` moves `self` by `let __self = self;`. With `reborrows_self`, a `&mut self` is reborrowed instead.
    pub(crate) fn borrowing(&self, prologue: &TokenStream, reborrows_self: bool) -> TokenStream {
        let Self { asyncness, block, .. } = self;
        let mut trees: Vec<TokenTree> = block.stream().into_iter().collect();
        let assignment = ["__self", "=", "self", ";"];
        let is_assignment =
            |window: &[TokenTree]| window.iter().zip(assignment).all(|(tree, text)| tree.to_string() == text);
        let found = trees.windows(assignment.len()).position(is_assignment).filter(|_| reborrows_self);
        if let Some(this) = found.map(|at| at + 2) {
            let name = &trees[this];
            let reborrow = quote_spanned!(name.span()=> &mut *#name);
            trees.splice(this..=this, reborrow);
        }
        let mut rest = Group::new(Delimiter::Brace, trees.into_iter().collect());
        rest.set_span(block.span());
        let block = with_prologue(prologue, &rest);
        quote!(#asyncness #block)
    }

    /// Returns the body with `future` in place of the block.
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

/// Splits `async {…}` or `async move {…}`, if the tokens are nothing else.
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
