#[path = "../retries.rs"]
#[allow(dead_code, reason = "the main function is for the program alone")]
mod program;

use axum::http::StatusCode;
use fluxgate::{CircuitBreaker, permits::All, retries::Cooldown, trippers::FailureStreak};
use fluxgate_examples_web::Service;

#[tokio::test]
async fn retries_stop_at_a_rejection_or_wait_for_as_long_as_it_says() {
    let breaker = CircuitBreaker::builder("prices").tripper(FailureStreak(3)).retry(Cooldown(1)).permit(All());
    let breaker = breaker.build().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let service = Service::start().await.unwrap();

    service.fail(StatusCode::SERVICE_UNAVAILABLE, None);
    let stopped = program::ask_impatiently(&breaker, &client, &service.url).await;
    let error = stopped.expect_err("the service is down");
    assert!(error.not_permitted().is_some(), "{error}");
    assert_eq!(service.asked(), 3);

    service.recover();
    let price = program::ask_patiently(&breaker, &client, &service.url).await.unwrap();
    assert_eq!((price.as_str(), service.asked()), ("42", 4));
    assert!(breaker.info().rejected <= 2, "at most one rejection for each of the two");
}
