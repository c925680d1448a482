//! A breaker in an HTTP client: `reqwest`, by a middleware of a few lines.
//!
//! The program starts a server, breaks it, and ends by itself:
//!
//! ```text
//! cargo run --example http_client
//! ```

mod upstream;

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use axum::http::{Extensions, StatusCode};
use fluxgate::{
    CallNotPermitted, CircuitBreaker, http::StatusClassifier, permits::All, retries::Cooldown, trippers::FailureStreak,
};
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next, Result};
use upstream::Upstream;

/// Puts a breaker between a client and its requests.
struct Guarded {
    breaker: CircuitBreaker,
    classifier: StatusClassifier,
}

#[async_trait]
impl Middleware for Guarded {
    /// A request that is given up is a call that is dropped, which the breaker's `cancelled` judges. The body of a
    /// response is not touched.
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let call = self.breaker.try_acquire().map_err(Error::middleware)?;
        let result = next.run(request, extensions).await;
        match &result {
            Ok(response) => self.classifier.end(call, response.status(), response.headers()),
            Err(_) => call.record(&result),
        }
        result
    }
}

/// The rejection, if that is what the error is.
fn rejection(error: &Error) -> Option<&CallNotPermitted> {
    match error {
        Error::Middleware(error) => error.downcast_ref(),
        Error::Reqwest(_) => None,
    }
}

async fn price(client: &ClientWithMiddleware, upstream: &Upstream) -> Result<StatusCode> {
    let response = client.get(&upstream.url).send().await;
    match &response {
        Ok(response) => println!("{}", response.status()),
        Err(error) => println!("{error:#}"),
    }
    Ok(response?.status())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let upstream = Upstream::start().await?;
    let breaker = CircuitBreaker::builder("prices")
        .tripper(FailureStreak(3))
        .retry(Cooldown(0.1))
        .permit(All())
        .honour_retry_after(Duration::from_secs(600))
        .build()?;
    let middleware = Guarded { breaker: breaker.clone(), classifier: StatusClassifier::new() };
    let client = ClientBuilder::new(reqwest::Client::builder().no_proxy().build()?).with(middleware).build();

    println!("The service is well.");
    anyhow::ensure!(price(&client, &upstream).await? == StatusCode::OK);

    println!("It is overloaded, and asks to be left alone for a second.");
    upstream.fail(StatusCode::TOO_MANY_REQUESTS, Some(1));
    for _ in 0..3 {
        anyhow::ensure!(price(&client, &upstream).await? == StatusCode::TOO_MANY_REQUESTS);
    }
    let error = price(&client, &upstream).await.err().context("the breaker is open")?;
    let wait = rejection(&error).and_then(CallNotPermitted::retry_after).context("it says for how long")?;
    anyhow::ensure!(wait > Duration::from_millis(100), "the service is heeded, not the cooldown alone: {wait:?}");
    anyhow::ensure!(upstream.asked() == 4, "a rejected request does not reach it");

    println!("It is well again.");
    upstream.recover();
    tokio::time::sleep(wait).await;
    anyhow::ensure!(price(&client, &upstream).await? == StatusCode::OK);
    println!("{}", breaker.info().state);
    Ok(())
}

#[test]
fn the_program_shows_what_it_says() {
    main().unwrap();
}
