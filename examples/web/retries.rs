//! Retries around a breaker, by `backon`: each attempt is a call of the breaker. After a rejection the next attempt waits
//! until the breaker permits one.
//!
//! ```text
//! cargo run -p fluxgate-examples-web --example retries [URL]
//! ```

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use fluxgate::{CircuitBreaker, Error, permits::All, retries::Cooldown, trippers::FailureStreak};

type Result<T> = std::result::Result<T, Error<reqwest::Error>>;

/// One attempt.
async fn ask(breaker: &CircuitBreaker, client: &reqwest::Client, url: &str) -> Result<String> {
    breaker.call_async(async { client.get(url).send().await?.error_for_status()?.text().await }).await
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default().with_min_delay(Duration::from_millis(20)).with_max_times(9)
}

/// Waits after a rejection for as long as it says, and for the delay of the backoff if it does not say.
pub(crate) async fn ask_patiently(breaker: &CircuitBreaker, client: &reqwest::Client, url: &str) -> Result<String> {
    (|| ask(breaker, client, url))
        .retry(backoff())
        .adjust(|error, delay| {
            let wait = error.not_permitted().and_then(fluxgate::CallNotPermitted::retry_after);
            delay.map(|delay| wait.unwrap_or(delay))
        })
        .await
}

/// Gives up at the first rejection.
pub(crate) async fn ask_impatiently(breaker: &CircuitBreaker, client: &reqwest::Client, url: &str) -> Result<String> {
    (|| ask(breaker, client, url)).retry(backoff()).when(|error| error.not_permitted().is_none()).await
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = fluxgate_examples_web::url().await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let breaker =
        CircuitBreaker::builder("prices").tripper(FailureStreak(3)).retry(Cooldown(1)).permit(All()).build()?;
    for _ in 0..10 {
        println!("patient:   {:?}", ask_patiently(&breaker, &client, &url).await?);
        match ask_impatiently(&breaker, &client, &url).await {
            Ok(price) => println!("impatient: {price:?}"),
            Err(error) => println!("impatient: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
