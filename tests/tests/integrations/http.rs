//! Status codes, `Retry-After`, and rejections as responses.

use std::{
    future::ready,
    time::{Duration, SystemTime},
};

use fluxgate::{
    CircuitBreaker, CircuitBreakerLayer, Outcome,
    http::{GrpcClassifier, StatusClassifier, retry_after},
    retries::Cooldown,
};
use fluxgate_tests::fixture::{Down, SECOND, breaker, breaker_with, fail};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use proptest::prelude::{Strategy, any, proptest};
use tower::{Layer, ServiceExt, service_fn};

fn headers(retry_after: &str, date: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_bytes(retry_after.as_bytes()).unwrap());
    if let Some(date) = date {
        headers.insert("date", HeaderValue::from_str(date).unwrap());
    }
    headers
}

#[test]
fn server_errors_and_429_are_failures() {
    let classifier = StatusClassifier::new();
    for status in 100..600 {
        let expected = if status == 429 || status >= 500 { Outcome::Failure } else { Outcome::Success };
        assert_eq!(classifier.outcome(StatusCode::from_u16(status).unwrap()), expected, "{status}");
    }
}

#[test]
fn which_statuses_are_failures_can_be_changed() {
    let classifier = StatusClassifier::failing(|status| status == StatusCode::NOT_FOUND);
    assert_eq!(classifier.outcome(StatusCode::NOT_FOUND), Outcome::Failure);
    assert_eq!(classifier.outcome(StatusCode::SERVICE_UNAVAILABLE), Outcome::Success);
}

#[test]
fn retry_after_is_a_number_of_seconds_or_a_date() {
    let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
    for (written, date, expected) in [
        ("120", None, Some(120)),
        (" 0 ", None, Some(0)),
        ("Sun, 06 Nov 1994 08:51:07 GMT", date, Some(90)),
        ("Sunday, 06-Nov-94 08:51:07 GMT", date, Some(90)),
        ("Sun Nov  6 08:51:07 1994", date, Some(90)),
        ("Sun, 06 Nov 1994 08:49:36 GMT", date, Some(0)),
        ("Sun, 06 Nov 1994 08:49:36 GMT", None, Some(0)),
        ("Sun, 06 Nov 1994 08:51:07 GMT", Some("yesterday"), Some(0)),
        ("99999999999999999999", None, Some(u64::MAX)),
        ("", None, None),
        ("-1", None, None),
        // As some limiters send it, and rounded up: never too early.
        ("1.5", None, Some(2)),
        ("299.997", None, Some(300)),
        ("60.000", None, Some(60)),
        ("18446744073709551615.5", None, Some(u64::MAX)),
        (".5", None, None),
        ("1.5.5", None, None),
        ("1,5", None, None),
        ("1e3", None, None),
        ("12 s", None, None),
        ("soon", None, None),
        ("Sun, 06 Nov 1994", None, None),
        ("\u{fc}ber", None, None),
    ] {
        assert_eq!(retry_after(&headers(written, date)), expected.map(Duration::from_secs), "{written:?}");
    }
    assert_eq!(retry_after(&HeaderMap::new()), None);
}

#[test]
fn a_date_without_another_is_counted_from_now() {
    let until = httpdate::fmt_http_date(SystemTime::now() + 1_000 * SECOND);
    let wait = retry_after(&headers(&until, None)).unwrap();
    assert!(wait <= 1_000 * SECOND && wait > 900 * SECOND, "{wait:?}");
}

proptest! {
    #[test]
    fn no_header_is_too_much(written in any::<Vec<u8>>().prop_filter_map("a header", |bytes| HeaderValue::from_bytes(&bytes).ok())) {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", written.clone());
        headers.insert("date", written);
        let _ = retry_after(&headers);
        let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.honour_retry_after(600));
        StatusClassifier::new().end(breaker.try_acquire().unwrap(), StatusCode::BAD_GATEWAY, &headers);
        assert!(breaker.info().retry_after <= Some(600 * SECOND));
    }
}

