//! A breaker around a gRPC channel of `tonic`, by the tower layer: the status code says what is a failure.
//!
//! The service is the standard health check, so that no code has to be generated. The program starts it, breaks it, and
//! ends by itself:
//!
//! ```text
//! cargo run --example grpc_client
//! ```

use std::{
    error::Error,
    iter,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use fluxgate::{
    CallNotPermitted, CircuitBreaker, CircuitBreakerLayer, State, http::GrpcClassifier, permits::All,
    retries::Cooldown, trippers::FailureStreak,
};
use tokio::net::TcpListener;
use tonic::{
    Code, Request, Status,
    service::interceptor::InterceptedService,
    transport::{Channel, Server, server::TcpIncoming},
};
use tonic_health::{
    pb::{HealthCheckRequest, health_client::HealthClient},
    server::health_reporter,
};
use tower::ServiceBuilder;

/// The rejection behind a status, if that is what it comes from.
fn rejection(status: &Status) -> Option<&CallNotPermitted> {
    iter::successors(status.source(), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// The health service, which answers `Unavailable` while it is down.
async fn serve(is_down: Arc<AtomicBool>, asked: Arc<AtomicUsize>) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (_, health) = health_reporter();
    let health = InterceptedService::new(health, move |request: Request<()>| {
        asked.fetch_add(1, SeqCst);
        if is_down.load(SeqCst) { Err(Status::unavailable("down")) } else { Ok(request) }
    });
    tokio::spawn(Server::builder().add_service(health).serve_with_incoming(TcpIncoming::from(listener)));
    Ok(url)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (is_down, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let url = serve(Arc::clone(&is_down), Arc::clone(&asked)).await?;

    let breaker =
        CircuitBreaker::builder("health").tripper(FailureStreak(3)).retry(Cooldown(1)).permit(All()).build()?;
    let channel = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(&breaker).classifier(GrpcClassifier))
        .service(Channel::from_shared(url)?.connect_lazy());
    let client = HealthClient::new(channel);
    let check = async |service: &str| {
        let answer = client.clone().check(HealthCheckRequest { service: service.to_owned() }).await;
        match &answer {
            Ok(_) => println!("{service:?}: well"),
            Err(status) => println!("{service:?}: {:?}, {}", status.code(), status.message()),
        }
        answer.map(|_| ()).map_err(Box::new)
    };

    println!("What the service does not know is no failure.");
    check("").await?;
    for _ in 0..5 {
        anyhow::ensure!(check("unknown").await.is_err_and(|status| status.code() == Code::NotFound));
    }
    anyhow::ensure!((breaker.info().state, breaker.info().failures) == (State::Closed, 0));

    println!("It is down.");
    is_down.store(true, SeqCst);
    for _ in 0..3 {
        anyhow::ensure!(check("").await.is_err_and(|status| status.code() == Code::Unavailable));
    }
    let before = asked.load(SeqCst);
    let Err(status) = check("").await else { anyhow::bail!("the breaker is closed") };
    let wait = rejection(&status).and_then(CallNotPermitted::retry_after).unwrap_or_default();
    anyhow::ensure!(wait > Duration::ZERO && asked.load(SeqCst) == before, "{status:?}");

    println!("It is well again.");
    is_down.store(false, SeqCst);
    tokio::time::sleep(wait).await;
    check("").await?;
    anyhow::ensure!(breaker.info().state == State::Closed);
    Ok(())
}

#[test]
fn the_program_shows_what_it_says() {
    main().unwrap();
}
