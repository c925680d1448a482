//! Moving the arguments of a guarded function into its body, which is a closure or a future.
//!
//! The body must drop the arguments in the order in which the function without the attribute drops them. A closure captures
//! what it names, field by field, and drops it in the order of first use. So an argument is either
//!
//! - kept: borrowed at the start of the body, so that the closure captures it as a whole; or
//! - passed to the closure as an argument, which preserves drop order, patterns, and warnings about unused names.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, Pat, PatIdent, PatType, Signature, Token};

use super::drop_order::{MAX_PASSED, is_conditional, is_copied, may_drop};
use super::guard::Guard;
use crate::item::{bound_names, names_in};
use crate::mentions::{at, mentioned};

/// The arguments as they enter the body.
#[derive(Default)]
pub(super) struct Moved {
    /// Statements at the start of the body.
    pub(super) prologue: TokenStream,
    /// The arguments that the body is passed, each with its pattern.
    pub(super) passed: Vec<(TokenStream, TokenStream)>,
}

/// Moves the arguments into the body, except those that closures borrow. It may rename them in the signature.
pub(super) fn move_in(guard: &Guard<'_>, signature: &mut Signature) -> Moved {
    let body = guard.function.body.stream();
    let is_moved = |argument: &FnArg| may_drop(argument) && !guard.is_captured(argument) && !is_conditional(argument);
    let all: Vec<usize> = (0..signature.inputs.len()).filter(|index| is_moved(&signature.inputs[*index])).collect();
    if let [only] = all.as_slice() {
        if let Some(name) = name_to_keep(&signature.inputs[*only], &body) {
            return Moved { prologue: keep(guard, &name), passed: Vec::new() };
        }
    }
    let mut moved = Moved::default();
    let names: Vec<Ident> = signature.inputs.iter().flat_map(bound_names).collect();
    for (index, argument) in signature.inputs.iter_mut().enumerate().filter(|(index, _)| all.contains(index)) {
        let finds_breaker = guard.finds_breaker_by(argument);
        match argument {
            FnArg::Receiver(receiver) => moved.prologue.extend(keep(guard, &receiver.self_token.into())),
            _ if moved.passed.len() >= MAX_PASSED => break,
            FnArg::Typed(typed) if finds_breaker => moved.passed.extend(passed_by_names(typed)),
            FnArg::Typed(typed) => moved.passed.push(passed_by_pattern(typed, index, &names)),
        }
    }
    // A pattern may bind more names than fit. Those are captured.
    moved.passed.truncate(MAX_PASSED);
    moved
}

/// Returns statements that make the body capture the arguments it names, so that it drops them last to first, and those
/// that are marked as unused. For an `async fn` that stays one.
pub(super) fn keep_in(guard: &Guard<'_>, signature: &mut Signature) -> TokenStream {
    if guard.function.signature.asyncness.is_some() && guard.function.is_instrumented() {
        return TokenStream::new();
    }
    let body = guard.function.body.stream();
    let may_rename = guard.function.has_inert_attributes();
    let mut prologue = TokenStream::new();
    let names: Vec<Ident> = signature.inputs.iter().flat_map(bound_names).collect();
    for (index, argument) in signature.inputs.iter_mut().enumerate().rev() {
        if !may_drop(argument) || guard.is_captured(argument) || is_conditional(argument) {
            continue;
        }
        let finds_breaker = guard.finds_breaker_by(argument);
        let used = bound_names(argument).into_iter().rev().filter_map(|name| mentioned(body.clone(), &name));
        let used: Vec<Ident> = used.collect();
        match argument {
            FnArg::Typed(typed) if used.is_empty() && may_rename && !finds_breaker && is_marked_unused(&typed.pat) => {
                let name = renamed(typed, index, &names);
                prologue.extend(keep(guard, &name));
            }
            _ => prologue.extend(used.iter().map(|name| keep(guard, name))),
        }
    }
    prologue
}

