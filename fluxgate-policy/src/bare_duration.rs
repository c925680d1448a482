//! Warnings about long durations without a unit, which may be meant in milliseconds.

use crate::duration;
use crate::kind::Kind;
use crate::lexer::lex;
use crate::model::Value;
use crate::number;
use crate::setting::{Setting, SettingValue};
use crate::token::{Token, TokenKind};

const SECOND: u64 = 1_000_000_000;

/// Returns a warning for each duration without a unit that is a multiple of 1000 seconds.
///
/// `Cooldown(30000)` waits for hours, but may be meant in milliseconds. There are no warnings for a text with mistakes.
///
/// ```
/// use fluxgate_policy::{Kind, bare_durations};
///
/// let warnings = bare_durations(Kind::Retry, "Cooldown(30000)");
/// assert_eq!(
///     warnings,
///     ["Cooldown: 30000 has no unit, so it means seconds (8h 20m); \
///       if you mean milliseconds, write 30s"],
/// );
/// assert!(bare_durations(Kind::Retry, "Cooldown(30000s)").is_empty());
/// ```
pub fn bare_durations(kind: Kind, text: &str) -> Vec<String> {
    let Ok(expression) = crate::parse_at_run_time(kind, text) else { return Vec::new() };
    let mut warnings = Vec::new();
    for component in expression.leaves() {
        let span = component.span();
        let tokens = lex(text.get(span.start..span.end).unwrap_or_default());
        let bare = bare_numbers(&tokens);
        for (_, value) in component.values() {
            if let Value::Duration(nanos) = value {
                let written = bare.iter().find(|number| duration::nanos(number, "") == Ok(*nanos));
                warnings.extend(written.and_then(|written| warning(component.name(), written, *nanos)));
            }
        }
    }
    warnings
}

/// Returns the warning of [`bare_durations`] for the value of a setting.
///
/// ```
/// use fluxgate_policy::{Setting, bare_setting};
///
/// let warning = bare_setting(Setting::MaxProbeTime, "60000").unwrap();
/// assert_eq!(
///     warning,
///     "max_probe_time: 60000 has no unit, so it means seconds (16h 40m); \
///      if you mean milliseconds, write 1m",
/// );
/// ```
pub fn bare_setting(setting: Setting, text: &str) -> Option<String> {
    let Ok(SettingValue::Duration(nanos)) = crate::parse_setting(setting, text) else { return None };
    let tokens = lex(text);
    warning(setting.name(), bare_numbers(&tokens).first()?, nanos)
}

/// Returns the numbers without a unit.
fn bare_numbers(tokens: &[Token]) -> Vec<&str> {
    let following = tokens.iter().skip(1).map(|token| &token.kind).map(Some).chain([None]);
    let bare = tokens.iter().zip(following).filter_map(|(token, following)| match (&token.kind, following) {
        (_, Some(TokenKind::Name(_))) => None,
        (TokenKind::Number(text), _) if number::split(text).1.is_empty() => Some(text.as_str()),
        _ => None,
    });
    bare.collect()
}

fn warning(label: &str, written: &str, nanos: u64) -> Option<String> {
    if nanos < 1_000 * SECOND || nanos % (1_000 * SECOND) != 0 {
        return None;
    }
    let minutes = nanos / SECOND / 60;
    let long = match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("about {minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    };
    let meant = duration::readable(nanos / 1_000);
    Some(format!(
        "{label}: {written} has no unit, so it means seconds ({long}); if you mean milliseconds, write {meant}"
    ))
}
