//! The statics of breakers, which are registered when the program is linked.

use fluxgate_policy::SettingValue;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::guard::Guard;
use super::spans::located;
use crate::args::{Arguments, Given};
use crate::block::{Block, Entry};
use crate::declaration::Declaration;
use crate::{krate, lower};

/// Returns the closure that configures the builder, or `None` without arguments.
fn configure(declaration: &Declaration<'_>, krate: &TokenStream, with_tracker: bool) -> Option<TokenStream> {
    let span = Span::mixed_site();
    let mut calls = TokenStream::new();
    let parts = [
        declaration.get(|arguments| arguments.window.as_ref()),
        declaration.get(|arguments| arguments.tracker.as_ref()).filter(|_| with_tracker),
        declaration.get(|arguments| arguments.tripper.as_ref()),
        declaration.get(|arguments| arguments.retry.as_ref()),
        declaration.get(|arguments| arguments.permit.as_ref()),
    ];
    for part in parts.into_iter().flatten() {
        let method = Ident::new(&part.key.to_string(), span);
        let value = part.construct(krate);
        calls.extend(quote_spanned!(span=> .#method(#value)));
    }
    let settings = [
        declaration.get(|arguments| arguments.max_half_open_calls.as_ref()),
        declaration.get(|arguments| arguments.max_probe_time.as_ref()),
        declaration.get(|arguments| arguments.max_failed_probes.as_ref()),
        declaration.get(|arguments| arguments.cancelled.as_ref()),
        declaration.get(|arguments| arguments.honour_retry_after.as_ref()),
    ];
    for given in settings.into_iter().flatten() {
        let method = Ident::new(&given.key.to_string(), span);
        let value = setting(given, krate);
        calls.extend(quote_spanned!(span=> .#method(#value)));
    }
    if let Some(given) = declaration.get(|arguments| arguments.retry_after.as_ref()) {
        let value = &given.value;
        calls.extend(quote_spanned!(span.located_at(value.span())=> .retry_after(#value)));
    }
    if declaration.get(|arguments| arguments.shadow.as_ref()).is_some_and(|given| given.value) {
        calls.extend(quote_spanned!(span=> .shadow(true)));
    }
    for listener in declaration.get(|arguments| arguments.listeners.as_ref()).into_iter().flat_map(|given| &given.value)
    {
        let location = span.located_at(listener.span());
        calls.extend(quote_spanned!(location=> .listener(#listener)));
    }
    if let Some(given) = declaration.get(|arguments| arguments.clock.as_ref()) {
        let value = &given.value;
        calls.extend(quote_spanned!(span.located_at(value.span())=> .clock(#value)));
    }
    (!calls.is_empty()).then(|| quote_spanned!(span=> |builder| builder #calls))
}

/// Returns the value of a setting as an argument of the builder.
fn setting(given: &Given<SettingValue>, krate: &TokenStream) -> TokenStream {
    let span = Span::mixed_site();
    match given.value {
        SettingValue::Count(count) => {
            let count = Literal::u64_unsuffixed(count);
            quote!(#count)
        }
        SettingValue::Duration(nanos) => lower::duration(nanos),
        SettingValue::Word("off") => {
            let setting = match given.key.to_string().as_str() {
                "honour_retry_after" => quote_spanned!(span=> HonourRetryAfter),
                "max_failed_probes" => quote_spanned!(span=> MaxFailedProbes),
                _ => quote_spanned!(span=> MaxProbeTime),
            };
            quote_spanned!(span=> #krate::#setting::Off)
        }
        SettingValue::Word("failure") => quote_spanned!(span=> #krate::Cancelled::Failure),
        SettingValue::Word(_) => quote_spanned!(span=> #krate::Cancelled::Ignore),
    }
}

/// Returns an expression that declares and registers a static, and borrows it.
fn registered_static(krate: &TokenStream, name: &TokenStream, configure: Option<&TokenStream>) -> TokenStream {
    let configure = configure.map(|configure| quote_spanned!(Span::mixed_site()=> , #configure));
    quote_spanned!(Span::mixed_site()=> #krate::__private::breaker!(#name #configure))
}

/// Returns the arguments of `keyed!` and `keyed_set!` after the name: the settings of the set and the policy.
fn set_arguments(krate: &TokenStream, arguments: &Arguments, configure: Option<TokenStream>) -> TokenStream {
    let span = Span::mixed_site();
    let number = |given: &Option<Given<SettingValue>>| match given.as_ref().map(|given| given.value) {
        Some(SettingValue::Count(number) | SettingValue::Duration(number)) => {
            let number = Literal::u64_unsuffixed(number);
            quote_spanned!(span=> ::core::option::Option::Some(#number))
        }
        // The catalog allows no words for these settings.
        Some(SettingValue::Word(_)) | None => quote_spanned!(span=> ::core::option::Option::None),
    };
    let (max, idle) = (number(&arguments.max), number(&arguments.idle));
    let exported_keys = number(&arguments.exported_keys);
    let configure = configure.unwrap_or_else(|| quote_spanned!(span=> |builder: #krate::Builder| builder));
    quote_spanned!(span=> #max, #idle, #exported_keys, #configure)
}

/// Returns an expression for the breaker of a key, of a guarded function with one breaker per key.
pub(super) fn keyed_for(guard: &Guard<'_>, key: &Given<Expr>) -> TokenStream {
    let configure =
        configure(&Declaration::of_attribute(guard.arguments), &guard.krate, !guard.tracker_is_compiled_in());
    let (name, set, value) = (name_for(guard), set_arguments(&guard.krate, guard.arguments, configure), &key.value);
    // Errors about a missing feature point at the argument.
    let span = Span::mixed_site().located_at(key.key.span());
    let krate = located(&guard.krate, span);
    quote_spanned!(span=> #krate::__private::keyed!(#name, #set, #value))
}

/// Returns an expression that borrows the breaker of a guarded function. All instances of a generic function share it.
pub(super) fn declare_for(guard: &Guard<'_>) -> TokenStream {
    let krate = &guard.krate;
    let configure = configure(&Declaration::of_attribute(guard.arguments), krate, !guard.tracker_is_compiled_in());
    registered_static(krate, &name_for(guard), configure.as_ref())
}

fn name_for(guard: &Guard<'_>) -> TokenStream {
    if let Some(given) = &guard.arguments.name {
        return given.value.to_token_stream();
    }
    let name = guard.function.signature.ident.unraw().to_string();
    quote_spanned!(Span::mixed_site()=> fn #name)
}

/// Returns the statics of `breakers!`.
pub(super) fn declare_all(block: &Block) -> TokenStream {
    let given = block.default.as_ref().and_then(|default| default.krate.as_ref());
    let krate = krate::path(given.map(|given| &given.value));
    let is_first =
        |index: usize| !block.entries[..index].iter().any(|entry| entry.collides_with(&block.entries[index]));
    let entries = block.entries.iter().enumerate().filter(|(index, _)| is_first(*index));
    entries.map(|(_, entry)| declare(entry, Declaration::in_block(entry, block), &krate)).collect()
}

fn declare(entry: &Entry, declaration: Declaration<'_>, krate: &TokenStream) -> TokenStream {
    let span = Span::mixed_site();
    let Entry { attributes, visibility, name, arguments, .. } = entry;
    let breaker_name = match &arguments.name {
        Some(given) => given.value.to_token_stream(),
        None => name.unraw().to_string().to_lowercase().into_token_stream(),
    };
    let configure = configure(&declaration, krate, true);
    let (ty, breaker) = if let Some(settings) = &entry.set {
        let key = settings.key_type.as_ref().map(|given| given.value.to_token_stream());
        let key = key.unwrap_or_else(|| quote_spanned!(span=> ::std::string::String));
        let set = set_arguments(krate, settings, configure);
        // Errors about a missing feature point at the name.
        let span = span.located_at(name.span());
        let krate = located(krate, span);
        let ty = quote_spanned!(span=> #krate::__private::keyed_type!(#key));
        (ty, quote_spanned!(span=> #krate::__private::keyed_set!(#breaker_name, #set)))
    } else {
        let registered = registered_static(krate, &breaker_name, configure.as_ref());
        let breaker = quote_spanned!(span=> #krate::DeclaredBreaker::new(#registered));
        (quote_spanned!(span=> #krate::DeclaredBreaker), breaker)
    };
    // With the user's span, because rustc does not warn about unused or undocumented statics in generated code.
    let (keyword, end) = (quote_spanned!(name.span()=> static), quote_spanned!(name.span()=> ;));
    quote_spanned!(span=> #(#attributes)* #visibility #keyword #name: #ty = #breaker #end)
}
