//! Durations as other tools write them, so that a message can say what to write here.

use crate::duration::{self, NoDuration};

/// What other tools have for a unit, beside what [`duration::unit_meant`] knows. A day has 24 hours.
const LONG_UNITS: [(&str, u64); 6] = [("d", 24), ("day", 24), ("days", 24), ("w", 168), ("week", 168), ("weeks", 168)];

/// The nanoseconds that a text means elsewhere: `PT30S` in ISO 8601, `00:00:30` on a clock, `1m30s` in Go, `1d`.
pub(crate) fn meant(text: &str) -> Option<u64> {
    let text = text.trim();
    iso(text).or_else(|| clock(text)).or_else(|| sequence(text)).filter(|nanos| *nanos > 0)
}

/// `P1DT2H3M4.5S`, of days and what is shorter.
fn iso(text: &str) -> Option<u64> {
    let upper = text.to_ascii_uppercase();
    let (days, times) = upper.strip_prefix('P')?.split_once('T').unwrap_or((&upper[1..], ""));
    if !days.is_empty() && !days.ends_with(['D', 'W']) {
        return None; // months and years have no fixed length
    }
    sequence(&format!("{days}{times}"))
}

/// `HH:MM:SS`, or `MM:SS`, the seconds with a fraction or without.
fn clock(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let units = ["h", "m", "s"];
    let units = &units[units.len() - parts.len()..];
    let pairs = parts
        .iter()
        .zip(units)
        .map(|(part, unit)| Some(part.trim()).filter(is_number).and_then(|part| one(part, unit)));
    sum(pairs)
}

/// `1m30s`, `1h 30m`, `1 day`.
fn sequence(text: &str) -> Option<u64> {
    let mut rest = text.trim_start();
    let pairs = std::iter::from_fn(|| {
        if rest.is_empty() {
            return None;
        }
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        let tail = tail.trim_start();
        let unit_end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        rest = if number.is_empty() || unit.is_empty() { "" } else { tail.trim_start() };
        Some(if number.is_empty() || unit.is_empty() { None } else { one(number, unit) })
    });
    sum(pairs)
}

fn one(number: &str, unit: &str) -> Option<u64> {
    let lower = unit.to_lowercase();
    let value = match LONG_UNITS.into_iter().find(|(name, _)| *name == lower) {
        Some((_, hours)) => duration::nanos(number, "h").map(|nanos| nanos.saturating_mul(hours)),
        None => {
            duration::unit_meant(unit).ok_or(NoDuration::UnknownUnit).and_then(|unit| duration::nanos(number, unit))
        }
    };
    value.ok()
}

/// `None` if there are none, or one of them is no duration.
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
            assert_eq!(meant(text).map(duration::readable).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_durations() {
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
            assert_eq!(meant(text), None, "{text}");
        }
    }
}
