//! What `replay` says to malformed traces and arguments: what is wrong, where, and what was expected. Then no output
//! file appears, and none that is there is touched.

use fluxgate_tests::replay::Folder;

/// A trace, the arguments beside it, and what the message must say.
struct Mistake {
    trace: Vec<u8>,
    arguments: Vec<String>,
    said: Vec<String>,
}

const TRACE: &str = "at,outcome,duration\n0,ok,0.1\n";

fn in_trace(trace: impl AsRef<[u8]>, said: &[&str]) -> Mistake {
    let said = said.iter().map(|said| (*said).to_owned()).chain(["trace.csv".to_owned()]).collect();
    Mistake { trace: trace.as_ref().to_vec(), arguments: Vec::new(), said }
}

fn in_arguments(arguments: &[&str], said: &[&str]) -> Mistake {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Mistake { trace: TRACE.into(), arguments: owned(arguments), said: owned(said) }
}

/// A row that is wrong in a column, on line 3.
fn in_column(column: &str, row: &str, found: &str, expected: &str) -> Mistake {
    let place = format!("trace.csv, line 3, column {column}: ");
    in_trace(format!("{TRACE}{row}\n"), &[&place, found, expected])
}

const NO_NUMBERS: [&str; 18] = [
    "", "x", "NaN", "nan", "inf", "-inf", "infinity", "1s", "1 s", " 1", "1 ", "1.2.3", "0x10", "1e", "e5", "--1",
    "1_000", "½",
];
const NEGATIVE: [&str; 5] = ["-1", "-0.5", "-1e3", "-0.000000001", "-18446744073709551616"];
const TOO_LARGE: [&str; 5] = ["18446744073.8", "18446744074", "1e11", "1e300", "99999999999999999999999999"];

fn times() -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (texts, expected) in [
        (&NO_NUMBERS[..], "is no number; expected seconds, such as 12.5"),
        (&NEGATIVE[..], "is negative; expected seconds of at least 0, such as 12.5"),
        (&TOO_LARGE[..], "is too large; expected at most 18446744073 seconds, which is 584 years"),
    ] {
        for text in texts {
            let found = format!("{text:?} ");
            mistakes.push(in_column("at", &format!("{text},ok,0.1"), &found, expected));
            if !text.is_empty() {
                mistakes.push(in_column("duration", &format!("1,fail,{text}"), &found, expected));
            }
        }
    }
    for outcome in ["ok", "fail", "ignored", "cancelled"] {
        let missing = format!("a call of outcome {outcome} has no duration");
        mistakes.push(in_column("duration", &format!("1,{outcome},"), &missing, "expected seconds, such as 0.25"));
    }
    for (at, duration) in [("18446744073", "1"), ("1", "18446744073"), ("18446744073.7", "0.1"), ("1e10", "1e10")] {
        let expected = "is too large; expected a call that ends within 584 years";
        mistakes.push(in_column("duration", &format!("{at},ok,{duration}"), &format!("{duration:?}"), expected));
    }
    for (above, at) in [("5", "4.999999999"), ("0.5", "0"), ("1e3", "999"), ("60", "59")] {
        let trace = format!("at,outcome,duration\n{above},ok,0\n{at},ok,0\n");
        let expected = "is before the row above; expected rows in the order of time";
        mistakes.push(in_trace(trace, &["line 3, column at: ", &format!("{at:?} "), expected]));
    }
    mistakes
}

