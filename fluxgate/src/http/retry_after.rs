use std::time::{Duration, SystemTime};

use http::{
    HeaderMap, HeaderValue,
    header::{DATE, RETRY_AFTER},
};

/// Returns the wait that a `Retry-After` header requests: a number of seconds, or a date.
///
/// Fractions of a second, which the standard does not have and some servers send, are rounded up.
///
/// A date is counted from the response's own `Date`, so that it does not matter whether our clock agrees with the
/// server's, and from our time if there is none; one that has passed is a wait of zero. `None` if there is no such
/// header, or it makes no sense.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http::{HeaderMap, HeaderValue};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("Retry-After", HeaderValue::from_static("Wed, 21 Oct 2015 07:28:00 GMT"));
/// headers.insert("Date", HeaderValue::from_static("Wed, 21 Oct 2015 07:26:30 GMT"));
/// assert_eq!(fluxgate::http::retry_after(&headers), Some(Duration::from_secs(90)));
/// ```
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let written = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let (whole, fraction) = written.split_once('.').unwrap_or((written, ""));
    let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if !whole.is_empty() && is_number(whole) && is_number(fraction) {
        // More digits than fit are a very long time.
        let seconds = whole.parse().unwrap_or(u64::MAX);
        let begun = fraction.bytes().any(|digit| digit != b'0');
        return Some(Duration::from_secs(seconds.saturating_add(begun.into())));
    }
    let until = httpdate::parse_http_date(written).ok()?;
    let now = headers.get(DATE).and_then(date).unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?).ok()
}
