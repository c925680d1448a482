//! Handlers of a web framework: extractors behind patterns, among other macros.

#![allow(clippy::diverging_sub_expression, reason = "what `debug_handler` writes")]

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
    Router,
};
use fluxgate::{breakers, circuit_breaker, CallNotPermitted};
use http_body_util::BodyExt;
use tokio::sync::Mutex;
use tower::ServiceExt;

struct Unavailable;

impl From<CallNotPermitted> for Unavailable {
    fn from(_: CallNotPermitted) -> Self {
        Self
    }
}

impl IntoResponse for Unavailable {
    fn into_response(self) -> Response {
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}

#[derive(Default)]
struct App {
    users: Mutex<Vec<String>>,
}

breakers! {
    OF_HANDLERS[max = 10] {}
}

#[circuit_breaker]
async fn plain(State(app): State<Arc<App>>) -> Result<String, Unavailable> {
    Ok(app.users.lock().await.len().to_string())
}

#[circuit_breaker(name = "handlers by key", key = host)]
async fn by_key(State(app): State<Arc<App>>, Path(host): Path<String>) -> Result<String, Unavailable> {
    app.users.lock().await.push(host.clone());
    Ok(host)
}

#[circuit_breaker(OF_HANDLERS.get(&host), failed_if = String::is_empty)]
async fn by_set(Path(host): Path<String>, State(_): State<Arc<App>>) -> Result<String, Unavailable> {
    Ok(host)
}

#[circuit_breaker(fallback = |_| (StatusCode::OK, host).into_response())]
async fn with_a_fallback(State(app): State<Arc<App>>, Path(host): Path<String>) -> Response {
    app.users.lock().await.push(host.clone());
    host.len().to_string().into_response()
}

#[circuit_breaker(key = host)]
#[axum::debug_handler]
async fn checked_below(State(app): State<Arc<App>>, Path(host): Path<String>) -> Result<String, Unavailable> {
    app.users.lock().await.push(host.clone());
    Ok(host)
}

#[axum::debug_handler]
#[circuit_breaker(timeout = 2s, fallback = |_| Ok(String::new()))]
async fn checked_above(State(app): State<Arc<App>>, Path(host): Path<String>) -> Result<String, Unavailable> {
    app.users.lock().await.push(host.clone());
    Ok(host)
}

async fn answer(router: &Router, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_handler_with_extractors_is_guarded_and_drops_them_when_it_ends() {
    let app = Arc::new(App::default());
    let router = Router::new()
        .route("/plain", get(plain))
        .route("/by_key/{host}", get(by_key))
        .route("/by_set/{host}", get(by_set))
        .route("/with_a_fallback/{host}", get(with_a_fallback))
        .route("/checked_below/{host}", get(checked_below))
        .route("/checked_above/{host}", get(checked_above))
        .with_state(Arc::clone(&app));
    let holders = Arc::strong_count(&app);
    assert_eq!(answer(&router, "/by_key/a").await, (StatusCode::OK, "a".to_owned()));
    assert_eq!(answer(&router, "/by_set/b").await, (StatusCode::OK, "b".to_owned()));
    assert_eq!(answer(&router, "/with_a_fallback/abc").await, (StatusCode::OK, "3".to_owned()));
    assert_eq!(answer(&router, "/checked_below/d").await, (StatusCode::OK, "d".to_owned()));
    assert_eq!(answer(&router, "/checked_above/e").await, (StatusCode::OK, "e".to_owned()));
    assert_eq!(answer(&router, "/plain").await, (StatusCode::OK, "4".to_owned()));
    assert_eq!(OF_HANDLERS.get("b").info().calls, 1);
    fluxgate::get("handlers by key{a}").unwrap().force_open();
    assert_eq!(answer(&router, "/by_key/a").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer(&router, "/by_key/b").await.0, StatusCode::OK);
    assert_eq!(Arc::strong_count(&app), holders);
}