fn outcomes() -> Vec<Mistake> {
    let expected = "expected ok, fail, ignored, cancelled, reset, disable, metrics_only or force_open";
    let words = [
        "okay",
        "OK",
        "Ok",
        "ok ",
        " ok",
        "success",
        "failed",
        "failure",
        "error",
        "ignore",
        "cancel",
        "canceled",
        "",
        "0",
        "true",
        "timeout",
        "open",
        "closed",
        "forced_open",
        "force-open",
        "metrics",
        "metrics only",
        "disabled",
        "Reset",
        "rejected",
        "🔥",
    ];
    let mut mistakes: Vec<_> = words
        .iter()
        .map(|word| in_column("outcome", &format!("1,{word},0.1"), &format!("{word:?} is not an outcome"), expected))
        .collect();
    let long = "a".repeat(100_000);
    mistakes.push(in_column("outcome", &format!("1,{long},0"), "…", expected));
    for command in ["reset", "disable", "metrics_only", "force_open"] {
        for duration in ["0", "0.5", "x"] {
            let found = format!("{duration:?} stands beside a command; expected nothing");
            mistakes.push(in_column("duration", &format!("1,{command},{duration}"), &found, ""));
        }
    }
    mistakes
}

fn shapes() -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (row, count) in [
        ("1", "1 column"),
        ("1,ok", "2 columns"),
        ("1,ok,0.1,", "4 columns"),
        ("1,ok,0.1,x", "4 columns"),
        ("1;ok;0.1", "1 column"),
        ("1\tok\t0.1", "1 column"),
        ("\"1,ok,0.1\"", "1 column"),
        (",,,,,,,,,", "10 columns"),
        ("# a comment", "1 column"),
    ] {
        let said = format!("trace.csv, line 3: has {count}; expected 3: at,outcome,duration");
        mistakes.push(in_trace(format!("{TRACE}{row}\n"), &[&said]));
    }
    for header in [
        "0,ok,0.1",
        "at,outcome",
        "at,outcome,duration,",
        "at,outcome,duration,name",
        "outcome,at,duration",
        "At,Outcome,Duration",
        "at, outcome, duration",
        "at;outcome;duration",
        "time,outcome,duration",
        "at,outcome,latency",
        "\"at,outcome,duration\"",
        "{\"at\": 1}",
        "#at,outcome,duration",
    ] {
        let said = ["trace.csv, line 1: ", "is not the header of a trace; expected at,outcome,duration"];
        mistakes.push(in_trace(format!("{header}\n1,ok,0.1\n"), &said));
    }
    let empty = "is empty; expected the header at,outcome,duration";
    mistakes.extend(["", "\n", "\n\n\r\n", "\u{feff}"].map(|trace| in_trace(trace, &[empty])));

    // The line is that of the row, however lines end and wherever there are blank ones.
    for (trace, place) in [
        ("at,outcome,duration\r\n0,ok,0\r\n1,okay,0\r\n", "line 3, column outcome: "),
        ("\r\n\r\nat,outcome,duration\r\n0,ok,0\r\n\r\n1,okay,0\r\n", "line 6, column outcome: "),
        ("at,outcome,duration\n\n\n0,ok,0\n\n1,okay,0", "line 6, column outcome: "),
        ("at,outcome,duration\r0,ok,0\r1,okay,0\r", "line 3, column outcome: "),
        ("\u{feff}at,outcome,duration\n1,okay,0\n", "line 2, column outcome: "),
        ("at,outcome,duration\n\"1\",\"okay\",\"0\"\n", "line 2, column outcome: "),
        ("at,outcome,duration\n1,\"o\nk\",0\n", "line 2, column outcome: "),
        ("at,outcome,duration\n1,\"ok,0\n2,fail,0\n", "line 2: has 2 columns"),
    ] {
        mistakes.push(in_trace(trace, &[place]));
    }
    for (row, column) in [(&b"\xff,ok,0"[..], "at"), (b"1,o\xffk,0", "outcome"), (b"1,ok,\xfe", "duration")] {
        let trace = [TRACE.as_bytes(), row].concat();
        mistakes.push(in_trace(trace, &[&format!("line 3, column {column}: "), "is not UTF-8"]));
    }
    mistakes.push(in_trace(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", &["line 1: ", "is not the header of a trace"]));
    mistakes
}

fn policies() -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (flag, text, said) in [
        ("--window", "", "the window is empty; write one"),
        ("--window", "CountWindow", "CountWindow("),
        ("--window", "CountWindow(0)", "0 is out of range"),
        ("--window", "CountWindow(-1)", "out of range"),
        ("--window", "CountWindow(1.5)", "whole number"),
        ("--window", "TimeWindow(500ms)", "TimeWindow"),
        ("--window", "CountWindw(5)", "write CountWindow"),
        ("--window", "CountWindow(5) | CountWindow(6)", "^"),
        ("--window", "FailureRate(0.5)", "FailureRate"),
        ("--tripper", "FailurRate(0.5)", "write FailureRate"),
        ("--tripper", "FailureRate(60)", "60 is out of range"),
        ("--tripper", "FailureRate(5 %)", "%"),
        ("--tripper", "FailureRate(0.5) && MinRequests(5)", "use `&`"),
        ("--tripper", "FailureRate(0.5) and MinRequests(5)", "and"),
        ("--tripper", "FailureRate(0.5", "^"),
        ("--tripper", "FailureRate(rate = 0.5, rate = 0.6)", "rate"),
        ("--tripper", "SlowRate(0.5)", "threshold"),
        ("--tripper", "HalfOpened() & FailureRate(0.5)", "closed"),
        ("--tripper", "Custom(f)", "Custom"),
        ("--tripper", "", "the tripper is empty; write one"),
        ("--tripper", "FailureStreak(0)", "0 is out of range"),
        ("--tripper", "!FailureStreak(5)", "!"),
        ("--tripper", "MinRequests(200) & FailureRate(0.5)", "200"),
        ("--retry", "Cooldown(0s)", "Cooldown"),
        ("--retry", "Cooldown(10 parsecs)", "parsecs"),
        ("--retry", "Backoff(10s, multiplier = 1)", "multiplier"),
        ("--retry", "Backoff(10s, max_duration = 5s)", "max_duration"),
        ("--retry", "Cooldown(10s, jitter_ratio = 1)", "jitter_ratio"),
        ("--retry", "Always", "Always("),
        ("--permit", "RampUp(1, 0, 10s)", "RampUp"),
        ("--permit", "Random(2)", "2 is out of range"),
        ("--permit", "Everyone()", "Everyone"),
        ("--compare", "FailureRate(0)", "0 is out of range"),
        ("--compare", "FailureRat(0.5)", "write FailureRate"),
        ("--compare", "MinRequests(200) & FailureRate(0.5)", "200"),
    ] {
        mistakes.push(in_arguments(&[flag, text, "./trace.csv"], &["error: ", said]));
    }
    let both = ["--tripper", "FailureRat(0.5)", "--retry", "Cooldown(0s)", "./trace.csv"];
    mistakes
        .push(in_arguments(&both, &["--tripper: there is no tripper `FailureRat`", "\n  ^^^^", "--retry: Cooldown"]));
    mistakes
}

