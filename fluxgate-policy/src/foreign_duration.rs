//! Durations in the notation of other tools, so that a message can say what to write instead.

use crate::duration::{self, DurationError};

/// Units of other tools that [`duration::unit_of_alias`] does not know, in hours. A day has 24 hours.
const LONG_UNITS: [(&str, u64); 6] = [("d", 24), ("day", 24), ("days", 24), ("w", 168), ("week", 168), ("weeks", 168)];

/// Parses a duration such as `PT30S` (ISO 8601), `00:00:30` (a clock), `1m30s` (Go) or `1d` into nanoseconds.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    iso(text).or_else(|| clock(text)).or_else(|| sequence(text)).filter(|nanos| *nanos > 0)
}

/// Parses `P1DT2H3M4.5S`, with weeks or days as the longest unit.
fn iso(text: &str) -> Option<u64> {
    let upper = text.to_ascii_uppercase();
    let (days, times) = upper.strip_prefix('P')?.split_once('T').unwrap_or((&upper[1..], ""));
    if !days.is_empty() && !days.ends_with(['D', 'W']) {
        return None; // Months and years have no fixed length.
    }
    sequence(&format!("{days}{times}"))
}

/// Parses `HH:MM:SS` or `MM:SS`, with an optional fraction of seconds.
fn clock(text: &str) -> Option<u64> {
    let numbers: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&numbers.len()) {
        return None;
    }
    let is_number =
        |number: &&str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let units = ["h", "m", "s"];
    let units = &units[units.len() - numbers.len()..];
    let parts = numbers
        .iter()
        .zip(units)
        .map(|(number, unit)| Some(number.trim()).filter(is_number).and_then(|number| part(number, unit)));
    sum(parts)
}

/// Parses `1m30s`, `1h 30m` or `1 day`.
fn sequence(text: &str) -> Option<u64> {
    let mut rest = text.trim_start();
    let parts = std::iter::from_fn(|| {
        if rest.is_empty() {
            return None;
        }
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        let tail = tail.trim_start();
        let unit_end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let is_part = !number.is_empty() && !unit.is_empty();
        rest = if is_part { tail.trim_start() } else { "" };
        Some(if is_part { part(number, unit) } else { None })
    });
    sum(parts)
}

fn part(number: &str, unit: &str) -> Option<u64> {
    let lower = unit.to_lowercase();
    let value = match LONG_UNITS.into_iter().find(|(name, _)| *name == lower) {
        Some((_, hours)) => duration::nanos(number, "h").map(|nanos| nanos.saturating_mul(hours)),
        None => duration::unit_of_alias(unit)
            .ok_or(DurationError::UnknownUnit)
            .and_then(|unit| duration::nanos(number, unit)),
    };
    value.ok()
}

/// Returns `None` if there are no parts, or if a part is not a duration.
fn sum(parts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    let mut total = None;
    for part in parts {
        total = Some(total.unwrap_or(0_u64).saturating_add(part?));
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_other_tools_are_understood() {
        for (text, expected) in [
            ("PT30S", "30s"),
            ("pt1h30m", "90m"),
            ("P1D", "24h"),
            ("P1DT0.5S", "86400500ms"),
            ("P2W", "336h"),
            ("00:00:30", "30s"),
            ("00 : 00 : 30", "30s"),
            ("1:30", "90s"),
            ("00:00:00.250", "250ms"),
            ("1m30s", "90s"),
            ("1h 30m", "90m"),
            ("1 minute 30 seconds", "90s"),
            ("1d", "24h"),
            ("1.5 days", "36h"),
        ] {
            assert_eq!(parse(text).map(duration::readable).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_durations() {
        for text in [
            "",
            "P",
            "PT",
            "P1M",
            "P1Y2D",
            "1:2:3:4",
            "::",
            "1:",
            "m30s",
            "1m30",
            "30 parsecs",
            "never",
            "0d",
            "PT0S",
            ".",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
