//! A breaker around a route of an `axum` server, by the tower layer: it judges the responses by their status, and rejects
//! with `503 Service Unavailable` and `Retry-After`.
//!
//! ```text
//! cargo run -p fluxgate-examples-web --example web_route [URL of the service behind]
//! ```

use axum::{
    Router,
    error_handling::HandleErrorLayer,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use fluxgate::{CallNotPermitted, CircuitBreakerLayer, breakers, http::StatusClassifier};
use tokio::net::TcpListener;
use tower::{BoxError, ServiceBuilder};

breakers! {
    pub(crate) PROXY { tripper = FailureStreak(3), retry = Cooldown(200ms), permit = All(), honour_retry_after = 10m }
}

/// Passes the response of the service on.
async fn proxy(State((client, url)): State<(reqwest::Client, String)>) -> Response {
    let Ok(response) = client.get(&url).send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, headers) = (response.status(), response.headers().clone());
    (status, headers, response.bytes().await.unwrap_or_default()).into_response()
}

async fn unavailable(error: BoxError) -> Response {
    match error.downcast::<CallNotPermitted>() {
        Ok(rejection) => (*rejection).into(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

pub(crate) fn router(client: reqwest::Client, url: String) -> Router {
    let guarded = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(unavailable))
        .layer(CircuitBreakerLayer::new(&PROXY).classifier(StatusClassifier::new()).boxed());
    Router::new().route("/proxy", get(proxy).layer(guarded)).with_state((client, url))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let router = router(client, fluxgate_examples_web::url().await?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let page = format!("http://{}/proxy", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, router).await });
    Ok(fluxgate_examples_web::visit(&page).await?)
}
