//! Checks of the arguments against each other and against the function.

use fluxgate_policy::{RETRY_AFTER_HAS_NO_EFFECT, check_policy, defaults};
use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Expr, ReturnType, Type};

use crate::args::{Arguments, FUNCTION_KEYS, SET_KEYS};
use crate::block::Block;
use crate::declaration::Declaration;
use crate::errors::Errors;
use crate::item::Function;
use crate::mentions::first_identifier;
use crate::policy::Part;
use crate::shape::Shape;
use crate::types::ungrouped;

/// Checks a whole policy. Each part of it has already been checked by itself.
pub(crate) fn policy(declaration: &Declaration<'_>, errors: &mut Errors) {
    let retry_after = declaration.get(|arguments| arguments.retry_after.as_ref());
    if let Some(given) = retry_after.filter(|_| !declaration.has_key("honour_retry_after")) {
        errors.at(&given.key, RETRY_AFTER_HAS_NO_EFFECT);
    }
    let window = declaration.get(|arguments| arguments.window.as_ref());
    let Some(tripper) = declaration.get(|arguments| arguments.tripper.as_ref()) else { return };
    if window.is_none() && declaration.has_key("window") {
        // A mistake in the window has been reported, so the tripper can't be checked against it.
        return;
    }
    let default = defaults::window();
    let window = window.and_then(Part::component).unwrap_or(&default);
    for mistake in check_policy(window, &tripper.expr, |leaf| Some(leaf)) {
        errors.push(tripper.error(&mistake));
    }
}

/// Checks the entries of `breakers!`.
pub(crate) fn block(block: &Block, errors: &mut Errors) {
    if let Some(default) = &block.default {
        if let Some(name) = default.keys.iter().find(|key| *key == "name") {
            errors.at(
                name,
                "`name` can't be set in `default`, because each breaker has its own; write it in the breaker",
            );
        }
        entry_arguments(default, true, errors);
    }
    for (index, entry) in block.entries.iter().enumerate() {
        if block.entries[..index].iter().any(|earlier| earlier.collides_with(entry)) {
            errors.at(&entry.name, format!("`{}` is declared twice; rename or remove one", entry.name));
        }
        entry_arguments(&entry.arguments, false, errors);
        for key in entry.set.iter().flat_map(|set| &set.keys).filter(|key| !is_set_key(key)) {
            errors.at(key, format!("`{key}` belongs to the breakers; write it in the braces after these brackets"));
        }
        policy(&Declaration::in_block(entry, block), errors);
    }
}

/// Checks that the arguments between the braces of an entry belong there.
fn entry_arguments(arguments: &Arguments, is_default: bool, errors: &mut Errors) {
    for key in arguments.keys.iter().filter(|key| is_function_key(key)) {
        if key != "crate" {
            errors.at(key, format!("`{key}` belongs to a guarded function; write it in its `#[circuit_breaker(…)]`"));
        } else if !is_default {
            errors.at(key, "`crate` applies to all breakers of the block; write it in `default { … }`");
        }
    }
    for key in arguments.keys.iter().filter(|key| is_set_key(key)) {
        let message = format!(
            "`{key}` belongs to a set of breakers; write it in brackets before the braces, such as `PER_HOST[max = 10_000] {{ … }}`"
        );
        errors.at(key, message);
    }
    let parts = arguments.tracker.iter().chain(&arguments.tripper).flat_map(Part::rust_tokens);
    let evaluated = arguments.evaluated_at_build().map(ToTokens::to_token_stream);
    for name in parts.chain(evaluated).filter_map(|tokens| first_identifier(tokens, &["Self"])) {
        errors.at(name, "`Self` can't be used in `breakers!`; write the name of the type");
    }
}

