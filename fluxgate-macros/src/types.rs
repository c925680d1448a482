//! What a return type says of itself, and how it is named elsewhere.

use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{AssocType, Type};

/// A type without the invisible brackets that a `macro_rules!` variable puts around it.
pub(crate) fn ungrouped(mut of: &Type) -> &Type {
    while let Type::Group(group) = of {
        of = &group.elem;
    }
    of
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

/// Whether a type is no `Result`, as far as that is beyond doubt: it has no name, or one that nobody gives to a `Result`.
pub(crate) fn is_no_result(of: &Type) -> bool {
    const PRIMITIVES: [&str; 17] = [
        "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
        "f32", "f64",
    ];
    const OF_STD: [&str; 12] = [
        "Option", "String", "Vec", "Box", "Rc", "Arc", "Cow", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "Duration",
    ];
    match ungrouped(of) {
        Type::Path(path) => {
            let is_primitive = path.path.get_ident().is_some_and(|name| PRIMITIVES.iter().any(|known| name == known));
            let last = path.path.segments.last();
            is_primitive || last.is_some_and(|last| OF_STD.iter().any(|known| last.ident == known))
        }
        Type::Macro(_) | Type::Paren(_) | Type::Infer(_) | Type::Verbatim(_) => false,
        _ => true,
    }
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
