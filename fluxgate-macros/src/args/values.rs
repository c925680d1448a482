//! Parsing the values of arguments other than the parts of a policy.

use fluxgate_policy::{Setting, SettingValue, parse_setting, parse_setting_tokens};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Lit, Token, Type};

use super::keys::{at_key, example};
use super::{Given, Place};
use crate::policy::Source;

/// Parses a value. After an error the input has not advanced, so that the rest of the argument can be skipped.
pub(super) fn parse_or_stay<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    use syn::parse::discouraged::Speculative;

    let ahead = input.fork();
    let parsed = ahead.parse()?;
    input.advance_to(&ahead);
    Ok(parsed)
}

pub(super) fn skip_to_comma(input: ParseStream<'_>) {
    until_comma(input);
}

/// Takes the tokens up to the next comma outside brackets, or up to a missing comma.
pub(super) fn until_comma(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) && !at_key(input) {
        match input.parse::<TokenTree>() {
            Ok(tree) => tokens.extend([tree]),
            Err(_) => break,
        }
    }
    tokens
}

pub(super) fn setting(
    setting: Setting,
    key: Ident,
    input: ParseStream<'_>,
) -> syn::Result<Option<Given<SettingValue>>> {
    let source = Source::new(until_comma(input));
    let read = match &source {
        Source::Tokens(tokens) => parse_setting_tokens(setting, tokens.flat()),
        Source::Text(text) => parse_setting(setting, &text.value()),
    };
    match read {
        Ok(value) => Ok(Some(Given { key, value })),
        Err(error) => Err(source.error(&key, &error)),
    }
}

/// Parses a string, or a constant or macro whose type rustc checks.
pub(super) fn name(input: ParseStream<'_>) -> syn::Result<Expr> {
    let expected = "`name` is a string; write `name = \"payment_api\"`";
    let value: Expr = parse_or_stay(input).map_err(|error| syn::Error::new(error.span(), expected))?;
    match ungrouped(&value) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(name) if name.value().trim().is_empty() => {
                Err(syn::Error::new_spanned(name, fluxgate_policy::EMPTY_NAME))
            }
            Lit::Str(_) => Ok(value),
            _ => Err(syn::Error::new_spanned(literal, expected)),
        },
        Expr::Path(_) | Expr::Macro(_) => Ok(value),
        other => Err(syn::Error::new_spanned(other, expected)),
    }
}

pub(super) fn listeners(input: ParseStream<'_>) -> syn::Result<Vec<Expr>> {
    let expected = "`listeners` is a list; write `listeners = [LogListener]`";
    let is_list = input.peek(syn::token::Bracket);
    let value: Expr =
        parse_or_stay(input).map_err(|error| if is_list { error } else { syn::Error::new(error.span(), expected) })?;
    match ungrouped(&value) {
        Expr::Array(array) => Ok(array.elems.iter().cloned().collect()),
        other => Err(syn::Error::new_spanned(other, expected)),
    }
}

/// Parses the key type of a declared set.
pub(super) fn key_type(input: ParseStream<'_>) -> syn::Result<Type> {
    parse_or_stay(input)
        .map_err(|error| syn::Error::new(error.span(), "`key` is the type of the set's keys; write `key = u64`"))
}

/// Parses a path, a closure or another expression that evaluates to a function.
pub(super) fn function(key: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    let expected = format!("`{key}` is a path or a closure; write `{}`", example(key, Place::Attribute));
    let value: Expr = parse_or_stay(input)?;
    match ungrouped(&value) {
        Expr::Lit(literal) => Err(syn::Error::new_spanned(literal, expected)),
        Expr::Closure(closure) if closure.inputs.len() != 1 => {
            let place = if closure.inputs.is_empty() {
                closure.or1_token.to_token_stream()
            } else {
                closure.inputs.to_token_stream()
            };
            Err(syn::Error::new_spanned(
                place,
                format!("`{key}` takes one argument; write `{}`", example(key, Place::Attribute)),
            ))
        }
        _ => Ok(value),
    }
}

/// Returns the expression without the invisible group of a `macro_rules!` variable.
pub(crate) fn ungrouped(mut expr: &Expr) -> &Expr {
    while let Expr::Group(group) = expr {
        expr = &group.expr;
    }
    expr
}
