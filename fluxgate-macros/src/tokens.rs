//! Conversion of Rust tokens to tokens of the policy language, and back.

use std::iter::Peekable;

use fluxgate_policy::{self as policy, Token, TokenKind};
use proc_macro2::{Delimiter, Group, Literal, Punct, Spacing, Span, TokenStream, TokenTree, token_stream};

/// The tokens of one argument: a flat list for the policy language, and the original tokens for spans and for Rust.
pub(crate) struct Tokens {
    flat: Vec<Token>,
    /// The original of each token in `flat`.
    pieces: Vec<Piece>,
    /// Groups without delimiters, which a `macro_rules!` variable expands to, with their range in `flat`. The policy
    /// language does not see them, but Rust in them must stay together.
    invisible: Vec<(usize, usize, Group)>,
}

/// The original of a token.
enum Piece {
    /// One token, or the characters of an operator, with the span of the first.
    Leaf(TokenStream, Span),
    /// An opening bracket: its group, and the index of its closing bracket.
    Open(Group, usize),
    Close(Span),
}

impl Tokens {
    pub(crate) fn new(stream: TokenStream) -> Self {
        let mut tokens = Self { flat: Vec::new(), pieces: Vec::new(), invisible: Vec::new() };
        tokens.flatten(stream);
        tokens
    }

    /// Returns the tokens for the policy language. The span of each token is its index.
    pub(crate) fn flat(&self) -> &[Token] {
        &self.flat
    }

    /// Returns the string literal, if it is the only token.
    pub(crate) fn as_string(&self) -> Option<syn::LitStr> {
        match self.pieces.as_slice() {
            [Piece::Leaf(tree, _)] => syn::parse2(tree.clone()).ok(),
            _ => None,
        }
    }

    /// Returns the original tokens of a range.
    pub(crate) fn rust(&self, range: policy::Span) -> TokenStream {
        let mut stream = TokenStream::new();
        let mut index = range.start;
        while index < range.end {
            let invisible = self.invisible.iter().rev().find(|(start, end, _)| *start == index && *end <= range.end);
            if let Some((_, end, group)) = invisible {
                stream.extend([TokenTree::Group(group.clone())]);
                index = *end;
                continue;
            }
            match &self.pieces[index] {
                Piece::Leaf(trees, _) => stream.extend(trees.clone()),
                Piece::Open(group, close) => {
                    stream.extend([TokenTree::Group(group.clone())]);
                    index = *close;
                }
                Piece::Close(_) => {}
            }
            index += 1;
        }
        stream
    }

    /// Returns two tokens with the first and the last span of a range, for an error to point at.
    ///
    /// For an empty range, such as at the end of the input, they have the span of the token before it.
    pub(crate) fn place(&self, range: policy::Span) -> Option<TokenStream> {
        let last = range.end.max(range.start + 1).min(self.pieces.len()).checked_sub(1)?;
        let first = range.start.min(last);
        Some([self.first_span(first), self.last_span(last)].into_iter().map(point).collect())
    }

    fn first_span(&self, index: usize) -> Span {
        match &self.pieces[index] {
            Piece::Leaf(_, span) | Piece::Close(span) => *span,
            Piece::Open(group, _) => group.span_open(),
        }
    }

    fn last_span(&self, index: usize) -> Span {
        match &self.pieces[index] {
            Piece::Leaf(trees, span) => trees.clone().into_iter().last().map_or(*span, |tree| tree.span()),
            Piece::Close(span) => *span,
            Piece::Open(group, _) => group.span_open(),
        }
    }

    fn push(&mut self, kind: TokenKind, piece: Piece) -> usize {
        let index = self.flat.len();
        self.flat.push(Token { kind, span: policy::Span::new(index, index + 1) });
        self.pieces.push(piece);
        index
    }

