//! The arguments whose drop may be observed.

use syn::visit::{self, Visit};
use syn::{FnArg, Pat, PatIdent, Signature};

use crate::types::{is_copy, needs_no_drop};

/// The number of arguments that a body can be passed. Further ones are captured.
pub(super) const MAX_PASSED: usize = 12;

/// Returns `true` if moving the argument into the body leaves a copy.
pub(super) fn is_copied(argument: &FnArg) -> bool {
    match argument {
        FnArg::Receiver(receiver) => is_copy(&receiver.ty),
        FnArg::Typed(typed) => is_copy(&typed.ty) && !binds_by_reference(&typed.pat),
    }
}

/// Returns `true` if dropping the argument may have an effect, or ends a borrow by its own pattern.
pub(super) fn may_drop(argument: &FnArg) -> bool {
    match argument {
        FnArg::Receiver(receiver) => receiver.reference.is_none() && !needs_no_drop(&receiver.ty),
        FnArg::Typed(typed) => !needs_no_drop(&typed.ty) || binds_by_reference(&typed.pat),
    }
}

/// Returns `true` if the argument may be compiled out by a `cfg`.
pub(super) fn is_conditional(argument: &FnArg) -> bool {
    let attributes = match argument {
        FnArg::Typed(typed) => &typed.attrs,
        FnArg::Receiver(receiver) => &receiver.attrs,
    };
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr"))
}

/// Returns `true` if a `self` by value must be dropped in order with other arguments.
///
/// A future that captures `self` can't do that.
pub(super) fn orders_self(signature: &Signature) -> bool {
    matches!(signature.receiver(), Some(receiver) if receiver.reference.is_none() && !needs_no_drop(&receiver.ty))
        && signature.inputs.iter().filter(|argument| may_drop(argument)).count() > 1
}

/// Returns `true` if every argument whose drop may be observed can be passed to the body.
pub(super) fn can_be_passed(signature: &Signature) -> bool {
    let mut dropped = signature.inputs.iter().filter(|argument| may_drop(argument));
    dropped.clone().count() <= MAX_PASSED && !dropped.any(is_conditional)
}

/// Returns `true` if the pattern contains `ref`.
fn binds_by_reference(pattern: &Pat) -> bool {
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
