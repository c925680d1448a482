//! What the arguments mean together, and with the function they stand on.

use fluxgate_policy::{RETRY_AFTER_HAS_NO_EFFECT, check_policy, defaults};
use proc_macro2::Ident;
use quote::ToTokens;
use syn::{ReturnType, Type};

use crate::args::{Arguments, OF_A_SET};
use crate::block::Block;
use crate::declaration::Declaration;
use crate::errors::Errors;
use crate::item::Function;
use crate::mentions::first_identifier;
use crate::policy::Part;
use crate::shape::Shape;
use crate::types::ungrouped;

/// The arguments that are the function's and not its breaker's.
const OF_THE_FUNCTION: [&str; 5] = ["failed_if", "timeout", "fallback", "wrap_error", "crate"];

/// Checks that a whole policy can work: each part is fine by itself already.
pub(crate) fn policy(declaration: &Declaration<'_>, errors: &mut Errors) {
    let given = declaration.get(|arguments| arguments.retry_after.as_ref());
    if let Some(given) = given.filter(|_| !declaration.has_key("honour_retry_after")) {
        errors.at(&given.key, RETRY_AFTER_HAS_NO_EFFECT);
    }
    let window = declaration.get(|arguments| arguments.window.as_ref());
    let Some(tripper) = declaration.get(|arguments| arguments.tripper.as_ref()) else { return };
    if window.is_none() && declaration.has_key("window") {
        // There is one, with a mistake that has been told of. Nothing can be said of the two together.
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
            errors.at(name, "`name` has no place in `default`: each breaker has its own; write it in the breaker");
        }
        of_the_function(default, true, errors);
        of_a_set(default, errors);
        of_the_block(default, errors);
    }
    for (index, entry) in block.entries.iter().enumerate() {
        if block.entries[..index].iter().any(|earlier| earlier.collides_with(entry)) {
            errors.at(&entry.name, format!("`{}` is declared twice; rename or remove one", entry.name));
        }
        of_the_function(&entry.arguments, false, errors);
        of_a_set(&entry.arguments, errors);
        for key in entry.set.iter().flat_map(|set| &set.keys).filter(|key| !is_of_a_set(key)) {
            errors.at(key, format!("`{key}` belongs to the breakers; write it in the braces behind these brackets"));
        }
        of_the_block(&entry.arguments, errors);
        policy(&Declaration::in_block(entry, block), errors);
    }
}

/// Checks the arguments of the attribute against each other and against the function.
pub(crate) fn attribute(arguments: &Arguments, function: &Function, errors: &mut Errors) {
    if let Some(breaker) = &arguments.breaker {
        let breaker = breaker.to_token_stream().to_string().replace(' ', "");
        for key in arguments.keys.iter().filter(|key| !OF_THE_FUNCTION.contains(&key.to_string().as_str())) {
            if key == "key" {
                let message = format!(
                    "`key` makes a set of the function's own; for one that is declared write `{breaker}.get(…)` alone"
                );
                errors.at(key, message);
                continue;
            }
            errors.at(
                key,
                format!(
                    "`{key}` belongs to the breaker; write it where `{breaker}` is declared, or leave out `{breaker}`"
                ),
            );
        }
    }
    if arguments.breaker.is_none() && !arguments.keys.iter().any(|key| key == "key") {
        for key in arguments.keys.iter().filter(|key| is_of_a_set(key)) {
            errors.at(
                key,
                format!("`{key}` is for a breaker for each key; write `key = …` besides, such as `key = host`"),
            );
        }
    }
    if let (Some(fallback), Some(wrap_error)) = (&arguments.fallback, &arguments.wrap_error) {
        let later = if arguments.keys.iter().position(|key| key == "fallback")
            < arguments.keys.iter().position(|key| key == "wrap_error")
        {
            &wrap_error.key
        } else {
            &fallback.key
        };
        errors.at(later, "`fallback` leaves no error that `wrap_error` could wrap; write one of the two");
    }
    if let Some(timeout) = arguments.timeout.as_ref().filter(|_| matches!(function.shape(), Shape::Sync)) {
        let message = "`timeout` can only drop an async call; make the function `async`, or give its client a time-out";
        errors.at(&timeout.key, message);
    }
    if matches!(&function.signature.output, ReturnType::Type(_, returned) if matches!(ungrouped(returned), Type::Never(_)))
        && arguments.fallback.is_none()
        && !arguments.keys.iter().any(|key| key == "fallback")
    {
        let message =
            "a function that returns `!` can't return a rejection; give it a `fallback`, or let it return a `Result`";
        errors.at(&function.signature.output, message);
    }
    fallback_of_self(arguments, function, errors);
    shared(arguments, &["Self", "self"], errors);
    let generics = function.generic_names();
    shared(arguments, &generics.iter().map(String::as_str).collect::<Vec<_>>(), errors);
}

/// What the body returns of a `&mut self` is borrowed for as long as the caller keeps it.
fn fallback_of_self(arguments: &Arguments, function: &Function, errors: &mut Errors) {
    let Some(fallback) = &arguments.fallback else { return };
    let Some(used) = first_identifier(fallback.value.to_token_stream(), &["self"]) else { return };
    if function.borrows_from_self() {
        errors.at(
            used,
            "the result borrows from `self`, so a `fallback` can't use `self` after the body; return what is owned, or match on the error where the function is called",
        );
    }
}

fn of_the_function(arguments: &Arguments, is_default: bool, errors: &mut Errors) {
    for key in arguments.keys.iter().filter(|key| OF_THE_FUNCTION.contains(&key.to_string().as_str())) {
        if key != "crate" {
            errors.at(key, format!("`{key}` belongs to a guarded function; write it in its `#[circuit_breaker(…)]`"));
        } else if !is_default {
            errors.at(key, "`crate` is said once for all breakers of the block; write it in `default { … }`");
        }
    }
}

/// The settings of a set have a place of their own in `breakers!`.
fn of_a_set(arguments: &Arguments, errors: &mut Errors) {
    for key in arguments.keys.iter().filter(|key| is_of_a_set(key)) {
        errors.at(
            key,
            format!("`{key}` belongs to a set of breakers; write it in brackets before the braces, as in `PER_HOST[max = 10_000] {{ … }}`"),
        );
    }
}

fn is_of_a_set(key: &Ident) -> bool {
    OF_A_SET.iter().any(|name| key == name)
}

/// A breaker of `breakers!` belongs to no type.
fn of_the_block(arguments: &Arguments, errors: &mut Errors) {
    let parts = arguments.tracker.iter().chain(&arguments.tripper).flat_map(Part::rust_tokens);
    let evaluated = arguments.evaluated_at_build().map(ToTokens::to_token_stream);
    for name in parts.chain(evaluated).filter_map(|tokens| first_identifier(tokens, &["Self"])) {
        errors.at(name, "`Self` has no meaning in `breakers!`; write the type's own name");
    }
}

/// What one static breaker is made of can't depend on the type or the generics of the function that it stands in.
///
/// A tracker of the attribute may: it is compiled into the function.
fn shared(arguments: &Arguments, names: &[&str], errors: &mut Errors) {
    let parts = arguments.tripper.iter().flat_map(Part::rust_tokens);
    for tokens in parts.chain(arguments.evaluated_at_build().map(ToTokens::to_token_stream)) {
        if let Some(name) = first_identifier(tokens, names) {
            let message = format!(
                "`{name}` can't be named here: one breaker is shared by all instances of the function; name a type or function of its own"
            );
            errors.at(name, message);
        }
    }
}