/// Checks the arguments of the attribute against each other and against the function.
pub(crate) fn attribute(arguments: &Arguments, function: &Function, errors: &mut Errors) {
    if let Some(breaker) = &arguments.breaker {
        keys_beside_breaker(arguments, breaker, errors);
    } else if !has_key(arguments, "key") {
        for key in arguments.keys.iter().filter(|key| is_set_key(key)) {
            errors.at(key, format!("`{key}` has no effect without `key`; add a key, such as `key = host`"));
        }
    }
    fallback_and_wrap_error(arguments, errors);
    if let Some(timeout) = arguments.timeout.as_ref().filter(|_| matches!(function.shape(), Shape::Sync)) {
        let message =
            "`timeout` can only drop an async call; make the function `async`, or set a timeout in its client";
        errors.at(&timeout.key, message);
    }
    if returns_never(function) && !has_key(arguments, "fallback") {
        let message = "a function that returns `!` can't return a rejection; add a `fallback`, or return a `Result`";
        errors.at(&function.signature.output, message);
    }
    fallback_of_borrowed_self(arguments, function, errors);
    shared_breaker(arguments, &["Self", "self"], errors);
    let generics = function.generic_names();
    shared_breaker(arguments, &generics.iter().map(String::as_str).collect::<Vec<_>>(), errors);
}

fn keys_beside_breaker(arguments: &Arguments, breaker: &Expr, errors: &mut Errors) {
    let breaker = breaker.to_token_stream().to_string().replace(' ', "");
    for key in arguments.keys.iter().filter(|key| !is_function_key(key)) {
        let message = if key == "key" {
            format!(
                "`key` creates a set for this function; to use a declared set, write `{breaker}.get(…)` without `key`"
            )
        } else {
            format!("`{key}` belongs to the breaker; write it where `{breaker}` is declared, or remove `{breaker}`")
        };
        errors.at(key, message);
    }
}

fn fallback_and_wrap_error(arguments: &Arguments, errors: &mut Errors) {
    let (Some(fallback), Some(wrap_error)) = (&arguments.fallback, &arguments.wrap_error) else { return };
    let position = |name: &str| arguments.keys.iter().position(|key| key == name);
    let later = if position("fallback") < position("wrap_error") { &wrap_error.key } else { &fallback.key };
    errors.at(later, "`fallback` leaves no error for `wrap_error` to wrap; write only one of the two");
}

fn returns_never(function: &Function) -> bool {
    match &function.signature.output {
        ReturnType::Type(_, returned) => matches!(ungrouped(returned), Type::Never(_)),
        ReturnType::Default => false,
    }
}

/// Reports a fallback that uses `self` while the result of the body still borrows from it.
fn fallback_of_borrowed_self(arguments: &Arguments, function: &Function, errors: &mut Errors) {
    let Some(fallback) = &arguments.fallback else { return };
    let Some(used) = first_identifier(fallback.value.to_token_stream(), &["self"]) else { return };
    if function.borrows_from_self() {
        errors.at(
            used,
            "the result borrows from `self`, so a `fallback` can't use `self` after the body; return owned data, or handle the error in the caller",
        );
    }
}

/// Reports names that depend on the type or the generics of the function, because one static breaker is shared by all of
/// its instances.
///
/// A tracker of the attribute may use them, because it is compiled into the function.
fn shared_breaker(arguments: &Arguments, names: &[&str], errors: &mut Errors) {
    let parts = arguments.tripper.iter().flat_map(Part::rust_tokens);
    for tokens in parts.chain(arguments.evaluated_at_build().map(ToTokens::to_token_stream)) {
        if let Some(name) = first_identifier(tokens, names) {
            let message = format!(
                "`{name}` can't be used here, because all instances of the function share one breaker; use a type or function outside it"
            );
            errors.at(name, message);
        }
    }
}

fn has_key(arguments: &Arguments, name: &str) -> bool {
    arguments.keys.iter().any(|key| key == name)
}

fn is_function_key(key: &Ident) -> bool {
    FUNCTION_KEYS.iter().any(|name| key == name)
}

fn is_set_key(key: &Ident) -> bool {
    SET_KEYS.iter().any(|name| key == name)
}
