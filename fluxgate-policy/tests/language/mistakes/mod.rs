//! Every mistake has its own error, at its place, that says what to write instead.

mod arguments;

use fluxgate_policy::{
    ErrorKind as E,
    Kind::{Permit, Retry, Tracker, Tripper, Window},
    Span, parse,
};

use crate::support::{assert_mistake, assert_mistakes, assert_same, unmark};

#[test]
fn a_component_without_parentheses() {
    let message = "FailureRate has no parentheses; write FailureRate(0.5)";
    for marked in [
        "«FailureRate»",
        "«FailureRate» 0.5",
        "«FailureRate» = 0.5",
        "«FailureRate»: 0.5 %",
        "«FailureRate»[0.5]",
        "Closed() & «FailureRate» | HalfOpened()",
        "(«FailureRate»)",
        "«FailureRate» 60 percent of all",
    ] {
        assert_mistake(Tripper, marked, E::NoParentheses, message);
    }
    assert_mistake(Tracker, "!«All»", E::NoParentheses, "All has no parentheses; write All()");
    assert_mistake(
        Window,
        "«CountWindow» 10",
        E::NoParentheses,
        "CountWindow has no parentheses; write CountWindow(100)",
    );
}

#[test]
fn an_operator_of_another_language() {
    for (marked, message) in [
        ("Closed() «&&» HalfOpened()", "`&&` is not an operator here; use `&`"),
        ("Closed() «||» HalfOpened()", "`||` is not an operator here; use `|`"),
        ("Closed() «and» HalfOpened()", "`and` is not an operator here; use `&`"),
        ("Closed() «OR» HalfOpened()", "`OR` is not an operator here; use `|`"),
        ("Closed() «&&»& HalfOpened()", "`&&` is not an operator here; use `&`"),
        ("Closed() «&&» && && HalfOpened()", "`&&` is not an operator here; use `&`"),
        ("«&&» Closed()", "`&&` is not an operator here; use `&`"),
        ("Closed() «or»", "`or` is not an operator here; use `|`"),
        ("(Closed() «||»)", "`||` is not an operator here; use `|`"),
    ] {
        assert_mistake(Tripper, marked, E::ForeignOperator, message);
    }
    for (marked, message) in [
        ("«~»All()", "`~` is not an operator here; use `!`"),
        ("«not»", "`not` is not an operator here; use `!`"),
        ("«not» All()", "`not` is not an operator here; use `!`"),
        ("All() & «not» (All() | All())", "`not` is not an operator here; use `!`"),
        ("«~»~All()", "`~` is not an operator here; use `!`"),
    ] {
        assert_mistake(Tracker, marked, E::ForeignOperator, message);
    }
}

#[test]
fn a_negation_outside_trackers() {
    for (marked, found) in
        [("«!»Closed()", "!"), ("«~»Closed()", "~"), ("«not» Closed()", "not"), ("«!»!!(Closed())", "!")]
    {
        let message = format!("`{found}` can only be used in a tracker; write the tripper without it");
        assert_mistake(Tripper, marked, E::Negation, &message);
    }
    let message = "`!` can only be used in a tracker; write the window without it";
    assert_mistake(Window, "«!»CountWindow(10)", E::Negation, message);
}

#[test]
fn an_operator_in_a_part_that_is_a_single_component() {
    for (kind, marked, message) in [
        (
            Window,
            "CountWindow(1) «|» CountWindow(2)",
            "`|` can't be used in a window; write a single component, such as CountWindow(100)",
        ),
        (
            Retry,
            "Always() «&» Never()",
            "`&` can't be used in a retry; write a single component, such as Cooldown(60s)",
        ),
        (
            Permit,
            "All() «and» All()",
            "`and` can't be used in a permit; write a single component, such as RampUp(0, 1, 60s)",
        ),
        (Retry, "Always() «|»", "`|` can't be used in a retry; write a single component, such as Cooldown(60s)"),
        (Retry, "«|» Always()", "`|` can't be used in a retry; write a single component, such as Cooldown(60s)"),
        (
            Retry,
            "(Always() «|» Never())",
            "`|` can't be used in a retry; write a single component, such as Cooldown(60s)",
        ),
    ] {
        assert_mistake(kind, marked, E::Composition, message);
    }
    let message = "`Never` can't follow a retry, which is a single component; remove it";
    assert_mistake(Retry, "Always() «Never»()", E::Unexpected, message);
}

