//! The shape of a function: how it returns its result, by its signature and body.

use proc_macro2::Span;
use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeParamBound};

use crate::item::Function;
use crate::tail::Tail;
use crate::types::{change_output, contains_impl, is_certain_value, ungrouped};

/// The way in which a function returns its result.
pub(crate) enum Shape {
    /// A function that returns the result itself.
    Sync,
    /// An `async fn`.
    Async,
    /// A function whose body is only an `async` block.
    Tail(Tail),
    /// A function that returns another future.
    Future { is_boxed: bool },
    /// A function whose return type may be an alias of a boxed future. The generated code decides by traits.
    ByType,
}

impl Function {
    pub(crate) fn shape(&self) -> Shape {
        if self.signature.asyncness.is_some() {
            return Shape::Async;
        }
        if let Some(tail) = Tail::find(&self.body) {
            return Shape::Tail(tail);
        }
        match &self.signature.output {
            ReturnType::Type(_, returned) if is_impl_future(returned) => Shape::Future { is_boxed: false },
            ReturnType::Type(_, returned) if is_boxed_future(returned) => Shape::Future { is_boxed: true },
            ReturnType::Type(_, returned) if may_be_future(returned) => Shape::ByType,
            _ => Shape::Sync,
        }
    }

    /// Returns the type of a call's result: the return type of the function, or the output of its future.
    pub(crate) fn result_type(&self, shape: &Shape) -> Type {
        let ReturnType::Type(_, returned) = &self.signature.output else {
            // Errors about the type point at the name.
            return syn::parse_quote_spanned!(self.signature.ident.span()=> ());
        };
        let mut returned = Type::clone(returned);
        match shape {
            Shape::Sync | Shape::Async | Shape::ByType => returned,
            Shape::Tail(_) | Shape::Future { .. } => {
                let mut output = None;
                change_output(&mut returned, &mut |ty| output = Some(ty.clone()));
                output.unwrap_or_else(|| output_of(&returned))
            }
        }
    }
}

/// Returns the output of a future whose type does not contain it, such as an alias.
fn output_of(future: &Type) -> Type {
    if !matches!(ungrouped(future), Type::Path(_)) || contains_impl(future) {
        return syn::parse_quote!(_);
    }
    syn::parse_quote_spanned!(Span::mixed_site()=> <#future as ::core::future::Future>::Output)
}

fn is_impl_future(returned: &Type) -> bool {
    matches!(ungrouped(returned), Type::ImplTrait(bounds) if bounds.bounds.iter().any(is_future))
}

/// Returns `true` for `Pin<Box<dyn Future<…>>>` and `Pin<Box<impl Future<…>>>`.
fn is_boxed_future(returned: &Type) -> bool {
    let inner = argument_of(returned, "Pin").and_then(|inner| argument_of(inner, "Box"));
    match inner.map(ungrouped) {
        Some(Type::TraitObject(object)) => object.bounds.iter().any(is_future),
        Some(inner) => is_impl_future(inner),
        None => false,
    }
}

/// Returns `true` if the type may be an alias of a future.
fn may_be_future(returned: &Type) -> bool {
    match ungrouped(returned) {
        Type::Path(path) => {
            let is_result = path.path.segments.last().is_some_and(|last| last.ident == "Result");
            !is_result && !is_certain_value(returned)
        }
        Type::Macro(_) => true,
        _ => false,
    }
}

/// Returns the first type argument of a type with this name.
fn argument_of<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ungrouped(ty) else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(argument)) => Some(argument),
        _ => None,
    }
}

fn is_future(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if bound.path.segments.last().is_some_and(|last| last.ident == "Future"))
}
