use std::time::{Duration, SystemTime};

use http::{
    HeaderMap, HeaderValue,
    header::{DATE, RETRY_AFTER},
};

/// How long a response asks to be left alone, by its `Retry-After`: a number of seconds, or a date.
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
    if !written.is_empty() && written.bytes().all(|digit| digit.is_ascii_digit()) {
        // More digits than fit are a very long time.
        return Some(Duration::from_secs(written.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(written).ok()?;
    let now = headers.get(DATE).and_then(date).unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?).ok()
}
