//! The bounds of every range: values just inside are accepted, values just outside are reported.

use fluxgate_policy::ErrorKind as E;
use fluxgate_policy::Kind::{self, Permit, Retry, Tripper, Window};
use fluxgate_policy::{Argument, component, components, names};

use crate::support::{assert_mistake, one, unmark};

/// The kind, the text with `#` for the value, values in range, values out of range, and the advice in the message.
type Range = (Kind, &'static str, &'static [&'static str], &'static [&'static str], &'static str);

const RATIO: &str = "a ratio above 0, at most 1, such as";
const FROM_ZERO: &str = "a ratio of at least 0, at most 1, such as";
const JITTER: &str = "a ratio of at least 0, below 1, such as 0.1";
const COUNT: &str = "a whole number of at least 1, such as";
const DURATION: &str = "a duration above 0, such as";

const SHARES: &[&str] = &["1e-300", "0.6", "1", "1.0", "1e0"];
const NO_SHARES: &[&str] = &["0", "0.0", "-0", "1.0000001", "60", "-0.1", "1e400", "NaN", "inf", "-inf", "1e-400"];
const PROBABILITIES: &[&str] = &["0", "-0", "0.5", "1"];
const NO_PROBABILITIES: &[&str] = &["-0.1", "1.0000001", "NaN", "1e400"];
const DURATIONS: &[&str] = &["1ns", "0.000001ms", "1e-9", "0.1", "2s", "1.5m", "1h", "1e300"];
const NO_DURATIONS: &[&str] = &["0", "0s", "-1s", "0.5ns", "1e-10", "1e400", "1e400h", "NaN", "infinity"];

const RANGES: &[Range] = &[
    (
        Window,
        "CountWindow(#)",
        &["1", "10_000_000"],
        &["0", "10_000_001", "-1", "NaN", "1e400"],
        "a whole number from 1 to 10000000, such as 100",
    ),
    (
        Window,
        "TimeWindow(#)",
        &["1", "1s", "1000ms", "1000000s"],
        &["0", "0.1s", "1000001", "-1", "1e300", "1e400"],
        "a duration in whole seconds from 1s to 1000000s, such as 60s",
    ),
    (Tripper, "MinRequests(#)", &["1", "18446744073709551615"], &["0", "-1", "1e400"], COUNT),
    (Tripper, "FailureRate(#)", SHARES, NO_SHARES, RATIO),
    (Tripper, "FailureStreak(#)", &["1", "18446744073709551615"], &["0", "-1", "inf"], COUNT),
    (Tripper, "AvgLatency(#)", DURATIONS, NO_DURATIONS, DURATION),
    (Tripper, "SlowRate(ratio = #, threshold = 2s)", SHARES, NO_SHARES, RATIO),
    (Tripper, "SlowRate(ratio = 0.5, threshold = #)", DURATIONS, NO_DURATIONS, DURATION),
    (Retry, "Cooldown(duration = #)", DURATIONS, NO_DURATIONS, DURATION),
    (Retry, "Cooldown(60s, jitter_ratio = #)", &["0", "0.99"], &["1", "-0.1", "NaN"], JITTER),
    (Retry, "Backoff(initial = #, max_duration = 1e300)", DURATIONS, NO_DURATIONS, DURATION),
    (
        Retry,
        "Backoff(1ns, multiplier = #)",
        &["1.0000001", "2", "1e300"],
        &["1", "0", "-2", "1e400", "NaN"],
        "a number above 1, such as 2",
    ),
    (Retry, "Backoff(1ns, max_duration = #)", DURATIONS, NO_DURATIONS, DURATION),
    (Retry, "Backoff(10s, jitter_ratio = #)", &["0", "0.99"], &["1", "-0.1", "NaN"], JITTER),
    (Permit, "Random(#)", PROBABILITIES, NO_PROBABILITIES, FROM_ZERO),
    (Permit, "RampUp(initial = #, final = 1, duration = 60s)", PROBABILITIES, NO_PROBABILITIES, FROM_ZERO),
    (Permit, "RampUp(initial = 0, final = #, duration = 60s)", SHARES, NO_SHARES, RATIO),
    (Permit, "RampUp(initial = 0, final = 1, duration = #)", DURATIONS, NO_DURATIONS, DURATION),
];

/// Returns the start of the message about `#`, with the argument's name if messages contain it.
fn label(pattern: &str) -> String {
    let name = pattern.split('(').next().unwrap();
    let argument = pattern.split(['(', ',']).find(|part| part.contains('#')).unwrap();
    match argument.trim().trim_end_matches(')') {
        "#" => format!("{name}: "),
        argument => format!("{name}: {}", argument.trim_end_matches('#')),
    }
}

#[test]
fn values_in_range_are_accepted() {
    for (kind, pattern, inside, ..) in RANGES {
        for value in *inside {
            one(*kind, &pattern.replace('#', value));
        }
    }
}

#[test]
fn values_out_of_range_are_reported() {
    for (kind, pattern, _, outside, allowed) in RANGES {
        for value in *outside {
            let marked = pattern.replace('#', &format!("«{value}»"));
            let (text, spans) = unmark(&marked);
            let errors = fluxgate_policy::parse(*kind, &text).expect_err(&text);
            let [error] = &errors[..] else { panic!("{text}: {errors:?}") };
            let start = format!("{}{value} is ", label(pattern));
            let message = error.to_string();
            assert!(message.starts_with(&start), "{message}");
            assert!(message.contains(&format!("; write {allowed}")), "{message}");
            assert_eq!((error.kind(), error.span()), (&E::OutOfRange, spans[0]), "{text}");
        }
    }
}

#[test]
fn the_bounds_of_every_parameter_are_tested() {
    for spec in components().iter().filter(|spec| spec.rust_parameter().is_none()) {
        let patterns = RANGES
            .iter()
            .filter(|(kind, pattern, ..)| *kind == spec.kind && pattern.split('(').next() == Some(spec.name));
        assert_eq!(patterns.count(), spec.parameters.len(), "{}", spec.name);
    }
}

#[test]
fn a_count_above_u64_is_told_the_maximum() {
    let message = "MinRequests: 18446744073709551616 is out of range; write at most 18446744073709551615";
    assert_mistake(Tripper, "MinRequests(«18446744073709551616»)", E::OutOfRange, message);
}

#[test]
fn a_time_window_takes_whole_seconds() {
    let message = "TimeWindow: 1500ms is not in whole seconds; \
                   write a duration in whole seconds from 1s to 1000000s, such as 60s";
    assert_mistake(Window, "TimeWindow(«1500ms»)", E::OutOfRange, message);
}

#[test]
fn the_maximum_wait_is_at_least_the_initial_one() {
    assert_eq!(one(Retry, "Backoff(300)").nanos("max_duration"), 300_000_000_000);
    let message =
        "Backoff: initial = 300001ms is above max_duration, which defaults to 300s; write max_duration = 300001ms";
    assert_mistake(Retry, "Backoff(«300.001»)", E::Order, message);
    one(Retry, "Backoff(5s, max_duration = 5s)");
    let message = "Backoff: initial = 10s is above max_duration = 5s; write a max_duration of at least 10s";
    assert_mistake(Retry, "Backoff(10, «max_duration = 5»)", E::Order, message);
    assert_mistake(Retry, "Backoff(«max_duration = 5», initial = 10)", E::Order, message);
}

#[test]
fn a_ramp_does_not_decrease() {
    one(Permit, "RampUp(0.5, 0.5, 60s)");
    let message = "RampUp: initial = 0.5 is above final = 0.4; write a final of at least 0.5";
    assert_mistake(Permit, "RampUp(0.5, «0.4», 60s)", E::Order, message);
}

#[test]
fn a_value_out_of_range_is_not_also_reported_for_its_order() {
    let message = "RampUp: final = 0 is out of range; write a ratio above 0, at most 1, such as 0.5";
    assert_mistake(Permit, "RampUp(0.5, «0», 60s)", E::OutOfRange, message);
}

#[test]
fn constructors_in_rust_report_the_same_messages() {
    use Argument::{Count, Duration, Number};
    type Arguments = &'static [(&'static str, Argument)];

    let cases: &[(Kind, &str, Arguments, &str)] = &[
        (Tripper, "FailureRate", &[("ratio", Number(60.0))], "FailureRate(60)"),
        (Tripper, "FailureRate", &[("ratio", Number(f64::NAN))], "FailureRate(NaN)"),
        (Tripper, "FailureRate", &[("ratio", Number(f64::NEG_INFINITY))], "FailureRate(-inf)"),
        (Tripper, "FailureRate", &[], "FailureRate()"),
        (Tripper, "FailurRate", &[], "FailurRate()"),
        (Tripper, "All", &[], "All()"),
        (Tripper, "MinRequests", &[("count", Count(0))], "MinRequests(0)"),
        (Tripper, "MinRequests", &[("count", Number(2.5))], "MinRequests(2.5)"),
        (Tripper, "AvgLatency", &[("threshold", Duration(0))], "AvgLatency(0s)"),
        (Tripper, "AvgLatency", &[("threshold", Number(-1.0))], "AvgLatency(-1)"),
        (Window, "TimeWindow", &[("size", Duration(1_500_000_000))], "TimeWindow(1500ms)"),
        (Retry, "Backoff", &[("initial", Number(600.0))], "Backoff(600)"),
        (Retry, "Backoff", &[("initial", Number(1.0)), ("initial", Number(1.0))], "Backoff(1, initial = 1)"),
        (Permit, "Random", &[("rate", Number(1.0))], "Random(rate = 1)"),
    ];
    for (kind, name, arguments, text) in cases {
        let error = component(*kind, name, arguments).unwrap_err();
        let written = &fluxgate_policy::parse(*kind, text).unwrap_err()[0];
        assert_eq!((error.to_string(), error.kind()), (written.to_string(), written.kind()), "{text}");
        assert_eq!(error.span(), fluxgate_policy::Span::default());
    }
}

#[test]
fn constructors_in_rust_take_seconds_exactly() {
    for (seconds, nanos) in [(0.1, 100_000_000), (1e-9, 1), (300.0, 300_000_000_000), (1e300, u64::MAX)] {
        let cooldown = component(Retry, "Cooldown", &[("duration", Argument::Number(seconds))]).unwrap();
        assert_eq!(cooldown.nanos("duration"), nanos);
    }
    let exact = component(Retry, "Cooldown", &[("duration", Argument::Duration(9_007_199_254_740_993))]).unwrap();
    assert_eq!(exact.nanos("duration"), 9_007_199_254_740_993);
}

#[test]
fn every_kind_has_components() {
    for kind in Kind::ALL {
        assert!(names(kind).count() > 1, "{kind}");
        assert!(fluxgate_policy::parse(kind, kind.example()).is_ok());
    }
}
