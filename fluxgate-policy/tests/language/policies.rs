//! Whole policies, the defaults, and the settings.

use fluxgate_policy::Kind::{Tripper, Window};
use fluxgate_policy::{
    Argument, Component, Error, ErrorKind, Expr, Setting, SettingValue, Span, check_policy, check_setting, defaults,
    lex, parse, parse_setting, parse_setting_tokens,
};

use crate::support::{assert_same, one, parsed, unmark};

fn checked(window: &str, tripper: &str) -> Vec<Error> {
    check_policy(&one(Window, window), &parsed(Tripper, tripper), |component| Some(component))
}

#[track_caller]
fn assert_policy(window: &str, marked: &str, expected: &[(ErrorKind, &str)]) {
    let (text, spans) = unmark(marked);
    assert_same(&text, &checked(window, &text), &spans, expected);
}

#[test]
fn the_window_must_hold_as_many_calls_as_the_tripper_needs() {
    assert_policy("CountWindow(20)", "MinRequests(20) & FailureRate(0.5)", &[]);
    let message = "MinRequests: 21 is more than CountWindow(20) can hold; write at most 20";
    assert_policy("CountWindow(20)", "«MinRequests(21)» & FailureRate(0.5)", &[(ErrorKind::MoreThanWindow, message)]);
    assert_policy(
        "CountWindow(20)",
        "Closed() & «MinRequests(21)» | «MinRequests(count = 21)» | FailureStreak(30)",
        &[(ErrorKind::MoreThanWindow, message), (ErrorKind::MoreThanWindow, message)],
    );
}

#[test]
fn the_number_of_thresholds_is_bounded_by_memory() {
    let thresholds = |count: u32| {
        let clauses = (1..=count).map(|threshold| format!("SlowRate(0.5, {threshold}ms)"));
        clauses.collect::<Vec<_>>().join(" | ")
    };
    for (window, most) in [("TimeWindow(1000000)", 10), ("TimeWindow(100000)", 100), ("CountWindow(10000000)", 100)] {
        assert_eq!(checked(window, &thresholds(most)), [], "{window}");
        let errors = checked(window, &thresholds(most + 1));
        assert_eq!(*errors[0].kind(), ErrorKind::TooManyThresholds, "{window}");
        let more = most + 1;
        let window = one(Window, window);
        assert_eq!(
            errors[0].to_string(),
            format!(
                "SlowRate: {more} different thresholds take too much memory over {window}; write at most {most}, \
                 or a smaller window"
            )
        );
    }
    // Equal thresholds count once.
    assert_policy("TimeWindow(1000000)", &["SlowRate(0.5, 1s)"; 50].join(" & "), &[]);
}

#[test]
fn a_time_window_holds_any_number_of_calls() {
    assert_policy("TimeWindow(1s)", "MinRequests(18446744073709551615)", &[]);
}

#[test]
fn a_tripper_must_be_able_to_hold_while_closed() {
    for possible in [
        "Closed()",
        "FailureRate(0.5)",
        "HalfOpened() | FailureRate(0.5)",
        "(HalfOpened() | Closed()) & FailureRate(0.5)",
        "HalfOpened() & Custom(f) | Custom(f)",
    ] {
        assert_policy("CountWindow(100)", possible, &[]);
    }
    let message = "this tripper never holds while the breaker is closed, so the breaker would never open; \
                   add a clause that can hold, such as `| FailureStreak(5)`";
    for impossible in [
        "HalfOpened()",
        "Closed() & HalfOpened()",
        "(HalfOpened() | HalfOpened()) & Closed()",
        "HalfOpened() & Custom(f)",
    ] {
        let [error] = &checked("CountWindow(100)", impossible)[..] else { panic!("{impossible}") };
        assert_eq!((error.kind(), error.to_string().as_str()), (&ErrorKind::NeverHolds, message), "{impossible}");
    }
    assert_policy("CountWindow(100)", "«HalfOpened() & FailureRate(0.5)»", &[(ErrorKind::NeverHolds, message)]);
}

#[test]
fn a_custom_tripper_may_hold_at_any_time() {
    let half_opened = one(Tripper, "HalfOpened()");
    let window = defaults::window();
    let alternatives: Expr<Option<Component>> = Expr::or(Expr::Leaf(Some(half_opened.clone())), Expr::Leaf(None));
    assert_eq!(check_policy(&window, &alternatives, Option::as_ref), []);
    let conjunction: Expr<Option<Component>> = Expr::and(Expr::Leaf(Some(half_opened)), Expr::Leaf(None));
    assert_eq!(*check_policy(&window, &conjunction, Option::as_ref)[0].kind(), ErrorKind::NeverHolds);
}

