//! Mistakes in the arguments of a component.

use crate::support::{assert_mistake, assert_same, unmark};
use fluxgate_policy::{
    ErrorKind as E,
    Kind::{Permit, Retry, Tracker, Tripper, Window},
    parse_at_run_time,
};

#[test]
fn an_unknown_argument() {
    for (kind, marked, message) in [
        (Tripper, "FailureRate(«rate» = 0.5)", "FailureRate has no argument `rate`; write ratio"),
        (Window, "TimeWindow(«seconds» = 60)", "TimeWindow has no argument `seconds`; write size"),
        (Retry, "Backoff(10, «jitter» = 0.1)", "Backoff has no argument `jitter`; write jitter_ratio"),
        (
            Retry,
            "Backoff(10, «cap» = 60)",
            "Backoff has no argument `cap`; write one of initial, multiplier, max_duration and jitter_ratio",
        ),
        (Tripper, "Closed(«x» = 1)", "Closed has no argument `x`; write Closed()"),
        (Tracker, "Custom(«f» = is_bad)", "Custom has no argument `f`; write function"),
        (Tracker, "Custom(«f» = )", "Custom has no argument `f`; write function"),
        (Tracker, "Custom(function = «f» = g)", "Custom has no argument `f`; write function"),
        (Tracker, "Custom(function = «function» = g)", "Custom has no argument `function`; write function"),
    ] {
        assert_mistake(kind, marked, E::UnknownArgument, message);
    }
}

#[test]
fn a_missing_argument() {
    for (kind, marked, message) in [
        (Tripper, "«FailureRate()»", "FailureRate: ratio is missing; write FailureRate(0.5)"),
        (Tripper, "«SlowRate(0.5)»", "SlowRate: threshold is missing; write SlowRate(0.5, 2s)"),
        (Permit, "«RampUp()»", "RampUp: initial, final and duration are missing; write RampUp(0.1, 0.5, 60s)"),
        (Retry, "«Backoff(multiplier = 3)»", "Backoff: initial is missing; write Backoff(10s)"),
    ] {
        assert_mistake(kind, marked, E::MissingArgument, message);
    }
}

#[test]
fn an_argument_given_twice() {
    let message = "Backoff: `initial` is given twice; write it once";
    assert_mistake(Retry, "Backoff(10, «initial = 20»)", E::DuplicateArgument, message);
    assert_mistake(Retry, "Backoff(initial = 10, «initial = 20»)", E::DuplicateArgument, message);
}

#[test]
fn a_positional_argument_after_a_named_one() {
    let message = "Backoff: 3 has no name but follows a named argument; write its name too, such as multiplier = 3";
    assert_mistake(Retry, "Backoff(initial = 10, «3»)", E::PositionalAfterNamed, message);
    let message = "SlowRate: 2s has no name but follows a named argument; write its name too, such as ratio = 2s";
    assert_mistake(Tripper, "SlowRate(threshold = 2s, «2s»)", E::PositionalAfterNamed, message);
}

#[test]
fn too_many_arguments() {
    for (kind, marked, message) in [
        (Tripper, "Closed(«1»)", "Closed takes no argument; write Closed()"),
        (Tripper, "FailureRate(0.5, «0.6»)", "FailureRate takes only one argument; write FailureRate(0.5)"),
        (Retry, "Backoff(1, 2, 3, 0.4, «5, 6»)", "Backoff takes at most 4 arguments; write Backoff(10s)"),
    ] {
        assert_mistake(kind, marked, E::TooManyArguments, message);
    }
}

#[test]
fn an_argument_with_wrong_syntax() {
    for (marked, message) in [
        ("SlowRate(0.5 «2s»)", "SlowRate: there is no comma before `2s`; write `,` between arguments"),
        (
            "SlowRate(0.5 «threshold» = 2s)",
            "SlowRate: there is no comma before `threshold`; write `,` between arguments",
        ),
        ("SlowRate(0.5,«,» 2s)", "SlowRate: `,` has no argument before it; remove it, or write one"),
        ("SlowRate(«,» 0.5, 2s)", "SlowRate: `,` has no argument before it; remove it, or write one"),
        ("SlowRate(«ratio»: 0.5, threshold = 2s)", "SlowRate: there is no `=` after `ratio`; write ratio = 0.5"),
        ("SlowRate(ratio = 0.5, «threshold» 2s)", "SlowRate: there is no `=` after `threshold`; write threshold = 2s"),
        ("SlowRate(0.5, «threshold» == 2s)", "SlowRate: there is no `=` after `threshold`; write threshold = 2s"),
        ("SlowRate(«ratio» = , threshold = 2s)", "SlowRate: `ratio` has no value; write ratio = 0.5"),
        ("SlowRate(0.5, «threshold» =)", "SlowRate: `threshold` has no value; write threshold = 2s"),
    ] {
        assert_mistake(Tripper, marked, E::ArgumentSyntax, message);
    }
}