    /// Flattens nested groups without recursion, because users control their depth.
    fn flatten(&mut self, stream: TokenStream) {
        let mut open: Vec<(Group, usize)> = Vec::new();
        let mut rest = vec![stream.into_iter().peekable()];
        while let Some(trees) = rest.last_mut() {
            let Some(tree) = trees.next() else {
                rest.pop();
                if let Some((group, start)) = open.pop() {
                    self.close(group, start);
                }
                continue;
            };
            match tree {
                TokenTree::Group(group) => {
                    let start = self.flat.len();
                    if let Some(delimiter) = delimiter(&group) {
                        self.push(TokenKind::Open(delimiter), Piece::Open(group.clone(), start));
                    }
                    rest.push(group.stream().into_iter().peekable());
                    open.push((group, start));
                }
                TokenTree::Ident(ident) => {
                    self.push(
                        TokenKind::Name(ident.to_string()),
                        Piece::Leaf(TokenTree::from(ident.clone()).into(), ident.span()),
                    );
                }
                TokenTree::Literal(literal) => {
                    let span = literal.span();
                    self.push(literal_kind(&literal), Piece::Leaf(TokenTree::from(literal).into(), span));
                }
                TokenTree::Punct(first) => {
                    let (text, operator) = operator(first.clone(), trees);
                    self.push(operator_kind(text), Piece::Leaf(operator, first.span()));
                }
            }
        }
    }

    fn close(&mut self, group: Group, start: usize) {
        match delimiter(&group) {
            Some(delimiter) => {
                let end = self.push(TokenKind::Close(delimiter), Piece::Close(group.span_close()));
                self.pieces[start] = Piece::Open(group, end);
            }
            // A variable that matched nothing expands to an empty group.
            None if self.flat.len() == start => {}
            // Of several groups that start here, the outermost closes last, so a search from the back finds it first.
            None => self.invisible.push((start, self.flat.len(), group)),
        }
    }
}

/// Takes the characters after `first` that belong to the same operator. Returns its text and its tokens.
fn operator(first: Punct, rest: &mut Peekable<token_stream::IntoIter>) -> (String, TokenStream) {
    let mut text = String::from(first.as_char());
    let mut tokens = TokenStream::from(TokenTree::from(first.clone()));
    let mut last = first;
    while let Some(TokenTree::Punct(next)) = rest.peek() {
        if last.spacing() != Spacing::Joint || !joins(&text, next.as_char()) {
            break;
        }
        text.push(next.as_char());
        last = next.clone();
        tokens.extend([TokenTree::from(last.clone())]);
        rest.next();
    }
    (text, tokens)
}

fn point(span: Span) -> TokenTree {
    let mut point = Punct::new('.', Spacing::Alone);
    point.set_span(span);
    point.into()
}

fn delimiter(group: &Group) -> Option<policy::Delimiter> {
    match group.delimiter() {
        Delimiter::Parenthesis => Some(policy::Delimiter::Parenthesis),
        Delimiter::Bracket => Some(policy::Delimiter::Bracket),
        Delimiter::Brace => Some(policy::Delimiter::Brace),
        Delimiter::None => None,
    }
}

fn literal_kind(literal: &Literal) -> TokenKind {
    let text = literal.to_string();
    if text.starts_with(|first: char| first.is_ascii_digit()) { TokenKind::Number(text) } else { TokenKind::Text }
}

/// Returns `true` if Rust reads `text` and `next` as one operator. Other neighbours, as in `!!All()`, are separate.
fn joins(text: &str, next: char) -> bool {
    matches!(
        (text, next),
        ("&", '&')
            | ("|", '|')
            | (":", ':')
            | ("=", '=' | '>')
            | ("!" | "<" | ">" | "&" | "|", '=')
            | ("-", '>')
            | ("." | "..", '.' | '=')
    )
}

fn operator_kind(text: String) -> TokenKind {
    match text.as_str() {
        "," => TokenKind::Comma,
        "=" => TokenKind::Equals,
        "&" => TokenKind::And,
        "|" => TokenKind::Or,
        "!" => TokenKind::Not,
        _ => TokenKind::Other(text),
    }
}
