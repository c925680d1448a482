//! The service that the example calls: the standard health check, which can be broken and mended.

use std::{
    env, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{net::TcpListener, time::sleep};
use tonic::{
    Request, Status,
    service::interceptor::InterceptedService,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::server::health_reporter;

/// Returns the URL that the program is called with, or that of a service which soon fails for two seconds.
///
/// # Errors
///
/// If the service can't be started.
pub async fn url() -> io::Result<String> {
    if let Some(url) = env::args().nth(1) {
        return Ok(url);
    }
    let service = Service::start().await?;
    let url = service.url.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(500)).await;
        service.set_down(true);
        sleep(Duration::from_secs(2)).await;
        service.set_down(false);
    });
    Ok(url)
}

/// A health service, which answers `Unavailable` while it is down.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its address.
    pub url: String,
    is_down: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Service {
    /// Starts a service that is well.
    ///
    /// # Errors
    ///
    /// If there is no port for it.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let service = Self { url, is_down: Arc::default(), asked: Arc::default() };
        let answering = service.clone();
        let (_, health) = health_reporter();
        let health = InterceptedService::new(health, move |request: Request<()>| {
            answering.asked.fetch_add(1, SeqCst);
            if answering.is_down.load(SeqCst) { Err(Status::unavailable("down")) } else { Ok(request) }
        });
        tokio::spawn(Server::builder().add_service(health).serve_with_incoming(TcpIncoming::from(listener)));
        Ok(service)
    }

    /// Breaks or mends it.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, SeqCst);
    }

    /// Returns the number of requests that have reached it.
    pub fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }
}