#[test]
fn an_operator_without_an_operand() {
    for (marked, message) in [
        ("Closed() «&»", "there is no tripper after `&`; write one, such as FailureRate(0.5)"),
        ("(Closed() «|»)", "there is no tripper after `|`; write one, such as FailureRate(0.5)"),
        ("Closed() «|» | HalfOpened()", "there is no tripper after `|`; write one, such as FailureRate(0.5)"),
        ("«|» Closed()", "there is no tripper before `|`; write one, such as FailureRate(0.5)"),
        ("(«&» Closed())", "there is no tripper before `&`; write one, such as FailureRate(0.5)"),
        ("«&»", "there is no tripper before `&`; write one, such as FailureRate(0.5)"),
        ("Closed() & «()»", "these parentheses are empty; write a tripper in them, such as FailureRate(0.5)"),
    ] {
        assert_mistake(Tripper, marked, E::MissingOperand, message);
    }
    let message = "there is no tracker after `!`; write one, such as All()";
    assert_mistake(Tracker, "All() | !«!»", E::MissingOperand, message);
}

#[test]
fn components_without_an_operator_between_them() {
    let message = "there is no operator before `HalfOpened`; write `&` or `|` before it";
    assert_mistake(Tripper, "Closed() «HalfOpened»()", E::NotJoined, message);
    assert_mistakes(
        Tripper,
        "Closed() ««HalfOpened»» & Closed()",
        &[(E::NotJoined, message), (E::NoParentheses, "HalfOpened has no parentheses; write HalfOpened()")],
    );
    let message = "there is no operator before `(`; write `&` or `|` before it";
    assert_mistake(Tripper, "Closed() «(»HalfOpened())", E::NotJoined, message);
    let message = "there is no operator before `!`; write `&` or `|` before it";
    assert_mistake(Tracker, "All() «!»All()", E::NotJoined, message);
}

#[test]
fn a_token_that_is_not_allowed_there() {
    for (marked, message) in [
        ("Closed()«,» HalfOpened()", "`,` can't follow a tripper; remove it, or write `&` or `|` and another tripper"),
        ("Closed() «0.5»", "`0.5` can't follow a tripper; remove it, or write `&` or `|` and another tripper"),
        ("Closed() «^» HalfOpened()", "`^` can't follow a tripper; remove it, or write `&` or `|` and another tripper"),
        ("«0.5»", "`0.5` is not a tripper; write one, such as FailureRate(0.5)"),
        ("Closed() & «{» HalfOpened() }", "`{` is not a tripper; write one, such as FailureRate(0.5)"),
        ("«\0»", "`\\0` is not a tripper; write one, such as FailureRate(0.5)"),
        ("«\u{200b}»Closed()", "`\\u{200b}` is not a tripper; write one, such as FailureRate(0.5)"),
    ] {
        assert_unexpected(marked, message);
    }
}

#[track_caller]
fn assert_unexpected(marked: &str, message: &str) {
    let (text, spans) = unmark(marked);
    let errors = parse(Tripper, &text).expect_err(&text);
    // A null byte is printed as another character, so the carets are not compared.
    let found: Vec<_> = errors.iter().map(|error| (*error.kind(), error.to_string(), error.span())).collect();
    assert_eq!(found, [(E::Unexpected, message.to_owned(), spans[0])]);
}

