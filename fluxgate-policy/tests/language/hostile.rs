//! Hostile texts: parsing takes time in proportion to their length, and bounded stack.

use std::time::{Duration, Instant};

use fluxgate_policy::Kind::{self, Retry, Tracker, Tripper, Window};
use fluxgate_policy::{Error, ErrorKind, lex, parse};

const LARGE: usize = 10_000_000;
/// The size for tests with many cases. Nonlinear time shows in a third of a megabyte too.
const MANY: usize = 300_000;

/// Returns the errors of a text, within a time that is enough for a debug build on a slow machine.
#[track_caller]
fn errors(kind: Kind, text: &str) -> Vec<Error> {
    let start = Instant::now();
    let errors = parse(kind, text).expect_err("not a policy");
    for error in &errors {
        assert!(error.with_caret(text).len() < 2_000);
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    errors
}

fn kinds(errors: &[Error]) -> Vec<ErrorKind> {
    errors.iter().map(|error| *error.kind()).collect()
}

/// Repeats `piece` up to this many bytes.
fn repeated(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

#[test]
fn parentheses_nest_to_128_and_no_deeper() {
    let nested = |depth: usize| format!("{}Closed(){}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(Tripper, &nested(128)).is_ok());
    for depth in [129, 100_000] {
        let errors = errors(Tripper, &nested(depth));
        assert_eq!(kinds(&errors), [ErrorKind::TooDeep]);
        assert_eq!(errors[0].span().start, 128);
        assert_eq!(
            errors[0].to_string(),
            "this is nested more than 128 levels deep; write fewer parentheses and `!` around it"
        );
    }
    assert_eq!(kinds(&errors(Tripper, &"(".repeat(100_000))), [ErrorKind::TooDeep, ErrorKind::Unbalanced]);
}

#[test]
fn negations_nest_to_128_and_no_deeper() {
    let nested = |depth: usize| format!("{}All() | All()", "!".repeat(depth));
    assert!(parse(Tracker, &nested(128)).is_ok());
    for depth in [129, 100_000] {
        assert_eq!(kinds(&errors(Tracker, &nested(depth))), [ErrorKind::TooDeep]);
    }
    let both = format!("{}All(){}", "!(".repeat(65), ")".repeat(65));
    assert_eq!(kinds(&errors(Tracker, &both)), [ErrorKind::TooDeep]);
}

#[test]
fn a_long_text_of_one_repeated_piece_has_few_errors() {
    for piece in [
        "(",
        ")",
        "[",
        "!",
        "&",
        "&&",
        "|",
        ",",
        "=",
        "a",
        "a ",
        "0",
        "0 ",
        "'",
        "\"",
        "'\\",
        "/*",
        "/",
        "r#",
        "r\"",
        "\0",
        "실",
        "Closed ",
        "Closed(",
        "Closed(]",
        "Closed() ",
        "Foo() | ",
        "Closed(1",
        "MinRequests(0) | ",
    ] {
        assert!((1..=20).contains(&errors(Tripper, &repeated(piece, MANY)).len()), "{piece}");
    }
    assert_eq!(kinds(&errors(Tripper, &repeated(" ", MANY))), [ErrorKind::Empty]);
    assert_eq!(kinds(&errors(Tripper, &repeated("/**/", MANY))), [ErrorKind::Empty]);
}

#[test]
fn long_text_in_parentheses_has_few_errors() {
    for (piece, kind) in [
        ("9", ErrorKind::OutOfRange),
        ("1,", ErrorKind::TooManyArguments),
        ("a = 1,", ErrorKind::UnknownArgument),
        ("((", ErrorKind::Unbalanced),
        ("x ", ErrorKind::WrongType),
        ("1 ", ErrorKind::ArgumentSyntax),
    ] {
        let found = errors(Retry, &format!("Backoff({})", repeated(piece, MANY)));
        assert!(found.iter().any(|error| *error.kind() == kind), "{piece}: {found:?}");
    }
    let brackets = format!("Custom({}{})", "[".repeat(MANY / 2), ")".repeat(MANY / 2));
    assert!(!errors(Tracker, &brackets).is_empty());
}

#[test]
fn ten_megabytes_of_policy_are_parsed() {
    let text = repeated("Closed() & Closed() | ", LARGE) + "Closed()";
    let policy = parse(Tripper, &text).unwrap();
    assert_eq!(policy.leaves().count(), text.matches("Closed").count());
    let zeros = format!("FailureRate(0.5{})", repeated("0", LARGE));
    assert_eq!(parse(Tripper, &zeros).unwrap().to_string(), "FailureRate(0.5)");
    let zeros = format!("Cooldown({}.5)", repeated("0", LARGE));
    assert_eq!(parse(Retry, &zeros).unwrap().to_string(), "Cooldown(500ms)");
    let closure = format!("Custom(|e| [{}])", repeated("e, ", MANY));
    assert!(parse(Tracker, &closure).is_ok());
}

#[test]
fn ten_megabytes_of_mistakes_have_few_errors() {
    for piece in ["(", "a", "Foo() | "] {
        assert!((1..=20).contains(&errors(Tripper, &repeated(piece, LARGE)).len()), "{piece}");
    }
}

#[test]
fn infinite_and_huge_numbers_are_out_of_range() {
    for number in ["1e400", "-1e400", "NaN", "nan", "inf", "-infinity", "1e99999999999999999999", &"9".repeat(400)] {
        for (kind, name) in
            [(Tripper, "FailureRate"), (Tripper, "MinRequests"), (Retry, "Cooldown"), (Window, "TimeWindow")]
        {
            assert_eq!(kinds(&errors(kind, &format!("{name}({number})"))), [ErrorKind::OutOfRange], "{name}({number})");
        }
    }
}

#[test]
fn letters_that_look_like_ascii_are_not_accepted() {
    for text in
        ["\u{410}ll()", "A\u{406}l()", "All\u{ff08}\u{ff09}", "\u{ff01}All()", "All() \u{2227} All()", "Al\u{200d}l()"]
    {
        let errors = errors(Tracker, text);
        assert!(!errors.is_empty(), "{text}");
    }
}

#[test]
fn the_lexer_accepts_any_text() {
    for piece in ["'", "\"", "r#", "'\\", "0x", "1.", "1e-", "/*", "실"] {
        assert!(!lex(&piece.repeat(1_000)).is_empty());
    }
}
