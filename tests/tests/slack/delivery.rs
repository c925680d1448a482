//! What becomes of messages when Slack is not well, and at the end.

use std::{net::TcpListener, time::Duration};

use fluxgate_tests::{
    fixture::{SECOND, fail},
    slack::{Answer, MockSlack},
};

use super::{LONG, breaker, fields, lines_about, listener, thread};

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
fn the_log_tells_what_slack_says_in_detail() {
    let detail = "[ERROR] missing required field: channel";
    let slack = MockSlack::start([Answer::ErrorWith("invalid_arguments", detail)]);
    let listener = listener(slack.url());
    let (breaker, _) = breaker("detailed", &listener);
    fail(&breaker);
    assert!(listener.flush(LONG));
    let lines = lines_about("detailed");
    assert!(lines[0].contains(&format!("did not take the message: invalid_arguments; {detail}")), "{lines:?}");
}
