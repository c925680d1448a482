//! What messages say, and in which thread.

use fluxgate::{
    State,
    listeners::slack::{Labels, Template, Templates},
};
use fluxgate_tests::{
    fixture::{SECOND, fail, succeed},
    slack::MockSlack,
};
use serde_json::Value;

use super::{LONG, TOKEN, breaker, breaker_with, fields, listener, thread, title};

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
    // What a notification shows, which has no room for more.
    let summary = "🚨 Circuit breaker opened: told &amp; &lt;done&gt;: FailureStreak(1): 1 failure in a row";
    assert_eq!(
        (&message.body["text"], &message.body["attachments"][0]["fallback"]),
        (&summary.into(), &summary.into())
    );
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
