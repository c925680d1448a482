//! Breakers in a web server of `axum`: around what a handler calls, and around a whole route by the tower layer. While
//! the service behind them fails, callers get `503 Service Unavailable` with `Retry-After`.
//!
//! The program starts both servers, breaks the one behind, and ends by itself:
//!
//! ```text
//! cargo run --example web_server
//! ```

mod upstream;

use std::{str, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    error_handling::HandleErrorLayer,
    extract::State,
    http::{
        StatusCode,
        header::{HeaderValue, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use fluxgate::{
    CallNotPermitted, CircuitBreakerLayer, breakers, circuit_breaker,
    http::{StatusClassifier, retry_after},
};
use tokio::net::TcpListener;
use tower::{BoxError, ServiceBuilder};
use upstream::Upstream;

breakers! {
    default {
        tripper = FailureStreak(3),
        retry   = Cooldown(200ms),
        permit  = All(),
        honour_retry_after = 10m,
    }

    /// Guards what the handler calls.
    PRICES { retry_after = |error: &PriceError| error.retry_after() }

    /// Guards a route.
    PROXY {}
}

/// Why there is no price.
enum PriceError {
    Rejected(CallNotPermitted),
    /// The service answered something else, and for how long it asked to be left alone.
    Failed(Option<Duration>),
    Unreachable,
}

impl PriceError {
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed(wait) => *wait,
            Self::Rejected(_) | Self::Unreachable => None,
        }
    }
}

impl From<CallNotPermitted> for PriceError {
    fn from(rejection: CallNotPermitted) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<reqwest::Error> for PriceError {
    fn from(_: reqwest::Error) -> Self {
        Self::Unreachable
    }
}

impl IntoResponse for PriceError {
    fn into_response(self) -> Response {
        match self {
            Self::Rejected(rejection) => rejection.into(),
            Self::Failed(_) | Self::Unreachable => StatusCode::BAD_GATEWAY.into_response(),
        }
    }
}

#[circuit_breaker(PRICES)]
async fn price(client: &reqwest::Client, url: &str) -> Result<String, PriceError> {
    let response = client.get(url).send().await?;
    match response.status() {
        StatusCode::OK => Ok(response.text().await?),
        _ => Err(PriceError::Failed(retry_after(response.headers()))),
    }
}

#[derive(Clone)]
struct App {
    client: reqwest::Client,
    upstream: String,
}

async fn price_page(State(app): State<App>) -> Result<String, PriceError> {
    Ok(format!("It is {} today.", price(&app.client, &app.upstream).await?))
}

/// Hands on what the service says, a 503 too: the layer around the route sees it.
async fn proxy(State(app): State<App>) -> Response {
    match app.client.get(&app.upstream).send().await {
        Ok(response) => {
            (response.status(), response.headers().clone(), response.bytes().await.unwrap_or_default()).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

async fn unavailable(error: BoxError) -> Response {
    match error.downcast::<CallNotPermitted>() {
        Ok(rejection) => (*rejection).into(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn router(app: App) -> Router {
    let guarded = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(unavailable))
        .layer(CircuitBreakerLayer::new(&PROXY).classifier(StatusClassifier::new()).boxed());
    Router::new().route("/proxy", get(proxy).layer(guarded)).route("/price", get(price_page)).with_state(app)
}

/// What a page answers, and its `Retry-After`.
async fn visit(client: &reqwest::Client, url: &str) -> anyhow::Result<(StatusCode, Option<u64>)> {
    let response = client.get(url).send().await?;
    let seconds = |value: &HeaderValue| str::from_utf8(value.as_bytes()).ok()?.parse().ok();
    let seen = (response.status(), response.headers().get(RETRY_AFTER).and_then(seconds));
    println!("{url}: {} {:?}", seen.0, seen.1);
    Ok(seen)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let upstream = Upstream::start().await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = App { client: client.clone(), upstream: upstream.url.clone() };
    tokio::spawn(async { axum::serve(listener, router(app)).await });

    for (page, while_failing) in [("price", StatusCode::BAD_GATEWAY), ("proxy", StatusCode::SERVICE_UNAVAILABLE)] {
        let url = format!("http://{address}/{page}");
        upstream.recover();
        anyhow::ensure!(visit(&client, &url).await? == (StatusCode::OK, None));

        upstream.fail(StatusCode::SERVICE_UNAVAILABLE, Some(1));
        for _ in 0..3 {
            anyhow::ensure!(visit(&client, &url).await?.0 == while_failing);
        }
        let asked = upstream.asked();
        let (status, seconds) = visit(&client, &url).await?;
        anyhow::ensure!(status == StatusCode::SERVICE_UNAVAILABLE && upstream.asked() == asked);

        upstream.recover();
        tokio::time::sleep(Duration::from_secs(seconds.context("it says when to come back")?)).await;
        anyhow::ensure!(visit(&client, &url).await? == (StatusCode::OK, None));
    }
    println!("{}, {}", PRICES.info().state, PROXY.info().state);
    Ok(())
}

#[test]
fn the_program_shows_what_it_says() {
    main().unwrap();
}
