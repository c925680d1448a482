//! How a function gives its result, by its signature and the end of its body.

use proc_macro2::Span;
use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeParamBound};

use crate::item::Function;
use crate::tail::Tail;
use crate::types::{change_output, contains_impl, is_certain_value, ungrouped};

/// How a function gives its result.
pub(crate) enum Shape {
    /// It returns it.
    Sync,
    /// It is an `async fn`.
    Async,
    /// It returns an `async` block, and does nothing before.
    Tail(Tail),
    /// It returns a future that it has from somewhere else, boxed or not.
    Future { boxed: bool },
    /// It returns a type whose name does not tell whether it is a boxed future: the compiler is asked.
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
            ReturnType::Type(_, returned) if is_impl_future(returned) => Shape::Future { boxed: false },
            ReturnType::Type(_, returned) if is_boxed_future(returned) => Shape::Future { boxed: true },
            ReturnType::Type(_, returned) if may_be_future(returned) => Shape::ByType,
            _ => Shape::Sync,
        }
    }

    /// What a call ends with: what the function returns, or its future does.
    pub(crate) fn result(&self, shape: &Shape) -> Type {
        let ReturnType::Type(_, returned) = &self.signature.output else {
            // What is to be said of the type is said at the name.
            return syn::parse_quote_spanned!(self.signature.ident.span()=> ());
        };
        let mut returned = Type::clone(returned);
        match shape {
            Shape::Sync | Shape::Async | Shape::ByType => returned,
            Shape::Tail(_) | Shape::Future { .. } => {
                let mut output = None;
                change_output(&mut returned, &mut |of| output = Some(of.clone()));
                output.unwrap_or_else(|| output_of(&returned))
            }
        }
    }
}

/// What a future of a type gives that does not say it, such as an alias.
fn output_of(future: &Type) -> Type {
    if !matches!(ungrouped(future), Type::Path(_)) || contains_impl(future) {
        return syn::parse_quote!(_);
    }
    syn::parse_quote_spanned!(Span::mixed_site()=> <#future as ::core::future::Future>::Output)
}

fn is_impl_future(returned: &Type) -> bool {
    matches!(ungrouped(returned), Type::ImplTrait(bounds) if bounds.bounds.iter().any(is_future))
}

/// `Pin<Box<dyn Future<…>>>`, or one of `impl Future<…>`.
fn is_boxed_future(returned: &Type) -> bool {
    let inner = argument_of(returned, "Pin").and_then(|inner| argument_of(inner, "Box"));
    match inner.map(ungrouped) {
        Some(Type::TraitObject(object)) => object.bounds.iter().any(is_future),
        Some(inner) => is_impl_future(inner),
        None => false,
    }
}

/// Whether a type may be a future by its name, or by an alias.
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

fn argument_of<'t>(of: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ungrouped(of) else { return None };
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
