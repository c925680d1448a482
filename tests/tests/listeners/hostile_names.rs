//! Names with newlines, quotes, markup and emoji: one line in every log, one series in Prometheus, one field in Slack.

use std::{
    io::{Result, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use fluxgate::{
    CircuitBreaker,
    listeners::{LogListener, PrometheusListener, SlackListener, prometheus},
};
use fluxgate_tests::{
    process::{alone, turn},
    slack::MockSlack,
};
use log::{LevelFilter, Log, Metadata, Record};

const NAMES: [&str; 6] = [
    "line\nERROR fluxgate: forged=\"line\"",
    "quotes \" and ' and \\ and }",
    "🔥 서킷 é",
    "tab\t, bell \u{7}, return \r, null \0, escape \u{1b}[31mred",
    "circuit_breaker_state{circuit_name=\"forged\"} 1\n# EOF\n",
    "*bold* <!channel> & <@U1> `code` {\"json\": true}",
];

static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &Record<'_>) {
        if record.target() == "fluxgate" {
            LOGGED.lock().unwrap().push(record.args().to_string());
        }
    }
    fn flush(&self) {}
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Two breakers of the name, each of which opens by command: one is told of by its label too.
fn open_two(name: &str) {
    let make = || CircuitBreaker::builder(name.to_owned()).listener(LogListener).build().unwrap();
    let (first, second) = (make(), make());
    first.force_open();
    second.force_open();
}

#[test]
fn a_name_is_one_line_in_the_log_with_a_subscriber_and_without() {
    // The logger is the process's, and hears nothing once there is a subscriber.
    alone(module_path!(), "a_name_is_one_line_in_the_log_with_a_subscriber_and_without", || {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(LevelFilter::Trace);
        for name in NAMES {
            open_two(name);
            // A warning of the namesakes, and two transitions.
            let lines = std::mem::take(&mut *LOGGED.lock().unwrap());
            assert_eq!(lines.len(), 3, "{lines:?}");
            assert!(lines.iter().all(|line| !line.contains(['\n', '\r', '\0', '\u{1b}'])), "{lines:?}");
            assert!(lines.iter().all(|line| line.contains(&format!("breaker={name:?}"))), "{lines:?}");
            assert!(lines[2].contains(&format!("label={:?}", format!("{name}#2"))), "{lines:?}");
        }
        for name in NAMES {
            let written = Lines::default();
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer({
                let written = written.clone();
                move || written.clone()
            });
            tracing::subscriber::with_default(subscriber.finish(), || open_two(name));
            let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
            assert_eq!(text.lines().count(), 3, "{text}");
            assert!(!text.contains(['\r', '\0', '\u{1b}']), "{text:?}");
            assert!(text.lines().all(|line| line.contains(&format!("breaker={name:?}"))), "{text}");
        }
    });
}

#[test]
fn a_name_is_one_label_in_prometheus() {
    let _turn = turn();
    let breakers = NAMES.map(|name| CircuitBreaker::builder(name).listener(PrometheusListener).build().unwrap());
    let mut registry = prometheus_client::registry::Registry::default();
    prometheus::register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    // `parse` fails for a page that is not as the format says.
    let page = fluxgate_tests::openmetrics::parse(&text).unwrap();
    for breaker in &breakers {
        let labels = [("circuit_name", breaker.label())];
        let is_of = |sample: &[(String, String)]| {
            sample.iter().any(|(name, value)| (name.as_str(), value.as_str()) == labels[0])
        };
        let states = page["circuit_breaker_state"].samples.keys().filter(|(_, sample)| is_of(sample)).count();
        assert_eq!(states, 6, "{:?}", breaker.label());
    }
    assert!(!text.contains("circuit_name=\"forged\""), "{text}");
    assert_eq!(text.lines().filter(|line| *line == "# EOF").count(), 1, "the one within a name ends nothing");
}

#[test]
fn a_name_is_one_field_in_slack() {
    let slack = MockSlack::start([]);
    let listener = SlackListener::new("token", "#alerts").base_url(slack.url());
    for name in NAMES {
        CircuitBreaker::builder(format!("slack: {name}")).listener(listener.clone()).build().unwrap().force_open();
    }
    assert!(listener.flush(Duration::from_secs(60)));
    let messages = slack.messages();
    assert_eq!(messages.len(), NAMES.len());
    for (message, name) in messages.iter().zip(NAMES) {
        // Read as JSON by the server, so what is here was escaped on its way.
        let field = message.body["attachments"][0]["blocks"][1]["fields"][0]["text"].as_str().unwrap();
        let shown = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert_eq!(field, format!("*Circuit breaker:*\nslack: {shown}"));
    }
}
