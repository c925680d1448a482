//! The arguments of a guarded function inside its body, which is a closure or a future of its own: they are moved there
//! whole, and dropped as the function without the attribute drops them.
//!
//! A closure holds what it names, field by field, and drops it in the order of first use. So an argument is either kept:
//! borrowed once at the beginning, which makes the closure hold all of it; or given to the closure as an argument of its
//! own, which keeps the order of several, their patterns, and the warnings about those that are not used.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, Pat, PatIdent, PatType, Signature, Token};

use super::Guard;
use crate::item::{bound_names, names_in};
use crate::mentions::{at, mentioned};
use crate::types::{is_copy, needs_no_drop};

/// More arguments than these are left for the body to capture.
const MOST_GIVEN: usize = 12;

/// What becomes of the arguments in a guarded body.
#[derive(Default)]
pub(super) struct Moved {
    /// Statements at its beginning.
    pub(super) first: TokenStream,
    /// What it is given, each with the pattern that takes it.
    pub(super) given: Vec<(TokenStream, TokenStream)>,
}

/// Moves the arguments into the body, but for those that closures borrow where they are. They may get other names in the
/// signature.
pub(super) fn move_in(guard: &Guard<'_>, signature: &mut Signature) -> Moved {
    let body = guard.function.body.stream();
    let is_moved = |argument: &FnArg| may_drop(argument) && !guard.is_captured(argument) && !is_conditional(argument);
    let all: Vec<usize> = (0..signature.inputs.len()).filter(|index| is_moved(&signature.inputs[*index])).collect();
    if let [only] = all.as_slice() {
        if let Some(name) = kept_whole(&signature.inputs[*only], &body) {
            return Moved { first: keep(guard, &name), given: Vec::new() };
        }
    }
    let mut moved = Moved::default();
    let names: Vec<Ident> = signature.inputs.iter().flat_map(bound_names).collect();
    for (index, argument) in signature.inputs.iter_mut().enumerate().filter(|(index, _)| all.contains(index)) {
        let is_asked_for = guard.is_asked_for(argument);
        match argument {
            FnArg::Receiver(receiver) => moved.first.extend(keep(guard, &receiver.self_token.into())),
            _ if moved.given.len() >= MOST_GIVEN => break,
            FnArg::Typed(typed) if is_asked_for => moved.given.extend(given_by_name(typed)),
            FnArg::Typed(typed) => moved.given.push(given_anew(typed, index, &names)),
        }
    }
    // Names of a pattern, which are captured by themselves.
    moved.given.truncate(MOST_GIVEN);
    moved
}

/// Makes the body hold the arguments that it names, so that it drops them last to first, and those that say that they are
/// of no use. For an `async fn` that stays one.
pub(super) fn keep_in(guard: &Guard<'_>, signature: &mut Signature) -> TokenStream {
    if guard.function.signature.asyncness.is_some() && guard.function.is_instrumented() {
        return TokenStream::new();
    }
    let body = guard.function.body.stream();
    let may_rename = guard.function.has_inert_attributes();
    let mut first = TokenStream::new();
    let names: Vec<Ident> = signature.inputs.iter().flat_map(bound_names).collect();
    for (index, argument) in signature.inputs.iter_mut().enumerate().rev() {
        if !may_drop(argument) || guard.is_captured(argument) || is_conditional(argument) {
            continue;
        }
        let is_asked_for = guard.is_asked_for(argument);
        let used = bound_names(argument).into_iter().rev().filter_map(|name| mentioned(body.clone(), &name));
        let used: Vec<Ident> = used.collect();
        match argument {
            FnArg::Typed(typed) if used.is_empty() && may_rename && !is_asked_for && is_of_no_use(&typed.pat) => {
                let name = renamed(typed, index, &names);
                first.extend(keep(guard, &name));
            }
            _ => first.extend(used.iter().map(|name| keep(guard, name))),
        }
    }
    first
}

