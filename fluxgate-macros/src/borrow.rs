//! Whether a function's error may hold borrowed data, or data of a type that may.

use syn::visit::{self, Visit};
use syn::{
    GenericArgument, GenericParam, Lifetime, ParenthesizedGenericArguments, PathArguments, ReturnType, Type,
    TypeParamBound, TypeReference, WherePredicate,
};

use crate::item::Function;
use crate::types::ungrouped;

impl Function {
    /// The names of the function's own type and const parameters.
    pub(crate) fn generic_names(&self) -> Vec<String> {
        let parameters = self.signature.generics.params.iter();
        let names = parameters.filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(parameter.ident.to_string()),
            GenericParam::Const(parameter) => Some(parameter.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        });
        names.collect()
    }

    /// The error in `returned` if it is one of the function's own type parameters.
    pub(crate) fn generic_error<'t>(&self, returned: &'t Type) -> Option<&'t Type> {
        let error = last_of_two(returned)?;
        let Type::Path(path) = ungrouped(error) else { return None };
        let name = path.path.get_ident()?;
        self.generic_names().iter().any(|generic| name == generic).then_some(error)
    }

    /// Whether the error in `returned` is not known to be `'static`, as it would have to be for a tracker of types.
    ///
    /// A macro can't ask the compiler, so it looks: the error is the last of two type arguments. With fewer it is in
    /// an alias, which can only borrow by a lifetime argument of its own.
    pub(crate) fn error_may_borrow(&self, returned: &Type) -> bool {
        let Type::Path(path) = ungrouped(returned) else { return false };
        let Some(PathArguments::AngleBracketed(arguments)) = path.path.segments.last().map(|last| &last.arguments)
        else {
            return false;
        };
        let mut find = Find { parameters: self.parameters_that_may_borrow(), found: false };
        match last_of_two(returned) {
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

    /// Whether what the function returns borrows from a `&mut self`, as far as its signature tells.
    pub(crate) fn borrows_from_self(&self) -> bool {
        let Some(receiver) = self.signature.receiver() else { return false };
        let Some(of_self) = mutable_reference(&receiver.ty) else { return false };
        let ReturnType::Type(_, returned) = &self.signature.output else { return false };
        let mut find = FindOfSelf { of_self: of_self.lifetime.as_ref(), found: false };
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

/// The last of at least two type arguments: an error is nowhere else.
fn last_of_two(returned: &Type) -> Option<&Type> {
    let Type::Path(path) = ungrouped(returned) else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(of) => Some(of),
        _ => None,
    });
    types.next()?;
    types.last()
}

/// `&mut Self`, be it pinned.
fn mutable_reference(of: &Type) -> Option<&TypeReference> {
    match ungrouped(of) {
        Type::Reference(reference) => reference.mutability.is_some().then_some(reference),
        Type::Path(path) => match &path.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(of) => mutable_reference(of),
                _ => None,
            }),
            _ => None,
        },
        _ => None,
    }
}

struct FindOfSelf<'s> {
    of_self: Option<&'s Lifetime>,
    found: bool,
}

impl<'a> Visit<'a> for FindOfSelf<'_> {
    fn visit_lifetime(&mut self, lifetime: &'a Lifetime) {
        self.found |= lifetime.ident == "_" || Some(lifetime) == self.of_self;
    }

    fn visit_type_reference(&mut self, reference: &'a TypeReference) {
        self.found |= reference.lifetime.is_none();
        visit::visit_type_reference(self, reference);
    }

    /// What a function in the type takes and gives has lifetimes of its own.
    fn visit_parenthesized_generic_arguments(&mut self, _: &'a ParenthesizedGenericArguments) {}
}

struct Find {
    parameters: Vec<String>,
    found: bool,
}

impl<'a> Visit<'a> for Find {
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
