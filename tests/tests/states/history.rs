//! What a breaker tells of itself: its state, its history, and both as JSON.

use std::{collections::HashSet, time::Duration};

use fluxgate::{CircuitBreaker, Name, Reason, Signal, State};
use fluxgate_tests::fixture::{Down, breaker, fail, succeed};
use serde_json::json;

#[test]
fn the_state_is_told_while_a_call_runs_and_changes_nothing() {
    let (breaker, clock) = breaker("FailureStreak(1)");
    assert_eq!(breaker.state(), State::Closed);
    let inside = breaker.clone();
    let _ = breaker.call(|| {
        assert_eq!(inside.state(), State::Closed);
        Err::<(), _>(Down)
    });
    assert_eq!(breaker.state(), State::Open);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(breaker.state(), State::Open, "no call has come");
    succeed(&breaker);
    assert_eq!(breaker.state(), breaker.info().state);
}

#[test]
fn the_history_has_the_last_sixteen_transitions_newest_last_without_any_listener() {
    let breaker = CircuitBreaker::new("history");
    assert!(breaker.history().is_empty());
    for _ in 0..10 {
        breaker.force_open();
        breaker.reset();
    }
    breaker.disable();
    let history = breaker.history();
    assert_eq!(history.len(), 16);
    let last = history.last().unwrap();
    assert_eq!((last.old_state(), last.new_state()), (State::Closed, State::Disabled));
    assert!(history.windows(2).all(|pair| pair[0].new_state() == pair[1].old_state()));
}

#[test]
fn a_transition_in_the_history_has_its_time_reason_and_figures() {
    let (breaker, _) = breaker("FailureStreak(2)");
    succeed(&breaker);
    fail(&breaker);
    fail(&breaker);
    let [signal] = &breaker.history()[..] else { panic!("it has opened once") };
    assert_eq!(signal.reason().to_string(), "FailureStreak(2): 2 failures in a row");
    assert_eq!((signal.metrics().calls(), signal.metrics().failures()), (3, 2));
    let millis = u64::try_from(signal.at().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let expected = json!({
        "breaker": breaker.name(), "label": breaker.label(), "old_state": "closed", "new_state": "open",
        "at": millis, "reopens": 0,
        "metrics": {
            "calls": 3, "failures": 2, "failure_rate": 2.0 / 3.0, "slow_rates": [], "mean_latency": null,
        },
        "reason": {
            "kind": "tripped", "text": "FailureStreak(2): 2 failures in a row",
            "clauses": [{ "clause": "FailureStreak(2)", "figures": "2 failures in a row" }],
        },
        "retry_after": 60.0, "shadow": false,
    });
    assert_eq!(serde_json::to_value(signal).unwrap(), expected);
}

#[test]
fn each_reason_as_json_has_a_kind_a_text_and_its_figures() {
    let signal = |reason| Signal::new("search", State::HalfOpen, State::Open, reason);
    let json = |reason| serde_json::to_value(signal(reason)).unwrap()["reason"].clone();
    assert_eq!(json(Reason::RetryDue), json!({ "kind": "retry_due", "text": "the retry is due" }));
    let ended = json(Reason::ProbesFailed { limit: 3 });
    assert_eq!((&ended["kind"], &ended["limit"]), (&json!("probes_failed"), &json!(3)));
    let command = json(Reason::Command { by: Some("ada".into()), note: None });
    assert_eq!((&command["by"], &command["note"]), (&json!("ada"), &json!(null)));
}

#[test]
fn a_state_is_read_from_its_name_and_an_unknown_one_is_told_the_known() {
    for &state in State::ALL {
        let json = serde_json::to_value(state).unwrap();
        assert_eq!(serde_json::from_value::<State>(json).unwrap(), state);
    }
    let error = serde_json::from_value::<State>(json!("ajar")).unwrap_err().to_string();
    assert!(error.contains("`ajar`") && error.contains("half_open"), "{error}");
}

#[test]
fn a_name_is_found_in_a_set_by_its_text() {
    let names: HashSet<Name> = ["search".into(), Name::from("a name of more than twenty-two bytes")].into();
    assert!(names.contains("search") && names.contains("a name of more than twenty-two bytes"));
    assert_eq!(serde_json::to_value(Name::from("search")).unwrap(), json!("search"));
}
