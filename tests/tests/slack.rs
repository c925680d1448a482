//! What Slack is told, and what becomes of that when Slack is not well.

use std::{
    net::TcpListener,
    sync::{Mutex, MutexGuard, Once, PoisonError},
    time::Duration,
};

use fluxgate::{
    Builder, CircuitBreaker, ManualClock, State,
    listeners::{
        SlackListener,
        slack::{Labels, Template, Templates},
    },
    permits::All,
    trippers::FailureStreak,
};
use fluxgate_tests::{
    fixture::{SECOND, fail, succeed},
    slack::{Answer, Message, MockSlack},
};
use log::{LevelFilter, Log, Metadata, Record};
use serde_json::Value;

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
fn a_message_tells_the_breaker_the_transition_the_time_and_the_reason() {
    let slack = MockSlack::start([]);
    let listener = listener(slack.url());
    let (breaker, clock) = breaker("told & <done>", &listener);
    clock.advance(90 * SECOND);
    fail(&breaker);
    assert!(listener.flush(LONG));

    let [message] = &slack.messages()[..] else { panic!("{:?}", slack.messages()) };
    assert_eq!(message.authorization, format!("Bearer {TOKEN}"));
    assert_eq!(message.content_type, "application/json; charset=utf-8");
    assert_eq!(message.body["channel"], "#alerts");
    assert_eq!(message.body["attachments"][0]["color"], "#d93025");
    assert_eq!(title(message), "*🚨 Circuit breaker opened*");
    let expected = [
        "*Circuit breaker:*\ntold &amp; &lt;done&gt;",
        "*Transition:*\nclosed → open",
        "*Time:*\n<!date^90^{date_num} {time_secs}|1970-01-01 00:01:30 UTC>",
        "*Description:*\nToo many calls went wrong: they are rejected now.",
        "*Reason:*\nFailureStreak(1): 1 failure in a row",
    ];
    assert_eq!(fields(message), expected);
    assert_eq!((thread(message), &message.body["reply_broadcast"]), (None, &Value::Null));
    assert_eq!(listener.undelivered(), 0);
}

#[test]
fn a_failure_cycle_is_a_thread_and_the_recovery_is_broadcast() {
    let slack = MockSlack::start([]);
    let listener = listener(slack.url());
    let (breaker, clock) = breaker("cycle", &listener);
    fail(&breaker);
    clock.advance(60 * SECOND);
    fail(&breaker);
    clock.advance(60 * SECOND);
    succeed(&breaker);
    // The second cycle.
    fail(&breaker);
    breaker.disable();
    // A command begins none.
    breaker.force_open();
    breaker.reset();
    // The third.
    fail(&breaker);
    breaker.force_open();
    breaker.metrics_only();
    breaker.reset();
    assert!(listener.flush(LONG));

    let told: Vec<_> = slack
        .messages()
        .iter()
        .map(|message| {
            let transition = fields(message)[1].split('\n').nth(1).unwrap().to_owned();
            (transition, thread(message).map(ToOwned::to_owned), message.body["reply_broadcast"] == true)
        })
        .collect();
    let expected = [
        ("closed → open", None, false),
        ("open → half_open", Some("1.0"), false),
        ("half_open → open", Some("1.0"), false),
        ("open → half_open", Some("1.0"), false),
        ("half_open → closed", Some("1.0"), true),
        ("closed → open", None, false),
        ("open → disabled", Some("6.0"), false),
        ("disabled → forced_open", None, false),
        ("forced_open → closed", None, true),
        ("closed → open", None, false),
        ("open → forced_open", Some("10.0"), false),
        ("forced_open → metrics_only", Some("10.0"), false),
        ("metrics_only → closed", None, true),
    ];
    let expected = expected.map(|(told, thread, broadcast)| (told.to_owned(), thread.map(str::to_owned), broadcast));
    assert_eq!(told, expected);
}

#[test]
fn each_breaker_has_threads_of_its_own_and_twins_are_told_apart() {
    let slack = MockSlack::start([]);
    let listener = listener(slack.url());
    let (first, _) = breaker("slack twin", &listener);
    let (second, _) = breaker("slack twin", &listener);
    fail(&first);
    fail(&second);
    first.disable();
    second.disable();
    assert!(listener.flush(LONG));
    let messages = slack.messages();
    let names: Vec<_> = messages.iter().map(|message| fields(message)[0].to_owned()).collect();
    assert_eq!(names[..2], ["*Circuit breaker:*\nslack twin", "*Circuit breaker:*\nslack twin#2"]);
    assert_eq!(messages.iter().map(thread).collect::<Vec<_>>(), [None, None, Some("1.0"), Some("2.0")]);
}

