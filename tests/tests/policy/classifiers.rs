//! What a classifier says by itself, apart from any layer.

use std::time::Duration;

use fluxgate::{
    Outcome,
    http::{GrpcClassifier, StatusClassifier},
    tower::{ByTracker, Classifier},
};
use http::{HeaderValue, Response, StatusCode, header::RETRY_AFTER};

fn response(status: StatusCode, retry_after: Option<&'static str>) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status;
    if let Some(wait) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(wait));
    }
    response
}

#[test]
fn one_that_says_nothing_takes_responses_for_successes_and_leaves_errors_to_the_tracker() {
    let classifier: &dyn Classifier<u32, &str> = &ByTracker;
    assert_eq!(classifier.of_response(&500), Outcome::Success);
    assert_eq!(classifier.of_error(&"down"), None);
    assert_eq!(classifier.retry_after(&500), None);
}

#[test]
fn those_of_http_and_grpc_read_how_long_to_stay_away() {
    let http: &dyn Classifier<Response<()>, ()> = &StatusClassifier::new();
    let grpc: &dyn Classifier<Response<()>, ()> = &GrpcClassifier;
    for classifier in [http, grpc] {
        let busy = response(StatusCode::SERVICE_UNAVAILABLE, Some("7"));
        assert_eq!(classifier.of_response(&busy), Outcome::Failure);
        assert_eq!(classifier.retry_after(&busy), Some(Duration::from_secs(7)));
        assert_eq!(classifier.retry_after(&response(StatusCode::SERVICE_UNAVAILABLE, None)), None);
    }
}
