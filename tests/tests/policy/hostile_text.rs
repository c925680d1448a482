//! Policies read at run time from whatever a configuration may hold: an error that is short and clear, and nothing worse.

use fastrand::Rng;
use fluxgate::{CircuitBreaker, Permit, PolicyError, Retry, Tracker, Tripper, Window, trippers::FailureStreak};

/// What each kind of policy makes of the text.
fn read(text: &str) -> [Result<String, PolicyError>; 5] {
    [
        text.parse::<Window>().map(|parsed| parsed.to_string()),
        text.parse::<Tracker>().map(|parsed| parsed.to_string()),
        text.parse::<Tripper>().map(|parsed| parsed.to_string()),
        text.parse::<Retry>().map(|parsed| parsed.to_string()),
        text.parse::<Permit>().map(|parsed| parsed.to_string()),
    ]
}

fn assert_no_policy(text: &str) {
    for error in read(text).into_iter().map(Result::unwrap_err) {
        assert!((1..=20).contains(&error.mistakes().len()));
        assert!(error.to_string().len() < 20 * 2_000, "{} bytes", error.to_string().len());
        assert!(!error.to_string().contains('\0'));
    }
}

#[test]
fn arbitrary_bytes_are_a_policy_or_a_short_error() {
    let mut random = Rng::with_seed(1);
    for _ in 0..5_000 {
        let bytes: Vec<u8> = (0..random.usize(..60)).map(|_| random.u8(..)).collect();
        for error in read(&String::from_utf8_lossy(&bytes)).into_iter().filter_map(Result::err) {
            assert!((1..=20).contains(&error.mistakes().len()) && error.to_string().len() < 20 * 2_000);
        }
    }
}

#[test]
fn words_of_the_language_in_any_order_are_a_policy_that_prints_the_same_or_a_short_error() {
    const WORDS: [&str; 36] = [
        "CountWindow(",
        "TimeWindow(",
        "Closed()",
        "HalfOpened()",
        "MinRequests(",
        "FailureRate(",
        "FailureStreak(",
        "AvgLatency(",
        "SlowRate(",
        "All()",
        "Always()",
        "Never()",
        "Cooldown(",
        "Backoff(",
        "Random(",
        "RampUp(",
        "(",
        ")",
        ")",
        ")",
        " & ",
        " | ",
        "!",
        ",",
        "0.5",
        "5",
        "10s",
        "500ms",
        "1e400",
        "-0",
        "initial = ",
        "final = ",
        "duration = ",
        "max_duration = ",
        "jitter_ratio = ",
        "\0",
    ];
    let mut random = Rng::with_seed(2);
    let mut policies = 0;
    for _ in 0..20_000 {
        let text: String = (0..random.usize(..9)).map(|_| WORDS[random.usize(..WORDS.len())]).collect();
        let parsed = read(&text);
        for (index, printed) in
            parsed.iter().enumerate().filter_map(|(index, parsed)| Some((index, parsed.as_ref().ok()?)))
        {
            policies += 1;
            assert_eq!(read(printed)[index].as_ref().ok(), Some(printed), "{text}");
        }
    }
    assert!(policies > 300, "{policies}");
}

#[test]
fn a_hundred_thousand_parentheses_are_too_deep_and_said_to_be() {
    for text in [
        format!("{}All(){}", "(".repeat(100_000), ")".repeat(100_000)),
        "(".repeat(100_000),
        "!".repeat(100_000) + "All()",
        "!(".repeat(100_000),
    ] {
        let error = text.parse::<Tracker>().unwrap_err();
        assert!(error.to_string().contains("nested more than 128 levels deep; write fewer parentheses"), "{error}");
        assert_no_policy(&text);
    }
}

#[test]
fn a_policy_of_a_megabyte_is_read_and_works() {
    let clause = "FailureStreak(5) | ";
    let policy = clause.repeat(1_000_000 / clause.len()) + "FailureStreak(9)";
    let tripper: Tripper = policy.parse().unwrap();
    let breaker = CircuitBreaker::builder("long").tripper(tripper).build().unwrap();
    let _ = breaker.call(|| Err::<(), _>("down"));
    assert_eq!(breaker.info().failures, 1);
    assert_no_policy(&"a".repeat(1_000_000));
}

#[test]
fn numbers_that_are_none_are_told_of_and_odd_ones_are_what_they_say() {
    for number in ["1e400", "-1e400", "NaN", "nan", "inf", "0x10", "_1", "1e", "1.2.3", "--1", "+-1", "1e1e1", "٣", "½"]
    {
        for text in [
            format!("MinRequests({number})"),
            format!("FailureRate({number})"),
            format!("AvgLatency({number})"),
            format!("AvgLatency({number}s)"),
        ] {
            if let Ok(tripper) = text.parse::<Tripper>() {
                panic!("{text} is {tripper}");
            }
        }
    }
    let permit: Permit = "Random(-0)".parse().unwrap();
    assert_eq!(permit.to_string(), "Random(0)");
    assert_eq!("MinRequests(1_000)".parse::<Tripper>().unwrap().to_string(), "MinRequests(1000)");
    assert_eq!("AvgLatency(1e-3)".parse::<Tripper>().unwrap().to_string(), "AvgLatency(1ms)");
}

#[test]
fn a_duration_has_one_unit_that_is_known() {
    for unit in ["1s500ms", "1m30s", "1h 30m", "5 s s", "1sms", "10S", "5µs", "5 sec", "1d", "s", "ms1", "1.5.s"] {
        assert!(format!("Cooldown({unit})").parse::<Retry>().is_err(), "{unit}");
    }
    assert_eq!("Cooldown(1.5m)".parse::<Retry>().unwrap().to_string(), "Cooldown(90s)");
}

#[test]
fn what_looks_like_the_language_is_not_the_language() {
    for text in [
        "\u{410}ll()",
        "Al\u{200b}l()",
        "All\u{ff08}\u{ff09}",
        "All()\u{a0}\u{2227}\u{a0}All()",
        "\u{202e})(llA",
        "\u{feff}\u{feff}Ａll()",
    ] {
        assert_no_policy(text);
    }
    for text in ["\0", "All()\0", "\0All()", "Al\0l()", "All(\0)", "All() \0 | All()"] {
        assert_no_policy(text);
    }
}

#[test]
fn names_of_any_characters_are_kept_as_they_are() {
    for name in [" ", "\0", "line\nfeed", "\"quoted\" \\ back", "🔥 서킷 \u{202e}", &"long ".repeat(100_000)] {
        let breaker = CircuitBreaker::builder(name.to_owned()).tripper(FailureStreak(1)).build().unwrap();
        let _ = breaker.call(|| Err::<(), _>("down"));
        assert_eq!(breaker.name(), name);
        assert_eq!(breaker.try_acquire().unwrap_err().breaker(), name);
        assert!(fluxgate::get(name).is_some());
    }
}
