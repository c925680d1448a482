#[path = "../http_client.rs"]
#[allow(dead_code, reason = "the main function is for the program alone")]
mod program;

use std::time::Duration;

use axum::http::StatusCode;
use fluxgate::{CallNotPermitted, CircuitBreaker, State, permits::All, retries::Cooldown, trippers::FailureStreak};
use fluxgate_examples_web::Service;
use reqwest_middleware::{ClientWithMiddleware, Error, Result};

/// The rejection, if that is what the error is.
fn rejection(error: &Error) -> Option<&CallNotPermitted> {
    match error {
        Error::Middleware(error) => error.downcast_ref(),
        Error::Reqwest(_) => None,
    }
}

async fn price(client: &ClientWithMiddleware, service: &Service) -> Result<StatusCode> {
    Ok(client.get(&service.url).send().await?.status())
}

#[tokio::test]
async fn a_client_spares_a_service_that_asks_for_it() {
    let service = Service::start().await.unwrap();
    let breaker = CircuitBreaker::builder("prices")
        .tripper(FailureStreak(3))
        .retry(Cooldown(0.1))
        .permit(All())
        .honour_retry_after(Duration::from_secs(600))
        .build()
        .unwrap();
    let client = program::client(breaker.clone()).unwrap();
    assert_eq!(price(&client, &service).await.unwrap(), StatusCode::OK);

    service.fail(StatusCode::TOO_MANY_REQUESTS, Some(1));
    for _ in 0..3 {
        assert_eq!(price(&client, &service).await.unwrap(), StatusCode::TOO_MANY_REQUESTS);
    }
    let error = price(&client, &service).await.expect_err("the breaker is open");
    let wait = rejection(&error).and_then(CallNotPermitted::retry_after).expect("it says for how long");
    assert!(wait > Duration::from_millis(100), "the service is heeded, not the cooldown alone: {wait:?}");
    assert_eq!(service.asked(), 4, "a rejected request does not reach it");

    service.recover();
    tokio::time::sleep(wait).await;
    assert_eq!(price(&client, &service).await.unwrap(), StatusCode::OK);
    assert_eq!(breaker.info().state, State::Closed);
}
