//! A breaker in an HTTP client: `reqwest`, with a middleware of a few lines.
//!
//! ```text
//! cargo run -p fluxgate-examples-web --example http_client [URL]
//! ```

use std::time::Duration;

use async_trait::async_trait;
use axum::http::Extensions;
use fluxgate::{CircuitBreaker, http::StatusClassifier, permits::All, retries::Cooldown, trippers::FailureStreak};
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next, Result};

/// Puts a breaker between a client and its requests.
struct Guarded(CircuitBreaker);

#[async_trait]
impl Middleware for Guarded {
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        // A request that is dropped before its response is a cancelled call.
        let call = self.0.try_acquire().map_err(Error::middleware)?;
        let result = next.run(request, extensions).await;
        match &result {
            Ok(response) => StatusClassifier::new().end(call, response.status(), response.headers()),
            Err(_) => call.record(&result),
        }
        result
    }
}

pub(crate) fn client(breaker: CircuitBreaker) -> reqwest::Result<ClientWithMiddleware> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    Ok(ClientBuilder::new(client).with(Guarded(breaker)).build())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = fluxgate_examples_web::url().await?;
    let breaker = CircuitBreaker::builder("prices")
        .tripper(FailureStreak(3))
        .retry(Cooldown(0.5))
        .permit(All())
        .honour_retry_after(Duration::from_secs(600))
        .build()?;
    let client = client(breaker)?;
    for _ in 0..20 {
        match client.get(&url).send().await {
            Ok(response) => println!("{}", response.status()),
            Err(error) => println!("{error:#}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
