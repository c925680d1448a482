//! What an admin page is given.

use fluxgate::{CircuitBreaker, ManualClock, State, Tripper, permits::All};
use fluxgate_tests::{
    fixture::{Down, SECOND, fail, succeed},
    process::turn,
};
use serde_json::json;

#[test]
fn info_is_serialized_with_all_that_it_tells() {
    let tripper = "FailureStreak(2) | MinRequests(9) & (SlowRate(0.5, 250ms) | AvgLatency(9s))";
    let clock = ManualClock::new();
    let builder = CircuitBreaker::builder("snapshot").tripper(tripper.parse::<Tripper>().unwrap()).permit(All());
    let breaker = builder.clock(clock.clone()).shadow(true).build().unwrap();
    let _ = breaker.call(|| {
        clock.advance(SECOND);
        Ok::<_, Down>(())
    });
    fail(&breaker);
    let expected = json!({
        "name": "snapshot", "label": "snapshot", "state": "closed", "in_state_for": 1.0, "shadow": true, "retry_after": null,
        "reopens": 0, "consecutive_failures": 1, "probes_in_flight": 0, "calls": 2, "failures": 1, "failure_rate": 0.5,
        "slow_rates": [{ "threshold": 0.25, "rate": 0.5 }], "mean_latency": 0.5,
        "rejected": 0, "would_have_been_rejected": 0,
    });
    assert_eq!(serde_json::to_value(breaker.info()).unwrap(), expected);

    fail(&breaker);
    clock.advance(20 * SECOND);
    succeed(&breaker);
    let expected = json!({
        "name": "snapshot", "label": "snapshot", "state": "open", "in_state_for": 20.0, "shadow": true, "retry_after": 40.0,
        "reopens": 0, "consecutive_failures": 2, "probes_in_flight": 0, "calls": 0, "failures": 0, "failure_rate": null,
        "slow_rates": [], "mean_latency": null, "rejected": 0, "would_have_been_rejected": 1,
    });
    assert_eq!(serde_json::to_value(breaker.info()).unwrap(), expected);
}

#[test]
fn every_breaker_of_the_process_is_in_it_declared_ones_that_no_call_has_reached_too() {
    fluxgate::breakers! {
        #[allow(dead_code)]
        UNREACHED { name = "snapshot: unreached" }
    }
    let _turn = turn();
    let twins = ["snapshot: twin"; 2].map(CircuitBreaker::new);
    twins[1].disable();
    let found =
        |label: &str| fluxgate::registry().iter().map(fluxgate::CircuitBreaker::info).find(|info| info.label == label);
    assert_eq!(found("snapshot: unreached").unwrap().state, State::Closed);
    assert_eq!(found("snapshot: twin").unwrap().state, State::Closed);
    let second = found("snapshot: twin#2").unwrap();
    assert_eq!((second.name.as_str(), second.state), ("snapshot: twin", State::Disabled));
    drop(twins);
    assert!(found("snapshot: twin").is_none());
}