#[test]
fn titles_colours_and_texts_are_replaceable_for_each_transition() {
    let slack = MockSlack::start([]);
    let templates = Templates::default()
        .with(State::Closed, State::Open, Template::new("Zu", "#111111", "Der Dienst antwortet nicht."))
        .with_fallback(Template::new("Anders", "#222222", "Jemand wollte es so."));
    let listener = listener(slack.url()).templates(templates);
    let (breaker, _) = breaker("replaced", &listener);
    fail(&breaker);
    breaker.disable();
    assert!(listener.flush(LONG));
    let messages = slack.messages();
    assert_eq!((title(&messages[0]), title(&messages[1])), ("*Zu*", "*Anders*"));
    assert_eq!(messages[0].body["attachments"][0]["color"], "#111111");
    assert!(fields(&messages[0]).contains(&"*Description:*\nDer Dienst antwortet nicht."));
    assert_eq!(messages[1].body["attachments"][0]["color"], "#222222");
}

#[test]
fn labels_are_replaceable_too() {
    let slack = MockSlack::start([]);
    let labels = Labels {
        breaker: "Sicherung".into(),
        transition: "Wechsel".into(),
        time: "Zeit".into(),
        text: "Beschreibung".into(),
        reason: "Grund".into(),
        shadow: "Schatten".into(),
        rejects_nothing: "Nichts wird abgewiesen.".into(),
    };
    let listener = listener(slack.url()).templates(Templates::korean().with_labels(labels));
    let (breaker, _) = breaker("labelled", &listener);
    breaker.disable();
    assert!(listener.flush(LONG));
    let messages = slack.messages();
    assert_eq!(fields(&messages[0])[0], "*Sicherung:*\nlabelled");
    assert_eq!(title(&messages[0]), "*ℹ️ 서킷 브레이커 상태가 바뀌었습니다*", "what else was there stays");
}

#[test]
fn a_korean_set_ships_as_an_example() {
    let slack = MockSlack::start([]);
    let listener = listener(slack.url()).templates(Templates::korean());
    let (breaker, clock) = breaker_with("결제", &listener, |builder| builder.shadow(true));
    fail(&breaker);
    clock.advance(60 * SECOND);
    fail(&breaker);
    clock.advance(60 * SECOND);
    succeed(&breaker);
    breaker.disable();
    assert!(listener.flush(LONG));
    let messages = slack.messages();
    let titles: Vec<_> = messages.iter().map(title).collect();
    let expected = [
        "*🚨 서킷 브레이커가 열렸습니다*",
        "*🔄 서비스 복구를 확인하고 있습니다*",
        "*⚠️ 서킷 브레이커가 다시 열렸습니다*",
        "*🔄 서비스 복구를 확인하고 있습니다*",
        "*✅ 서킷 브레이커가 닫혔습니다*",
        "*ℹ️ 서킷 브레이커 상태가 바뀌었습니다*",
    ];
    assert_eq!(titles, expected);
    assert_eq!(fields(&messages[0])[0], "*서킷 브레이커:*\n결제");
    assert_eq!(fields(&messages[0])[5], "*섀도 모드:*\n요청을 차단하지 않습니다.");
}

#[test]
fn a_message_says_so_in_shadow_mode() {
    let slack = MockSlack::start([]);
    let listener = listener(slack.url());
    let (breaker, _) = breaker_with("slack shadow", &listener, |builder| builder.shadow(true));
    fail(&breaker);
    breaker.set_shadow(false);
    breaker.disable();
    assert!(listener.flush(LONG));
    let messages = slack.messages();
    assert_eq!(fields(&messages[0])[5], "*Shadow mode:*\nIt rejects nothing.");
    assert_eq!(fields(&messages[1]).len(), 5);
}

#[test]
fn what_slack_does_not_take_is_logged_and_counted_and_the_rest_goes_on() {
    let refusals = [Answer::Error("channel_not_found"), Answer::OkWithoutTimeStamp, Answer::NoJson, Answer::Redirect];
    let slack = MockSlack::start(refusals);
    let listener = listener(slack.url());
    let (breaker, _) = breaker("not taken", &listener);
    fail(&breaker);
    for _ in 0..2 {
        breaker.force_open();
        breaker.disable();
    }
    assert!(listener.flush(LONG));
    let messages = slack.messages();
    assert_eq!((messages.len(), listener.undelivered()), (5, 4), "each is sent once");
    assert!(messages.iter().all(|message| thread(message).is_none()), "the message that begins a thread was not taken");
    let lines = lines_about("not taken");
    for (line, error) in lines.iter().zip(["channel_not_found", "which message", "no JSON", "status 307"]) {
        assert!(line.starts_with("WARN fluxgate could not tell Slack") && line.contains(error), "{line}");
    }
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].contains("from=\"closed\" to=\"open\""), "{lines:?}");
}

