//! The syntax of `breakers! { … }`.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Token, Visibility};

use crate::args::{Arguments, Place};
use crate::errors::Errors;

/// The content of `breakers!`.
#[derive(Default)]
pub(crate) struct Block {
    pub(crate) default: Option<Arguments>,
    pub(crate) entries: Vec<Entry>,
}

/// One declared breaker.
pub(crate) struct Entry {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    /// The settings in brackets after the name of a set.
    pub(crate) set: Option<Arguments>,
    pub(crate) arguments: Arguments,
}

impl Entry {
    /// Returns `true` if both declare the same static. Entries under a `cfg` may exclude each other.
    pub(crate) fn collides_with(&self, other: &Self) -> bool {
        let is_unconditional =
            |entry: &Self| !entry.attributes.iter().any(|attribute| attribute.path().is_ident("cfg"));
        self.name == other.name && is_unconditional(self) && is_unconditional(other)
    }
}

impl Block {
    /// Parses as much as possible. Each mistake is added to `errors` and affects only its own entry.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut block = Self::default();
        let parse_all = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = block.parse_one(input, errors) {
                    errors.push(error);
                    skip_entry(input);
                }
            }
            Ok(())
        };
        // The closure consumes all input and adds its errors itself.
        let _ = parse_all.parse2(tokens);
        block
    }

    fn parse_one(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        if input.peek(Token![,]) || input.peek(Token![;]) {
            let separator: TokenTree = input.parse()?;
            errors.at(separator, "breakers are written without a separator between them; remove this");
            return Ok(());
        }
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        if input.peek(Token![default]) {
            return self.parse_default(&attributes, &visibility, input, errors);
        }
        let name = name(input)?;
        let set =
            brackets(input).map(|settings| Arguments::parse(settings.stream(), Place::Brackets, &|_| false, errors));
        let body = body(input, &name)?;
        let arguments = Arguments::parse(body.stream(), Place::Block, &|_| false, errors);
        self.entries.push(Entry { attributes, visibility, name, set, arguments });
        Ok(())
    }

    fn parse_default(
        &mut self,
        attributes: &[Attribute],
        visibility: &Visibility,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        let keyword: Token![default] = input.parse()?;
        let body = body(input, &Ident::new("default", keyword.span))?;
        let arguments = Arguments::parse(body.stream(), Place::Block, &|_| false, errors);
        if let Some(attribute) = attributes.first() {
            errors.at(attribute, "`default` is not a breaker and takes no attributes; write them on the breakers");
        }
        if !matches!(visibility, Visibility::Inherited) {
            errors.at(visibility, "`default` is not a breaker and has no visibility; write it on the breakers");
        }
        if self.default.is_some() {
            errors.at(keyword, "`default` is given twice; write one for all breakers of the block");
        }
        self.default = Some(arguments);
        Ok(())
    }
}

fn name(input: ParseStream<'_>) -> syn::Result<Ident> {
    if input.peek(Token![static]) || input.peek(Token![const]) || input.peek(Token![let]) {
        let keyword: TokenTree = input.parse()?;
        return Err(syn::Error::new_spanned(
            keyword,
            "a breaker is written without a keyword; write `PAYMENT_API { … }`",
        ));
    }
    input.parse::<Ident>().map_err(|error| {
        syn::Error::new(error.span(), "expected the name of a breaker, as in `PAYMENT_API { … }`, or `default { … }`")
    })
}

/// Takes the brackets with the settings of a set, if there are any.
fn brackets(input: ParseStream<'_>) -> Option<Group> {
    match input.fork().parse() {
        Ok(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            // The fork has found it, so parsing it succeeds.
            input.parse::<TokenTree>().ok()?;
            Some(group)
        }
        _ => None,
    }
}

fn body(input: ParseStream<'_>, name: &Ident) -> syn::Result<Group> {
    let example = format!("`{name} {{ tripper = FailureRate(0.5) }}`");
    let expected = if input.peek(Token![=]) || input.peek(Token![:]) {
        format!("the arguments of a breaker are written in braces, without `=` or a type before them; write {example}")
    } else {
        format!("expected the arguments of the breaker in braces; write {example}")
    };
    match input.fork().parse() {
        Ok(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            input.parse::<TokenTree>()?;
            Ok(group)
        }
        Ok(found) => Err(syn::Error::new_spanned(found, expected)),
        Err(_) => Err(syn::Error::new_spanned(name, expected)),
    }
}

/// Skips the next braces, after which another entry may start.
fn skip_entry(input: ParseStream<'_>) {
    while let Ok(tree) = input.parse::<TokenTree>() {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            _ => {}
        }
    }
}
