//! Building: every mistake is found there, and what is printed parses back.

use fluxgate::{
    CircuitBreaker, MaxProbeTime, Permit, Retry, Tracker, Tripper, Window,
    permits::{RampUp, Random},
    retries::{Backoff, Cooldown},
    trackers,
    trippers::{AvgLatency, FailureRate, FailureStreak, HalfOpened, MinRequests, SlowRate},
    windows::{CountWindow, TimeWindow},
};

type Settings = fn(fluxgate::Builder) -> fluxgate::Builder;

fn mistakes(settings: Settings) -> Vec<String> {
    match settings(CircuitBreaker::builder("test")).build() {
        Ok(breaker) => panic!("{breaker:?} was built"),
        Err(error) => error.mistakes().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_value_out_of_range_is_named_with_its_component_and_what_is_allowed() {
    let cases: [(Settings, &str, &str); 17] = [
        (|builder| builder.window(CountWindow(0)), "CountWindow", "0"),
        (|builder| builder.window(CountWindow(u64::MAX)), "CountWindow", "18446744073709551615"),
        (|builder| builder.window(TimeWindow(1.5)), "TimeWindow", "1.5"),
        (|builder| builder.tripper(FailureRate(60.0)), "FailureRate", "60"),
        (|builder| builder.tripper(FailureRate(f64::NAN)), "FailureRate", "NaN"),
        (|builder| builder.tripper(FailureStreak(0)), "FailureStreak", "0"),
        (|builder| builder.tripper(MinRequests(0) & FailureRate(0.5)), "MinRequests", "0"),
        (|builder| builder.tripper(AvgLatency(-1.0)), "AvgLatency", "-1"),
        (|builder| builder.tripper(SlowRate(0.5, 0)), "SlowRate", "0"),
        (|builder| builder.retry(Cooldown(f64::INFINITY)), "Cooldown", "inf"),
        (|builder| builder.retry(Cooldown(1.0).jitter_ratio(1.0)), "Cooldown", "1"),
        (|builder| builder.retry(Backoff::new(1.0).multiplier(1.0)), "Backoff", "1"),
        (|builder| builder.retry(Backoff::new(10.0).max_duration(5.0)), "Backoff", "10"),
        (|builder| builder.permit(Random(-0.1)), "Random", "-0.1"),
        (|builder| builder.permit(RampUp(0.5, 0.1, 60.0)), "RampUp", "0.5"),
        (|builder| builder.max_half_open_calls(0), "max_half_open_calls", "0"),
        (|builder| builder.max_probe_time(0.0), "max_probe_time", "0"),
    ];
    for (settings, component, value) in cases {
        let mistakes = mistakes(settings);
        let [mistake] = mistakes.as_slice() else { panic!("{component}, {value}: {mistakes:?}") };
        assert!(mistake.starts_with(&format!("{component}: ")), "{mistake}");
        assert!(mistake.contains(value) && mistake.contains("; write "), "{mistake}");
    }
}

#[test]
fn all_mistakes_are_reported_together() {
    let mistakes = mistakes(|builder| {
        builder.window(CountWindow(0)).tripper(FailureRate(2.0) | FailureStreak(0)).retry(Cooldown(0)).cancelled(-1.0)
    });
    assert_eq!(mistakes.len(), 5, "{mistakes:?}");
}

#[test]
fn a_policy_that_can_not_work_is_refused() {
    assert_eq!(mistakes(|builder| builder.tripper(HalfOpened() & FailureRate(0.5))).len(), 1);
    let too_many: Settings = |builder| builder.window(CountWindow(10)).tripper(MinRequests(20) & FailureRate(0.5));
    assert!(mistakes(too_many)[0].starts_with("MinRequests: 20"), "{:?}", mistakes(too_many));
}

#[test]
fn what_can_be_built_and_what_is_printed_parses_back() {
    let tripper = FailureStreak(5) | MinRequests(20) & (FailureRate(0.6) | SlowRate(0.25, 1.5));
    let text = tripper.to_string();
    assert_eq!(text, "FailureStreak(5) | MinRequests(20) & (FailureRate(0.6) | SlowRate(0.25, 1500ms))");
    assert_eq!(text.parse::<Tripper>().unwrap().to_string(), text);
    for (printed, parsed) in [
        (TimeWindow(60).to_string(), "TimeWindow(60s)".parse::<Window>().unwrap().to_string()),
        (Retry::from(Backoff::new(10.0).jitter_ratio(0.1)).to_string(), {
            "Backoff(10s, jitter_ratio = 0.1)".parse::<Retry>().unwrap().to_string()
        }),
        (RampUp(0.0, 1.0, 60.0).to_string(), "RampUp(0, 1, 60s)".parse::<Permit>().unwrap().to_string()),
        ((!trackers::All()).to_string(), "!All()".parse::<Tracker>().unwrap().to_string()),
    ] {
        assert_eq!(printed, parsed);
    }
}

#[test]
fn text_that_names_rust_code_is_refused_at_run_time() {
    let error = "FailureStreak(5) | Custom(too_many)".parse::<Tripper>().unwrap_err();
    assert!(error.to_string().contains("Custom"), "{error}");
}

#[test]
fn a_mistake_in_text_is_shown_with_a_caret_under_the_place() {
    let error = "FailureStreak(5) | FailureRat(0.5)".parse::<Tripper>().unwrap_err().to_string();
    let lines: Vec<_> = error.lines().collect();
    assert!(error.contains("FailureRate"), "{error}");
    let caret = lines.iter().find_map(|line| line.find('^')).unwrap();
    let shown = lines.iter().find_map(|line| line.find("FailureRat(0.5)")).unwrap();
    assert_eq!(caret, shown, "{error}");
}

#[test]
fn extreme_but_allowed_policies_are_built() {
    CircuitBreaker::builder("extreme")
        .window(TimeWindow(1_000_000))
        .retry(Backoff::new(1e9).multiplier(1e300).max_duration(1e18).jitter_ratio(0.999))
        .max_probe_time(MaxProbeTime::Off)
        .max_half_open_calls(u32::MAX)
        .build()
        .unwrap();
}
