//! What a return type says of itself, and how it is named elsewhere.

use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{AssocType, GenericArgument, PathArguments, ReturnType, Token, Type, TypeParamBound};

/// A type without the invisible brackets that a `macro_rules!` variable puts around it.
pub(crate) fn ungrouped(mut of: &Type) -> &Type {
    loop {
        of = match of {
            Type::Group(group) => &group.elem,
            Type::Paren(parentheses) => &parentheses.elem,
            _ => return of,
        };
    }
}

/// Whether `impl Trait` occurs in a type.
pub(crate) fn contains_impl(of: &Type) -> bool {
    struct Find(bool);

    impl<'a> Visit<'a> for Find {
        fn visit_type_impl_trait(&mut self, _: &'a syn::TypeImplTrait) {
            self.0 = true;
        }
    }

    let mut find = Find(false);
    find.visit_type(of);
    find.0
}

const PRIMITIVES: [&str; 17] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    "f32", "f64",
];

fn is_primitive(path: &syn::Path) -> bool {
    path.get_ident().is_some_and(|name| PRIMITIVES.iter().any(|known| name == known))
}

/// Whether it is beyond doubt that it does not matter when a value of a type is dropped.
pub(crate) fn needs_no_drop(of: &Type) -> bool {
    matches!(ungrouped(of), Type::Reference(_)) || is_made_of_copies(of, &needs_no_drop)
}

/// Whether it is beyond doubt that a closure which moves a value of a type leaves a copy behind.
pub(crate) fn is_copy(of: &Type) -> bool {
    matches!(ungrouped(of), Type::Reference(reference) if reference.mutability.is_none())
        || is_made_of_copies(of, &is_copy)
}

fn is_made_of_copies(of: &Type, is_copy: &dyn Fn(&Type) -> bool) -> bool {
    match ungrouped(of) {
        Type::Path(path) => path.qself.is_none() && is_primitive(&path.path),
        Type::Ptr(_) | Type::BareFn(_) | Type::Never(_) => true,
        Type::Paren(inner) => is_copy(&inner.elem),
        Type::Array(array) => is_copy(&array.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_copy),
        _ => false,
    }
}

/// The bounds of an `impl Fn(…)`, from which a closure has the types of its arguments: if all that they name is known
/// everywhere, and can be no generic parameter of something around the function.
pub(crate) fn closure_bounds(of: &Type) -> Option<&Punctuated<TypeParamBound, Token![+]>> {
    let Type::ImplTrait(of) = ungrouped(of) else { return None };
    let is_known = of.bounds.iter().all(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.get_ident().is_some() || is_known_fn(&bound.path),
        _ => false,
    });
    let is_fn = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if is_known_fn(&bound.path));
    (is_known && of.bounds.iter().any(is_fn)).then_some(&of.bounds)
}

fn is_known_fn(path: &syn::Path) -> bool {
    let Some(last) = path.segments.last() else { return false };
    let PathArguments::Parenthesized(arguments) = &last.arguments else { return false };
    let returned = match &arguments.output {
        ReturnType::Default => None,
        ReturnType::Type(_, returned) => Some(&**returned),
    };
    arguments.inputs.iter().chain(returned).all(is_known)
}

fn is_known(of: &Type) -> bool {
    const OF_STD: [&str; 6] = ["Option", "Result", "String", "Vec", "Box", "str"];
    match ungrouped(of) {
        Type::Path(path) if path.qself.is_none() && path.path.segments.len() == 1 => {
            let Some(last) = path.path.segments.last() else { return false };
            let known = OF_STD.iter().any(|name| last.ident == name);
            let arguments_are_known = match &last.arguments {
                PathArguments::None => true,
                PathArguments::AngleBracketed(arguments) => {
                    arguments.args.iter().all(|argument| matches!(argument, GenericArgument::Type(of) if is_known(of)))
                }
                PathArguments::Parenthesized(_) => false,
            };
            is_primitive(&path.path) || known && arguments_are_known
        }
        Type::Reference(reference) => reference.lifetime.is_none() && is_known(&reference.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_known),
        Type::Slice(slice) => is_known(&slice.elem),
        Type::Never(_) => true,
        _ => false,
    }
}

/// Whether a type is no `Result`, as far as that is beyond doubt: it has no name, or one that nobody gives to a `Result`.
pub(crate) fn is_no_result(of: &Type) -> bool {
    match ungrouped(of) {
        Type::Path(path) => is_certain_value(of) || path.path.segments.last().is_some_and(|last| last.ident == "Box"),
        Type::Macro(_) | Type::Paren(_) | Type::Infer(_) | Type::Verbatim(_) => false,
        _ => true,
    }
}

/// Whether the name of a type is one that nobody gives to a `Result` or a future.
pub(crate) fn is_certain_value(of: &Type) -> bool {
    const OF_STD: [&str; 11] =
        ["Option", "String", "Vec", "Rc", "Arc", "Cow", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "Duration"];
    let Type::Path(path) = ungrouped(of) else { return false };
    let last = path.path.segments.last();
    is_primitive(&path.path) || last.is_some_and(|last| OF_STD.iter().any(|known| last.ident == known))
}

/// A return type for use inside the body, where `impl Trait` can't be said and is left to inference.
pub(crate) fn nameable(mut returned: Type) -> Type {
    struct Infer;

    impl VisitMut for Infer {
        fn visit_type_mut(&mut self, of: &mut Type) {
            if matches!(of, Type::ImplTrait(_)) {
                *of = syn::parse_quote!(_);
            } else {
                visit_mut::visit_type_mut(self, of);
            }
        }
    }

    Infer.visit_type_mut(&mut returned);
    returned
}

/// Whether there is an `Output = R` in a type.
pub(crate) fn contains_output(of: &Type) -> bool {
    change_output(&mut of.clone(), &mut |_| {})
}

/// Applies `change` to the `R` of the first `Output = R` in a type; whether there was one.
pub(crate) fn change_output(returned: &mut Type, change: &mut dyn FnMut(&mut Type)) -> bool {
    struct Outputs<'c> {
        change: &'c mut dyn FnMut(&mut Type),
        found: bool,
    }

    impl VisitMut for Outputs<'_> {
        fn visit_assoc_type_mut(&mut self, binding: &mut AssocType) {
            if binding.ident == "Output" && !self.found {
                self.found = true;
                (self.change)(&mut binding.ty);
            }
        }
    }

    let mut outputs = Outputs { change, found: false };
    outputs.visit_type_mut(returned);
    outputs.found
}
