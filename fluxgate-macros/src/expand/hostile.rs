//! Random token streams: each gives an expansion or an error, and never a panic.

use fastrand::Rng;
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;

/// A seeded generator, so that every run is the same.
struct Random(Rng);

impl Random {
    fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Returns a few tokens, including groups.
    fn tokens(&mut self, depth: usize) -> TokenStream {
        (0..self.below(8)).map(|_| self.token(depth)).collect()
    }

    fn token(&mut self, depth: usize) -> TokenTree {
        match self.below(if depth == 0 { 8 } else { 11 }) {
            0..=3 => Ident::new(self.pick(&WORDS), Span::call_site()).into(),
            4 | 5 => Punct::new(self.pick(&PUNCTUATION), self.pick(&[Spacing::Alone, Spacing::Joint])).into(),
            6 => self.literal().into(),
            7 => Punct::new(self.pick(&['=', ',', '&', '|']), Spacing::Alone).into(),
            _ => {
                let delimiters = [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];
                let delimiter = self.pick(&delimiters);
                Group::new(delimiter, self.tokens(depth - 1)).into()
            }
        }
    }

    fn literal(&mut self) -> Literal {
        match self.below(8) {
            0 => Literal::string(self.pick(&STRINGS)),
            1 => Literal::f64_unsuffixed(0.5),
            2 => Literal::u64_suffixed(self.0.u64(..)),
            3 => Literal::character('\''),
            4 => Literal::byte_string(b"\xff\0"),
            5 => "10s".parse().unwrap(),
            6 => "1e400".parse().unwrap(),
            _ => Literal::u8_unsuffixed(7),
        }
    }

    /// Returns the tokens with one of them removed, doubled, replaced or added, at any depth.
    fn changed(&mut self, tokens: TokenStream) -> TokenStream {
        let mut trees: Vec<_> = tokens.into_iter().collect();
        if trees.is_empty() {
            return self.tokens(1);
        }
        let at = self.below(trees.len());
        let group = if let TokenTree::Group(group) = &trees[at] { Some(group.clone()) } else { None };
        if let Some(group) = group.filter(|_| self.below(4) > 0) {
            trees[at] = Group::new(group.delimiter(), self.changed(group.stream())).into();
            return trees.into_iter().collect();
        }
        match self.below(4) {
            0 => drop(trees.remove(at)),
            1 => trees.insert(at, trees[at].clone()),
            2 => trees[at] = self.token(2),
            _ => trees.insert(at, self.token(2)),
        }
        trees.into_iter().collect()
    }
}

const WORDS: [&str; 45] = [
    "name",
    "window",
    "tracker",
    "tripper",
    "retry",
    "permit",
    "listeners",
    "failed_if",
    "timeout",
    "fallback",
    "wrap_error",
    "shadow",
    "cancelled",
    "max_probe_time",
    "max_failed_probes",
    "max_half_open_calls",
    "default",
    "pub",
    "fn",
    "async",
    "const",
    "unsafe",
    "struct",
    "impl",
    "where",
    "self",
    "Self",
    "crate",
    "super",
    "move",
    "match",
    "static",
    "dyn",
    "CountWindow",
    "FailureRate",
    "FailureStreak",
    "Closed",
    "Custom",
    "TypeOf",
    "Matches",
    "Backoff",
    "RampUp",
    "All",
    "e",
    "union",
];

const PUNCTUATION: [char; 22] =
    ['=', ',', '&', '|', '!', '-', '.', ':', ';', '#', '<', '>', '?', '@', '~', '^', '%', '+', '*', '/', '$', '\''];

const STRINGS: [&str; 8] = ["", "FailureRate(0.5)", "FailureRate(", "off", "5s", "\0\n\"", "🔥", "All() | !("];

/// Asserts that there is an expansion or an error, and that the function stays there for editors.
fn assert_attribute(arguments: TokenStream, item: &TokenStream, function: Option<&str>) {
    let input = format!("#[circuit_breaker({arguments})] {item}");
    let expansion = super::attribute(arguments, item).to_string();
    assert!(expansion.contains("compile_error") || expansion.contains("fluxgate") || item.is_empty(), "{input}");
    assert!(function.is_none_or(|name| expansion.contains(name)), "{input}: the function is gone: {expansion}");
}

fn assert_block(block: TokenStream) {
    let input = format!("breakers! {{ {block} }}");
    let is_empty = block.is_empty();
    let expansion = super::block(block);
    assert!(is_empty || !expansion.is_empty(), "{input}");
    // The expansion always consists of whole items.
    assert!(syn::parse2::<syn::File>(expansion.clone()).is_ok(), "{input}: {expansion}");
}

