//! Helpers for these tests: texts in which the mistakes are marked, and chance that repeats.

use fluxgate_policy::{Component, Error, ErrorKind, Expr, Kind, Span, parse};

/// Asserts that `marked`, without its marks `«` and `»`, has exactly these mistakes, each between its marks.
#[track_caller]
pub(crate) fn assert_mistakes(kind: Kind, marked: &str, expected: &[(ErrorKind, &str)]) {
    let (text, spans) = unmark(marked);
    let errors = parse(kind, &text).expect_err(&text);
    assert_same(&text, &errors, &spans, expected);
}

/// Like [`assert_mistakes`], for a single mistake.
#[track_caller]
pub(crate) fn assert_mistake(kind: Kind, marked: &str, expected: ErrorKind, message: &str) {
    assert_mistakes(kind, marked, &[(expected, message)]);
}

#[track_caller]
pub(crate) fn assert_same(text: &str, errors: &[Error], spans: &[Span], expected: &[(ErrorKind, &str)]) {
    let found: Vec<_> = errors.iter().map(|error| (*error.kind(), error.to_string(), error.span())).collect();
    assert_eq!(spans.len(), expected.len(), "one pair of marks for each mistake");
    let expected: Vec<_> =
        expected.iter().zip(spans).map(|((kind, message), span)| (*kind, (*message).to_owned(), *span)).collect();
    assert_eq!(found, expected, "{text}");
    for ((_, message, span), error) in expected.iter().zip(errors) {
        if text.is_ascii() && !text.trim().is_empty() {
            let caret = " ".repeat(span.start) + &"^".repeat(span.end - span.start);
            let line = text.replace('\t', " ");
            assert_eq!(error.with_caret(text), format!("{message}\n  {line}\n  {caret}"));
        }
    }
}

/// Returns the text without its marks, and the spans between them.
pub(crate) fn unmark(marked: &str) -> (String, Vec<Span>) {
    let mut text = String::new();
    let mut spans: Vec<Span> = Vec::new();
    let mut open = Vec::new();
    for c in marked.chars() {
        match c {
            '«' => {
                open.push(spans.len());
                spans.push(Span::new(text.len(), text.len()));
            }
            '»' => spans[open.pop().expect("`»` has its `«`")].end = text.len(),
            c => text.push(c),
        }
    }
    (text, spans)
}

#[track_caller]
pub(crate) fn parsed(kind: Kind, text: &str) -> Expr<Component> {
    parse(kind, text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

/// Parses a text that is a single component.
#[track_caller]
pub(crate) fn one(kind: Kind, text: &str) -> Component {
    match parsed(kind, text) {
        Expr::Leaf(component) => component,
        other => panic!("{other} is not a single component"),
    }
}
