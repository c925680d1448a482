//! Whether tokens name a variable, as far as that can be told without parsing them.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

/// Whether `tokens` may use the variable `name`, be it in a format string. Not where the name is that of a field, of a
/// path's segment or of a lifetime, nor where a `let` binds it.
pub(crate) fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    place_of_mention(tokens, &name.to_string()).is_some()
}

/// The name as `tokens` first use it, for what is to be said of that use.
pub(crate) fn mentioned(tokens: TokenStream, name: &Ident) -> Option<Ident> {
    let place = place_of_mention(tokens, &name.to_string())?;
    Some(at(name, name.span().located_at(place)))
}

/// The same name elsewhere.
pub(crate) fn at(name: &Ident, place: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(place);
    name
}

/// The first identifier in `tokens` that is one of `names`.
pub(crate) fn first_identifier(tokens: TokenStream, names: &[&str]) -> Option<Ident> {
    tokens.into_iter().find_map(|tree| match tree {
        TokenTree::Ident(ident) => names.iter().any(|name| ident == name).then_some(ident),
        TokenTree::Group(group) => first_identifier(group.stream(), names),
        TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}

fn place_of_mention(tokens: TokenStream, name: &str) -> Option<Span> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    trees.iter().enumerate().find_map(|(index, tree)| match tree {
        TokenTree::Ident(ident) => (ident == name && is_variable(&trees, index)).then(|| ident.span()),
        TokenTree::Group(group) => place_of_mention(group.stream(), name),
        TokenTree::Literal(literal) => formats(&literal.to_string(), name).then(|| literal.span()),
        TokenTree::Punct(_) => None,
    })
}

/// Whether the identifier at `index` may stand for a variable's value.
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

/// Whether a format string names a variable: `{name}`, `{name:?}`, `{:width$}`.
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

    fn names(tokens: TokenStream) -> bool {
        mentions(tokens, &Ident::new("job", Span::call_site()))
    }

    #[test]
    fn a_variable_is_found_wherever_it_is_used() {
        assert!(names(quote!(send(job))));
        assert!(names(quote!(job.run())));
        assert!(names(quote!(Work { job })));
        assert!(names(quote!(0..job)));
        assert!(names(quote!(let _ = job;)));
        assert!(names(quote!(println!("{job}"))));
        assert!(names(quote!(println!("{ job :?}"))));
        assert!(names(quote!(println!("{:>job$}", 1))));
        assert!(names(quote!(println!("{:.job$}", 1))));
    }

    #[test]
    fn what_only_has_its_name_is_no_variable() {
        assert!(!names(quote!(self.job)));
        assert!(!names(quote!(job::run())));
        assert!(!names(quote!(crate::job)));
        assert!(!names(quote!(&'job str)));
        assert!(!names(quote!(let job = 1;)));
        assert!(!names(quote!(let mut job = 1;)));
        assert!(!names(quote!(println!("{other}"))));
        assert!(!names(quote!(println!("{} job", 1))));
        assert!(!names(quote!("the job")));
    }
}
