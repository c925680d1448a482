#[path = "../web_route.rs"]
#[allow(dead_code, reason = "the main function is for the program alone")]
mod route;
#[path = "../web_server.rs"]
#[allow(dead_code, reason = "the main function is for the program alone")]
mod server;

use std::{str, time::Duration};

use axum::{
    Router,
    http::{
        StatusCode,
        header::{HeaderValue, RETRY_AFTER},
    },
};
use fluxgate::{CircuitBreaker, State};
use fluxgate_examples_web::Service;
use tokio::net::TcpListener;

/// Returns the answer of a page, and its `Retry-After`.
async fn visit(client: &reqwest::Client, url: &str) -> (StatusCode, Option<u64>) {
    let response = client.get(url).send().await.unwrap();
    let seconds = |value: &HeaderValue| str::from_utf8(value.as_bytes()).ok()?.parse().ok();
    (response.status(), response.headers().get(RETRY_AFTER).and_then(seconds))
}

async fn spares_the_service_behind(
    router: impl Fn(reqwest::Client, String) -> Router,
    page: &str,
    while_failing: StatusCode,
    breaker: &CircuitBreaker,
) {
    let service = Service::start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/{page}", listener.local_addr().unwrap());
    let router = router(client.clone(), service.url.clone());
    tokio::spawn(async { axum::serve(listener, router).await });
    assert_eq!(visit(&client, &url).await, (StatusCode::OK, None));

    service.fail(StatusCode::SERVICE_UNAVAILABLE, Some(1));
    for _ in 0..3 {
        assert_eq!(visit(&client, &url).await.0, while_failing);
    }
    let asked = service.asked();
    let (status, seconds) = visit(&client, &url).await;
    assert_eq!((status, service.asked()), (StatusCode::SERVICE_UNAVAILABLE, asked));

    service.recover();
    tokio::time::sleep(Duration::from_secs(seconds.expect("it says when to come back"))).await;
    assert_eq!(visit(&client, &url).await, (StatusCode::OK, None));
    assert_eq!(breaker.info().state, State::Closed);
}

#[tokio::test]
async fn a_handler_spares_the_service_that_it_calls() {
    spares_the_service_behind(server::router, "price", StatusCode::BAD_GATEWAY, &server::PRICES).await;
}

#[tokio::test]
async fn a_route_spares_the_service_behind_it() {
    spares_the_service_behind(route::router, "proxy", StatusCode::SERVICE_UNAVAILABLE, &route::PROXY).await;
}
