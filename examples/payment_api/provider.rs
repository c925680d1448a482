//! The payment provider: a real HTTP server, and its outage.

use std::{
    future::pending,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use tokio::{net::TcpListener, task::JoinHandle};

/// How the provider is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Mood {
    Well,
    /// Answers 503.
    Failing,
    /// Takes the request and never answers.
    Hanging,
    /// Takes no connection.
    Refusing,
}

impl Mood {
    const ALL: [Self; 4] = [Self::Well, Self::Failing, Self::Hanging, Self::Refusing];
}

/// The provider's mood, shared with whoever watches it.
#[derive(Clone)]
pub(crate) struct SharedMood(Arc<AtomicU8>);

impl SharedMood {
    pub(crate) fn get(&self) -> Mood {
        Mood::ALL[usize::from(self.0.load(Ordering::SeqCst))]
    }

    fn set(&self, mood: Mood) {
        self.0.store(mood as u8, Ordering::SeqCst);
    }
}

pub(crate) struct Provider {
    address: SocketAddr,
    mood: SharedMood,
    server: JoinHandle<()>,
}

impl Provider {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mood = SharedMood(Arc::new(AtomicU8::new(Mood::Well as u8)));
        let server = serve(listener, mood.clone());
        Ok(Self { address, mood, server })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/charges", self.address)
    }

    pub(crate) fn mood(&self) -> SharedMood {
        self.mood.clone()
    }

    /// Goes through the moods of the outage, each for its time, and is well afterwards.
    pub(crate) async fn suffer<const N: usize>(mut self, outage: [(Mood, Duration); N]) -> std::io::Result<()> {
        for (mood, duration) in outage {
            self.change_to(mood).await?;
            tokio::time::sleep(duration).await;
        }
        self.change_to(Mood::Well).await
    }

    async fn change_to(&mut self, mood: Mood) -> std::io::Result<()> {
        println!("          the provider is now {mood:?}");
        let refused = self.mood.get() == Mood::Refusing;
        self.mood.set(mood);
        if mood == Mood::Refusing {
            self.server.abort();
        } else if refused {
            self.server = serve(TcpListener::bind(self.address).await?, self.mood.clone());
        }
        Ok(())
    }
}

fn serve(listener: TcpListener, mood: SharedMood) -> JoinHandle<()> {
    let router = Router::new().route("/charges", post(charge)).with_state(mood);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            eprintln!("the provider is gone: {error}");
        }
    })
}

async fn charge(State(mood): State<SharedMood>, Json(charge): Json<serde_json::Value>) -> impl IntoResponse {
    match mood.get() {
        Mood::Well => (StatusCode::OK, Json(serde_json::json!({ "charged": charge["amount"] }))),
        Mood::Failing | Mood::Refusing => (StatusCode::SERVICE_UNAVAILABLE, Json(serde_json::Value::Null)),
        Mood::Hanging => pending().await,
    }
}
