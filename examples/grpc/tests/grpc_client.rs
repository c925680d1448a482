//! The program step by step, against a service that is broken and mended at will.

use std::{error::Error, iter, time::Duration};

use fluxgate::{
    CallNotPermitted, CircuitBreaker, CircuitBreakerLayer, State, http::GrpcClassifier, permits::All,
    retries::Cooldown, trippers::FailureStreak,
};
use fluxgate_examples_grpc::Service;
use tonic::{
    Code, Status,
    transport::{self, Channel},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tower::ServiceBuilder;

/// The rejection behind a status, if that is what it comes from.
fn rejection(status: &Status) -> Option<&CallNotPermitted> {
    let mut chain = iter::successors(status.source(), |&error| error.source());
    chain.find_map(|error| error.downcast_ref::<fluxgate::Error<transport::Error>>()?.not_permitted())
}

#[tokio::test]
async fn a_channel_counts_by_status_codes_and_spares_a_service_that_is_down() {
    let service = Service::start().await.unwrap();
    let breaker = CircuitBreaker::builder("health").tripper(FailureStreak(3)).retry(Cooldown(1)).permit(All());
    let breaker = breaker.build().unwrap();
    let channel = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(&breaker).classifier(GrpcClassifier))
        .service(Channel::from_shared(service.url.clone()).unwrap().connect_lazy());
    let client = HealthClient::new(channel);
    let check = async |service: &str| {
        let answer = client.clone().check(HealthCheckRequest { service: service.to_owned() }).await;
        answer.map(|_| ()).map_err(Box::new)
    };

    check("").await.unwrap();
    for _ in 0..5 {
        assert_eq!(check("unknown").await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!((breaker.info().state, breaker.info().failures), (State::Closed, 0), "not found is no failure");

    service.set_down(true);
    for _ in 0..3 {
        assert_eq!(check("").await.unwrap_err().code(), Code::Unavailable);
    }
    let before = service.asked();
    let status = check("").await.expect_err("the breaker is open");
    let wait = rejection(&status).and_then(CallNotPermitted::retry_after).unwrap_or_default();
    assert!(wait > Duration::ZERO && service.asked() == before, "{status:?}");

    service.set_down(false);
    tokio::time::sleep(wait).await;
    check("").await.unwrap();
    assert_eq!(breaker.info().state, State::Closed);
}
