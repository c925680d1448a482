//! The command line.

use std::path::PathBuf;

use clap::Parser;
use fluxgate::MaxFailedProbes;
use fluxgate_policy::{Setting, SettingValue};

/// Shows what a policy would have done to recorded traffic.
///
/// The trace is a CSV file with the header `at,outcome,duration`: seconds, one of `ok`, `fail`, `ignored`, `cancelled`,
/// and seconds again; or one of `reset`, `disable`, `metrics_only`, `force_open`, and nothing. Its rows are in the order
/// of time. The policy is written in the policy language of Fluxgate; what is not said is the default of a breaker.
#[derive(Clone, Debug, Parser)]
#[command(name = "replay", version, max_term_width = 100)]
pub struct Arguments {
    /// Which calls are judged, such as `CountWindow(100)` or `TimeWindow(30s)`
    #[arg(long, value_name = "W")]
    pub window: Option<String>,

    /// When the breaker opens, such as `FailureStreak(5) | MinRequests(20) & FailureRate(0.6)`
    #[arg(long, value_name = "T")]
    pub tripper: Option<String>,

    /// When it probes again, such as `Backoff(10s, jitter_ratio = 0.1)`
    #[arg(long, value_name = "R")]
    pub retry: Option<String>,

    /// Which calls may probe, such as `RampUp(0.1, 1, 30s)`
    #[arg(long, value_name = "P")]
    pub permit: Option<String>,

    /// How many calls may be in flight while half-open
    #[arg(long, value_name = "N")]
    pub max_half_open_calls: Option<u32>,

    /// How many probes without a success open it again, or `off`
    #[arg(long, value_name = "N", value_parser = max_failed_probes)]
    pub max_failed_probes: Option<MaxFailedProbes>,

    /// Makes jitter and the choice of probes another, but the same in every run
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Another tripper to compare with, the rest of the policy being the same; may be given again
    #[arg(long, value_name = "TRIPPER")]
    pub compare: Vec<String>,

    /// Where to write the decision and the state of every row
    #[arg(long, value_name = "OUT.csv")]
    pub calls: Option<PathBuf>,

    /// Where to draw it
    #[arg(long, value_name = "OUT.svg")]
    pub svg: Option<PathBuf>,

    /// The trace
    #[arg(value_name = "TRACE.csv")]
    pub trace: PathBuf,
}

fn max_failed_probes(text: &str) -> Result<MaxFailedProbes, fluxgate_policy::Error> {
    Ok(match fluxgate_policy::parse_setting(Setting::MaxFailedProbes, text)? {
        SettingValue::Count(probes) => MaxFailedProbes::AtMost(u32::try_from(probes).unwrap_or(u32::MAX)),
        SettingValue::Duration(_) | SettingValue::Word(_) => MaxFailedProbes::Off,
    })
}
