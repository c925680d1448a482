//! Translation of a checked part of a policy into calls of the runtime's constructors, or into a condition on an error.

use fluxgate_policy::{Component, Expr, Kind, Value};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;

use crate::policy::{Part, Rust};

impl Part {
    /// Returns an expression that constructs the part, for an argument of a builder.
    pub(crate) fn construct(&self, krate: &TokenStream) -> TokenStream {
        lower(&self.expr, &Operators { not: quote!(!), and: quote!(&), or: quote!(|) }, &|leaf| {
            self.construct_leaf(krate, leaf)
        })
    }

    /// Returns a tracker as a condition on `error`, a reference to an error whose type is known in that place.
    pub(crate) fn condition(&self, krate: &TokenStream, error: &Ident) -> TokenStream {
        lower(&self.expr, &Operators { not: quote!(!), and: quote!(&&), or: quote!(||) }, &|leaf| {
            let span = self.span(leaf);
            match self.rust_of(leaf) {
                Ok(Rust::Function(function)) => quote_spanned!(span=> #krate::__private::holds(#error, #function)),
                Ok(Rust::Pattern(pattern)) => quote_spanned!(span=> ::core::matches!(#error, #pattern)),
                Ok(Rust::Types(types)) => {
                    let each = types.iter().map(|ty| {
                        quote_spanned!(span=> #krate::__private::OfType::<#ty>::NEW.is(#krate::__private::View::new(#error).view()))
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
                    types.iter().map(|ty| quote_spanned!(span=> #krate::__private::OfType::<#ty>::NEW.tracker()));
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
        // A component with options has a constructor, and the others are tuple structs or functions.
        let has_options = component.values().any(|(parameter, _)| parameter.default.is_some());
        let new = has_options.then(|| quote_spanned!(span=> ::new));
        quote_spanned!(span=> #krate::#module::#name #new (#(#required),*) #(#setters)*)
    }
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
        // A component with Rust has been translated before its values are read.
        Value::Rust(_) => TokenStream::new(),
    }
}

/// Returns an expression for a duration, in the largest unit in which it is whole.
pub(crate) fn duration(nanos: u64) -> TokenStream {
    let units = [(1_000_000_000, "from_secs"), (1_000_000, "from_millis"), (1_000, "from_micros"), (1, "from_nanos")];
    let (unit, name) = units.into_iter().find(|(unit, _)| nanos % *unit == 0).unwrap_or((1, "from_nanos"));
    let name = Ident::new(name, Span::mixed_site());
    let count = Literal::u64_unsuffixed(nanos / unit);
    quote_spanned!(Span::mixed_site()=> ::core::time::Duration::#name(#count))
}

struct Operators {
    not: TokenStream,
    and: TokenStream,
    or: TokenStream,
}

/// Translates an expression, with the parentheses that Rust needs. The recursion is bounded by the policy language.
fn lower(expr: &Expr<Component>, operators: &Operators, leaf: &dyn Fn(&Component) -> TokenStream) -> TokenStream {
    let inner = |operand: &Expr<Component>, in_parentheses: bool| {
        let tokens = lower(operand, operators, leaf);
        if in_parentheses { quote!((#tokens)) } else { tokens }
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
