//! The thread that tells Slack.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    sync::Arc,
    thread,
    time::Duration,
};

use attohttpc::{Method, RequestBuilder, header};
use serde_json::Value;

use super::{Settings, message, queue::Queue};
use crate::{events::signal::Signal, state::State};

/// The maximum number of attempts for a message while Slack is unreachable or broken.
const ATTEMPTS: u32 = 3;
/// The maximum number of times that Slack may ask to wait before a message is dropped.
const WAITS: u32 = 10;
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
const LONGEST_ANSWER: u64 = 1 << 20;
/// The wait where Slack does not say how long.
const USUAL_WAIT: Duration = Duration::from_secs(1);
/// The maximum number of failure cycles remembered at a time.
const THREADS: usize = 10_000;

#[derive(Default)]
struct Courier {
    /// By channel and breaker: the message that began the failure cycle it is in.
    threads: BTreeMap<(String, String), String>,
}

/// The reason why Slack did not accept a message.
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
    let mut courier = Courier::default();
    while let Some(parcel) = serving.0.take() {
        if let Err(error) = courier.tell(&parcel.signal, &parcel.settings) {
            queue.lose(&parcel.signal, &parcel.settings.token.redact(&error));
        }
    }
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
        let posted = post_patiently(&body, settings);
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
}

/// Posts a message and returns its time stamp, by which Slack knows it.
fn post_patiently(body: &str, settings: &Settings) -> Result<String, String> {
    let (mut attempts, mut waits) = (1, 0);
    loop {
        match post(body, settings) {
            Ok(posted) => return Ok(posted),
            Err(Refusal::Final(error)) => return Err(error),
            Err(Refusal::Unreachable(error)) => {
                if attempts == ATTEMPTS {
                    return Err(error);
                }
                thread::sleep(pause(settings.retry_pause, attempts));
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

/// Returns the wait after so many attempts, doubled each time.
fn pause(first: Duration, attempts: u32) -> Duration {
    first.saturating_mul(1 << (attempts - 1))
}

fn post(body: &str, settings: &Settings) -> Result<String, Refusal> {
    if let Some(mistake) = settings.token.mistake() {
        return Err(Refusal::Final(mistake.to_owned()));
    }
    let (status, headers, answer) = send(body, settings).map_err(|error| refusal(&error))?.split();
    let status = status.as_u16();
    if status == 429 {
        let seconds =
            headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<f64>().ok());
        let wait = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.ceil()).ok());
        return Err(Refusal::Wait(wait.unwrap_or(USUAL_WAIT)));
    }
    if status >= 500 {
        return Err(Refusal::Unreachable(format!("Slack answered with status {status}")));
    }
    let mut text = String::new();
    answer.take(LONGEST_ANSWER).read_to_string(&mut text).map_err(|error| Refusal::Final(error.to_string()))?;
    let answer: Value = serde_json::from_str(&text)
        .map_err(|_| Refusal::Final(format!("Slack answered with status {status} and no JSON")))?;
    match (answer["ok"].as_bool(), answer["ts"].as_str()) {
        (Some(true), Some(posted)) => Ok(posted.to_owned()),
        (Some(true), None) => Err(Refusal::Final("Slack did not say which message it took".to_owned())),
        _ => {
            let error = answer["error"].as_str().unwrap_or("no reason given");
            let details = answer["response_metadata"]["messages"].as_array().into_iter().flatten();
            let told = [error].into_iter().chain(details.filter_map(Value::as_str)).collect::<Vec<_>>().join("; ");
            Err(Refusal::Final(format!("Slack did not take the message: {told}")))
        }
    }
}

fn send(body: &str, settings: &Settings) -> attohttpc::Result<attohttpc::Response> {
    let url = format!("{}/chat.postMessage", settings.base_url.trim_end_matches('/'));
    // Of no time at all the operating system makes an endless one, and of too long a time an overflow.
    let timeout = settings.timeout.clamp(Duration::from_millis(1), LONGEST_WAIT);
    RequestBuilder::try_new(Method::POST, url)?
        .timeout(timeout)
        .connect_timeout(timeout)
        .read_timeout(timeout)
        // A redirect would take the message elsewhere.
        .follow_redirects(false)
        .try_header(header::USER_AGENT, concat!("fluxgate/", env!("CARGO_PKG_VERSION")))?
        .try_header(header::AUTHORIZATION, settings.token.as_bearer())?
        .try_header(header::CONTENT_TYPE, "application/json; charset=utf-8")?
        .bytes(body)
        .send()
}

fn refusal(error: &attohttpc::Error) -> Refusal {
    let kind = match error.kind() {
        attohttpc::ErrorKind::Io(error) => Some(error.kind()),
        _ => None,
    };
    match kind {
        Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            Refusal::Unreachable(error.to_string())
        }
        Some(io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
            Refusal::Final("Slack took too long to answer".to_owned())
        }
        _ => Refusal::Final(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listeners::slack::queue;

    #[test]
    fn each_pause_is_twice_as_long_as_the_one_before() {
        let pauses = [1, 2, 3].map(|attempts| pause(Duration::from_secs(3), attempts).as_secs());
        assert_eq!(pauses, [3, 6, 12]);
    }

    #[test]
    fn only_what_was_surely_not_posted_is_tried_again() {
        let refusal = |kind: io::ErrorKind| refusal(&io::Error::from(kind).into());
        for kind in
            [io::ErrorKind::ConnectionRefused, io::ErrorKind::HostUnreachable, io::ErrorKind::NetworkUnreachable]
        {
            assert!(matches!(refusal(kind), Refusal::Unreachable(_)), "{kind}");
        }
        for kind in [io::ErrorKind::TimedOut, io::ErrorKind::WouldBlock] {
            assert!(matches!(refusal(kind), Refusal::Final(error) if error.contains("too long")), "{kind}");
        }
        assert!(matches!(refusal(io::ErrorKind::ConnectionReset), Refusal::Final(_)));
    }

    #[test]
    fn when_serving_ends_the_next_offer_has_to_see_to_it() {
        let queue: Arc<Queue> = Arc::default();
        let _ = queue.offer(queue::tests::parcel());
        assert!(queue.is_served());
        queue.give_up();
        queue.close();
        serve(&queue);
        assert!(!queue.is_served());
    }
}
