//! The service that the examples call: a real HTTP server on loopback that can be broken and mended.

use std::{
    env, io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, time::sleep};

/// Returns the URL that the program is called with, or that of a service which soon fails for two seconds.
///
/// # Errors
///
/// If the service can't be started.
pub async fn url() -> io::Result<String> {
    match env::args().nth(1) {
        Some(url) => Ok(url),
        None => Ok(Service::start_unreliable().await?.url),
    }
}

/// Returns the URLs that the program is called with, or those of three services, of which the second fails.
///
/// # Errors
///
/// If the services can't be started.
pub async fn urls() -> io::Result<Vec<String>> {
    let urls: Vec<_> = env::args().skip(1).collect();
    if !urls.is_empty() {
        return Ok(urls);
    }
    let services = [Service::start().await?, Service::start().await?, Service::start().await?];
    services[1].fail(StatusCode::INTERNAL_SERVER_ERROR, None);
    Ok(services.map(|service| service.url).into())
}

/// Visits a page for four seconds, and prints each answer.
///
/// # Errors
///
/// If the page can't be reached.
pub async fn visit(url: &str) -> Result<(), reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    for _ in 0..20 {
        let response = client.get(url).send().await?;
        match response.headers().get(RETRY_AFTER) {
            Some(seconds) => println!("{}, Retry-After: {seconds:?}", response.status()),
            None => println!("{}", response.status()),
        }
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// An HTTP server with one page.
#[derive(Clone, Debug)]
pub struct Service {
    /// The page.
    pub url: String,
    failure: Arc<Mutex<Option<Failure>>>,
    asked: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, Debug)]
struct Failure {
    status: StatusCode,
    retry_after: Option<u32>,
}

impl Service {
    /// Starts a service that is well.
    ///
    /// # Errors
    ///
    /// If there is no port for it.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/price", listener.local_addr()?);
        let service = Self { url, failure: Arc::default(), asked: Arc::default() };
        let answering = service.clone();
        let router = Router::new().route("/price", get(|| async move { answering.answer() }));
        tokio::spawn(async { axum::serve(listener, router).await });
        Ok(service)
    }

    /// Starts a service that is well for half a second, then fails for two, and is well from then on.
    ///
    /// # Errors
    ///
    /// If there is no port for it.
    pub async fn start_unreliable() -> io::Result<Self> {
        let service = Self::start().await?;
        let failing = service.clone();
        tokio::spawn(async move {
            sleep(Duration::from_millis(500)).await;
            failing.fail(StatusCode::SERVICE_UNAVAILABLE, Some(1));
            sleep(Duration::from_secs(2)).await;
            failing.recover();
        });
        Ok(service)
    }

    /// Answers with this status from now on, and asks to be left alone for so many seconds.
    ///
    /// # Panics
    ///
    /// Never: no holder of its lock panics.
    pub fn fail(&self, status: StatusCode, retry_after: Option<u32>) {
        *self.failure.lock().expect("no holder panics") = Some(Failure { status, retry_after });
    }

    /// Is well from now on.
    ///
    /// # Panics
    ///
    /// Never: no holder of its lock panics.
    pub fn recover(&self) {
        *self.failure.lock().expect("no holder panics") = None;
    }

    /// Returns the number of requests that have reached it.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn answer(&self) -> Response {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let failure = *self.failure.lock().expect("no holder panics");
        match failure {
            None => "42".into_response(),
            Some(Failure { status, retry_after: None }) => status.into_response(),
            Some(Failure { status, retry_after: Some(seconds) }) => {
                (status, [(RETRY_AFTER, seconds.to_string())]).into_response()
            }
        }
    }
}
