//! The program `replay`: what it decides, writes and prints.

use fluxgate_tests::{
    conformance::{Action, Case, Event, overlapping, sequential},
    replay::Folder,
};

/// The case as a trace.
fn trace_of(case: &Case) -> String {
    let mut trace = String::from("at,outcome,duration\n");
    for event in &case.events {
        let name = |value: serde_json::Value| value.as_str().map(str::to_owned).expect("these are names");
        let row = match event.action {
            Action::Call { call, duration } => {
                format!("{},{},{duration}\n", event.at, name(serde_json::json!(call)))
            }
            Action::Command { command } => format!("{},{},\n", event.at, name(serde_json::json!(command))),
        };
        trace.push_str(&row);
    }
    trace
}

fn assert_agrees(case: &Case) {
    let folder = Folder::new();
    folder.write("trace.csv", trace_of(case));
    let policy = &case.policy;
    let mut arguments = vec!["--window", &policy.window, "--tripper", &policy.tripper, "--retry", &policy.retry];
    arguments.extend(["--permit", &policy.permit, "--calls", "./calls.csv", "./trace.csv"]);
    let calls = policy.max_half_open_calls.map(|calls| calls.to_string());
    if let Some(calls) = &calls {
        arguments.extend(["--max-half-open-calls", calls]);
    }
    let limit = policy.max_failed_probes.map(|limit| limit.to_string());
    if let Some(limit) = &limit {
        arguments.extend(["--max-failed-probes", limit]);
    }
    folder.replay(arguments).expect("a valid policy and a valid trace");

    let row = |event: &Event| {
        let decision = event.decision.as_deref().unwrap_or("command");
        format!("{},{decision},{}\n", event.at, event.state)
    };
    let expected: String = case.events.iter().map(row).collect();
    assert!(folder.read("calls.csv") == format!("at,decision,state\n{expected}"), "{}", case.name);
}

#[test]
fn the_sequential_list_comes_out_the_same_through_the_command_line() {
    sequential().iter().for_each(assert_agrees);
}

#[test]
fn the_overlapping_list_comes_out_the_same_through_the_command_line() {
    overlapping().iter().for_each(assert_agrees);
}

/// What is decided of each row of a trace, and the state once it was over.
fn calls(policy: &[&str], rows: &str) -> Vec<String> {
    let folder = Folder::new();
    folder.write("trace.csv", format!("at,outcome,duration\n{rows}"));
    folder.replay([policy, &["--calls", "./calls.csv", "./trace.csv"]].concat()).expect("it can be replayed");
    let calls = folder.read("calls.csv");
    let (header, rows) = calls.split_once('\n').expect("a header");
    assert_eq!(header, "at,decision,state");
    rows.lines().map(str::to_owned).collect()
}

const STREAK: [&str; 6] = ["--tripper", "FailureStreak(1)", "--retry", "Cooldown(10s)", "--permit", "All()"];

#[test]
fn a_row_tells_the_state_once_its_call_has_ended_in_the_order_of_the_trace() {
    // The first call ends last, and finds the breaker open.
    let calls = calls(&STREAK, "0,ok,5\n1,fail,1\n1.5,ok,0.25\n3,ok,0\n");
    assert_eq!(calls, ["0,permitted,open", "1,permitted,open", "1.5,permitted,closed", "3,rejected,open"]);
}

#[test]
fn at_one_time_an_end_comes_before_a_start_and_before_a_command() {
    let before_a_start = calls(&STREAK, "0,fail,2\n2,ok,0\n");
    assert_eq!(before_a_start, ["0,permitted,open", "2,rejected,open"]);
    let before_a_command = calls(&STREAK, "0,fail,2\n2,reset,\n2,ok,0\n");
    assert_eq!(before_a_command, ["0,permitted,open", "2,command,closed", "2,permitted,closed"]);
}

#[test]
fn times_come_out_as_they_went_in() {
    let calls = calls(&STREAK, "0.0,ok,0\n1e-3,ok,0\n1.50,ok,0\n");
    assert_eq!(calls, ["0.0,permitted,closed", "1e-3,permitted,closed", "1.50,permitted,closed"]);
}

#[test]
fn a_call_cancelled_after_a_long_wait_fails_and_one_cancelled_early_does_not_count() {
    let calls = calls(&STREAK, "0,cancelled,0.999999999\n1,cancelled,1\n");
    assert_eq!(calls, ["0,permitted,closed", "1,permitted,open"]);
}

#[test]
fn chance_is_the_same_in_every_run_and_another_with_another_seed() {
    let row = |at| format!("{at},{},0\n", if at == 0 { "fail" } else { "ignored" });
    let rows: String = (0..200).map(row).collect();
    let policy = ["--tripper", "FailureStreak(1)", "--retry", "Cooldown(1s)", "--permit", "Random(0.5)"];
    let with_seed = |seed| calls(&[&policy[..], &["--seed", seed]].concat(), &rows);
    assert_eq!(with_seed("7"), with_seed("7"));
    assert_ne!(with_seed("7"), with_seed("8"));
}

