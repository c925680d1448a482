//! Checks whether the error or the result of a function may borrow, as far as the signature tells.

use syn::visit::{self, Visit};
use syn::{
    GenericArgument, GenericParam, Lifetime, ParenthesizedGenericArguments, PathArguments, ReturnType, Type,
    TypeParamBound, TypeReference, WherePredicate,
};

use crate::item::Function;
use crate::types::ungrouped;

impl Function {
    /// Returns the names of the function's type and const parameters.
    pub(crate) fn generic_names(&self) -> Vec<String> {
        let parameters = self.signature.generics.params.iter();
        let names = parameters.filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(parameter.ident.to_string()),
            GenericParam::Const(parameter) => Some(parameter.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        });
        names.collect()
    }

    /// Returns the error in `returned`, if it is a type parameter of the function.
    pub(crate) fn generic_error<'t>(&self, returned: &'t Type) -> Option<&'t Type> {
        let error = error_argument(returned)?;
        let Type::Path(path) = ungrouped(error) else { return None };
        let name = path.path.get_ident()?;
        self.generic_names().iter().any(|generic| name == generic).then_some(error)
    }

    /// Returns `true` unless the error in `returned` is known to be `'static`, as a tracker of types requires.
    ///
    /// The error is the last of two type arguments. With fewer type arguments the error is inside an alias, which can only
    /// borrow by a lifetime argument.
    pub(crate) fn error_may_borrow(&self, returned: &Type) -> bool {
        let Type::Path(path) = ungrouped(returned) else { return false };
        let Some(PathArguments::AngleBracketed(arguments)) = path.path.segments.last().map(|last| &last.arguments)
        else {
            return false;
        };
        let mut find = FindBorrow { parameters: self.parameters_that_may_borrow(), found: false };
        match error_argument(returned) {
            Some(error) => find.visit_type(error),
            None => {
                for argument in &arguments.args {
                    if let GenericArgument::Lifetime(lifetime) = argument {
                        find.visit_lifetime(lifetime);
                    }
                }
            }
        }
        find.found
    }

    /// Returns `true` if the result borrows from a `&mut self`.
    pub(crate) fn borrows_from_self(&self) -> bool {
        let Some(receiver) = self.signature.receiver() else { return false };
        let Some(reference) = mutable_reference(&receiver.ty) else { return false };
        let ReturnType::Type(_, returned) = &self.signature.output else { return false };
        let mut find = FindSelfBorrow { self_lifetime: reference.lifetime.as_ref(), found: false };
        find.visit_type(returned);
        find.found
    }

    fn parameters_that_may_borrow(&self) -> Vec<String> {
        let generics = &self.signature.generics;
        let bounded =
            generics.where_clause.iter().flat_map(|clause| &clause.predicates).filter_map(
                |predicate| match predicate {
                    WherePredicate::Type(bounded) if is_static(&bounded.bounds) => match &bounded.bounded_ty {
                        Type::Path(path) => path.path.get_ident().map(ToString::to_string),
                        _ => None,
                    },
                    _ => None,
                },
            );
        let bounded: Vec<String> = bounded.collect();
        let parameters = generics.type_params().filter(|parameter| !is_static(&parameter.bounds));
        parameters.map(|parameter| parameter.ident.to_string()).filter(|name| !bounded.contains(name)).collect()
    }
}

fn is_static<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>) -> bool {
    bounds.into_iter().any(|bound| matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static"))
}

/// Returns the last of two or more type arguments, which is the error.
fn error_argument(returned: &Type) -> Option<&Type> {
    let Type::Path(path) = ungrouped(returned) else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.next()?;
    types.last()
}

/// Returns the `&mut` reference in the type of a receiver, which may be in a `Pin`.
fn mutable_reference(ty: &Type) -> Option<&TypeReference> {
    match ungrouped(ty) {
        Type::Reference(reference) => reference.mutability.is_some().then_some(reference),
        Type::Path(path) => match &path.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => mutable_reference(ty),
                _ => None,
            }),
            _ => None,
        },
        _ => None,
    }
}

/// Finds a lifetime in a type that is that of `self`, or elided.
struct FindSelfBorrow<'s> {
    self_lifetime: Option<&'s Lifetime>,
    found: bool,
}

impl<'a> Visit<'a> for FindSelfBorrow<'_> {
    fn visit_lifetime(&mut self, lifetime: &'a Lifetime) {
        self.found |= lifetime.ident == "_" || Some(lifetime) == self.self_lifetime;
    }

    fn visit_type_reference(&mut self, reference: &'a TypeReference) {
        self.found |= reference.lifetime.is_none();
        visit::visit_type_reference(self, reference);
    }

    /// Ignores the arguments and the result of a function type, whose elided lifetimes are its own.
    fn visit_parenthesized_generic_arguments(&mut self, _: &'a ParenthesizedGenericArguments) {}
}

/// Finds a lifetime other than `'static`, or one of the parameters, in a type.
struct FindBorrow {
    parameters: Vec<String>,
    found: bool,
}

impl<'a> Visit<'a> for FindBorrow {
    fn visit_lifetime(&mut self, lifetime: &'a Lifetime) {
        self.found |= lifetime.ident != "static";
    }

    fn visit_type_reference(&mut self, reference: &'a TypeReference) {
        self.found |= reference.lifetime.is_none();
        visit::visit_type_reference(self, reference);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.found |= path.get_ident().is_some_and(|name| self.parameters.iter().any(|parameter| name == parameter));
        visit::visit_path(self, path);
    }
}
