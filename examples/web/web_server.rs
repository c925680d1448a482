//! A breaker in a web server of `axum`, around what a handler calls. While the service behind it fails, callers get
//! `503 Service Unavailable` with `Retry-After`.
//!
//! ```text
//! cargo run -p fluxgate-examples-web --example web_server [URL of the service behind]
//! ```

use std::time::Duration;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use fluxgate::{CallNotPermitted, breakers, circuit_breaker, http::retry_after};
use tokio::net::TcpListener;

breakers! {
    /// Guards the price service.
    pub(crate) PRICES {
        tripper = FailureStreak(3),
        retry   = Cooldown(200ms),
        permit  = All(),
        honour_retry_after = 10m,
        retry_after = |error: &PriceError| error.retry_after,
    }
}

/// A missing price: the response of this server, and the time for which the service asks to be left alone.
struct PriceError {
    response: Response,
    retry_after: Option<Duration>,
}

impl From<CallNotPermitted> for PriceError {
    fn from(rejection: CallNotPermitted) -> Self {
        Self { response: rejection.into(), retry_after: None }
    }
}

impl From<reqwest::Error> for PriceError {
    fn from(_: reqwest::Error) -> Self {
        Self { response: StatusCode::BAD_GATEWAY.into_response(), retry_after: None }
    }
}

#[circuit_breaker(PRICES)]
async fn price(client: &reqwest::Client, url: &str) -> Result<String, PriceError> {
    let response = client.get(url).send().await?;
    match response.status() {
        StatusCode::OK => Ok(response.text().await?),
        _ => Err(PriceError {
            retry_after: retry_after(response.headers()),
            response: StatusCode::BAD_GATEWAY.into_response(),
        }),
    }
}

async fn page(State((client, url)): State<(reqwest::Client, String)>) -> Result<String, Response> {
    price(&client, &url).await.map_err(|error| error.response)
}

pub(crate) fn router(client: reqwest::Client, url: String) -> Router {
    Router::new().route("/price", get(page)).with_state((client, url))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let router = router(client, fluxgate_examples_web::url().await?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let page = format!("http://{}/price", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, router).await });
    Ok(fluxgate_examples_web::visit(&page).await?)
}
