//! A breaker for each host: `reqwest` as a tower service. One host fails, and the others do not suffer.
//!
//! ```text
//! cargo run -p fluxgate-examples-web --example per_host [URL]...
//! ```

use fluxgate::{
    CircuitBreakerLayer, Outcome, breakers,
    listeners::PrometheusListener,
    tower::{BoxError, Classifier},
};
use reqwest::{Method, Request, Response};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

breakers! {
    /// One for each host and port. Breakers that are not used for ten minutes are evicted.
    pub(crate) PER_HOST[max = 1_000, idle = 10m] {
        tripper = FailureStreak(3),
        listeners = [PrometheusListener],
    }
}

/// Judges the responses of `reqwest`, which are not those of the crate `http`.
#[derive(Clone)]
struct Statuses;

impl Classifier<Response, reqwest::Error> for Statuses {
    fn of_response(&self, response: &Response) -> Outcome {
        if response.status().is_server_error() { Outcome::Failure } else { Outcome::Success }
    }
}

/// A client with a breaker for each server that it calls.
pub(crate) fn client() -> reqwest::Result<impl Service<Request, Response = Response, Error = BoxError> + Clone> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let breakers =
        CircuitBreakerLayer::keyed(|request: &Request| PER_HOST.get(request.url().authority())).classifier(Statuses);
    let sending = service_fn(move |request| {
        let client = client.clone();
        async move { client.execute(request).await }
    });
    Ok(ServiceBuilder::new().layer(breakers.boxed()).service(sending))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let urls = fluxgate_examples_web::urls().await?;
    let client = client()?;
    for round in 1..=5 {
        for url in &urls {
            match client.clone().oneshot(Request::new(Method::GET, url.parse()?)).await {
                Ok(response) => println!("{round}. {url}: {}", response.status()),
                Err(error) => println!("{round}. {url}: {error}"),
            }
        }
    }
    Ok(())
}