#[test]
fn the_summary_tells_what_came_of_the_calls_and_why_of_each_transition() {
    let folder = Folder::new();
    folder.write(
        "trace.csv",
        "at,outcome,duration\n0,ok,0\n1,fail,0\n2,fail,0\n3,ok,0\n12,ok,0\n13,force_open,\n14,ok,0\n",
    );
    let summary = folder.replay([&STREAK[..], &["./trace.csv"]].concat()).expect("it can be replayed");
    let lines: Vec<_> = summary.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for expected in [
        "trace.csv: 6 calls and 1 command in 14.0 s",
        "window CountWindow(100)",
        "calls 6 100.0 %",
        "admitted 3 50.0 %",
        "failed 1 16.7 %",
        "would have succeeded 2 33.3 %",
        "would have failed 1 16.7 %",
        "1.000 s closed -> open FailureStreak(1): 1 failure in a row",
        "12.000 s open -> half_open the retry is due",
        "12.000 s half_open -> closed recovered: a probe succeeded and the ramp is complete",
        "13.000 s closed -> forced_open by command",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}\n{summary}");
    }
}

#[test]
fn trippers_are_compared_by_harm_good_and_how_soon_they_noticed() {
    let folder = Folder::new();
    // Well, then ten failures, a second apart, then well again.
    let row = |at| format!("{at},{},0.5\n", if (20..30).contains(&at) { "fail" } else { "ok" });
    let rows: String = (0..60).map(row).collect();
    folder.write("trace.csv", format!("at,outcome,duration\n{rows}"));
    let policy = ["--retry", "Cooldown(20s)", "--permit", "All()", "--tripper", "FailureStreak(3)"];
    let compared = ["--compare", "FailureStreak(6)", "--compare", "FailureStreak(11)", "./trace.csv"];
    let summary = folder.replay([&policy[..], &compared].concat()).expect("it can be replayed");
    let table: Vec<_> = summary.lines().skip_while(|line| *line != "comparison").skip(2).take(3).collect();
    let rows: Vec<Vec<_>> =
        table.iter().map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect();
    let expected: [Vec<_>; 3] = [
        vec!["20.5 s", "13", "7", "2.0 s", "3", "FailureStreak(3)"],
        vec!["20.5 s", "16", "4", "5.0 s", "3", "FailureStreak(6)"],
        vec!["0.0 s", "0", "0", "missed", "0", "FailureStreak(11)"],
    ];
    assert_eq!(rows, expected, "{summary}");
}

#[test]
fn a_trace_of_nothing_and_odd_traces_have_a_page_too() {
    for rows in [
        "",
        "0,ok,0\n",
        "5,force_open,\n5,ok,0\n",
        "1700000000,fail,0.000000001\n1700000000.000000001,ok,0\n",
        "0,ok,18446744073\n",
    ] {
        let folder = Folder::new();
        folder.write("<&>.csv", format!("at,outcome,duration\n{rows}"));
        folder.replay([&STREAK[..], &["--svg", "./out.svg", "./<&>.csv"]].concat()).expect("it can be replayed");
        let page = folder.read("out.svg");
        assert!(page.starts_with("<svg") && page.ends_with("</svg>\n"), "{rows}");
        assert!(page.contains("&lt;&amp;&gt;.csv") && !page.contains("NaN") && !page.contains("inf"), "{rows}\n{page}");
    }
}

#[test]
fn a_page_of_very_many_transitions_stays_small() {
    let folder = Folder::new();
    let rows: String =
        (0..20_000).map(|at| format!("{at},{},0\n", ["fail", "reset"][at % 2]).replace("reset,0", "reset,")).collect();
    folder.write("trace.csv", format!("at,outcome,duration\n{rows}"));
    folder.replay([&STREAK[..], &["--svg", "./out.svg", "./trace.csv"]].concat()).expect("it can be replayed");
    assert!(folder.read("out.svg").len() < 200_000);
}

#[test]
fn an_output_that_is_there_is_written_anew_and_nothing_else_is_left_behind() {
    let folder = Folder::new();
    folder.write("trace.csv", "at,outcome,duration\n0,ok,0\n");
    folder.write("calls.csv", "from before");
    folder.replay(["--calls", "./calls.csv", "--svg", "./out.svg", "./trace.csv"]).expect("it can be replayed");
    assert_eq!(folder.read("calls.csv"), "at,decision,state\n0,permitted,closed\n");
    assert_eq!(folder.names(), ["calls.csv", "out.svg", "trace.csv"]);
}
