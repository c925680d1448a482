//! One part of a policy: read and checked by the policy language, then lowered to calls of the runtime's constructors.

use fluxgate_policy::{self as language, Component, Expr, Kind, RustText, Value};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Pat, Token, Type};

use crate::errors::Errors;
use crate::tokens::Tokens;

/// A checked part of a policy, with what its errors and its Rust are taken from.
pub(crate) struct Part {
    pub(crate) key: Ident,
    pub(crate) expr: Expr<Component>,
    source: Source,
}

/// Where an argument's value was written.
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

    /// An error of the policy language at its place: the tokens themselves, or the literal with a caret in the message.
    pub(crate) fn error(&self, key: &Ident, error: &language::Error) -> syn::Error {
        match self {
            Self::Tokens(tokens) => match tokens.place(error.span()) {
                Some(place) => syn::Error::new_spanned(place, error),
                None => syn::Error::new_spanned(key, error),
            },
            Self::Text(text) => syn::Error::new_spanned(text, error.with_caret(&text.value())),
        }
    }

    /// The tokens of Rust that stands in the policy. From a string they all carry the span of the literal.
    fn rust<T>(&self, rust: &RustText, parser: impl Parser<Output = T>) -> syn::Result<T> {
        match self {
            Self::Tokens(tokens) => parser.parse2(tokens.rust(rust.span)),
            Self::Text(text) => {
                let inner = LitStr::new(&rust.text, text.span());
                inner
                    .parse_with(parser)
                    .map_err(|error| syn::Error::new_spanned(text, format!("`{}`: {error}", rust.text)))
            }
        }
    }
}

impl Part {
    /// Reads and checks the value of `key`; the mistakes in it are noted.
    pub(crate) fn parse(kind: Kind, key: Ident, value: TokenStream, errors: &mut Errors) -> Option<Self> {
        let source = Source::new(value);
        let read = match &source {
            Source::Tokens(tokens) => {
                language::parse_tokens(kind, tokens.flat(), &|range| tokens.rust(range).to_string())
            }
            Source::Text(text) => language::parse(kind, &text.value()),
        };
        let part = match read {
            Ok(expr) => Self { key, expr, source },
            Err(mistakes) => {
                for mistake in mistakes {
                    errors.push(source.error(&key, &mistake));
                }
                return None;
            }
        };
        part.check_rust(errors).then_some(part)
    }

    /// Whether the Rust in it is of the sort that its component takes.
    fn check_rust(&self, errors: &mut Errors) -> bool {
        let mut fine = true;
        for leaf in self.expr.leaves() {
            fine &= errors.note(self.rust_of(leaf)).is_some();
        }
        fine
    }

    pub(crate) fn error(&self, error: &language::Error) -> syn::Error {
        self.source.error(&self.key, error)
    }

    /// The component of a part that does not compose.
    pub(crate) fn component(&self) -> Option<&Component> {
        self.expr.leaves().next()
    }

    /// Where a component was written, for the constructor that it becomes.
    fn span(&self, component: &Component) -> Span {
        let span = match &self.source {
            Source::Tokens(tokens) => {
                tokens.place(component.span()).and_then(|place| place.into_iter().next()).map(|tree| tree.span())
            }
            Source::Text(text) => Some(text.span()),
        };
        Span::mixed_site().located_at(span.unwrap_or_else(|| self.key.span()))
    }

