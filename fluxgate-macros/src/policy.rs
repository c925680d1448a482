//! One part of a policy: parsed and checked by the policy language, with the Rust in it.

use fluxgate_policy::{self as language, Component, Expr, Kind, Quantity, RustText, Value};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Pat, Token, Type};

use crate::errors::Errors;
use crate::tokens::Tokens;

/// A checked part of a policy, with its source for errors and for Rust.
pub(crate) struct Part {
    pub(crate) key: Ident,
    pub(crate) expr: Expr<Component>,
    source: Source,
}

/// The source of an argument's value.
pub(crate) enum Source {
    Tokens(Tokens),
    Text(LitStr),
}

impl Source {
    pub(crate) fn new(value: TokenStream) -> Self {
        let tokens = Tokens::new(value);
        match tokens.as_string() {
            Some(text) => Self::Text(text),
            None => Self::Tokens(tokens),
        }
    }

    /// Converts an error of the policy language: it points at the tokens, or at the string, with carets in the message.
    pub(crate) fn error(&self, key: &Ident, error: &language::Error) -> syn::Error {
        match self {
            Self::Tokens(tokens) => match tokens.place(error.span()) {
                Some(place) => syn::Error::new_spanned(place, error),
                None => syn::Error::new_spanned(key, error),
            },
            Self::Text(text) => syn::Error::new_spanned(text, error.with_caret(&text.value())),
        }
    }

    /// Parses the Rust in a component. In a string, all tokens have the span of the literal.
    fn rust<T>(&self, component: &Component, rust: &RustText, parser: impl Parser<Output = T>) -> syn::Result<T> {
        match self {
            Self::Tokens(tokens) => parser
                .parse2(tokens.rust(rust.span))
                .map_err(|error| syn::Error::new(error.span(), invalid_rust(component, &error))),
            Self::Text(text) => LitStr::new(&rust.text, text.span()).parse_with(parser).map_err(|error| {
                let error = language::Error::in_rust(rust.span, invalid_rust(component, &error));
                syn::Error::new_spanned(text, error.with_caret(&text.value()))
            }),
        }
    }
}

/// Returns the message for invalid Rust in a component.
fn invalid_rust(component: &Component, error: &syn::Error) -> String {
    let noun = match component.spec().rust_parameter().map(|parameter| parameter.quantity) {
        Some(Quantity::Rust { noun }) => noun,
        _ => "Rust",
    };
    let reason = match error.to_string() {
        // These messages of syn say nothing specific.
        reason if reason == "unexpected token" || reason.len() > 60 => format!("this is not part of {noun}"),
        reason => reason,
    };
    format!("{}: {reason}; write {noun}, such as {}", component.name(), component.spec().example)
}

impl Part {
    /// Parses and checks the value of `key`, and adds the mistakes in it to `errors`.
    pub(crate) fn parse(kind: Kind, key: Ident, value: TokenStream, errors: &mut Errors) -> Option<Self> {
        let source = Source::new(value);
        let parsed = match &source {
            Source::Tokens(tokens) => {
                language::parse_tokens(kind, tokens.flat(), &|range| tokens.rust(range).to_string())
            }
            Source::Text(text) => language::parse(kind, &text.value()),
        };
        let part = match parsed {
            Ok(expr) => Self { key, expr, source },
            Err(mistakes) => {
                for mistake in mistakes {
                    errors.push(source.error(&key, &mistake));
                }
                return None;
            }
        };
        part.is_rust_valid(errors).then_some(part)
    }

    /// Returns `true` if the Rust in every component can be parsed.
    fn is_rust_valid(&self, errors: &mut Errors) -> bool {
        let mut is_valid = true;
        for leaf in self.expr.leaves() {
            is_valid &= errors.ok(self.rust_of(leaf)).is_some();
        }
        is_valid
    }

    pub(crate) fn error(&self, error: &language::Error) -> syn::Error {
        self.source.error(&self.key, error)
    }

    /// Returns the component of a window, retry or permit.
    pub(crate) fn component(&self) -> Option<&Component> {
        self.expr.leaves().next()
    }

    /// Returns the span of a component, for the constructor call that it becomes.
    pub(crate) fn span(&self, component: &Component) -> Span {
        let span = match &self.source {
            Source::Tokens(tokens) => {
                tokens.place(component.span()).and_then(|place| place.into_iter().next()).map(|tree| tree.span())
            }
            Source::Text(text) => Some(text.span()),
        };
        Span::mixed_site().located_at(span.unwrap_or_else(|| self.key.span()))
    }

    pub(crate) fn rust_of(&self, component: &Component) -> syn::Result<Rust> {
        let Some(Value::Rust(rust)) = component.values().next().map(|(_, value)| value) else { return Ok(Rust::None) };
        match component.name() {
            "TypeOf" => {
                let types = self.source.rust(component, rust, Punctuated::<Type, Token![,]>::parse_terminated)?;
                Ok(Rust::Types(types.into_iter().collect()))
            }
            "Matches" => self.source.rust(component, rust, pattern).map(Rust::Pattern),
            _ => self.source.rust(component, rust, syn::Expr::parse).map(|function| Rust::Function(quote!(#function))),
        }
    }

    /// Returns `true` if the part contains `Custom` or `Matches`.
    pub(crate) fn has_predicate(&self) -> bool {
        self.expr.leaves().any(|leaf| matches!(self.rust_of(leaf), Ok(Rust::Function(_) | Rust::Pattern(_))))
    }

    /// Returns the Rust in each component.
    pub(crate) fn rust_tokens(&self) -> impl Iterator<Item = TokenStream> {
        self.expr.leaves().filter_map(|leaf| match self.rust_of(leaf) {
            Ok(Rust::Function(tokens) | Rust::Pattern(tokens)) => Some(tokens),
            Ok(Rust::Types(types)) => Some(quote!(#(#types)*)),
            Ok(Rust::None) | Err(_) => None,
        })
    }
}

/// Parses `pattern if guard`, with an optional guard and trailing comma.
fn pattern(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    let guard =
        if input.peek(Token![if]) { Some((input.parse::<Token![if]>()?, input.parse::<syn::Expr>()?)) } else { None };
    let _: Option<Token![,]> = input.parse()?;
    Ok(guard.map_or_else(|| quote!(#pattern), |(keyword, guard)| quote!(#pattern #keyword #guard)))
}

/// The parsed Rust of a component.
pub(crate) enum Rust {
    None,
    Function(TokenStream),
    Types(Vec<Type>),
    Pattern(TokenStream),
}
