//! The message about a transition.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::templates::Templates;
use crate::{events::signal::Signal, state::State};

/// Slack takes at most 2,000 characters in a field and 3,000 in a section.
const LONGEST_FIELD: usize = 1_900;
const LONGEST_TITLE: usize = 2_900;

/// The body of `chat.postMessage`: in `thread`, where there is one, and a recovery to the whole channel too.
pub(super) fn body(channel: &str, templates: &Templates, signal: &Signal, thread: Option<&str>) -> Value {
    let (old, new) = (signal.old_state(), signal.new_state());
    let template = templates.of(old, new);
    let labels = templates.labels();
    let field = |label: &str, text: &str| json!({ "type": "mrkdwn", "text": format!("*{label}:*\n{}", cut(text, LONGEST_FIELD)) });
    let mut fields = vec![
        field(&labels.breaker, &escape(signal.label())),
        field(&labels.transition, &format!("{old} → {new}")),
        field(&labels.time, &time(signal.at())),
        field(&labels.text, &template.text),
        field(&labels.reason, &escape(&signal.reason().to_string())),
    ];
    if signal.shadow() {
        fields.push(field(&labels.shadow, &labels.rejects_nothing));
    }
    let title = cut(&template.title, LONGEST_TITLE);
    // What notifications, screen readers and clients without blocks show.
    let summary = format!("{title}: {}: {}", escape(signal.label()), escape(&signal.reason().to_string()));
    let summary = cut(&summary, LONGEST_TITLE);
    let mut body = json!({
        "channel": channel,
        "text": summary,
        "attachments": [{
            "color": template.color,
            "fallback": summary,
            "blocks": [
                { "type": "section", "text": { "type": "mrkdwn", "text": format!("*{title}*") } },
                { "type": "section", "fields": fields },
            ],
        }],
    });
    if let Some(thread) = thread {
        body["thread_ts"] = thread.into();
    }
    if new == State::Closed {
        body["reply_broadcast"] = true.into();
    }
    body
}

/// The characters that Slack's `mrkdwn` interprets.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// In the time zone of whoever reads it; where that can't be, in UTC.
fn time(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    format!("<!date^{seconds}^{{date_num}} {{time_secs}}|{}>", utc(seconds))
}

fn utc(seconds: u64) -> String {
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of a day since 1970-01-01, by whole cycles of the Gregorian calendar.
fn date(day: u64) -> (u64, u64, u64) {
    // Days since 0000-03-01: so that a leap day is the last of its year.
    let day = day + 719_468;
    let (cycle, day) = (day / 146_097, day % 146_097);
    // The last day of 4 years, of 100 and of 400 begins no new year.
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on months have 31, 30, 31, 30, 31 days, again and again.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, years) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (cycle * 400 + year + years, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_dates_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_709_251_199, "2024-02-29 23:59:59 UTC"),
            (1_735_689_599, "2024-12-31 23:59:59 UTC"),
            (1_735_689_600, "2025-01-01 00:00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("서킷 브레이커", 2), "서킷…");
        assert_eq!(cut("서킷", 2), "서킷");
    }

    #[test]
    fn markup_of_slack_is_escaped() {
        assert_eq!(escape("<!channel> & <@U1>"), "&lt;!channel&gt; &amp; &lt;@U1&gt;");
    }
}
