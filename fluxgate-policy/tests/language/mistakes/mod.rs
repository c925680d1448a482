//! Every mistake has an error of its own, at its place, that says what to write.

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
        ("Closed() «&&» HalfOpened()", "`&&` is no operator here; write &"),
        ("Closed() «||» HalfOpened()", "`||` is no operator here; write |"),
        ("Closed() «and» HalfOpened()", "`and` is no operator here; write &"),
        ("Closed() «OR» HalfOpened()", "`OR` is no operator here; write |"),
        ("Closed() «&&»& HalfOpened()", "`&&` is no operator here; write &"),
        ("Closed() «&&» && && HalfOpened()", "`&&` is no operator here; write &"),
        ("«&&» Closed()", "`&&` is no operator here; write &"),
        ("Closed() «or»", "`or` is no operator here; write |"),
        ("(Closed() «||»)", "`||` is no operator here; write |"),
    ] {
        assert_mistake(Tripper, marked, E::ForeignOperator, message);
    }
    for (marked, message) in [
        ("«~»All()", "`~` is no operator here; write !"),
        ("«not»", "`not` is no operator here; write !"),
        ("«not» All()", "`not` is no operator here; write !"),
        ("All() & «not» (All() | All())", "`not` is no operator here; write !"),
        ("«~»~All()", "`~` is no operator here; write !"),
    ] {
        assert_mistake(Tracker, marked, E::ForeignOperator, message);
    }
}

#[test]
fn a_negation_outside_trackers() {
    for (marked, found) in
        [("«!»Closed()", "!"), ("«~»Closed()", "~"), ("«not» Closed()", "not"), ("«!»!!(Closed())", "!")]
    {
        let message = format!("`{found}` has no place in a tripper, only in a tracker; write the tripper without it");
        assert_mistake(Tripper, marked, E::Negation, &message);
    }
    let message = "`!` has no place in a window, only in a tracker; write the window without it";
    assert_mistake(Window, "«!»CountWindow(10)", E::Negation, message);
}

#[test]
fn an_operator_where_one_component_is_meant() {
    for (kind, marked, message) in [
        (
            Window,
            "CountWindow(1) «|» CountWindow(2)",
            "`|` has no place in a window; write a single one, such as CountWindow(100)",
        ),
        (Retry, "Always() «&» Never()", "`&` has no place in a retry; write a single one, such as Cooldown(60s)"),
        (Permit, "All() «and» All()", "`and` has no place in a permit; write a single one, such as RampUp(0, 1, 60s)"),
        (Retry, "Always() «|»", "`|` has no place in a retry; write a single one, such as Cooldown(60s)"),
        (Retry, "«|» Always()", "`|` has no place in a retry; write a single one, such as Cooldown(60s)"),
        (Retry, "(Always() «|» Never())", "`|` has no place in a retry; write a single one, such as Cooldown(60s)"),
    ] {
        assert_mistake(kind, marked, E::Composition, message);
    }
    let message = "`Never` can't follow a retry, which is a single component; remove it";
    assert_mistake(Retry, "Always() «Never»()", E::Unexpected, message);
}

#[test]
fn an_operator_with_nothing_to_join() {
    for (marked, message) in [
        ("Closed() «&»", "`&` has nothing after it; write a tripper there, such as FailureRate(0.5)"),
        ("(Closed() «|»)", "`|` has nothing after it; write a tripper there, such as FailureRate(0.5)"),
        ("Closed() «|» | HalfOpened()", "`|` has nothing after it; write a tripper there, such as FailureRate(0.5)"),
        ("«|» Closed()", "`|` has nothing before it; write a tripper there, such as FailureRate(0.5)"),
        ("(«&» Closed())", "`&` has nothing before it; write a tripper there, such as FailureRate(0.5)"),
        ("«&»", "`&` has nothing before it; write a tripper there, such as FailureRate(0.5)"),
        ("Closed() & «()»", "these parentheses are empty; write a tripper there, such as FailureRate(0.5)"),
    ] {
        assert_mistake(Tripper, marked, E::MissingOperand, message);
    }
    let message = "`!` has nothing after it; write a tracker there, such as All()";
    assert_mistake(Tracker, "All() | !«!»", E::MissingOperand, message);
}

#[test]
fn components_that_nothing_joins() {
    let message = "nothing joins `HalfOpened` to what is before it; write & or | between them";
    assert_mistake(Tripper, "Closed() «HalfOpened»()", E::NotJoined, message);
    assert_mistakes(
        Tripper,
        "Closed() ««HalfOpened»» & Closed()",
        &[(E::NotJoined, message), (E::NoParentheses, "HalfOpened has no parentheses; write HalfOpened()")],
    );
    let message = "nothing joins `(` to what is before it; write & or | between them";
    assert_mistake(Tripper, "Closed() «(»HalfOpened())", E::NotJoined, message);
    let message = "nothing joins `!` to what is before it; write & or | between them";
    assert_mistake(Tracker, "All() «!»All()", E::NotJoined, message);
}

#[test]
fn something_that_has_no_place_there() {
    for (marked, message) in [
        ("Closed()«,» HalfOpened()", "`,` can't follow a tripper; write & or | and another tripper, or nothing"),
        ("Closed() «0.5»", "`0.5` can't follow a tripper; write & or | and another tripper, or nothing"),
        ("Closed() «^» HalfOpened()", "`^` can't follow a tripper; write & or | and another tripper, or nothing"),
        ("«0.5»", "`0.5` is no tripper; write one, such as FailureRate(0.5)"),
        ("Closed() & «{» HalfOpened() }", "`{` is no tripper; write one, such as FailureRate(0.5)"),
        ("«\0»", "`\\0` is no tripper; write one, such as FailureRate(0.5)"),
        ("«\u{200b}»Closed()", "`\\u{200b}` is no tripper; write one, such as FailureRate(0.5)"),
    ] {
        assert_unexpected(marked, message);
    }
}

