//! Conversion between a number with a unit and whole nanoseconds.

use crate::number::Decimal;

/// The name of each unit, and its length in nanoseconds as `factor × 10^places`.
const UNITS: [(&str, u128, i64); 6] =
    [("ns", 1, 0), ("us", 1, 3), ("ms", 1, 6), ("s", 1, 9), ("m", 6, 10), ("h", 36, 11)];

/// Other names of the units, as other tools write them.
const ALIASES: [(&str, &[&str]); 6] = [
    ("ns", &["nano", "nanos", "nsec", "nanosecond", "nanoseconds"]),
    ("us", &["µs", "μs", "micro", "micros", "usec", "microsecond", "microseconds"]),
    ("ms", &["milli", "millis", "msec", "millisecond", "milliseconds"]),
    ("s", &["sec", "secs", "second", "seconds"]),
    ("m", &["min", "mins", "minute", "minutes"]),
    ("h", &["hr", "hrs", "hour", "hours"]),
];

/// The reason why a number and a unit are not a duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DurationError {
    UnknownUnit,
    Negative,
    /// More than 0, but less than a nanosecond.
    TooShort,
}

/// Returns the nearest whole number of nanoseconds, saturated at `u64::MAX`. An empty unit means seconds.
///
/// The computation is decimal: `0.1s` is exactly 100,000,000 ns, without the error of an `f64`.
pub(crate) fn nanos(number: &str, unit: &str) -> Result<u64, DurationError> {
    /// Decimal places below the nanosecond that are kept for rounding.
    const ROUNDING_PLACES: i64 = 12;
    const NANOSECOND: u128 = 10_u128.pow(12);

    let unit = if unit.is_empty() { "s" } else { unit };
    let (_, factor, places) = UNITS.into_iter().find(|(name, ..)| *name == unit).ok_or(DurationError::UnknownUnit)?;
    let decimal = Decimal::read(number).ok_or(DurationError::Negative)?;
    if decimal.is_zero() {
        return Ok(0);
    }
    // 36 digits times a factor of 36 fit into a `u128`. A number with more digits exceeds a `u64` of nanoseconds.
    let Some(scaled) = decimal.scaled(places + ROUNDING_PLACES) else { return Ok(u64::MAX) };
    let exact = scaled * factor;
    if exact < NANOSECOND {
        return Err(DurationError::TooShort);
    }
    Ok(u64::try_from((exact + NANOSECOND / 2) / NANOSECOND).unwrap_or(u64::MAX))
}

/// Returns the unit that `alias` is another name of.
pub(crate) fn unit_of_alias(alias: &str) -> Option<&'static str> {
    let lower = alias.to_lowercase();
    let by_name = UNITS.into_iter().map(|(name, ..)| name).find(|name| *name == lower);
    by_name.or_else(|| ALIASES.into_iter().find(|(_, aliases)| aliases.contains(&lower.as_str())).map(|(name, _)| name))
}

/// Formats a duration in the largest of the units s, ms, us and ns in which it is whole: `60s`, `1500ms`.
pub(crate) fn text(nanos: u64) -> String {
    let (size, unit) = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")]
        .into_iter()
        .find(|(size, _)| nanos % *size == 0)
        .unwrap_or((1, "ns"));
    format!("{}{unit}", nanos / size)
}

/// Formats a duration for a message: like [`text`], but in hours or minutes if it is whole in them.
pub(crate) fn readable(nanos: u64) -> String {
    let long = [(3_600_000_000_000, "h"), (60_000_000_000, "m")].into_iter().find(|(size, _)| nanos % size == 0);
    long.map_or_else(|| text(nanos), |(size, unit)| format!("{}{unit}", nanos / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_exact() {
        for (number, unit, expected) in [
            ("1", "ns", 1),
            ("1.5", "us", 1_500),
            ("2.5", "ms", 2_500_000),
            ("0.1", "s", 100_000_000),
            ("0.1", "", 100_000_000),
            ("1.5", "m", 90_000_000_000),
            ("1_000", "h", 3_600_000_000_000_000),
            ("0.000000001", "s", 1),
            ("1e-9", "", 1),
            ("18446744073.709551615", "s", u64::MAX),
            ("9007199254740993", "ns", 9_007_199_254_740_993),
        ] {
            assert_eq!(nanos(number, unit), Ok(expected), "{number}{unit}");
        }
    }

    #[test]
    fn fractions_of_a_nanosecond_are_rounded() {
        assert_eq!(nanos("1.4999999999999999", "ns"), Ok(1));
        assert_eq!(nanos("1.5", "ns"), Ok(2));
        assert_eq!(nanos("0.9999", "ns"), Err(DurationError::TooShort));
        assert_eq!(nanos("1e-99999999999999999999", "h"), Err(DurationError::TooShort));
    }

    #[test]
    fn a_duration_that_is_too_long_saturates() {
        for (number, unit) in [("1e300", "s"), ("1e18", "s"), ("999999999999999999999999999999", "h"), ("6e6", "h")] {
            assert_eq!(nanos(number, unit), Ok(u64::MAX), "{number}{unit}");
        }
    }

    #[test]
    fn zero_negative_and_unknown_units_differ() {
        assert_eq!(nanos("0.00e5", "h"), Ok(0));
        assert_eq!(nanos("-0", ""), Ok(0));
        assert_eq!(nanos("-1", ""), Err(DurationError::Negative));
        assert_eq!(nanos("1", "sec"), Err(DurationError::UnknownUnit));
    }

    #[test]
    fn a_duration_prints_in_the_largest_whole_unit_and_reads_back() {
        for (duration, printed) in
            [(60_000_000_000, "60s"), (1_500_000_000, "1500ms"), (1_001_000, "1001us"), (1, "1ns"), (0, "0s")]
        {
            assert_eq!(text(duration), printed);
            let (number, unit) = crate::number::split(printed);
            assert_eq!(nanos(number, unit), Ok(duration));
        }
    }

    #[test]
    fn units_of_other_tools_are_understood() {
        for (alias, unit) in [("sec", "s"), ("MS", "ms"), ("minutes", "m"), ("µs", "us"), ("Hours", "h")] {
            assert_eq!(unit_of_alias(alias), Some(unit));
        }
        assert_eq!(unit_of_alias("f64"), None);
    }
}