#[test]
fn an_empty_text() {
    for (kind, message) in [
        (Tripper, "the tripper is empty; write one, such as FailureRate(0.5)"),
        (Window, "the window is empty; write one, such as CountWindow(100)"),
        (Tracker, "the tracker is empty; write one, such as All()"),
        (Retry, "the retry is empty; write one, such as Cooldown(60s)"),
        (Permit, "the permit is empty; write one, such as RampUp(0, 1, 60s)"),
    ] {
        for text in ["", " \n\t", "// nothing", "/* nothing */"] {
            let errors = parse(kind, text).unwrap_err();
            assert_same("", &errors, &[Span::default()], &[(E::Empty, message)]);
        }
        assert_eq!(parse(kind, " ").unwrap_err()[0].with_caret(" "), message);
    }
}

#[test]
fn unmatched_brackets() {
    for (marked, message) in [
        ("«(»Closed()", "`(` is never closed; write the matching `)`"),
        ("FailureRate«(»0.5", "`(` is never closed; write the matching `)`"),
        ("((Closed() & «(»HalfOpened()", "`(` is never closed; write the matching `)`"),
        ("Closed()«)»", "`)` closes nothing; remove it, or write the matching `(`"),
        ("Closed()«)» | Closed())", "`)` closes nothing; remove it, or write the matching `(`"),
        ("«)»", "`)` closes nothing; remove it, or write the matching `(`"),
        ("(Closed()«]»)", "`]` closes nothing; remove it, or write the matching `[`"),
        ("FailureRate(0.5«]»)", "`]` closes nothing; remove it, or write the matching `[`"),
        ("Custom(f[1«)»]", "`)` can't close `[`; write `]` before it"),
        ("Custom(f«]»)", "`]` closes nothing; remove it, or write the matching `[`"),
        ("Custom(f[1]«]»)", "`]` closes nothing; remove it, or write the matching `[`"),
        ("«(»", "`(` is never closed; write the matching `)`"),
        ("FailureRate(«]»)", "`]` closes nothing; remove it, or write the matching `[`"),
        ("Custom«(»f[1]", "`(` is never closed; write the matching `)`"),
    ] {
        assert_mistake(Tripper, marked, E::Unbalanced, message);
    }
}

#[test]
fn an_unterminated_literal_or_comment() {
    for (marked, noun) in [
        ("«\"Closed()»", "string"),
        ("Closed() & «\"abc»", "string"),
        ("FailureRate(«\"0.5)»", "string"),
        ("FailureRate(ratio = «\"0.5)»", "string"),
        ("Custom(|_| «r#\"a\" == 1)»", "string"),
        ("Closed() «/* /* */»", "comment"),
    ] {
        let message = format!("this {noun} has no end; write its end, or remove it");
        assert_mistake(Tripper, marked, E::Unterminated, &message);
    }
}

#[test]
fn an_unknown_component() {
    for (marked, message) in [
        ("«FailurRate»(0.5)", "there is no tripper `FailurRate`; write FailureRate"),
        ("«failure_streak»(5)", "there is no tripper `failure_streak`; write FailureStreak"),
        ("«FailureRat»", "there is no tripper `FailureRat`; write FailureRate"),
        (
            "Closed() & «Latency»(whatever = [1, 2], )",
            "there is no tripper `Latency`; write one of Closed, HalfOpened, MinRequests, FailureRate, FailureStreak, \
             AvgLatency, SlowRate and Custom",
        ),
        (
            "«F\u{430}ilureRate»(0.5)",
            "there is no tripper `F\u{430}ilureRate` (with the letter U+0430); write FailureRate",
        ),
    ] {
        assert_mistake(Tripper, marked, E::UnknownComponent, message);
    }
}

