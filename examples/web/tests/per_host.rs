#[path = "../per_host.rs"]
#[allow(dead_code, reason = "the main function is for the program alone")]
mod program;

use axum::http::StatusCode;
use fluxgate::{State, listeners::prometheus, tower::BoxError};
use fluxgate_examples_web::Service;
use program::PER_HOST;
use prometheus_client::{encoding::text, registry::Registry};
use reqwest::{Method, Request, Response};
use tower::ServiceExt;

async fn price(
    client: &(impl tower::Service<Request, Response = Response, Error = BoxError> + Clone),
    service: &Service,
) -> Option<StatusCode> {
    let request = Request::new(Method::GET, service.url.parse().unwrap());
    client.clone().oneshot(request).await.ok().map(|response| response.status())
}

#[tokio::test]
async fn one_host_that_fails_is_left_alone_and_the_others_are_not() {
    let start = async || Service::start().await.unwrap();
    let services = [start().await, start().await, start().await];
    let [_, broken, _] = &services;
    broken.fail(StatusCode::INTERNAL_SERVER_ERROR, None);
    let client = program::client().unwrap();

    for round in 1..=5 {
        for service in &services {
            let expected = match (std::ptr::eq(service, broken), round) {
                (false, _) => Some(StatusCode::OK),
                (true, ..=3) => Some(StatusCode::INTERNAL_SERVER_ERROR),
                (true, _) => None,
            };
            assert_eq!(price(&client, service).await, expected, "in round {round}");
        }
    }
    assert_eq!(services.each_ref().map(Service::asked), [5, 3, 5], "the broken server is left alone");

    let url: reqwest::Url = broken.url.parse().unwrap();
    let breaker = PER_HOST.get_if_present(url.authority()).expect("it has been called");
    assert_eq!(breaker.info().state, State::Open);
    let mut registry = Registry::default();
    prometheus::register(&mut registry);
    let mut page = String::new();
    text::encode(&mut page, &registry).unwrap();
    let states = page.lines().filter(|line| line.starts_with("circuit_breaker_state{") && line.ends_with(" 1"));
    let open = states.filter(|line| line.contains("state=\"open\"")).collect::<Vec<_>>();
    assert!(matches!(open[..], [line] if line.contains(url.authority())), "{page}");

    broken.recover();
    breaker.reset();
    assert_eq!(price(&client, broken).await, Some(StatusCode::OK));
}