#[test]
fn the_defaults_match_the_documentation() {
    let window = defaults::window();
    assert_eq!(window.to_string(), "CountWindow(100)");
    assert_eq!(
        defaults::tripper(&window).to_string(),
        "Closed() & MinRequests(100) & FailureRate(0.5) | HalfOpened() & FailureRate(0.5)"
    );
    assert_eq!(defaults::retry().to_string(), "Cooldown(60s)");
    assert_eq!(defaults::permit().to_string(), "RampUp(0, 1, 60s)");
    assert_eq!(defaults::tracker().to_string(), "All()");
    assert_eq!(defaults::setting(Setting::MaxHalfOpenCalls), Some(SettingValue::Count(10)));
    assert_eq!(defaults::setting(Setting::MaxProbeTime), Some(SettingValue::Duration(60_000_000_000)));
    assert_eq!(defaults::setting(Setting::Cancelled), Some(SettingValue::Duration(1_000_000_000)));
    assert_eq!(defaults::setting(Setting::HonourRetryAfter), None);
    assert_eq!(defaults::setting(Setting::Timeout), None);
}

#[test]
fn the_defaults_parse_and_pass_the_checks() {
    for component in [defaults::window(), defaults::retry(), defaults::permit()] {
        assert_eq!(parse(component.kind(), &component.to_string()), Ok(Expr::Leaf(component)));
    }
    for window in ["CountWindow(1)", "CountWindow(10)", "CountWindow(1000)", "TimeWindow(5s)"] {
        let window = one(Window, window);
        let tripper = defaults::tripper(&window);
        assert_eq!(check_policy(&window, &tripper, |component| Some(component)), []);
        assert_eq!(parse(Tripper, &tripper.to_string()), Ok(tripper));
    }
}

#[test]
fn the_default_tripper_needs_no_more_calls_than_the_window_holds() {
    for (window, requests) in [("CountWindow(10)", 10), ("CountWindow(1000)", 100), ("TimeWindow(5s)", 100)] {
        let tripper = defaults::tripper(&one(Window, window));
        let found = tripper.leaves().find(|leaf| leaf.name() == "MinRequests").unwrap().count("count");
        assert_eq!(found, requests, "{window}");
    }
}

#[test]
fn a_setting_reads_its_values_and_words() {
    use Setting::{Cancelled, HonourRetryAfter, MaxHalfOpenCalls, MaxProbeTime, Timeout};
    use SettingValue::{Count, Duration, Word};
    for (setting, text, value) in [
        (MaxHalfOpenCalls, "1", Count(1)),
        (MaxHalfOpenCalls, "4_294_967_295", Count(4_294_967_295)),
        (MaxProbeTime, "60s", Duration(60_000_000_000)),
        (MaxProbeTime, " 60.0 ", Duration(60_000_000_000)),
        (MaxProbeTime, "off", Word("off")),
        (Cancelled, "0.5", Duration(500_000_000)),
        (Cancelled, "failure", Word("failure")),
        (Cancelled, "ignore", Word("ignore")),
        (HonourRetryAfter, "10m", Duration(600_000_000_000)),
        (HonourRetryAfter, "off", Word("off")),
        (Timeout, "50 ms", Duration(50_000_000)),
        (Timeout, "1ns", Duration(1)),
    ] {
        assert_eq!(parse_setting(setting, text), Ok(value), "{text}");
        assert_eq!(parse_setting_tokens(setting, &lex(text)), Ok(value), "{text}");
    }
}

