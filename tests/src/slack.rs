//! A server on loopback that answers as Slack does.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::Instant,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

use crate::server;

/// An answer to one message.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named for what they are")]
pub enum Answer {
    Ok,
    OkWithoutTimeStamp,
    Error(&'static str),
    /// `ok: false` with an error, and what is wrong in detail.
    ErrorWith(&'static str, &'static str),
    /// 429, with `Retry-After` or without.
    Wait(Option<u64>),
    Status(u16),
    NoJson,
    Redirect,
    Hang,
    /// `ok: false`, with the authorization of the message for an error.
    Echo,
}

/// A message that Slack was sent.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "named for what they are")]
pub struct Message {
    pub authorization: String,
    pub content_type: String,
    pub body: Value,
    pub at: Instant,
}

/// The server. Message number `n`, counted from 1, has the time stamp `n.0` if it is taken.
#[derive(Clone, Default)]
pub struct MockSlack {
    url: String,
    inner: Arc<(Mutex<Inner>, Condvar)>,
}

#[derive(Default)]
struct Inner {
    answers: VecDeque<Answer>,
    messages: Vec<Message>,
}

impl MockSlack {
    /// Starts one that gives these answers, and `Ok` from then on.
    pub fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let mut slack = Self::default();
        slack.lock().answers = answers.into_iter().collect();
        let router = Router::new().route("/api/chat.postMessage", post(answer)).with_state(slack.clone());
        slack.url = format!("http://{}/api", server::serve(router));
        slack
    }

    /// The base URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The messages so far, whatever they were answered.
    pub fn messages(&self) -> Vec<Message> {
        self.lock().messages.clone()
    }

    /// Waits for that many messages.
    pub fn wait_for(&self, messages: usize) {
        let _messages =
            self.inner.1.wait_while(self.lock(), |inner| inner.messages.len() < messages).expect("no handler panics");
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.0.lock().expect("no handler panics")
    }
}

async fn answer(State(slack): State<MockSlack>, headers: HeaderMap, body: String) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (authorization, content_type) = (header(header::AUTHORIZATION), header(header::CONTENT_TYPE));
    let body = serde_json::from_str(&body).unwrap_or(Value::Null);
    let (number, answer) = {
        let mut inner = slack.lock();
        inner.messages.push(Message { authorization: authorization.clone(), content_type, body, at: Instant::now() });
        (inner.messages.len(), inner.answers.pop_front().unwrap_or(Answer::Ok))
    };
    slack.inner.1.notify_all();
    let json = |value: Value| ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response();
    match answer {
        Answer::Ok => json(json!({ "ok": true, "ts": format!("{number}.0") })),
        Answer::OkWithoutTimeStamp => json(json!({ "ok": true })),
        Answer::Error(error) => json(json!({ "ok": false, "error": error })),
        Answer::ErrorWith(error, detail) => {
            json(json!({ "ok": false, "error": error, "response_metadata": { "messages": [detail] } }))
        }
        Answer::Echo => json(json!({ "ok": false, "error": authorization })),
        Answer::Wait(None) => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Answer::Wait(Some(seconds)) => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())]).into_response()
        }
        Answer::Status(status) => {
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        Answer::NoJson => "<html>".into_response(),
        Answer::Redirect => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, format!("{}/chat.postMessage", slack.url))])
                .into_response()
        }
        Answer::Hang => std::future::pending().await,
    }
}