/// Makes a body that borrows what closures borrow besides hold other arguments by value, where nothing is ever called: in
/// a future all of them, which is to be sent as they are; in a closure the references, of which it may return what they
/// lend.
pub(super) fn force(guard: &Guard<'_>) -> TokenStream {
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

/// The name of an argument of which borrowing it hides no warning, for the body uses it.
fn kept_whole(argument: &FnArg, body: &TokenStream) -> Option<Ident> {
    match argument {
        FnArg::Receiver(receiver) => Some(receiver.self_token.into()),
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pat) if is_plain(pat) && !is_of_no_use(&typed.pat) => mentioned(body.clone(), &pat.ident),
            _ => None,
        },
    }
}

/// The pattern of an argument, and the argument: the same to those who read the signature, and by a name that the body
/// can't see.
fn given_anew(typed: &mut PatType, index: usize, names: &[Ident]) -> (TokenStream, TokenStream) {
    let attributes = std::mem::take(&mut typed.attrs);
    let pattern = typed.pat.clone();
    let name = renamed(typed, index, names);
    (quote!(#(#attributes)* #pattern), name.into_token_stream())
}

/// The names of an argument, which is asked for the breaker before. They stay as they are, but change in the body only.
fn given_by_name(typed: &mut PatType) -> Vec<(TokenStream, TokenStream)> {
    struct Names(Vec<(Option<Token![mut]>, Ident)>);

    impl VisitMut for Names {
        fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
            // What borrows can't drop.
            if pat.by_ref.is_none() {
                let mutability = pat.mutability.take();
                // Alternatives bind the same names.
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

/// Gives an argument a name that the body can't see: its own, unless another one of `names` is spelled like it, which
/// another macro may have written.
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

/// Whether a pattern says that what it takes is not used.
fn is_of_no_use(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Ident(pat) => is_plain(pat) && pat.ident.to_string().starts_with('_'),
        _ => false,
    }
}

/// Whether an argument may not be there.
fn is_conditional(argument: &FnArg) -> bool {
    let attributes = match argument {
        FnArg::Typed(typed) => &typed.attrs,
        FnArg::Receiver(receiver) => &receiver.attrs,
    };
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr"))
}

/// Whether a body that moves an argument leaves a copy of it.
pub(super) fn is_copied(argument: &FnArg) -> bool {
    match argument {
        FnArg::Receiver(receiver) => is_copy(&receiver.ty),
        FnArg::Typed(typed) => is_copy(&typed.ty) && !borrows(&typed.pat),
    }
}

/// Whether it may matter when an argument is dropped: also of one that is borrowed by its own pattern.
fn may_drop(argument: &FnArg) -> bool {
    match argument {
        FnArg::Receiver(receiver) => receiver.reference.is_none() && !needs_no_drop(&receiver.ty),
        FnArg::Typed(typed) => !needs_no_drop(&typed.ty) || borrows(&typed.pat),
    }
}

/// Whether a `self` by value is to be dropped in order with others, which a future that only captures it can't do.
pub(super) fn orders_self(signature: &Signature) -> bool {
    matches!(signature.receiver(), Some(receiver) if receiver.reference.is_none() && !needs_no_drop(&receiver.ty))
        && signature.inputs.iter().filter(|argument| may_drop(argument)).count() > 1
}

/// Whether the body can be moved every argument whose drop may matter.
pub(super) fn can_be_given(signature: &Signature) -> bool {
    let mut dropped = signature.inputs.iter().filter(|argument| may_drop(argument));
    dropped.clone().count() <= MOST_GIVEN && !dropped.any(is_conditional)
}

/// Whether a pattern has a `ref` in it.
fn borrows(pattern: &Pat) -> bool {
    struct Find(bool);

    impl<'a> Visit<'a> for Find {
        fn visit_pat_ident(&mut self, pat: &'a PatIdent) {
            self.0 |= pat.by_ref.is_some();
            visit::visit_pat_ident(self, pat);
        }
    }

    let mut find = Find(false);
    find.visit_pat(pattern);
    find.0
}
