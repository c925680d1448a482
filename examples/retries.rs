//! Retries around a breaker, by `backon`: each attempt is a call of the breaker, and a rejection is no reason to try at
//! once again. One caller gives up when the breaker rejects; the other waits for as long as the rejection says.
//!
//! The program starts a server, breaks it, and ends by itself:
//!
//! ```text
//! cargo run --example retries
//! ```

mod upstream;

use std::time::Duration;

use anyhow::Context;
use axum::http::StatusCode;
use backon::{ExponentialBuilder, Retryable};
use fluxgate::{CircuitBreaker, Error, permits::All, retries::Cooldown, trippers::FailureStreak};
use upstream::Upstream;

struct Prices {
    client: reqwest::Client,
    breaker: CircuitBreaker,
    upstream: Upstream,
}

impl Prices {
    /// One attempt.
    async fn ask(&self) -> Result<String, Error<reqwest::Error>> {
        let request = async { self.client.get(&self.upstream.url).send().await?.error_for_status()?.text().await };
        let result = self.breaker.call_async(request).await;
        match &result {
            Ok(price) => println!("  {price}"),
            Err(error) => println!("  {error}"),
        }
        result
    }
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default().with_min_delay(Duration::from_millis(20)).with_max_times(9)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let breaker =
        CircuitBreaker::builder("prices").tripper(FailureStreak(3)).retry(Cooldown(1)).permit(All()).build()?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let prices = Prices { client, breaker, upstream: Upstream::start().await? };

    println!("The service fails. Who won't wait stops at the first rejection:");
    prices.upstream.fail(StatusCode::SERVICE_UNAVAILABLE, None);
    let stopped = (|| prices.ask()).retry(backoff()).when(|error| error.not_permitted().is_none()).await;
    let error = stopped.err().context("the service is down")?;
    anyhow::ensure!(error.not_permitted().is_some() && prices.upstream.asked() == 3, "{error}");

    println!("It is well again. Who waits does so until a retry is due:");
    prices.upstream.recover();
    let price = (|| prices.ask())
        .retry(backoff())
        .adjust(|error, delay| match error.not_permitted() {
            // Nothing is known while half-open: then the delay of our own.
            Some(rejection) => delay.map(|delay| rejection.retry_after().unwrap_or(delay)),
            None => delay,
        })
        .await?;
    anyhow::ensure!(price == "42" && prices.upstream.asked() == 4);
    anyhow::ensure!(prices.breaker.info().rejected <= 2, "at most one rejection for each of the two");
    Ok(())
}

#[test]
fn the_program_shows_what_it_says() {
    main().unwrap();
}