#[test]
fn a_component_of_another_kind() {
    for (kind, marked, message) in [
        (Tripper, "«All»()", "`All` is a tracker or a permit; write a tripper here, such as FailureRate(0.5)"),
        (
            Tripper,
            "«TypeOf»(io::Error, (A, B))",
            "`TypeOf` is a tracker; write a tripper here, such as FailureRate(0.5)",
        ),
        (Window, "«MinRequests»(0)", "`MinRequests` is a tripper; write a window here, such as CountWindow(100)"),
        (Tracker, "!«Closed»()", "`Closed` is a tripper; write a tracker here, such as All()"),
        (Permit, "«Always»()", "`Always` is a retry; write a permit here, such as RampUp(0, 1, 60s)"),
    ] {
        assert_mistake(kind, marked, E::WrongKind, message);
    }
}

#[test]
fn a_component_written_as_a_path() {
    for (kind, marked, message) in [
        (
            Tripper,
            "«trippers::FailureRate»(0.5)",
            "`trippers::FailureRate` is a path, but a tripper is written by its name alone; write FailureRate(0.5)",
        ),
        (
            Retry,
            "«Backoff::new»(10.0)",
            "`Backoff::new` is a path, but a retry is written by its name alone; write Backoff(10s)",
        ),
        (
            Tracker,
            "«TypeOf::<io::Error>»() | All()",
            "`TypeOf::<io::Error>` is a path, but a tracker is written by its name alone; write TypeOf(std::io::Error)",
        ),
        (
            Tripper,
            "«trippers::Closed» % 2",
            "`trippers::Closed` is a path, but a tripper is written by its name alone; write Closed()",
        ),
    ] {
        assert_mistake(kind, marked, E::Path, message);
    }
}

#[test]
fn all_independent_mistakes_are_reported_in_the_order_of_the_text() {
    assert_mistakes(
        Tripper,
        "Closed() & FailureRate(«60») | MinRequests(«0», «n» = 1) «&&» «Foo»(1) & «!»SlowRate(«0», «0s») «and» «FailureStreak»",
        &[
            (E::OutOfRange, "FailureRate: 60 is out of range; write a ratio above 0, at most 1, such as 0.6"),
            (E::OutOfRange, "MinRequests: 0 is out of range; write a whole number of at least 1, such as 20"),
            (E::UnknownArgument, "MinRequests has no argument `n`; write count"),
            (E::ForeignOperator, "`&&` is not an operator here; use `&`"),
            (
                E::UnknownComponent,
                "there is no tripper `Foo`; write one of Closed, HalfOpened, MinRequests, FailureRate, FailureStreak, \
                 AvgLatency, SlowRate and Custom",
            ),
            (E::Negation, "`!` can only be used in a tracker; write the tripper without it"),
            (E::OutOfRange, "SlowRate: ratio = 0 is out of range; write a ratio above 0, at most 1, such as 0.5"),
            (E::OutOfRange, "SlowRate: threshold = 0s is out of range; write a duration above 0, such as 2s"),
            (E::ForeignOperator, "`and` is not an operator here; use `&`"),
            (E::NoParentheses, "FailureStreak has no parentheses; write FailureStreak(5)"),
        ],
    );
}

#[test]
fn at_most_twenty_mistakes_are_reported() {
    for text in ["MinRequests(0) | ".repeat(50) + "Closed()", "Foo() ".repeat(50), "Closed() && ".repeat(50)] {
        assert_eq!(parse(Tripper, &text).unwrap_err().len(), 20);
    }
    let text = format!("Backoff(a = 1{})", ", 1".repeat(50));
    assert_eq!(parse(Retry, &text).unwrap_err().len(), 20);
}

#[test]
fn the_carets_are_right_in_a_long_or_non_ascii_text() {
    let text = "Closed()\n    & HalfOpened() // 반개방\n    | FailureRate(60)";
    let error = parse(Tripper, text).unwrap_err().remove(0);
    assert_eq!(
        error.with_caret(text),
        "\
FailureRate: 60 is out of range; write a ratio above 0, at most 1, such as 0.6
  line 3:     | FailureRate(60)
                            ^^",
    );
}