/// Returns a statement that makes a body without `move` capture arguments by value, in code that never runs.
///
/// Such a body borrows the arguments that closures outside use too. A future takes all others by value, so that it stays
/// `Send`. A closure takes the references by value, so that it can return what they borrow.
pub(super) fn capture_by_value(guard: &Guard<'_>) -> TokenStream {
    let body = guard.function.body.stream();
    let is_async = guard.function.signature.asyncness.is_some();
    let arguments = guard.function.signature.inputs.iter().rev();
    let moving = arguments
        .filter(|argument| !is_copied(argument) && !guard.is_captured(argument) && (is_async || !may_drop(argument)));
    let names = moving.flat_map(|argument| bound_names(argument).into_iter().rev());
    let names: Vec<Ident> = names.filter_map(|name| mentioned(body.clone(), &name)).collect();
    if names.is_empty() {
        return TokenStream::new();
    }
    let krate = &guard.krate;
    quote_spanned!(Span::mixed_site()=> if false { return #krate::__private::moved((#(#names,)*)); })
}

fn keep(guard: &Guard<'_>, name: &Ident) -> TokenStream {
    let krate = &guard.krate;
    quote_spanned!(Span::mixed_site()=> #krate::__private::keep(&#name);)
}

/// Returns the name of an argument that can be kept: the body uses it, so borrowing it hides no warning.
fn name_to_keep(argument: &FnArg, body: &TokenStream) -> Option<Ident> {
    match argument {
        FnArg::Receiver(receiver) => Some(receiver.self_token.into()),
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pat) if is_plain(pat) && !is_marked_unused(&typed.pat) => mentioned(body.clone(), &pat.ident),
            _ => None,
        },
    }
}

/// Moves the pattern of an argument from the signature into the body. Returns it with the argument's new name.
fn passed_by_pattern(typed: &mut PatType, index: usize, names: &[Ident]) -> (TokenStream, TokenStream) {
    let attributes = std::mem::take(&mut typed.attrs);
    let pattern = typed.pat.clone();
    let name = renamed(typed, index, names);
    (quote!(#(#attributes)* #pattern), name.into_token_stream())
}

/// Returns the names that an argument binds, for one that the breaker is found by before the call.
///
/// The names stay in the signature, but their `mut` moves into the body.
fn passed_by_names(typed: &mut PatType) -> Vec<(TokenStream, TokenStream)> {
    struct Names(Vec<(Option<Token![mut]>, Ident)>);

    impl VisitMut for Names {
        fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
            // A reference has no drop.
            if pat.by_ref.is_none() {
                let mutability = pat.mutability.take();
                // The alternatives of a pattern bind the same names.
                if !self.0.iter().any(|(_, name)| *name == pat.ident) {
                    self.0.push((mutability, pat.ident.clone()));
                }
            }
            visit_mut::visit_pat_ident_mut(self, pat);
        }
    }

    let mut names = Names(Vec::new());
    names.visit_pat_mut(&mut typed.pat);
    let attributes = std::mem::take(&mut typed.attrs);
    let pattern = |mutability: Option<Token![mut]>, name: &Ident| quote!(#(#attributes)* #mutability #name);
    names.0.into_iter().map(|(mutability, name)| (pattern(mutability, &name), name.into_token_stream())).collect()
}

/// Replaces the pattern of an argument by a name that the body can't see, and returns it.
///
/// It is spelled like the argument's own name, unless another macro has generated a second one that is spelled like it.
fn renamed(typed: &mut PatType, index: usize, names: &[Ident]) -> Ident {
    let span = Span::mixed_site();
    let is_unique = |name: &Ident| names.iter().filter(|other| *other == name).count() <= 1;
    let name = match names_in(&typed.pat).as_slice() {
        [name] if is_unique(name) => at(name, span.located_at(name.span())),
        _ => format_ident!("argument_{index}", span = span),
    };
    *typed.pat = Pat::Verbatim(name.to_token_stream());
    name
}

fn is_plain(pat: &PatIdent) -> bool {
    pat.by_ref.is_none() && pat.subpat.is_none()
}

/// Returns `true` for `_` and for names that start with it.
fn is_marked_unused(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Ident(pat) => is_plain(pat) && pat.ident.to_string().starts_with('_'),
        _ => false,
    }
}
