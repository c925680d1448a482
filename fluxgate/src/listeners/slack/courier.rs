//! The thread that tells Slack.

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use serde_json::Value;
use ureq::{Agent, http::header};

use super::{Settings, message, queue::Queue};
use crate::{signal::Signal, state::State};

/// How often a message is tried while Slack can't be reached or is broken.
const ATTEMPTS: u32 = 3;
/// How often Slack may ask to wait before a message is given up.
const WAITS: u32 = 10;
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// Where Slack asks to wait without saying for how long.
const USUAL_WAIT: Duration = Duration::from_secs(1);
/// How many failure cycles are remembered at a time.
const THREADS: usize = 10_000;

struct Courier {
    agent: Agent,
    /// By channel and breaker: the message that began the failure cycle it is in.
    threads: BTreeMap<(String, String), String>,
}

/// Why a message was not taken.
enum Refusal {
    /// Too many at a time.
    Wait(Duration),
    /// It has not been posted, and another time it may be.
    Unreachable(String),
    /// Another time it would be the same, or might be posted twice.
    Final(String),
}

/// Serves the queue until the listeners are gone and all is told.
pub(super) fn serve(queue: &Arc<Queue>) {
    /// However this ends, a panic included, the next signal finds that nobody serves the queue.
    struct Serving<'q>(&'q Queue);
    impl Drop for Serving<'_> {
        fn drop(&mut self) {
            self.0.abandon();
        }
    }

    let serving = Serving(queue);
    let mut courier = Courier { agent: agent(), threads: BTreeMap::new() };
    while let Some(parcel) = serving.0.take() {
        if let Err(error) = courier.tell(&parcel.signal, &parcel.settings) {
            queue.lose(&parcel.signal, &parcel.settings.token.redact(&error));
        }
    }
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // A redirect would take the message elsewhere.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("fluxgate/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// In these states a failure cycle is over.
fn is_calm(state: State) -> bool {
    matches!(state, State::Closed | State::Disabled | State::MetricsOnly)
}

impl Courier {
    fn tell(&mut self, signal: &Signal, settings: &Settings) -> Result<(), String> {
        let cycle = (settings.channel.clone(), signal.label().to_owned());
        // The signal that ended the last cycle may have been lost.
        if is_calm(signal.old_state()) {
            self.threads.remove(&cycle);
        }
        let thread = self.threads.get(&cycle).map(String::as_str);
        let body = message::body(&settings.channel, &settings.templates, signal, thread).to_string();
        let posted = self.post_patiently(&body, settings);
        if is_calm(signal.new_state()) {
            self.threads.remove(&cycle);
        }
        let posted = posted?;
        if signal.new_state() == State::Open && !self.threads.contains_key(&cycle) {
            if self.threads.len() >= THREADS {
                self.threads.pop_first();
            }
            self.threads.insert(cycle, posted);
        }
        Ok(())
    }

    /// Posts a message and returns its time stamp, by which Slack knows it.
    fn post_patiently(&self, body: &str, settings: &Settings) -> Result<String, String> {
        let (mut attempts, mut waits) = (1, 0);
        loop {
            match self.post(body, settings) {
                Ok(posted) => return Ok(posted),
                Err(Refusal::Final(error)) => return Err(error),
                Err(Refusal::Unreachable(error)) => {
                    if attempts == ATTEMPTS {
                        return Err(error);
                    }
                    thread::sleep(settings.retry_pause.saturating_mul(1 << (attempts - 1)));
                    attempts += 1;
                }
                Err(Refusal::Wait(wait)) => {
                    if waits == WAITS {
                        return Err("Slack asks to wait again and again".to_owned());
                    }
                    thread::sleep(wait.min(LONGEST_WAIT));
                    waits += 1;
                }
            }
        }
    }

    fn post(&self, body: &str, settings: &Settings) -> Result<String, Refusal> {
        let request = self.agent.post(format!("{}/chat.postMessage", settings.base_url.trim_end_matches('/')));
        let request = request
            .config()
            .timeout_global(Some(settings.timeout))
            .build()
            .header(header::AUTHORIZATION, settings.token.as_bearer())
            .content_type("application/json; charset=utf-8");
        let mut response = request.send(body).map_err(|error| refusal(&error))?;
        let status = response.status().as_u16();
        if status == 429 {
            let seconds =
                response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            return Err(Refusal::Wait(seconds.map_or(USUAL_WAIT, Duration::from_secs)));
        }
        if status >= 500 {
            return Err(Refusal::Unreachable(format!("Slack answered with status {status}")));
        }
        let answer = response.body_mut().read_to_string().map_err(|error| Refusal::Final(error.to_string()))?;
        let answer: Value = serde_json::from_str(&answer)
            .map_err(|_| Refusal::Final(format!("Slack answered with status {status} and no JSON")))?;
        match (answer["ok"].as_bool(), answer["ts"].as_str()) {
            (Some(true), Some(posted)) => Ok(posted.to_owned()),
            (Some(true), None) => Err(Refusal::Final("Slack did not say which message it took".to_owned())),
            _ => {
                let error = answer["error"].as_str().unwrap_or("no reason given");
                Err(Refusal::Final(format!("Slack did not take the message: {error}")))
            }
        }
    }
}

fn refusal(error: &ureq::Error) -> Refusal {
    let refused = match error {
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => true,
        _ => false,
    };
    if refused { Refusal::Unreachable(error.to_string()) } else { Refusal::Final(error.to_string()) }
}