#[test]
fn any_arguments_are_expanded_or_reported() {
    let function = quote! { fn charge(amount: u64) -> Result<Receipt, ApiError> { provider().charge(amount) } };
    let mut random = Random::new(1);
    for _ in 0..3_000 {
        assert_attribute(random.tokens(3), &function, Some("charge"));
    }
}

#[test]
fn arguments_with_changed_tokens_are_expanded_or_reported() {
    let arguments = quote! {
        name = "payment_api", window = TimeWindow(60s), tracker = TypeOf(A, B) & !Matches(C::D(_) if x),
        tripper = FailureStreak(5) | MinRequests(20) & (FailureRate(0.6) | Custom(|c| c.holds())),
        retry = Backoff(initial = 10.0, max_duration = 300), permit = "RampUp(0.1, 0.5, 60s)",
        max_half_open_calls = 3, max_probe_time = "off", max_failed_probes = "off", cancelled = 2s, shadow,
        listeners = [LogListener, other()], failed_if = |value| value.is_bad(), timeout = 2s, fallback = |e| other(e)
    };
    let function = quote! {
        #[doc = "x"] pub async fn charge<'a, T: Into<u64>>(&'a self, amount: T) -> Result<Receipt, ApiError>
        where T: Send { self.provider().charge(amount).await? }
    };
    let mut random = Random::new(2);
    for _ in 0..1_500 {
        let mut changed = arguments.clone();
        (0..=random.below(3)).for_each(|_| changed = random.changed(changed.clone()));
        assert_attribute(changed, &function, Some("charge"));
    }
}

#[test]
fn any_item_is_expanded_or_reported() {
    let function = quote! {
        #[must_use] pub(crate) unsafe extern "C" fn charge<'a, T, const N: usize>(
            mut self: &'a Self, (a, b): (u64, [T; N]), _: impl Fn(u8) -> u8
        ) -> Result<impl Iterator<Item = T> + use<'a, T, N>, ApiError> where T: Clone { let x = a?; return Ok(x) }
    };
    let mut random = Random::new(3);
    for _ in 0..1_500 {
        assert_attribute(quote!(tripper = FailureStreak(5)), &random.tokens(3), None);
        let mut changed = function.clone();
        (0..=random.below(3)).for_each(|_| changed = random.changed(changed.clone()));
        assert_attribute(quote!(name = "x", fallback = other), &changed, None);
    }
}

#[test]
fn any_block_is_expanded_or_reported() {
    let block = quote! {
        default { listeners = [LogListener], retry = Cooldown(30s) }
        #[doc = "x"] pub PAYMENT_API { name = "payments", tripper = FailureStreak(5) | FailureRate(0.6), shadow }
        pub(crate) INVENTORY {} #[cfg(test)] OTHER { permit = "All()", tracker = Custom(is_bad) }
    };
    let mut random = Random::new(4);
    for _ in 0..1_500 {
        assert_block(random.tokens(3));
        let mut changed = block.clone();
        (0..=random.below(3)).for_each(|_| changed = random.changed(changed.clone()));
        assert_block(changed);
    }
}

#[test]
fn deep_nesting_is_expanded_or_reported() {
    let nested = |mut inner: TokenStream, depth| {
        for _ in 0..depth {
            inner = TokenTree::from(Group::new(Delimiter::Parenthesis, inner)).into();
        }
        inner
    };
    let function = quote! { fn charge() -> Result<(), ApiError> { Ok(()) } };
    // rustc itself rejects nesting beyond its recursion limit, which is 128 by default.
    for depth in [128, 500] {
        let policy = nested(quote!(FailureStreak(5)), depth);
        assert_attribute(quote!(tripper = #policy), &function, Some("charge"));
        let text = format!("{}FailureStreak(5){}", "(".repeat(100_000), ")".repeat(100_000));
        assert_attribute(quote!(tripper = #text), &function, Some("charge"));
    }
}

#[test]
fn a_variable_that_matched_nothing_is_ignored() {
    let nothing = TokenTree::from(Group::new(Delimiter::None, TokenStream::new()));
    let function = quote! { fn charge() -> Result<(), ApiError> { Ok(()) } };
    let arguments = quote!(tripper = #nothing FailureStreak(5) #nothing | Custom(|#nothing context| #nothing true));
    let expansion = super::attribute(arguments, &function).to_string();
    assert!(!expansion.contains("compile_error"), "{expansion}");
    // The same in a message that quotes it.
    assert_attribute(quote!(tripper = FailureStreak(5) #nothing FailureRate(0.5)), &function, Some("charge"));
}