fn flags() -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (arguments, said) in [
        (&[][..], "<TRACE.csv>"),
        (&["--bogus", "./trace.csv"], "--bogus"),
        (&["--windw", "CountWindow(5)", "./trace.csv"], "--window"),
        (&["./trace.csv", "./trace.csv"], "unexpected argument"),
        (&["--seed", "x", "./trace.csv"], "--seed"),
        (&["--seed", "-1", "./trace.csv"], "-1"),
        (&["--seed", "1.5", "./trace.csv"], "1.5"),
        (&["--seed", "18446744073709551616", "./trace.csv"], "18446744073709551616"),
        (&["--max-half-open-calls", "0", "./trace.csv"], "max_half_open_calls"),
        (&["--max-half-open-calls", "many", "./trace.csv"], "many"),
        (&["--max-half-open-calls", "4294967296", "./trace.csv"], "4294967296"),
        (&["--tripper", "FailureStreak(1)", "--tripper", "FailureStreak(2)", "./trace.csv"], "multiple times"),
        (&["--calls", "./a.csv", "--calls", "./b.csv", "./trace.csv"], "multiple times"),
        (&["./trace.csv", "--svg"], "--svg"),
        (&["./missing.csv"], "missing.csv: "),
        (&["./"], "directory"),
        (&["--calls", "./trace.csv", "./trace.csv"], "is the trace itself; expected another file"),
        (&["--svg", "./trace.csv", "./trace.csv"], "is the trace itself; expected another file"),
        (&["--calls", "./out", "--svg", "./out", "./trace.csv"], "both --calls and --svg; expected two files"),
        (&["--calls", "./no/such/folder.csv", "./trace.csv"], "folder.csv: "),
        (&["--svg", "./", "./trace.csv"], "is no file; expected one"),
        (&["--calls", "/dev/null", "./trace.csv"], "/dev/null: is no file; expected one"),
        (&["--svg", "./trace.csv/out.svg", "./trace.csv"], "out.svg: "),
    ] {
        mistakes.push(in_arguments(arguments, &["error: ", said]));
    }
    mistakes
}

