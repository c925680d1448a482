//! The program `replay`: what it decides, writes and prints.

use fluxgate_tests::{
    conformance::{Action, Case, overlapping, sequential},
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
    folder.replay(arguments).expect("a valid policy and a valid trace");

    let mut expected = String::from("at,decision,state\n");
    for event in &case.events {
        let decision = event.decision.as_deref().unwrap_or("command");
        expected.push_str(&format!("{},{decision},{}\n", event.at, event.state));
    }
    assert!(folder.read("calls.csv") == expected, "{}", case.name);
}

#[test]
fn the_sequential_list_comes_out_the_same_through_the_command_line() {
    sequential().iter().for_each(assert_agrees);
}

#[test]
fn the_overlapping_list_comes_out_the_same_through_the_command_line() {
    overlapping().iter().for_each(assert_agrees);
}
