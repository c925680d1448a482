//! The function under the attribute: its signature is parsed, its body stays as it was written.

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

    /// The names that the arguments bind, `self` included.
    pub(crate) fn argument_names(&self) -> Vec<Ident> {
        self.signature.inputs.iter().flat_map(bound_names).collect()
    }

    pub(crate) fn has_argument(&self, name: &Ident) -> bool {
        self.argument_names().contains(name)
    }

    /// Whether all other attributes mean the same wherever the function's arguments and its future come from. One that is
    /// not known may be a macro that looks at the signature, or for `async`.
    pub(crate) fn has_inert_attributes(&self) -> bool {
        self.attributes.iter().all(is_inert)
    }

    /// Whether `#[instrument]` of `tracing` stands below, which moves what the body names into a block of its own.
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

/// The names that an argument binds, `self` included.
pub(crate) fn bound_names(argument: &FnArg) -> Vec<Ident> {
    match argument {
        FnArg::Receiver(receiver) => vec![receiver.self_token.into()],
        FnArg::Typed(typed) => names_in(&typed.pat),
    }
}

/// The names that a pattern binds.
pub(crate) fn names_in(pattern: &Pat) -> Vec<Ident> {
    struct Names(Vec<Ident>);

    impl<'a> Visit<'a> for Names {
        fn visit_pat_ident(&mut self, pat: &'a PatIdent) {
            // Alternatives bind the same names.
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
