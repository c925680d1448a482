use std::{future::poll_fn, time::Duration};

use tower::{Service, service_fn};
use tower_resilience_circuitbreaker::{CircuitBreakerConfigBuilder, CircuitBreakerError, CircuitBreakerLayer};

use super::{COOLDOWN, Role, Subject};
use crate::traffic::{Failure, Refusal, drive, finish, service};

pub(crate) const NAME: &str = "tower-resilience-circuitbreaker";
pub(crate) const NOTE: &str = "\
    a tower service, so it is async in every scenario. Its count window is all calls since it closed, opens at half \
    of at least 100. Its time window is not measured, because each call iterates over all calls in it, which takes \
    too long. An open breaker that finds its lock taken sleeps for a millisecond of tokio's time, so rejections are \
    measured on one thread only";

/// Its name with what it is, for tables of sync calls.
const SHORT_NAME: &str = "tower-resilience (async)";

fn refusal(error: CircuitBreakerError<Failure>) -> Refusal {
    match error {
        CircuitBreakerError::Inner(_) => Refusal::Failed,
        CircuitBreakerError::OpenCircuit => Refusal::Rejected,
    }
}

fn subject(policy: fn(CircuitBreakerConfigBuilder) -> CircuitBreakerConfigBuilder) -> Subject {
    Subject::new(SHORT_NAME, Role::Peer, move || {
        let layer = policy(CircuitBreakerLayer::builder())
            .failure_rate_threshold(0.5)
            .sliding_window_size(100)
            .minimum_number_of_calls(100)
            .wait_duration_in_open(COOLDOWN)
            .build()
            .unwrap_or_else(|error| panic!("a policy of the benchmark is wrong: {error}"));
        // Its clones share the circuit.
        let mut guarded = layer.layer_fn(service_fn(|request| async move { service(request) }));
        move |traffic, calls| {
            drive(traffic, calls, |request| {
                let call = async {
                    poll_fn(|context| guarded.poll_ready(context)).await?;
                    guarded.call(request).await
                };
                finish(call).map_err(refusal)
            })
        }
    })
}

pub(crate) fn count_window() -> Subject {
    subject(|builder| builder)
}

pub(crate) fn slow_rate() -> Subject {
    subject(|builder| builder.slow_call_duration_threshold(Duration::from_secs(2)).slow_call_rate_threshold(0.5))
}
