//! The function under the attribute: its signature is parsed, its body stays as it was written.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{
    AssocType, Attribute, GenericArgument, Ident, Pat, PathArguments, ReturnType, Signature, Token, Type,
    TypeParamBound, Visibility,
};

use crate::tail::Tail;

/// A function with a body.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    /// `default` of a specialised impl.
    defaultness: Option<Token![default]>,
    pub(crate) signature: Signature,
    /// `#![…]` at the beginning of the body, which no other place but a function's own block allows.
    pub(crate) inner_attributes: TokenStream,
    pub(crate) body: Group,
}

/// Why something can't be guarded.
pub(crate) struct Unfit(pub(crate) syn::Error);

impl Function {
    pub(crate) fn parse(item: TokenStream) -> Result<Self, Unfit> {
        syn::parse2::<Parsed>(item).map_err(Unfit)?.0
    }

    /// The function with another signature and body.
    pub(crate) fn with(&self, signature: &Signature, body: &TokenStream) -> TokenStream {
        let Self { attributes, visibility, defaultness, inner_attributes, .. } = self;
        // With the braces that the user wrote, for a function that ends in generated code is not told of when it is dead.
        let mut block = Group::new(Delimiter::Brace, quote!(#inner_attributes #body));
        block.set_span(self.body.span());
        quote!(#(#attributes)* #visibility #defaultness #signature #block)
    }

    /// The function as it was written, but for its signature.
    pub(crate) fn unguarded(&self, signature: &Signature) -> TokenStream {
        self.with(signature, &self.body.stream())
    }

    /// What a call ends with: what the function returns, or its future does.
    pub(crate) fn result(&self, shape: &Shape) -> Type {
        let ReturnType::Type(_, returned) = &self.signature.output else {
            // What is to be said of the type is said at the name.
            return syn::parse_quote_spanned!(self.signature.ident.span()=> ());
        };
        let mut returned = Type::clone(returned);
        match shape {
            Shape::Sync | Shape::Async => returned,
            Shape::Tail(_) | Shape::Future { .. } => {
                let mut output = None;
                change_output(&mut returned, &mut |of| output = Some(of.clone()));
                output.unwrap_or_else(|| syn::parse_quote!(_))
            }
        }
    }

    /// The names that the arguments bind, `self` included.
    pub(crate) fn argument_names(&self) -> Vec<Ident> {
        let mut names = Vec::new();
        for argument in &self.signature.inputs {
            match argument {
                syn::FnArg::Receiver(receiver) => names.push(receiver.self_token.into()),
                syn::FnArg::Typed(typed) => bound_names(typed.pat.to_token_stream(), &mut names),
            }
        }
        names
    }

    pub(crate) fn has_argument(&self, name: &Ident) -> bool {
        self.signature.inputs.iter().any(|argument| match argument {
            syn::FnArg::Typed(typed) => matches!(&*typed.pat, Pat::Ident(pat) if pat.ident == *name),
            syn::FnArg::Receiver(_) => name == "self",
        })
    }
}

/// Every name in a pattern: one too many, such as a type's, does no harm to those who ask.
fn bound_names(pattern: TokenStream, names: &mut Vec<Ident>) {
    for tree in pattern {
        match tree {
            TokenTree::Ident(ident) => names.push(ident),
            TokenTree::Group(group) => bound_names(group.stream(), names),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// What is a mistake of its own and not one of syntax passes through syn's parser as a value.
struct Parsed(Result<Function, Unfit>);

impl Parse for Parsed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let defaultness =
            if input.peek(Token![default]) && !input.peek2(Token![!]) { Some(input.parse()?) } else { None };
        if !is_function(input) {
            return Ok(Self(Err(Unfit(unfit_item(input)))));
        }
        let signature: Signature = input.parse()?;
        if let Some(constness) = &signature.constness {
            let message = "a `const fn` can't be guarded: a breaker looks at the clock and keeps count; remove `const`";
            let error = syn::Error::new_spanned(constness, message);
            skip(input);
            return Ok(Self(Err(Unfit(error))));
        }
        if input.peek(Token![;]) {
            let message =
                format!("`{}` has no body to guard; put the attribute on a function that has one", signature.ident);
            let error = syn::Error::new_spanned(&signature.ident, message);
            skip(input);
            return Ok(Self(Err(Unfit(error))));
        }
        let Some(body) = braces(input.parse()?) else {
            return Err(syn::Error::new_spanned(&signature.ident, "expected the body of the function in braces"));
        };
        let (inner_attributes, body) = split_inner_attributes(&body);
        Ok(Self(Ok(Function { attributes, visibility, defaultness, signature, inner_attributes, body })))
    }
}

/// A group in braces, be it within the invisible ones of a `macro_rules!` variable.
fn braces(mut tree: TokenTree) -> Option<Group> {
    loop {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return Some(group),
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                tree = group.stream().into_iter().next()?;
            }
            _ => return None,
        }
    }
}

/// Whether a signature comes next: qualifiers in their order, then `fn`.
fn is_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while ahead.peek(Token![const])
        || ahead.peek(Token![async])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![extern])
    {
        let _ = ahead.parse::<TokenTree>();
        if ahead.peek(syn::LitStr) {
            let _ = ahead.parse::<TokenTree>();
        }
    }
    ahead.peek(Token![fn])
}

