//! A Slack of the example's own: a server on loopback that prints what it is told.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use axum::{Json, Router, routing::post};
use fluxgate::listeners::SlackListener;
use serde_json::{Value, json};
use tokio::net::TcpListener;

static LISTENER: OnceLock<SlackListener> = OnceLock::new();
static MESSAGES: AtomicU64 = AtomicU64::new(0);

/// Starts the server, before the breaker is first used.
pub(crate) async fn start() -> std::io::Result<()> {
    let server = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", server.local_addr()?);
    LISTENER.get_or_init(|| SlackListener::new("the token of a bot", "#payments").base_url(url));
    let router = Router::new().route("/chat.postMessage", post(print));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(server, router).await {
            eprintln!("Slack is gone: {error}");
        }
    });
    Ok(())
}

/// The listener that tells this Slack.
pub(crate) fn listener() -> SlackListener {
    LISTENER.get().expect("`start` was called first").clone()
}

async fn print(Json(message): Json<Value>) -> Json<Value> {
    let number = MESSAGES.fetch_add(1, Ordering::Relaxed) + 1;
    let blocks = &message["attachments"][0]["blocks"];
    let title = blocks[0]["text"]["text"].as_str().unwrap_or_default();
    let reason = blocks[1]["fields"][4]["text"].as_str().unwrap_or_default().replace('\n', " ");
    let place = match (message["thread_ts"].as_str(), message["reply_broadcast"].as_bool()) {
        (Some(thread), Some(true)) => format!(" in thread {thread} and in the channel"),
        (Some(thread), _) => format!(" in thread {thread}"),
        (None, _) => String::new(),
    };
    println!("          Slack, {}{place}: {title} {reason}", message["channel"].as_str().unwrap_or_default());
    Json(json!({ "ok": true, "ts": format!("{number}.0") }))
}