#[test]
fn two_hundred_malformed_traces_and_flags_are_refused_in_clear_words_and_nothing_is_written() {
    let mistakes: Vec<_> = [times(), outcomes(), shapes(), policies(), flags()].into_iter().flatten().collect();
    assert!(mistakes.len() >= 200, "{}", mistakes.len());
    let mut unclear = Vec::new();
    for Mistake { trace, arguments, said } in mistakes {
        let folder = Folder::new();
        folder.write("trace.csv", &trace);
        folder.write("old.svg", "from before");
        let outputs = ["--calls", "./new.csv", "--svg", "./old.svg", "./trace.csv"];
        let arguments: Vec<_> = if arguments.is_empty() && trace != TRACE.as_bytes() {
            outputs.to_vec()
        } else {
            arguments.iter().map(String::as_str).collect()
        };
        let about = format!("{arguments:?} on {:?}", String::from_utf8_lossy(&trace[..trace.len().min(200)]));
        let Err(failure) = folder.replay(arguments.iter().copied()) else { panic!("accepted: {about}") };
        assert!(!failure.is_help(), "{about}");
        let message = failure.to_string();
        assert!(message.starts_with("error: ") && message.len() < 2000, "{about}\n{message}");
        for said in said.iter().filter(|said| !message.contains(*said)) {
            unclear.push(format!("{about}\nshould say {said:?}, says\n{message}"));
        }
        assert_eq!(folder.names(), ["old.svg", "trace.csv"], "{about}");
        assert_eq!(folder.read("old.svg"), "from before", "{about}");
    }
    assert!(unclear.is_empty(), "{}", unclear.join("\n"));
}

#[test]
fn a_wrong_outcome_is_told_with_file_line_column_and_what_was_expected() {
    let folder = Folder::new();
    folder.write("trace.csv", "at,outcome,duration\n0,ok,0.1\n1,okay,0.1\n");
    let message = folder.replay(["./trace.csv"]).unwrap_err().to_string();
    let file = folder.path("trace.csv");
    assert_eq!(
        message,
        format!(
            "error: {}, line 3, column outcome: \"okay\" is not an outcome; \
             expected ok, fail, ignored, cancelled, reset, disable, metrics_only or force_open\n",
            file.display()
        )
    );
}

#[test]
fn a_mistake_in_a_policy_is_shown_with_a_caret() {
    let folder = Folder::new();
    folder.write("trace.csv", TRACE);
    let message = folder.replay(["--tripper", "FailureStreak(5) | FailureRate(60)", "./trace.csv"]).unwrap_err();
    let shown = "FailureStreak(5) | FailureRate(60)";
    let message = message.to_string();
    let (_, after) = message.split_once(shown).expect("the text is shown");
    let line = message.lines().find(|line| line.contains(shown)).expect("on a line");
    let carets = after.lines().nth(1).expect("and below it the place");
    assert_eq!(carets.find('^'), line.find("60"), "{message}");
}