#[test]
fn a_value_of_the_wrong_type() {
    let ratio = "write a ratio above 0, at most 1, such as 0.6";
    let count = "write a whole number of at least 1, such as 20";
    for (marked, message) in [
        ("FailureRate(«RATE»)", format!("FailureRate: `RATE` is not a ratio; {ratio}")),
        ("FailureRate(«\"0.5\"»)", format!("FailureRate: a string is not a ratio; {ratio}")),
        ("FailureRate(«'5'»)", format!("FailureRate: a string is not a ratio; {ratio}")),
        ("FailureRate(«crate::rate(1, 2)»)", format!("FailureRate: `crate::rate(1, 2)` is not a ratio; {ratio}")),
        ("FailureRate(«0.5 + 0.1»)", format!("FailureRate: `0.5 + 0.1` is not a ratio; {ratio}")),
        ("FailureRate(«5s %»)", format!("FailureRate: `5s %` is not a ratio; {ratio}")),
        ("FailureRate(«a /* b */ +\tc»)", format!("FailureRate: `a /* b */ + c` is not a ratio; {ratio}")),
        ("FailureRate(«.5»)", format!("FailureRate: `.5` is not a ratio; {ratio}")),
        ("FailureRate(«Closed()»)", format!("FailureRate: `Closed()` is not a ratio; {ratio}")),
        ("MinRequests(«2.5»)", format!("MinRequests: 2.5 is not written as a whole number; {count}")),
        ("MinRequests(«1e3»)", format!("MinRequests: 1e3 is not written as a whole number; {count}")),
        ("MinRequests(«0x10»)", "MinRequests: 0x10 is not decimal; write 16".to_owned()),
        ("MinRequests(«0b_11»)", "MinRequests: 0b_11 is not decimal; write 3".to_owned()),
        ("MinRequests(«0o17»)", "MinRequests: 0o17 is not decimal; write 15".to_owned()),
        ("MinRequests(«0b17»)", format!("MinRequests: 0b17 is not decimal; {count}")),
        ("MinRequests(«count + 10»)", format!("MinRequests: `count + 10` is not a whole number; {count}")),
        ("MinRequests(«number : 10»)", format!("MinRequests: `number : 10` is not a whole number; {count}")),
        ("FailureRate(«-\"x\"»)", format!("FailureRate: `-\"x\"` is not a ratio; {ratio}")),
        ("MinRequests(«0x»)", format!("MinRequests: 0x is not decimal; {count}")),
        (
            "SlowRate(0.5, «soon»)",
            "SlowRate: threshold = `soon` is not a duration; write a duration above 0, such as 2s".to_owned(),
        ),
    ] {
        assert_mistake(Tripper, marked, E::WrongType, &message);
    }
}

#[test]
fn a_percentage() {
    for (marked, message) in [
        ("FailureRate(«5 %»)", "FailureRate: 5 % is not a ratio; write 0.05"),
        ("FailureRate(«60%»)", "FailureRate: 60 % is not a ratio; write 0.6"),
        ("FailureRate(«600%»)", "FailureRate: 600 % is not a ratio; write a ratio above 0, at most 1, such as 0.6"),
        ("MinRequests(«5%»)", "MinRequests: 5 % is not a whole number; write a whole number of at least 1, such as 20"),
    ] {
        assert_mistake(Tripper, marked, E::WrongType, message);
    }
}