#[track_caller]
fn assert_unexpected(marked: &str, message: &str) {
    let (text, spans) = unmark(marked);
    let errors = parse(Tripper, &text).expect_err(&text);
    // A null byte is not drawn as it is, so only kind, message and place are compared.
    let found: Vec<_> = errors.iter().map(|error| (*error.kind(), error.to_string(), error.span())).collect();
    assert_eq!(found, [(E::Unexpected, message.to_owned(), spans[0])]);
}

#[test]
fn nothing_at_all() {
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
fn brackets_without_their_counterpart() {
    for (marked, message) in [
        ("«(»Closed()", "`(` is never closed; write its `)`"),
        ("FailureRate«(»0.5", "`(` is never closed; write its `)`"),
        ("((Closed() & «(»HalfOpened()", "`(` is never closed; write its `)`"),
        ("Closed()«)»", "`)` closes nothing; remove it, or write its `(`"),
        ("Closed()«)» | Closed())", "`)` closes nothing; remove it, or write its `(`"),
        ("«)»", "`)` closes nothing; remove it, or write its `(`"),
        ("(Closed()«]»)", "`]` closes nothing; remove it, or write its `[`"),
        ("FailureRate(0.5«]»)", "`]` closes nothing; remove it, or write its `[`"),
        ("Custom(f[1«)»]", "`)` can't close `[`; write `]` before it"),
        ("Custom(f«]»)", "`]` closes nothing; remove it, or write its `[`"),
        ("Custom(f[1]«]»)", "`]` closes nothing; remove it, or write its `[`"),
        ("«(»", "`(` is never closed; write its `)`"),
        ("FailureRate(«]»)", "`]` closes nothing; remove it, or write its `[`"),
        ("Custom«(»f[1]", "`(` is never closed; write its `)`"),
    ] {
        assert_mistake(Tripper, marked, E::Unbalanced, message);
    }
}

#[test]
fn a_literal_or_comment_without_an_end() {
    for (marked, what) in [
        ("«\"Closed()»", "string"),
        ("Closed() & «\"abc»", "string"),
        ("FailureRate(«\"0.5)»", "string"),
        ("FailureRate(ratio = «\"0.5)»", "string"),
        ("Custom(|_| «r#\"a\" == 1)»", "string"),
        ("Closed() «/* /* */»", "comment"),
    ] {
        let message = format!("this {what} has no end; write its end, or leave it out");
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
fn a_component_named_by_its_path() {
    for (kind, marked, message) in [
        (
            Tripper,
            "«trippers::FailureRate»(0.5)",
            "`trippers::FailureRate` is a path, and a tripper is called by its name alone; write FailureRate(0.5)",
        ),
        (
            Retry,
            "«Backoff::new»(10.0)",
            "`Backoff::new` is a path, and a retry is called by its name alone; write Backoff(10s)",
        ),
        (
            Tracker,
            "«TypeOf::<io::Error>»() | All()",
            "`TypeOf::<io::Error>` is a path, and a tracker is called by its name alone; write TypeOf(std::io::Error)",
        ),
        (
            Tripper,
            "«trippers::Closed» % 2",
            "`trippers::Closed` is a path, and a tripper is called by its name alone; write Closed()",
        ),
    ] {
        assert_mistake(kind, marked, E::Path, message);
    }
}

#[test]
fn all_independent_mistakes_are_told_in_the_order_of_the_text() {
    assert_mistakes(
        Tripper,
        "Closed() & FailureRate(«60») | MinRequests(«0», «n» = 1) «&&» «Foo»(1) & «!»SlowRate(«0», «0s») «and» «FailureStreak»",
        &[
            (E::OutOfRange, "FailureRate: 60 is out of range; write a ratio above 0, at most 1, such as 0.6"),
            (E::OutOfRange, "MinRequests: 0 is out of range; write a whole number of at least 1, such as 20"),
            (E::UnknownArgument, "MinRequests has no argument `n`; write count"),
            (E::ForeignOperator, "`&&` is no operator here; write &"),
            (
                E::UnknownComponent,
                "there is no tripper `Foo`; write one of Closed, HalfOpened, MinRequests, FailureRate, FailureStreak, \
                 AvgLatency, SlowRate and Custom",
            ),
            (E::Negation, "`!` has no place in a tripper, only in a tracker; write the tripper without it"),
            (E::OutOfRange, "SlowRate: ratio = 0 is out of range; write a ratio above 0, at most 1, such as 0.5"),
            (E::OutOfRange, "SlowRate: threshold = 0s is out of range; write a duration above 0, such as 2s"),
            (E::ForeignOperator, "`and` is no operator here; write &"),
            (E::NoParentheses, "FailureStreak has no parentheses; write FailureStreak(5)"),
        ],
    );
}

#[test]
fn no_more_than_twenty_are_told() {
    for text in ["MinRequests(0) | ".repeat(50) + "Closed()", "Foo() ".repeat(50), "Closed() && ".repeat(50)] {
        assert_eq!(parse(Tripper, &text).unwrap_err().len(), 20);
    }
    let text = format!("Backoff(a = 1{})", ", 1".repeat(50));
    assert_eq!(parse(Retry, &text).unwrap_err().len(), 20);
}

#[test]
fn a_place_in_a_long_or_foreign_text_is_found() {
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