    fn rust_of(&self, component: &Component) -> syn::Result<Rust> {
        let Some(Value::Rust(rust)) = component.values().next().map(|(_, value)| value) else { return Ok(Rust::None) };
        match component.name() {
            "TypeOf" => {
                let types = self.source.rust(rust, Punctuated::<Type, Token![,]>::parse_terminated)?;
                Ok(Rust::Types(types.into_iter().collect()))
            }
            "Matches" => {
                let parser = |input: syn::parse::ParseStream<'_>| {
                    let pattern = Pat::parse_multi_with_leading_vert(input)?;
                    let guard = if input.peek(Token![if]) {
                        Some((input.parse::<Token![if]>()?, input.parse::<syn::Expr>()?))
                    } else {
                        None
                    };
                    let _: Option<Token![,]> = input.parse()?;
                    Ok(match guard {
                        Some((keyword, guard)) => quote!(#pattern #keyword #guard),
                        None => quote!(#pattern),
                    })
                };
                self.source.rust(rust, parser).map(Rust::Pattern)
            }
            _ => self
                .source
                .rust(rust, <syn::Expr as syn::parse::Parse>::parse)
                .map(|function| Rust::Function(quote!(#function))),
        }
    }

    /// Whether some leaf holds a predicate of the user's, `Custom` or `Matches`.
    pub(crate) fn has_predicate(&self) -> bool {
        self.expr.leaves().any(|leaf| matches!(self.rust_of(leaf), Ok(Rust::Function(_) | Rust::Pattern(_))))
    }

    /// All Rust tokens in it.
    pub(crate) fn rust_tokens(&self) -> impl Iterator<Item = TokenStream> {
        self.expr.leaves().filter_map(|leaf| match self.rust_of(leaf) {
            Ok(Rust::Function(tokens) | Rust::Pattern(tokens)) => Some(tokens),
            Ok(Rust::Types(types)) => Some(quote!(#(#types)*)),
            Ok(Rust::None) | Err(_) => None,
        })
    }

    /// The part as an expression of the runtime's type for it, to be given to a builder.
    pub(crate) fn construct(&self, krate: &TokenStream) -> TokenStream {
        lower(&self.expr, &Operators { not: quote!(!), and: quote!(&), or: quote!(|) }, &|leaf| {
            self.construct_leaf(krate, leaf)
        })
    }

    /// A tracker as a condition on `error`, a reference to an error whose type is known where it stands.
    pub(crate) fn condition(&self, krate: &TokenStream, error: &Ident) -> TokenStream {
        lower(&self.expr, &Operators { not: quote!(!), and: quote!(&&), or: quote!(||) }, &|leaf| {
            let span = self.span(leaf);
            match self.rust_of(leaf) {
                Ok(Rust::Function(function)) => quote_spanned!(span=> #krate::__private::holds(#error, #function)),
                Ok(Rust::Pattern(pattern)) => quote_spanned!(span=> ::core::matches!(#error, #pattern)),
                Ok(Rust::Types(types)) => {
                    let each = types.iter().map(|one| {
                        quote_spanned!(span=> #krate::__private::OfType::<#one>::NEW.is(#krate::__private::View::new(#error).view()))
                    });
                    quote_spanned!(span=> (#(#each)||*))
                }
                Ok(Rust::None) | Err(_) => quote_spanned!(span=> true),
            }
        })
    }

    fn construct_leaf(&self, krate: &TokenStream, component: &Component) -> TokenStream {
        let span = self.span(component);
        let module = Ident::new(module(component.kind()), Span::mixed_site());
        let name = Ident::new(component.name(), span);
        match self.rust_of(component) {
            Ok(Rust::Function(function)) => return quote_spanned!(span=> #krate::#module::#name(#function)),
            Ok(Rust::Pattern(pattern)) => {
                return quote_spanned!(span=> #krate::#module::Custom(|error| ::core::matches!(error, #pattern)));
            }
            Ok(Rust::Types(types)) => {
                let each =
                    types.iter().map(|one| quote_spanned!(span=> #krate::__private::OfType::<#one>::NEW.tracker()));
                let joined = quote_spanned!(span=> #(#each)|*);
                return if types.len() > 1 { quote_spanned!(span=> (#joined)) } else { joined };
            }
            Ok(Rust::None) | Err(_) => {}
        }
        let required =
            component.values().filter(|(parameter, _)| parameter.default.is_none()).map(|(_, value)| literal(value));
        let set = component
            .values()
            .filter(|(parameter, _)| parameter.default.is_some() && !component.is_default(parameter.name));
        let setters = set.map(|(parameter, value)| {
            let name = Ident::new(parameter.name, span);
            let value = literal(value);
            quote_spanned!(span=> .#name(#value))
        });
        quote_spanned!(span=> #krate::#module::#name(#(#required),*) #(#setters)*)
    }
}

/// The Rust of a component, parsed.
enum Rust {
    None,
    Function(TokenStream),
    Types(Vec<Type>),
    Pattern(TokenStream),
}

fn module(kind: Kind) -> &'static str {
    match kind {
        Kind::Window => "windows",
        Kind::Tracker => "trackers",
        Kind::Tripper => "trippers",
        Kind::Retry => "retries",
        Kind::Permit => "permits",
    }
}

fn literal(value: &Value) -> TokenStream {
    match value {
        Value::Count(count) => {
            let count = Literal::u64_unsuffixed(*count);
            quote!(#count)
        }
        Value::Number(number) => {
            let number = Literal::f64_unsuffixed(*number);
            quote!(#number)
        }
        Value::Duration(nanos) => duration(*nanos),
        // Components with Rust in them are lowered before their values are asked for.
        Value::Rust(_) => TokenStream::new(),
    }
}

/// A duration, exact, in the largest unit in which it is whole.
pub(crate) fn duration(nanos: u64) -> TokenStream {
    let units = [(1_000_000_000, "from_secs"), (1_000_000, "from_millis"), (1_000, "from_micros"), (1, "from_nanos")];
    let (unit, name) = units.into_iter().find(|(unit, _)| nanos % unit == 0).unwrap_or((1, "from_nanos"));
    let name = Ident::new(name, Span::mixed_site());
    let count = Literal::u64_unsuffixed(nanos / unit);
    quote_spanned!(Span::mixed_site()=> ::core::time::Duration::#name(#count))
}

struct Operators {
    not: TokenStream,
    and: TokenStream,
    or: TokenStream,
}

/// The expression in Rust, with the parentheses that it needs. The language limits how deep it nests.
fn lower(expr: &Expr<Component>, operators: &Operators, leaf: &dyn Fn(&Component) -> TokenStream) -> TokenStream {
    let inner = |operand: &Expr<Component>, parenthesised: bool| {
        let tokens = lower(operand, operators, leaf);
        if parenthesised { quote!((#tokens)) } else { tokens }
    };
    match expr {
        Expr::Leaf(component) => leaf(component),
        Expr::Not(operand) => {
            let not = &operators.not;
            let operand = inner(operand, matches!(**operand, Expr::And(_) | Expr::Or(_)));
            quote!(#not #operand)
        }
        Expr::And(operands) => {
            let operands = operands.iter().map(|operand| inner(operand, matches!(operand, Expr::Or(_))));
            join(operands, &operators.and)
        }
        Expr::Or(operands) => join(operands.iter().map(|operand| inner(operand, false)), &operators.or),
    }
}

fn join(operands: impl Iterator<Item = TokenStream>, operator: &TokenStream) -> TokenStream {
    let mut joined = TokenStream::new();
    for operand in operands {
        if !joined.is_empty() {
            joined.extend(operator.clone());
        }
        joined.extend(operand);
    }
    joined
}
