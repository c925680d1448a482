//! What Slack is told, and what becomes of that when Slack is not well.

mod delivery;
mod messages;

use std::{
    sync::{Mutex, MutexGuard, Once, PoisonError},
    time::Duration,
};

use fluxgate::{Builder, CircuitBreaker, ManualClock, listeners::SlackListener, permits::All, trippers::FailureStreak};
use fluxgate_tests::{
    fixture::fail,
    slack::{Answer, Message, MockSlack},
};
use log::{LevelFilter, Log, Metadata, Record};

const TOKEN: &str = "xoxb-very-secret";
/// Longer than anything here takes. It is waited for in vain only if a test fails.
const LONG: Duration = Duration::from_secs(60);

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn logged() -> MutexGuard<'static, Vec<String>> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps all that is logged in this process, by whomever.
struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &Record<'_>) {
        logged().push(format!("{} {} {}", record.level(), record.target(), record.args()));
    }
    fn flush(&self) {}
}

fn listener(url: &str) -> SlackListener {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
    SlackListener::new(TOKEN, "#alerts").base_url(url).retry_pause(Duration::from_millis(5))
}

fn breaker(name: &'static str, listener: &SlackListener) -> (CircuitBreaker, ManualClock) {
    breaker_with(name, listener, |builder| builder)
}

fn breaker_with(
    name: &'static str,
    listener: &SlackListener,
    settings: impl FnOnce(Builder) -> Builder,
) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let builder = CircuitBreaker::builder(name).tripper(FailureStreak(1)).permit(All()).clock(clock.clone());
    (settings(builder).listener(listener.clone()).build().unwrap(), clock)
}

fn title(message: &Message) -> &str {
    message.body["attachments"][0]["blocks"][0]["text"]["text"].as_str().unwrap()
}

fn fields(message: &Message) -> Vec<&str> {
    let fields = message.body["attachments"][0]["blocks"][1]["fields"].as_array().unwrap();
    fields.iter().map(|field| field["text"].as_str().unwrap()).collect()
}

fn thread(message: &Message) -> Option<&str> {
    message.body["thread_ts"].as_str()
}

fn lines_about(name: &str) -> Vec<String> {
    logged().iter().filter(|line| line.contains(&format!("\"{name}\""))).cloned().collect()
}

#[test]
fn the_token_is_in_no_output() {
    let slack = MockSlack::start([Answer::Echo, Answer::Status(500), Answer::Hang]);
    let listener = listener(slack.url()).timeout(Duration::from_millis(50));
    let (breaker, _) = breaker("discreet", &listener);
    fail(&breaker);
    breaker.disable();
    breaker.reset();
    assert!(listener.flush(LONG));
    assert!(lines_about("discreet")[0].contains("[redacted]"), "{:?}", lines_about("discreet"));

    // A token that is no header at all can't be sent, and is not told either.
    let broken = SlackListener::new(format!("{TOKEN}\n!"), "#alerts").base_url(format!("http://{TOKEN}\n!"));
    let (other, _) = breaker_with("discreet too", &broken, |builder| builder);
    fail(&other);
    assert!(broken.flush(LONG));
    assert_eq!(broken.undelivered(), 1);

    let output = format!("{listener:?} {listener:#?} {broken:?} {breaker:?}");
    assert!(!output.contains(TOKEN), "{output}");
    let log = logged().clone();
    assert!(log.iter().any(|line| line.starts_with("DEBUG attohttpc")), "the client's own lines are looked at too");
    let told: Vec<_> = log.iter().filter(|line| line.contains(TOKEN)).collect();
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn a_token_is_taken_without_the_line_break_that_a_file_ends_with() {
    let slack = MockSlack::start([]);
    let listener = SlackListener::new(format!(" {TOKEN}\r\n"), "#alerts").base_url(slack.url());
    let (breaker, _) = breaker("read from a file", &listener);
    fail(&breaker);
    assert!(listener.flush(LONG));
    assert_eq!(slack.messages()[0].authorization, format!("Bearer {TOKEN}"));
}

#[test]
fn a_token_that_can_be_none_is_told_at_once_and_with_each_message_that_is_lost() {
    drop(listener("http://localhost")); // installs the log
    for (name, token, told) in
        [("no token", "", "the Slack token is empty"), ("two tokens", "xoxb-a\nxoxb-b", "has a line break")]
    {
        let listener = SlackListener::new(token, "#alerts");
        assert!(logged().iter().any(|line| line.contains(told)), "{told}");
        let (breaker, _) = breaker(name, &listener);
        fail(&breaker);
        assert!(listener.flush(LONG));
        assert!(lines_about(name)[0].contains(told), "{:?}", lines_about(name));
        assert_eq!(listener.undelivered(), 1);
    }
}
