//! What the examples call: a real HTTP server on loopback that can be broken and mended.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) url: String,
    failure: Arc<Mutex<Option<Failure>>>,
    asked: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
struct Failure {
    status: StatusCode,
    retry_after: Option<u32>,
}

impl Upstream {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/price", listener.local_addr()?);
        let upstream = Self { url, failure: Arc::default(), asked: Arc::default() };
        let answering = upstream.clone();
        let router = Router::new().route("/price", get(|| async move { answering.answer() }));
        tokio::spawn(async { axum::serve(listener, router).await });
        Ok(upstream)
    }

    /// Answers with this status from now on, and asks to be left alone for so many seconds.
    pub(crate) fn fail(&self, status: StatusCode, retry_after: Option<u32>) {
        *self.failure.lock().expect("no holder panics") = Some(Failure { status, retry_after });
    }

    /// Is well from now on.
    pub(crate) fn recover(&self) {
        *self.failure.lock().expect("no holder panics") = None;
    }

    /// How many requests have reached it.
    pub(crate) fn asked(&self) -> usize {
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
