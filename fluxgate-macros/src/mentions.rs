//! Searching unparsed tokens for names.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

/// Returns `true` if `tokens` may use the variable `name`, including in a format string.
///
/// A field, a path segment, a lifetime or a `let` binding with this name is not a use.
pub(crate) fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    first_use(tokens, &name.to_string()).is_some()
}

/// Returns the name with the span of its first use in `tokens`, if there is one.
pub(crate) fn mentioned(tokens: TokenStream, name: &Ident) -> Option<Ident> {
    let place = first_use(tokens, &name.to_string())?;
    Some(at(name, name.span().located_at(place)))
}

/// Returns the name with another span.
pub(crate) fn at(name: &Ident, place: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(place);
    name
}

/// Returns the first identifier in `tokens` that is one of `names`.
pub(crate) fn first_identifier(tokens: TokenStream, names: &[&str]) -> Option<Ident> {
    tokens.into_iter().find_map(|tree| match tree {
        TokenTree::Ident(ident) => names.iter().any(|name| ident == name).then_some(ident),
        TokenTree::Group(group) => first_identifier(group.stream(), names),
        TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}

fn first_use(tokens: TokenStream, name: &str) -> Option<Span> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    trees.iter().enumerate().find_map(|(index, tree)| match tree {
        TokenTree::Ident(ident) => (ident == name && is_variable(&trees, index)).then(|| ident.span()),
        TokenTree::Group(group) => first_use(group.stream(), name),
        TokenTree::Literal(literal) => formats(&literal.to_string(), name).then(|| literal.span()),
        TokenTree::Punct(_) => None,
    })
}

/// Returns `true` if the identifier at `index` may be the use of a variable.
fn is_variable(trees: &[TokenTree], index: usize) -> bool {
    let before = |distance: usize| index.checked_sub(distance).map(|before| &trees[before]);
    let punct =
        |tree: Option<&TokenTree>, of: char| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == of);
    let word = |tree: Option<&TokenTree>, of: &str| matches!(tree, Some(TokenTree::Ident(ident)) if ident == of);
    let is_field = punct(before(1), '.') && !punct(before(2), '.');
    let is_segment = punct(before(1), ':') && punct(before(2), ':')
        || punct(trees.get(index + 1), ':') && punct(trees.get(index + 2), ':');
    let is_lifetime = punct(before(1), '\'');
    let is_bound = word(before(1), "let") || word(before(1), "mut") && word(before(2), "let");
    !(is_field || is_segment || is_lifetime || is_bound)
}

/// Returns `true` if a format string uses the variable: `{name}`, `{name:?}`, `{:width$}`.
fn formats(literal: &str, name: &str) -> bool {
    literal.contains('{')
        && literal.match_indices(name).any(|(at, _)| {
            let before = literal[..at].chars().next_back();
            let after = literal[at + name.len()..].chars().find(|next| !next.is_whitespace());
            before.is_some_and(|before| "{:.>^<+#0".contains(before) || before.is_whitespace())
                && after.is_some_and(|after| "}:$".contains(after))
        })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn mentions_job(tokens: TokenStream) -> bool {
        mentions(tokens, &Ident::new("job", Span::call_site()))
    }

    #[test]
    fn a_variable_is_found_wherever_it_is_used() {
        assert!(mentions_job(quote!(send(job))));
        assert!(mentions_job(quote!(job.run())));
        assert!(mentions_job(quote!(Work { job })));
        assert!(mentions_job(quote!(0..job)));
        assert!(mentions_job(quote!(let _ = job;)));
        assert!(mentions_job(quote!(println!("{job}"))));
        assert!(mentions_job(quote!(println!("{ job :?}"))));
        assert!(mentions_job(quote!(println!("{:>job$}", 1))));
        assert!(mentions_job(quote!(println!("{:.job$}", 1))));
    }

    #[test]
    fn other_uses_of_the_name_are_not_variables() {
        assert!(!mentions_job(quote!(self.job)));
        assert!(!mentions_job(quote!(job::run())));
        assert!(!mentions_job(quote!(crate::job)));
        assert!(!mentions_job(quote!(&'job str)));
        assert!(!mentions_job(quote!(let job = 1;)));
        assert!(!mentions_job(quote!(let mut job = 1;)));
        assert!(!mentions_job(quote!(println!("{other}"))));
        assert!(!mentions_job(quote!(println!("{} job", 1))));
        assert!(!mentions_job(quote!("the job")));
    }
}
