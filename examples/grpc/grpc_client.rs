//! A breaker around a gRPC channel of `tonic`, by the tower layer: the status code says which responses are failures.
//!
//! ```text
//! cargo run -p fluxgate-examples-grpc --example grpc_client [URL of a server with the standard health check]
//! ```

use std::time::Duration;

use fluxgate::{
    CircuitBreaker, CircuitBreakerLayer, http::GrpcClassifier, permits::All, retries::Cooldown, trippers::FailureStreak,
};
use tonic::transport::Channel;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = fluxgate_examples_grpc::url().await?;
    let breaker =
        CircuitBreaker::builder("health").tripper(FailureStreak(3)).retry(Cooldown(1)).permit(All()).build()?;
    let channel = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(&breaker).classifier(GrpcClassifier))
        .service(Channel::from_shared(url)?.connect_lazy());
    let mut client = HealthClient::new(channel);
    for _ in 0..20 {
        match client.check(HealthCheckRequest::default()).await {
            Ok(_) => println!("well"),
            Err(status) => println!("{:?}: {}", status.code(), status.message()),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