#[test]
fn an_unknown_unit() {
    for (marked, message) in [
        ("AvgLatency(«2sec»)", "AvgLatency: `sec` is not a unit; write 2s"),
        ("AvgLatency(«2 minutes»)", "AvgLatency: `minutes` is not a unit; write 2m"),
        ("AvgLatency(«250MS»)", "AvgLatency: `MS` is not a unit; write 250ms"),
        ("AvgLatency(«2d»)", "AvgLatency: `d` is not a unit; write 48h"),
        ("AvgLatency(«2f64»)", "AvgLatency: `f64` is not a unit; write one of ns, us, ms, s, m and h, such as 2s"),
        ("SlowRate(0.5, «2 µs»)", "SlowRate: threshold = `µs` is not a unit; write 2us"),
        ("SlowRate(0.5, «1m30s»)", "SlowRate: threshold = `1m30s` is not a duration here; write 90s"),
    ] {
        assert_mistake(Tripper, marked, E::UnknownUnit, message);
    }
}

#[test]
fn a_duration_in_the_notation_of_another_tool() {
    for (marked, write) in [
        ("«PT30S»", "30s"),
        ("«00:00:30»", "30s"),
        ("«00:01:30.5»", "90500ms"),
        ("«P1D»", "24h"),
        ("«1m 30s»", "90s"),
        ("«1h 5m 3s»", "3903s"),
    ] {
        let written = marked.trim_matches(['«', '»']);
        let message = format!("AvgLatency: `{written}` is not a duration here; write {write}");
        assert_mistake(Tripper, &format!("AvgLatency({marked})"), E::WrongType, &message);
    }
}

#[test]
fn a_unit_after_a_number_without_one() {
    for (marked, message) in [
        ("MinRequests(«5s»)", "MinRequests: 5s has a unit, but a whole number has none; write 5"),
        ("MinRequests(«20u32»)", "MinRequests: 20u32 has a unit, but a whole number has none; write 20"),
        ("FailureRate(«0.5 s»)", "FailureRate: 0.5s has a unit, but a ratio has none; write 0.5"),
        (
            "FailureRate(«60s»)",
            "FailureRate: 60s has a unit, but a ratio has none; write a ratio above 0, at most 1, such as 0.6",
        ),
    ] {
        assert_mistake(Tripper, marked, E::UnexpectedUnit, message);
    }
}

#[test]
fn missing_rust() {
    for (marked, message) in [
        ("«Custom()»", "Custom is empty; write a function in its parentheses, such as Custom(is_server_error)"),
        (
            "«Custom( /* is_bad */ )»",
            "Custom is empty; write a function in its parentheses, such as Custom(is_server_error)",
        ),
        (
            "«Custom(function = )»",
            "Custom is empty; write a function in its parentheses, such as Custom(is_server_error)",
        ),
        ("«TypeOf(,)»", "TypeOf is empty; write error types in its parentheses, such as TypeOf(std::io::Error)"),
        (
            "«Matches()»",
            "Matches is empty; write a pattern in its parentheses, such as Matches(ApiError::Server { .. })",
        ),
    ] {
        assert_mistake(Tracker, marked, E::EmptyRust, message);
    }
    let message = "Custom is empty; write a function in its parentheses, such as Custom(too_many_failures)";
    assert_mistake(Tripper, "«Custom()»", E::EmptyRust, message);
}

#[test]
fn rust_in_a_policy_read_at_run_time() {
    let (text, spans) = unmark("«TypeOf(io::Error)» | !«Custom()» & «Matches(A if b)» | All()");
    let errors = parse_at_run_time(Tracker, &text).unwrap_err();
    let message = |name: &str, noun: &str| {
        format!("{name}: {noun} can't be named in a policy that is read at run time; write {name} in code")
    };
    let messages = [message("TypeOf", "error types"), message("Custom", "a function"), message("Matches", "a pattern")];
    let expected: Vec<_> = messages.iter().map(|message| (E::RustAtRunTime, message.as_str())).collect();
    assert_same(&text, &errors, &spans, &expected);
    assert!(parse_at_run_time(Tracker, "All()").is_ok());
}

#[test]
fn a_misspelt_argument_is_not_also_reported_as_missing() {
    let message = "SlowRate has no argument `treshold`; write threshold";
    assert_mistake(Tripper, "SlowRate(0.5, «treshold» = 2s)", E::UnknownArgument, message);
}
