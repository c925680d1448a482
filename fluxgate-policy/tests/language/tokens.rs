//! Parsing from tokens, as the macros do: spans are indices, and the caller returns the source of Rust.

use fluxgate_policy::Kind::{self, Retry, Tracker, Tripper};
use fluxgate_policy::{Component, Delimiter, Error, ErrorKind, Expr, Span, Token, TokenKind, parse_tokens};

/// Returns tokens as a macro creates them, with their index as span.
fn tokens(kinds: &[TokenKind]) -> Vec<Token> {
    kinds.iter().enumerate().map(|(at, kind)| Token { kind: kind.clone(), span: Span::new(at, at + 1) }).collect()
}

fn name(text: &str) -> TokenKind {
    TokenKind::Name(text.to_owned())
}

fn number(text: &str) -> TokenKind {
    TokenKind::Number(text.to_owned())
}

fn other(text: &str) -> TokenKind {
    TokenKind::Other(text.to_owned())
}

const OPEN: TokenKind = TokenKind::Open(Delimiter::Parenthesis);
const CLOSE: TokenKind = TokenKind::Close(Delimiter::Parenthesis);

fn parsed(kind: Kind, kinds: &[TokenKind]) -> Result<Expr<Component>, Vec<Error>> {
    parse_tokens(kind, &tokens(kinds), &|span| format!("rust {}..{}", span.start, span.end))
}

#[test]
fn tokens_parse_as_text_does() {
    let kinds = [
        name("Closed"),
        OPEN,
        CLOSE,
        TokenKind::And,
        name("SlowRate"),
        OPEN,
        number("0.5"),
        TokenKind::Comma,
        name("threshold"),
        TokenKind::Equals,
        number("2s"),
        CLOSE,
    ];
    let policy = parsed(Tripper, &kinds).unwrap();
    assert_eq!(policy.to_string(), "Closed() & SlowRate(0.5, 2s)");
    let places: Vec<_> = policy.leaves().map(Component::span).collect();
    assert_eq!(places, [Span::new(0, 3), Span::new(4, 12)]);
}

#[test]
fn a_sign_and_a_unit_may_be_separate_tokens() {
    let kinds = [name("Cooldown"), OPEN, number("30"), name("s"), CLOSE];
    assert_eq!(parsed(Retry, &kinds).unwrap().to_string(), "Cooldown(30s)");
    for value in [&[other("-"), number("1")][..], &[number("-1")][..]] {
        let kinds = [&[name("Cooldown"), OPEN], value, &[CLOSE]].concat();
        let error = parsed(Retry, &kinds).unwrap_err().remove(0);
        assert_eq!(error.to_string(), "Cooldown: duration = -1 is out of range; write a duration above 0, such as 60s");
        assert_eq!(error.span(), Span::new(2, 2 + value.len()));
    }
}

#[test]
fn the_caller_returns_the_source_of_rust() {
    let kinds = [
        TokenKind::Not,
        name("Custom"),
        OPEN,
        TokenKind::Or,
        name("e"),
        TokenKind::Or,
        name("e"),
        other("."),
        name("f"),
        OPEN,
        TokenKind::Text,
        CLOSE,
        TokenKind::Comma,
        CLOSE,
    ];
    let policy = parsed(Tracker, &kinds).unwrap();
    let custom = policy.leaves().next().unwrap();
    assert_eq!(custom.rust("function").text, "rust 3..12");
    assert_eq!(custom.rust("function").span, Span::new(3, 12));
    assert_eq!(policy.to_string(), "!Custom(rust 3..12)");
}

#[test]
fn the_spans_of_mistakes_are_token_indices() {
    let kinds = [
        name("Closed"),
        other("&&"),
        name("FailureRate"),
        OPEN,
        number("60"),
        CLOSE,
        TokenKind::Or,
        TokenKind::Not,
        name("Foo"),
        OPEN,
        number("1"),
        CLOSE,
    ];
    let errors = parsed(Tripper, &kinds).unwrap_err();
    let found: Vec<_> = errors.iter().map(|error| (*error.kind(), error.span().start, error.span().end)).collect();
    assert_eq!(
        found,
        [
            (ErrorKind::NoParentheses, 0, 1),
            (ErrorKind::ForeignOperator, 1, 2),
            (ErrorKind::OutOfRange, 4, 5),
            (ErrorKind::Negation, 7, 8),
            (ErrorKind::UnknownComponent, 8, 9),
        ]
    );
}

#[test]
fn no_tokens_are_an_empty_policy() {
    let error = parsed(Tripper, &[]).unwrap_err().remove(0);
    assert_eq!((*error.kind(), error.span()), (ErrorKind::Empty, Span::default()));
}

#[test]
fn the_spans_of_tokens_are_ignored() {
    let mut tokens = tokens(&[name("FailureRate"), OPEN, number("60"), CLOSE]);
    for token in &mut tokens {
        token.span = Span::default();
    }
    let errors = parse_tokens(Tripper, &tokens, &|_| String::new()).unwrap_err();
    assert_eq!(errors[0].span(), Span::new(2, 3));
}
