//! Inspection of types by their tokens.

use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{AssocType, GenericArgument, PathArguments, ReturnType, Token, Type, TypeParamBound};

/// Returns the type without parentheses and the invisible group of a `macro_rules!` variable.
pub(crate) fn ungrouped(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(parentheses) => &parentheses.elem,
            _ => return ty,
        };
    }
}

/// Returns `true` if the type contains `impl Trait`.
pub(crate) fn contains_impl(ty: &Type) -> bool {
    struct Find(bool);

    impl<'a> Visit<'a> for Find {
        fn visit_type_impl_trait(&mut self, _: &'a syn::TypeImplTrait) {
            self.0 = true;
        }
    }

    let mut find = Find(false);
    find.visit_type(ty);
    find.0
}

const PRIMITIVES: [&str; 17] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    "f32", "f64",
];

fn is_primitive(path: &syn::Path) -> bool {
    path.get_ident().is_some_and(|name| PRIMITIVES.iter().any(|known| name == known))
}

/// Returns `true` if dropping a value of the type certainly has no effect.
pub(crate) fn needs_no_drop(ty: &Type) -> bool {
    matches!(ungrouped(ty), Type::Reference(_)) || is_made_of_copies(ty, &needs_no_drop)
}

/// Returns `true` if the type is certainly `Copy`.
pub(crate) fn is_copy(ty: &Type) -> bool {
    matches!(ungrouped(ty), Type::Reference(reference) if reference.mutability.is_none())
        || is_made_of_copies(ty, &is_copy)
}

fn is_made_of_copies(ty: &Type, is_copy: &dyn Fn(&Type) -> bool) -> bool {
    match ungrouped(ty) {
        Type::Path(path) => path.qself.is_none() && is_primitive(&path.path),
        Type::Ptr(_) | Type::BareFn(_) | Type::Never(_) => true,
        Type::Paren(inner) => is_copy(&inner.elem),
        Type::Array(array) => is_copy(&array.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_copy),
        _ => false,
    }
}

/// Returns the bounds of an `impl Fn(…)`, from which the argument types of a returned closure are inferred.
///
/// Returns `None` if a bound names a type that may be a generic parameter of an item around the function.
pub(crate) fn closure_bounds(ty: &Type) -> Option<&Punctuated<TypeParamBound, Token![+]>> {
    let Type::ImplTrait(ty) = ungrouped(ty) else { return None };
    let is_known = ty.bounds.iter().all(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.get_ident().is_some() || is_known_fn(&bound.path),
        _ => false,
    });
    let is_fn = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if is_known_fn(&bound.path));
    (is_known && ty.bounds.iter().any(is_fn)).then_some(&ty.bounds)
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

fn is_known(ty: &Type) -> bool {
    const STD_TYPES: [&str; 6] = ["Option", "Result", "String", "Vec", "Box", "str"];
    match ungrouped(ty) {
        Type::Path(path) if path.qself.is_none() && path.path.segments.len() == 1 => {
            let Some(last) = path.path.segments.last() else { return false };
            let is_std = STD_TYPES.iter().any(|name| last.ident == name);
            let arguments_are_known = match &last.arguments {
                PathArguments::None => true,
                PathArguments::AngleBracketed(arguments) => {
                    arguments.args.iter().all(|argument| matches!(argument, GenericArgument::Type(ty) if is_known(ty)))
                }
                PathArguments::Parenthesized(_) => false,
            };
            is_primitive(&path.path) || is_std && arguments_are_known
        }
        Type::Reference(reference) => reference.lifetime.is_none() && is_known(&reference.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_known),
        Type::Slice(slice) => is_known(&slice.elem),
        Type::Never(_) => true,
        _ => false,
    }
}

/// Returns `true` if the type is certainly not a `Result`: it has no name, or a well-known other one.
pub(crate) fn is_not_result(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Path(path) => is_certain_value(ty) || path.path.segments.last().is_some_and(|last| last.ident == "Box"),
        Type::Macro(_) | Type::Paren(_) | Type::Infer(_) | Type::Verbatim(_) => false,
        _ => true,
    }
}

/// Returns `true` if the type has a well-known name that is neither a `Result` nor a future.
pub(crate) fn is_certain_value(ty: &Type) -> bool {
    const STD_TYPES: [&str; 11] =
        ["Option", "String", "Vec", "Rc", "Arc", "Cow", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "Duration"];
    let Type::Path(path) = ungrouped(ty) else { return false };
    let last = path.path.segments.last();
    is_primitive(&path.path) || last.is_some_and(|last| STD_TYPES.iter().any(|name| last.ident == name))
}

/// Returns the return type for use in expressions, where `impl Trait` is not allowed and is inferred instead.
pub(crate) fn nameable(mut returned: Type) -> Type {
    struct Infer;

    impl VisitMut for Infer {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::ImplTrait(_)) {
                *ty = syn::parse_quote!(_);
            } else {
                visit_mut::visit_type_mut(self, ty);
            }
        }
    }

    Infer.visit_type_mut(&mut returned);
    returned
}

/// Returns `true` if the type contains `Output = R`.
pub(crate) fn contains_output(ty: &Type) -> bool {
    change_output(&mut ty.clone(), &mut |_| {})
}

/// Applies `change` to the `R` of the first `Output = R` in a type. Returns `false` if there is none.
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
