//! What responses and errors are, and what they ask for.

use std::{future::ready, time::Duration};

use fluxgate::{CircuitBreakerLayer, Error, MaxFailedProbes, Outcome, State, tower::Classifier, trackers::Custom};
use fluxgate_tests::fixture::{SECOND, breaker_with, state};
use tower::{Layer, ServiceExt, service_fn};

use super::half_open;

#[derive(Clone)]
struct ByNumber;

impl Classifier<u32, u32> for ByNumber {
    fn of_response(&self, response: &u32) -> Outcome {
        match response {
            0 => Outcome::Failure,
            1 => Outcome::Ignored,
            _ => Outcome::Success,
        }
    }

    fn of_error(&self, error: &u32) -> Option<Outcome> {
        match error {
            0 => Some(Outcome::Failure),
            1 => Some(Outcome::Ignored),
            2 => Some(Outcome::Success),
            _ => None,
        }
    }

    fn retry_after(&self, response: &u32) -> Option<Duration> {
        assert_eq!(*response, 0, "asked of a response that is no failure");
        Some(90 * SECOND)
    }
}

#[tokio::test]
async fn a_classifier_says_what_responses_and_errors_are() {
    let (breaker, _) = breaker_with("FailureStreak(9)", |builder| builder.tracker(Custom(|error: &u32| *error == 3)));
    let service = CircuitBreakerLayer::new(&breaker).classifier(ByNumber).layer(service_fn(ready::<Result<u32, u32>>));
    for (result, (calls, failures)) in [
        (Ok(0), (1, 1)),
        (Ok(1), (1, 1)),
        (Ok(2), (2, 1)),
        (Err(0), (3, 2)),
        (Err(1), (3, 2)),
        (Err(2), (4, 2)),
        (Err(3), (5, 3)),
        (Err(4), (5, 3)),
    ] {
        assert_eq!(service.clone().oneshot(result).await, result.map_err(Error::Inner));
        assert_eq!((breaker.info().calls, breaker.info().failures), (calls, failures), "{result:?}");
    }
}

#[tokio::test]
async fn a_response_may_ask_for_a_longer_opening() {
    for (limit, expected) in [(Some(600), 90), (Some(70), 70), (None, 60)] {
        let (breaker, _) = breaker_with("FailureStreak(1)", |builder| match limit {
            Some(limit) => builder.honour_retry_after(limit),
            None => builder,
        });
        let service =
            CircuitBreakerLayer::new(&breaker).classifier(ByNumber).layer(service_fn(ready::<Result<u32, u32>>));
        assert_eq!(service.oneshot(Ok(0)).await, Ok(0));
        assert_eq!(breaker.info().retry_after, Some(expected * SECOND));
    }
}

#[tokio::test]
async fn errors_that_ask_for_a_longer_opening_are_read_by_the_breakers_function() {
    for error in [0, 3] {
        let (breaker, _) = breaker_with("FailureStreak(1)", |builder| {
            builder.honour_retry_after(600).retry_after(|_: &u32| Some(90 * SECOND))
        });
        let service =
            CircuitBreakerLayer::new(&breaker).classifier(ByNumber).layer(service_fn(ready::<Result<u32, u32>>));
        service.oneshot(Err(error)).await.unwrap_err();
        assert_eq!(breaker.info().retry_after, Some(90 * SECOND));
    }
}

#[tokio::test]
async fn probes_that_are_ignored_leave_their_slot_to_others() {
    let (breaker, _) = half_open(|builder| builder.max_failed_probes(MaxFailedProbes::Off));
    let service = CircuitBreakerLayer::new(&breaker).classifier(ByNumber).layer(service_fn(ready::<Result<u32, u32>>));
    for _ in 0..1_000 {
        assert_eq!(service.clone().oneshot(Ok(1)).await, Ok(1));
    }
    assert_eq!((state(&breaker), breaker.info().rejected), (State::HalfOpen, 0));
    assert_eq!(service.oneshot(Ok(2)).await, Ok(2));
    assert_eq!(state(&breaker), State::Closed);
}
