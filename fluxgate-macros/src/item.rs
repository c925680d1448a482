//! The function under the attribute. Its signature is parsed, its body is not.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, Ident, Pat, PatIdent, Signature, Token, Visibility};

/// A function with a body.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    /// The keyword `default` of a specialised impl.
    defaultness: Option<Token![default]>,
    pub(crate) signature: Signature,
    /// The attributes `#![…]` at the start of the body, which are only allowed in the function's own block.
    pub(crate) inner_attributes: TokenStream,
    pub(crate) body: Group,
}

/// The reason why an item can't be guarded.
pub(crate) struct Unguardable(pub(crate) syn::Error);

impl Function {
    pub(crate) fn parse(item: TokenStream) -> Result<Self, Unguardable> {
        syn::parse2::<Parsed>(item).map_err(Unguardable)?.0
    }

    /// Returns the function with another signature and body.
    pub(crate) fn with(&self, signature: &Signature, body: &TokenStream) -> TokenStream {
        let Self { attributes, visibility, defaultness, inner_attributes, .. } = self;
        // The braces keep the user's span, because rustc does not report dead code that ends in generated code.
        let mut block = Group::new(Delimiter::Brace, quote!(#inner_attributes #body));
        block.set_span(self.body.span());
        quote!(#(#attributes)* #visibility #defaultness #signature #block)
    }

    /// Returns the function with its original body and another signature.
    pub(crate) fn unguarded(&self, signature: &Signature) -> TokenStream {
        self.with(signature, &self.body.stream())
    }

    /// Returns the names that the arguments bind, including `self`.
    pub(crate) fn argument_names(&self) -> Vec<Ident> {
        self.signature.inputs.iter().flat_map(bound_names).collect()
    }

    pub(crate) fn has_argument(&self, name: &Ident) -> bool {
        self.argument_names().contains(name)
    }

    /// Returns `true` if no other attribute depends on the arguments or on `async`. An unknown attribute may be a macro that
    /// inspects the signature.
    pub(crate) fn has_inert_attributes(&self) -> bool {
        self.attributes.iter().all(is_inert)
    }

    /// Returns `true` if `#[instrument]` of `tracing` is below, which moves what the body names into another block.
    pub(crate) fn is_instrumented(&self) -> bool {
        let last =
            |attribute: &Attribute| attribute.path().segments.last().is_some_and(|last| last.ident == "instrument");
        self.attributes.iter().any(last)
    }
}

fn is_inert(attribute: &Attribute) -> bool {
    const INERT: [&str; 20] = [
        "doc",
        "cfg",
        "allow",
        "warn",
        "deny",
        "forbid",
        "expect",
        "deprecated",
        "inline",
        "cold",
        "must_use",
        "track_caller",
        "no_mangle",
        "export_name",
        "link_section",
        "unsafe",
        "target_feature",
        "instruction_set",
        "coverage",
        "optimize",
    ];
    const TOOLS: [&str; 5] = ["rustfmt", "clippy", "rustdoc", "diagnostic", "miri"];
    let path = attribute.path();
    let first = path.segments.first().map(|segment| segment.ident.unraw().to_string()).unwrap_or_default();
    let known: &[&str] = if path.get_ident().is_some() { &INERT } else { &TOOLS };
    known.contains(&first.as_str())
}

/// Returns the names that an argument binds, including `self`.
pub(crate) fn bound_names(argument: &FnArg) -> Vec<Ident> {
    match argument {
        FnArg::Receiver(receiver) => vec![receiver.self_token.into()],
        FnArg::Typed(typed) => names_in(&typed.pat),
    }
}

/// Returns the names that a pattern binds.
pub(crate) fn names_in(pattern: &Pat) -> Vec<Ident> {
    struct Names(Vec<Ident>);

    impl<'a> Visit<'a> for Names {
        fn visit_pat_ident(&mut self, pat: &'a PatIdent) {
            // The alternatives of a pattern bind the same names.
            if !self.0.contains(&pat.ident) {
                self.0.push(pat.ident.clone());
            }
            visit::visit_pat_ident(self, pat);
        }
    }

    let mut names = Names(Vec::new());
    names.visit_pat(pattern);
    names.0
}

/// The result of parsing. A mistake that is not one of syntax passes through syn's parser as a value.
struct Parsed(Result<Function, Unguardable>);

impl Parse for Parsed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let defaultness =
            if input.peek(Token![default]) && !input.peek2(Token![!]) { Some(input.parse()?) } else { None };
        if !is_function(input) {
            return Ok(Self(Err(Unguardable(unguardable_item(input)))));
        }
        let signature: Signature = input.parse()?;
        if let Some(constness) = &signature.constness {
            let message =
                "a `const fn` can't be guarded, because a breaker reads the clock and counts calls; remove `const`";
            let error = syn::Error::new_spanned(constness, message);
            skip(input);
            return Ok(Self(Err(Unguardable(error))));
        }
        if input.peek(Token![;]) {
            let message =
                format!("`{}` has no body to guard; put the attribute on a function with a body", signature.ident);
            let error = syn::Error::new_spanned(&signature.ident, message);
            skip(input);
            return Ok(Self(Err(Unguardable(error))));
        }
        let Some(body) = braces(input.parse()?) else {
            return Err(syn::Error::new_spanned(&signature.ident, "expected the body of the function in braces"));
        };
        let (inner_attributes, body) = split_inner_attributes(&body);
        Ok(Self(Ok(Function { attributes, visibility, defaultness, signature, inner_attributes, body })))
    }
}

/// Returns the group in braces, which may be inside the invisible group of a `macro_rules!` variable.
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

/// Returns `true` if a function signature comes next: qualifiers in their order, then `fn`.
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

/// Returns the error for an item that is not a function, and skips the rest of the item.
fn unguardable_item(input: ParseStream<'_>) -> syn::Error {
    let Ok(keyword) = input.call(Ident::parse_any) else {
        let error =
            input.error("#[circuit_breaker] can only guard a function, not this; put it on a function with a body");
        skip(input);
        return error;
    };
    let item = match keyword.to_string().as_str() {
        "impl" => "an `impl`; put it on the methods to guard",
        "trait" => "a `trait`; put it on the methods to guard",
        "mod" => "a `mod`; put it on the functions to guard",
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
    let error = syn::Error::new_spanned(keyword, format!("#[circuit_breaker] can only guard a function, not {item}"));
    skip(input);
    error
}

/// Skips the rest of the input, because syn reports unparsed tokens as an error.
fn skip(input: ParseStream<'_>) {
    while input.parse::<TokenTree>().is_ok() {}
}

/// Splits the body into its inner attributes and the rest.
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
