//! A breaker for each host: `reqwest` as a tower service, with three servers of which one fails.
//!
//! The program starts the servers, breaks one, and ends by itself:
//!
//! ```text
//! cargo run --example per_host
//! ```

mod upstream;

use anyhow::Context;
use axum::http::StatusCode;
use fluxgate::{
    CircuitBreakerLayer, Outcome, State, breakers,
    listeners::{PrometheusListener, prometheus},
    tower::{BoxError, Classifier},
};
use prometheus_client::{encoding::text, registry::Registry};
use reqwest::{Request, Response};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use upstream::Upstream;

breakers! {
    /// One for each host and port. Servers that nobody asks for ten minutes are forgotten.
    PER_HOST[max = 1_000, idle = 10m] {
        tripper = FailureStreak(3),
        listeners = [PrometheusListener],
    }
}

/// A status of 5xx is a failure. A response of `reqwest` is none of the crate `http`, which has a ready classifier.
#[derive(Clone)]
struct Statuses;

impl Classifier<Response, reqwest::Error> for Statuses {
    fn of_response(&self, response: &Response) -> Outcome {
        if response.status().is_server_error() { Outcome::Failure } else { Outcome::Success }
    }
}

/// A client with a breaker for each server that it calls.
fn client() -> anyhow::Result<impl Service<Request, Response = Response, Error = BoxError> + Clone> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let breakers =
        CircuitBreakerLayer::keyed(|request: &Request| PER_HOST.get(request.url().authority())).classifier(Statuses);
    let sending = service_fn(move |request| {
        let client = client.clone();
        async move { client.execute(request).await }
    });
    Ok(ServiceBuilder::new().layer(breakers.boxed()).service(sending))
}

async fn price(
    client: &mut (impl Service<Request, Response = Response, Error = BoxError> + Clone),
    upstream: &Upstream,
) -> anyhow::Result<Option<StatusCode>> {
    let request = Request::new(reqwest::Method::GET, upstream.url.parse()?);
    match client.clone().oneshot(request).await {
        Ok(response) => Ok(Some(response.status())),
        Err(error) => {
            println!("  {error}");
            Ok(None)
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let servers = [Upstream::start().await?, Upstream::start().await?, Upstream::start().await?];
    let [_, broken, _] = &servers;
    broken.fail(StatusCode::INTERNAL_SERVER_ERROR, None);
    let mut client = client()?;

    for round in 1..=5 {
        println!("Round {round}:");
        for server in &servers {
            let answer = price(&mut client, server).await?;
            println!("  {} {answer:?}", server.url);
            let expected = match (std::ptr::eq(server, broken), round) {
                (false, _) => Some(StatusCode::OK),
                (true, ..=3) => Some(StatusCode::INTERNAL_SERVER_ERROR),
                (true, _) => None,
            };
            anyhow::ensure!(answer == expected, "{answer:?}, not {expected:?}");
        }
    }
    anyhow::ensure!(servers.each_ref().map(Upstream::asked) == [5, 3, 5], "the broken server is left alone");

    let url: reqwest::Url = broken.url.parse()?;
    let breaker = PER_HOST.get_if_present(url.authority()).context("it has been called")?;
    anyhow::ensure!(breaker.info().state == State::Open);
    println!("\n{} is {}. What Prometheus gets:", breaker.name(), breaker.info().state);
    let mut registry = Registry::default();
    prometheus::register(&mut registry);
    let mut page = String::new();
    text::encode(&mut page, &registry)?;
    let states = page.lines().filter(|line| line.starts_with("circuit_breaker_state{") && line.ends_with(" 1"));
    states.for_each(|line| println!("  {line}"));

    println!("\nIt is mended, and somebody closes its breaker by hand.");
    broken.recover();
    breaker.reset();
    anyhow::ensure!(price(&mut client, broken).await? == Some(StatusCode::OK));
    Ok(())
}

#[test]
fn the_program_shows_what_it_says() {
    main().unwrap();
}
