//! Rust tokens as tokens of the policy language, remembering where each came from.

use fluxgate_policy::{self as policy, Token, TokenKind};
use proc_macro2::{Delimiter, Group, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// The tokens of one argument: once flat for the policy language, once as they were for spans and for Rust in them.
pub(crate) struct Tokens {
    flat: Vec<Token>,
    pieces: Vec<Piece>,
    /// Groups without delimiters, as a `macro_rules!` variable leaves them: the policy language does not see them, but
    /// Rust in them must stay together.
    invisible: Vec<(usize, usize, Group)>,
}

/// The Rust side of the token with the same index.
enum Piece {
    /// The trees it was made of: one, or the characters of an operator.
    Leaf(TokenStream, Span),
    /// An opening bracket, with its group and the index of its closing one.
    Open(Group, usize),
    Close(Span),
}

impl Tokens {
    pub(crate) fn new(stream: TokenStream) -> Self {
        let mut tokens = Self { flat: Vec::new(), pieces: Vec::new(), invisible: Vec::new() };
        tokens.flatten(stream);
        tokens
    }

    /// The tokens for the policy language; the span of each is its index.
    pub(crate) fn flat(&self) -> &[Token] {
        &self.flat
    }

    /// The one string literal that these tokens are, if they are.
    pub(crate) fn as_string(&self) -> Option<syn::LitStr> {
        match self.pieces.as_slice() {
            [Piece::Leaf(tree, _)] => syn::parse2(tree.clone()).ok(),
            _ => None,
        }
    }

    /// The Rust tokens of a range, as they were written.
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

    /// Two tokens that span a range, for an error to point at. An empty range, as after the end of the input, points
    /// at what comes before it.
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

    /// Walks nested groups with a stack of its own: their depth is the user's.
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
                    let span = first.span();
                    let mut text = String::from(first.as_char());
                    let mut operator = TokenStream::from(TokenTree::from(first.clone()));
                    let mut last = first;
                    while let Some(TokenTree::Punct(next)) = trees.peek() {
                        if last.spacing() != Spacing::Joint || !joins(&text, next.as_char()) {
                            break;
                        }
                        text.push(next.as_char());
                        last = next.clone();
                        operator.extend([TokenTree::from(last.clone())]);
                        trees.next();
                    }
                    self.push(operator_kind(text), Piece::Leaf(operator, span));
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
            // An empty one, which a variable that matched nothing leaves, keeps nothing together.
            None if self.flat.len() == start => {}
            // The outermost of several that start here ends last, and is found first from the back.
            None => self.invisible.push((start, self.flat.len(), group)),
        }
    }
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

/// Whether Rust reads `next` as part of an operator of several characters that begins with `text`. Other neighbours,
/// as in `!!All()` or `|!`, are operators of their own.
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