/// What to say of an item that is no function; the rest of it is skipped.
fn unfit_item(input: ParseStream<'_>) -> syn::Error {
    let Ok(keyword) = input.call(Ident::parse_any) else {
        let error = input.error("#[circuit_breaker] goes on a function with a body, not on this");
        skip(input);
        return error;
    };
    let what = match keyword.to_string().as_str() {
        "impl" => "an `impl`; put it on the methods that are to be guarded",
        "trait" => "a `trait`; put it on the methods that are to be guarded",
        "mod" => "a `mod`; put it on the functions that are to be guarded",
        "enum" => "an `enum`",
        "struct" => "a `struct`",
        "union" => "a `union`",
        "const" => "a constant",
        "static" => "a `static`",
        "type" => "a `type`",
        "use" => "a `use`",
        "extern" => "an `extern` item",
        _ => "this",
    };
    let error = syn::Error::new_spanned(keyword, format!("#[circuit_breaker] goes on a function, not on {what}"));
    skip(input);
    error
}

/// The parser has to come to the end, for what is left over would be an error of its own.
fn skip(input: ParseStream<'_>) {
    while input.parse::<TokenTree>().is_ok() {}
}

fn split_inner_attributes(body: &Group) -> (TokenStream, Group) {
    let trees: Vec<TokenTree> = body.stream().into_iter().collect();
    let mut end = 0;
    while let [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group), ..] = &trees[end..] {
        let is_inner = hash.as_char() == '#' && bang.as_char() == '!' && group.delimiter() == Delimiter::Bracket;
        if !is_inner {
            break;
        }
        end += 3;
    }
    if end == 0 {
        return (TokenStream::new(), body.clone());
    }
    let mut rest = Group::new(Delimiter::Brace, trees[end..].iter().cloned().collect());
    rest.set_span(body.span());
    (trees[..end].iter().cloned().collect(), rest)
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

/// Whether a type can be no `Result`, by whatever name, for it has no name or one of the language's own.
pub(crate) fn is_no_result(of: &Type) -> bool {
    const PRIMITIVES: [&str; 17] = [
        "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
        "f32", "f64",
    ];
    match ungrouped(of) {
        Type::Path(path) => {
            path.path.get_ident().is_some_and(|name| PRIMITIVES.iter().any(|primitive| name == primitive))
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

/// How a function gives its result.
pub(crate) enum Shape {
    /// It returns it.
    Sync,
    /// It is an `async fn`.
    Async,
    /// It returns a future that ends in an `async` block of its own.
    Tail(Tail),
    /// It returns a future that it has from somewhere else, boxed or not.
    Future { boxed: bool },
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
            _ => Shape::Sync,
        }
    }
}

/// A type without the invisible brackets that a `macro_rules!` variable puts around it.
pub(crate) fn ungrouped(mut of: &Type) -> &Type {
    while let Type::Group(group) = of {
        of = &group.elem;
    }
    of
}

fn is_impl_future(returned: &Type) -> bool {
    matches!(ungrouped(returned), Type::ImplTrait(bounds) if bounds.bounds.iter().any(is_future))
}

/// `Pin<Box<dyn Future<…>>>`.
fn is_boxed_future(returned: &Type) -> bool {
    let inner = argument_of(returned, "Pin").and_then(|inner| argument_of(inner, "Box"));
    matches!(inner.map(ungrouped), Some(Type::TraitObject(object)) if object.bounds.iter().any(is_future))
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