#[test]
fn a_mistaken_setting_says_what_to_write() {
    use Setting::{Cancelled, HonourRetryAfter, MaxHalfOpenCalls, MaxProbeTime, Timeout};
    let calls = "write a whole number from 1 to 4294967295, such as 10";
    let probe = "write a duration above 0, such as 60s, or \"off\"";
    let cancelled = "write a duration above 0, such as 1s, or \"failure\", or \"ignore\"";
    let honour = "write a duration above 0, such as 10m, or \"off\"";
    let timeout = "write a duration above 0, such as 2s";
    for (setting, marked, kind, message) in [
        (MaxHalfOpenCalls, "«0»", ErrorKind::OutOfRange, format!("max_half_open_calls: 0 is out of range; {calls}")),
        (
            MaxHalfOpenCalls,
            "«4294967296»",
            ErrorKind::OutOfRange,
            format!("max_half_open_calls: 4294967296 is out of range; {calls}"),
        ),
        (
            MaxHalfOpenCalls,
            "«off»",
            ErrorKind::WrongType,
            format!("max_half_open_calls: `off` is not a whole number; {calls}"),
        ),
        (
            MaxHalfOpenCalls,
            "«10s»",
            ErrorKind::UnexpectedUnit,
            "max_half_open_calls: 10s has a unit, but a whole number has none; write 10".to_owned(),
        ),
        (MaxProbeTime, "«0s»", ErrorKind::OutOfRange, format!("max_probe_time: 0s is out of range; {probe}")),
        (MaxProbeTime, "«never»", ErrorKind::WrongType, format!("max_probe_time: `never` is not a duration; {probe}")),
        (MaxProbeTime, "«60 sec»", ErrorKind::UnknownUnit, "max_probe_time: `sec` is not a unit; write 60s".to_owned()),
        (Cancelled, "«off»", ErrorKind::WrongType, format!("cancelled: `off` is not a duration; {cancelled}")),
        (
            Cancelled,
            "«\"ignore\"»",
            ErrorKind::WrongType,
            format!("cancelled: a string is not a duration; {cancelled}"),
        ),
        (HonourRetryAfter, "«0»", ErrorKind::OutOfRange, format!("honour_retry_after: 0 is out of range; {honour}")),
        (
            HonourRetryAfter,
            "«on»",
            ErrorKind::WrongType,
            format!("honour_retry_after: `on` is not a duration; {honour}"),
        ),
        (Timeout, " «2s + 1s»", ErrorKind::WrongType, format!("timeout: `2s + 1s` is not a duration; {timeout}")),
        (Timeout, "«1e400»", ErrorKind::OutOfRange, format!("timeout: 1e400 is out of range; {timeout}")),
        (Timeout, "«LIMIT»", ErrorKind::WrongType, format!("timeout: `LIMIT` is not a duration; {timeout}")),
        (Timeout, "«\"2s»", ErrorKind::WrongType, format!("timeout: `\"2s` is not a duration; {timeout}")),
    ] {
        let (text, spans) = unmark(marked);
        let error = parse_setting(setting, &text).unwrap_err();
        assert_same(&text, &[error], &spans, &[(kind, &message)]);
    }
    let error = parse_setting(Timeout, " ").unwrap_err();
    assert_same(
        "",
        &[error],
        &[Span::default()],
        &[(ErrorKind::Empty, &format!("timeout: the value is missing; {timeout}"))],
    );
}

#[test]
fn the_span_of_a_mistaken_setting_is_in_tokens() {
    let error = parse_setting_tokens(Setting::Timeout, &lex("2 s + 1")).unwrap_err();
    assert_eq!(error.span(), Span::new(0, 4));
    assert_eq!(error.to_string(), "timeout: `2 s + 1` is not a duration; write a duration above 0, such as 2s");
    assert_eq!(*parse_setting_tokens(Setting::Timeout, &[]).unwrap_err().kind(), ErrorKind::Empty);
}

#[test]
fn a_setting_given_in_rust_passes_the_same_checks() {
    let zero = check_setting(Setting::MaxProbeTime, Argument::Duration(0)).unwrap_err();
    assert_eq!(zero.to_string(), parse_setting(Setting::MaxProbeTime, "0s").unwrap_err().to_string());
    assert_eq!(check_setting(Setting::Timeout, Argument::Number(0.1)), Ok(SettingValue::Duration(100_000_000)));
    assert_eq!(check_setting(Setting::MaxHalfOpenCalls, Argument::Count(10)), Ok(SettingValue::Count(10)));
    let long = check_setting(Setting::Timeout, Argument::Duration(u64::MAX));
    assert_eq!(long, Ok(SettingValue::Duration(u64::MAX)));
}

#[test]
fn settings_have_the_names_of_the_macro_arguments() {
    let names = [
        Setting::MaxHalfOpenCalls,
        Setting::MaxProbeTime,
        Setting::Cancelled,
        Setting::HonourRetryAfter,
        Setting::Timeout,
    ];
    assert_eq!(
        names.map(Setting::name),
        ["max_half_open_calls", "max_probe_time", "cancelled", "honour_retry_after", "timeout"]
    );
}
