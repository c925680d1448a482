//! Serialization of times: durations in seconds, points in time in Unix milliseconds.
#![allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the signatures are serde's")]

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

pub(crate) fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

pub(crate) fn optional_seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs_f64()).serialize(serializer)
}

pub(crate) fn unix_millis<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    serializer.serialize_u64(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// Serializes thresholds and rates of slow calls as a list of `{ threshold, rate }`.
pub(crate) fn slow_rates<S: Serializer>(rates: &[(Duration, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct SlowRate {
        threshold: f64,
        rate: f64,
    }

    serializer
        .collect_seq(rates.iter().map(|(threshold, rate)| SlowRate { threshold: threshold.as_secs_f64(), rate: *rate }))
}