#[test]
fn slack_may_ask_to_wait_and_the_order_is_kept() {
    let slack = MockSlack::start([Answer::Wait(Some(1)), Answer::Ok, Answer::Wait(Some(0)), Answer::Wait(Some(0))]);
    let listener = listener(slack.url());
    let (breaker, _) = breaker("patient", &listener);
    fail(&breaker);
    breaker.disable();
    assert!(listener.flush(LONG));
    assert_eq!(listener.undelivered(), 0);
    let messages = slack.messages();
    let transitions: Vec<_> = messages.iter().map(|message| fields(message)[1]).collect();
    let (open, disabled) = ("*Transition:*\nclosed → open", "*Transition:*\nopen → disabled");
    assert_eq!(transitions, [open, open, disabled, disabled, disabled]);
    assert!(messages[1].at - messages[0].at >= SECOND, "as long as `Retry-After` said");
    assert_eq!(thread(&messages[4]), Some("2.0"));
}

#[test]
fn a_slack_that_asks_to_wait_for_ever_is_given_up() {
    let slack = MockSlack::start([Answer::Wait(Some(0)); 11]);
    let listener = listener(slack.url());
    let (breaker, _) = breaker("for ever", &listener);
    fail(&breaker);
    assert!(listener.flush(LONG));
    assert_eq!((slack.messages().len(), listener.undelivered()), (11, 1));
}

#[test]
fn a_broken_slack_is_tried_three_times() {
    let [broken, worse] = [Answer::Status(500), Answer::Status(503)];
    let slack = MockSlack::start([broken, worse, Answer::Ok, broken, broken, broken]);
    let listener = listener(slack.url());
    let (breaker, _) = breaker("broken slack", &listener);
    fail(&breaker);
    breaker.disable();
    breaker.reset();
    assert!(listener.flush(LONG));
    assert_eq!((slack.messages().len(), listener.undelivered()), (7, 1));
    let lines = lines_about("broken slack");
    assert!(lines.len() == 1 && lines[0].contains("to=\"disabled\"") && lines[0].contains("status 500"), "{lines:?}");
}

#[test]
fn a_slack_that_refuses_connections_is_told_of_in_the_log() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listener = listener(&format!("http://{port}"));
    let (breaker, _) = breaker("refused", &listener);
    fail(&breaker);
    breaker.reset();
    assert!(listener.flush(LONG));
    assert_eq!((listener.undelivered(), lines_about("refused").len()), (2, 2));
}

#[test]
fn a_slack_that_hangs_is_given_up_after_a_time_and_not_told_twice() {
    let slack = MockSlack::start([Answer::Hang]);
    let listener = listener(slack.url()).timeout(Duration::from_millis(50));
    let (breaker, _) = breaker("hanging", &listener);
    fail(&breaker);
    breaker.reset();
    assert!(listener.flush(LONG));
    assert_eq!((slack.messages().len(), listener.undelivered()), (2, 1));
    assert!(lines_about("hanging")[0].contains("took too long"), "{:?}", lines_about("hanging"));
}

#[test]
fn a_full_queue_never_delays_a_call() {
    let slack = MockSlack::start([Answer::Hang]);
    // Whoever waited for this Slack would never come to the end of the test.
    let listener = listener(slack.url()).queue(2).timeout(Duration::MAX);
    let (breaker, _) = breaker("full", &listener);
    fail(&breaker);
    slack.wait_for(1);
    for _ in 0..500 {
        breaker.reset();
        assert!(fail(&breaker));
    }
    assert_eq!(listener.undelivered(), 998, "one is being sent, two wait");
    assert!(!listener.flush(Duration::from_millis(10)));
    let lines = lines_about("full");
    assert!(lines.len() == 998 && lines[0].contains("the queue is full"), "{:?}", lines.first());
}

#[test]
fn flush_waits_for_all_that_was_told() {
    let slack = MockSlack::start([]);
    let listener = listener(slack.url());
    assert!(listener.flush(Duration::ZERO), "there is nothing yet");
    let (breaker, _) = breaker("flushed", &listener);
    for _ in 0..50 {
        fail(&breaker);
        breaker.reset();
    }
    assert!(listener.flush(Duration::MAX));
    assert_eq!(slack.messages().len(), 100);
}

#[test]
fn what_is_queued_is_still_sent_when_the_breaker_and_its_listener_are_gone() {
    let slack = MockSlack::start([Answer::Wait(Some(0))]);
    let listener = listener(slack.url());
    let (breaker, _) = breaker("gone", &listener);
    fail(&breaker);
    breaker.reset();
    drop((breaker, listener));
    slack.wait_for(3);
    assert_eq!(fields(&slack.messages()[2])[1], "*Transition:*\nopen → closed");
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
    let broken = SlackListener::new(format!("{TOKEN}\n"), "#alerts").base_url(format!("http://{TOKEN}\n"));
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