#[test]
fn a_call_by_hand_ends_by_status_and_retry_after() {
    let (breaker, _) = breaker_with("FailureStreak(2)", |builder| builder.retry(Cooldown(10)).honour_retry_after(600));
    let end = |status: u16, headers: &HeaderMap| {
        let call = breaker.try_acquire().unwrap();
        StatusClassifier::new().end(call, StatusCode::from_u16(status).unwrap(), headers);
    };
    end(200, &headers("300", None));
    end(404, &HeaderMap::new());
    assert_eq!((breaker.info().calls, breaker.info().failures), (2, 0));
    end(500, &HeaderMap::new());
    end(429, &headers("120", None));
    assert_eq!(breaker.info().retry_after, Some(120 * SECOND));
}

#[tokio::test]
async fn a_503_behind_the_layer_is_a_failure_and_handed_on_whole() {
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.honour_retry_after(100));
    let service = CircuitBreakerLayer::new(&breaker).classifier(StatusClassifier::new()).layer(service_fn(|status| {
        let response = Response::builder().status::<u16>(status).header("retry-after", "3600").body("sorry");
        ready(Ok::<_, Down>(response.unwrap()))
    }));
    service.clone().oneshot(200).await.unwrap();
    let response = service.oneshot(503).await.unwrap();
    assert_eq!((response.status().as_u16(), *response.body()), (503, "sorry"));
    assert_eq!((breaker.info().retry_after), Some(100 * SECOND));
}

#[test]
fn a_rejection_is_a_503_that_says_when_to_come_back() {
    let (breaker, clock) = breaker("FailureStreak(1)");
    fail(&breaker);
    clock.advance(Duration::from_millis(500));
    let rejection = breaker.try_acquire().unwrap_err();
    let response: Response<String> = (&rejection).into();
    assert_eq!((response.status().as_u16(), response.body().as_str()), (503, ""));
    assert_eq!(response.headers()["retry-after"], "60", "59.5 s, rounded up");
    breaker.force_open();
    let response = Response::<Vec<u8>>::from(breaker.try_acquire().unwrap_err());
    assert!(response.headers().is_empty(), "nobody knows when");
}

#[test]
fn a_handler_answers_503_by_a_question_mark() {
    #[expect(clippy::result_large_err, reason = "as handlers of axum's are")]
    fn handler(breaker: &CircuitBreaker) -> Result<axum::response::Response, axum::response::Response> {
        let call = breaker.try_acquire()?;
        call.success();
        Ok(axum::response::IntoResponse::into_response("well"))
    }

    let (breaker, _) = breaker("FailureStreak(1)");
    assert_eq!(handler(&breaker).unwrap().status(), StatusCode::OK);
    fail(&breaker);
    let response = handler(&breaker).unwrap_err();
    assert_eq!(
        (response.status(), &response.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &HeaderValue::from(60))
    );
}

#[test]
fn grpc_codes_are_failures_where_the_service_is_to_blame() {
    let outcomes: Vec<_> = (-1..=17).map(GrpcClassifier::outcome).collect();
    let failures = [-1, 2, 4, 8, 13, 14, 17];
    for (code, outcome) in (-1..).zip(outcomes) {
        let expected = match code {
            1 => Outcome::Ignored,
            code if failures.contains(&code) => Outcome::Failure,
            _ => Outcome::Success,
        };
        assert_eq!(outcome, expected, "{code}");
    }
}

#[test]
fn a_grpc_response_is_judged_by_its_code_and_without_one_by_its_status() {
    let outcome = |status: u16, code: Option<&'static str>| {
        let mut headers = HeaderMap::new();
        if let Some(code) = code {
            headers.insert("grpc-status", HeaderValue::from_static(code));
        }
        GrpcClassifier::outcome_of(StatusCode::from_u16(status).unwrap(), &headers)
    };
    assert_eq!(outcome(200, Some("14")), Outcome::Failure);
    assert_eq!(outcome(200, Some("5")), Outcome::Success);
    assert_eq!(outcome(200, Some("1")), Outcome::Ignored);
    assert_eq!(outcome(200, Some("fourteen")), Outcome::Failure);
    assert_eq!(outcome(200, None), Outcome::Success, "the code is in the trailers");
    assert_eq!(outcome(502, None), Outcome::Failure, "a proxy's");
}
