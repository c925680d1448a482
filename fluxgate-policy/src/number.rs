//! Numbers in their written form.

/// Splits the text of a token into a number and the letters that follow it.
///
/// `1_000.5ms` is split into `1_000.5` and `ms`. An exponent belongs to the number; an `e` without digits does not.
pub(crate) fn split(text: &str) -> (&str, &str) {
    let digits = |from: usize| {
        let tail = &text[from..];
        from + tail.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(tail.len())
    };
    let sign = usize::from(text.starts_with('-'));
    let mut end = digits(sign);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if let Some(tail) = text[end..].strip_prefix(['e', 'E']) {
        let sign = usize::from(tail.starts_with(['+', '-']));
        if tail[sign..].trim_start_matches('_').starts_with(|c: char| c.is_ascii_digit()) {
            end = digits(end + 1 + sign);
        }
    }
    text.split_at(end)
}

/// Returns the nearest `f64`, which may be infinite, or `None` if this is not a decimal number.
pub(crate) fn to_f64(number: &str) -> Option<f64> {
    let number: f64 = if number.contains('_') { number.replace('_', "").parse() } else { number.parse() }.ok()?;
    // Negative zero would print as `-0`.
    Some(if number == 0.0 { 0.0 } else { number })
}

/// Returns the whole number, or `None` if it has a sign, a point or an exponent, or exceeds `u64`.
pub(crate) fn to_u64(number: &str) -> Option<u64> {
    if number.starts_with('+') { None } else { number.replace('_', "").parse().ok() }
}

/// Returns `true` if the number is written without a point and an exponent, whatever its size and sign.
pub(crate) fn is_whole(number: &str) -> bool {
    number.strip_prefix('-').unwrap_or(number).bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// Returns the shortest decimal text that reads back as the same number: `0.6`, `1`, `1e300`.
pub(crate) fn text(number: f64) -> String {
    let magnitude = number.abs();
    // Outside this range, plain digits would be mostly zeros.
    if magnitude == 0.0 || (1e-5..1e16).contains(&magnitude) || !number.is_finite() {
        format!("{number}")
    } else {
        format!("{number:e}")
    }
}

/// A non-negative decimal number, `0.digits × 10^exponent`, without leading zeros in `digits`.
pub(crate) struct Decimal {
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// Reads a number that [`split`] returned. Returns `None` if it is negative.
    pub(crate) fn read(number: &str) -> Option<Self> {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits_of =
            |text: &str| text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect::<Vec<_>>();
        let mut digits = digits_of(whole);
        let point = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        digits.append(&mut digits_of(fraction));
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        digits.drain(..zeros);
        let zeros = i64::try_from(zeros).unwrap_or(i64::MAX);
        let shift = exponent_value(exponent).saturating_sub(zeros);
        if mantissa.starts_with('-') && !digits.is_empty() {
            return None;
        }
        Some(Self { digits, exponent: point.saturating_add(shift) })
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Returns the integer part of `self × 10^places`, or `None` if it has more than 36 digits.
    pub(crate) fn scaled(&self, places: i64) -> Option<u128> {
        let length = self.exponent.saturating_add(places);
        if self.is_zero() || length <= 0 {
            return Some(0);
        }
        let length = usize::try_from(length).ok().filter(|length| *length <= 36)?;
        let padded = self.digits.iter().copied().chain(std::iter::repeat(0));
        Some(padded.take(length).fold(0, |value, digit| value * 10 + u128::from(digit)))
    }
}

/// Returns the value of an exponent, saturated at the limits of `i64`.
fn exponent_value(text: &str) -> i64 {
    let negative = text.starts_with('-');
    let size = text
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0_i64, |value, byte| value.saturating_mul(10).saturating_add(i64::from(byte - b'0')));
    if negative { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_ends_where_its_unit_begins() {
        for (text, number, unit) in [
            ("30s", "30", "s"),
            ("1_000.5ms", "1_000.5", "ms"),
            ("1e3s", "1e3", "s"),
            ("1e-3", "1e-3", ""),
            ("1em", "1", "em"),
            ("5.", "5.", ""),
            ("-2.5us", "-2.5", "us"),
            ("0x10", "0", "x10"),
        ] {
            assert_eq!(split(text), (number, unit), "{text}");
        }
    }

    #[test]
    fn a_scaled_decimal_is_exact() {
        let scaled = |text: &str, places| Decimal::read(text).unwrap().scaled(places);
        assert_eq!(scaled("0.1", 9), Some(100_000_000));
        assert_eq!(scaled("1_000.000_000_001", 9), Some(1_000_000_000_001));
        assert_eq!(scaled("123e-5", 9), Some(1_230_000));
        assert_eq!(scaled("0.000_000_000_9", 9), Some(0));
        assert_eq!(scaled("1e99999999999999999999", 0), None);
        assert_eq!(scaled("1e-99999999999999999999", 9), Some(0));
        assert_eq!(scaled("-0.0", 9), Some(0));
        assert!(Decimal::read("-1").is_none());
    }

    #[test]
    fn a_number_prints_its_shortest_form_and_reads_back() {
        for (number, printed) in [
            (0.6, "0.6"),
            (1.0, "1"),
            (1e300, "1e300"),
            (5e-324, "5e-324"),
            (1e15, "1000000000000000"),
            (1e16, "1e16"),
            (1e-6, "1e-6"),
        ] {
            assert_eq!(text(number), printed);
            assert_eq!(to_f64(printed), Some(number));
        }
    }
}
