//! Seconds as a trace writes them, decimal, and as the runtime has them, in whole nanoseconds. No float comes between.

use std::{fmt, time::Duration};

/// What is wrong with a text that should be seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotSeconds {
    /// Nothing that can be read as a number, or one that is not finite.
    NoNumber,
    /// A number below zero.
    Negative,
    /// More than a breaker's clock can show.
    TooMany,
}

/// The last moment of a breaker's clock, 584 years from its start.
const END: u128 = u64::MAX as u128;

/// Reads decimal seconds such as `12.5` or `1e-05`. What is finer than a nanosecond is rounded to the nearest.
///
/// # Errors
///
/// If the text is no number, or one that is negative or too large.
pub fn parse(text: &str) -> Result<Duration, NotSeconds> {
    if let Some(number) = text.strip_prefix('-').filter(|number| !number.starts_with(['+', '-'])) {
        return match parse(number) {
            Ok(Duration::ZERO) => Ok(Duration::ZERO),
            Err(NotSeconds::NoNumber) => Err(NotSeconds::NoNumber),
            _ => Err(NotSeconds::Negative),
        };
    }
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| NotSeconds::NoNumber)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = whole.bytes().chain(fraction.bytes()).peekable();
    if digits.peek().is_none() || !digits.clone().all(|digit| digit.is_ascii_digit()) {
        return Err(NotSeconds::NoNumber);
    }
    // How many digits stand before the decimal point once it is moved to count nanoseconds.
    let point = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_add(i64::from(exponent)).saturating_add(9);
    let mut nanos: u128 = 0;
    for place in 0..=point {
        let digit = digits.next();
        if place == point {
            nanos += u128::from(digit.is_some_and(|digit| digit >= b'5'));
        } else if digit.is_none() && nanos == 0 {
            break;
        } else {
            nanos = nanos * 10 + u128::from(digit.unwrap_or(b'0') - b'0');
        }
        if nanos > END {
            return Err(NotSeconds::TooMany);
        }
    }
    Ok(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}

impl fmt::Display for NotSeconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoNumber => "is no number; expected seconds, such as 12.5",
            Self::Negative => "is negative; expected seconds of at least 0, such as 12.5",
            Self::TooMany => "is too large; expected at most 18446744073 seconds, which is 584 years",
        })
    }
}

/// Seconds for people: to the millisecond, or finer where that would say 0.
pub fn brief(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds == 0.0 || seconds >= 0.001 { format!("{seconds:.3} s") } else { format!("{time:?}") }
}

/// A length of time for people: `42.0 s`, `5 min 12 s`, `3 h 05 min`.
pub fn rounded(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let seconds = (time + Duration::from_millis(500)).as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> Result<u128, NotSeconds> {
        parse(text).map(|time| time.as_nanos())
    }

    #[test]
    fn decimal_seconds_are_read_to_the_nanosecond() {
        for (text, expected) in [
            ("0", 0),
            ("12.5", 12_500_000_000),
            (".5", 500_000_000),
            ("5.", 5_000_000_000),
            ("+1", 1_000_000_000),
            ("9007199.254740993", 9_007_199_254_740_993),
            ("18446744073.709551615", u128::from(u64::MAX)),
            ("1e-05", 10_000),
            ("1.5E3", 1_500_000_000_000),
            ("0.30000000000000004", 300_000_000),
            ("0.0000000005", 1),
            ("0.00000000049", 0),
            ("1e-999999999", 0),
            ("0e999999999", 0),
            ("-0.0", 0),
        ] {
            assert_eq!(nanos(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_told_apart() {
        for text in ["", ".", "NaN", "inf", "1,5", "1e", "e5", "0x10", " 1", "1 s", "--1", "+-1", "1.2.3", "१"] {
            assert_eq!(nanos(text), Err(NotSeconds::NoNumber), "{text:?}");
        }
        assert_eq!(nanos("-1"), Err(NotSeconds::Negative));
        assert_eq!(nanos("-NaN"), Err(NotSeconds::NoNumber));
        for text in ["18446744073.709551616", "1e300", "99999999999999999999999999999999999999999999"] {
            assert_eq!(nanos(text), Err(NotSeconds::TooMany), "{text}");
        }
    }
}
